"""Links to the evidence of a report; null where the caller may not read it."""

from functools import cached_property

from drf_spectacular.utils import extend_schema_field

from files.links import evidence_links
from kernel.caller import Caller, Role
from kernel.serializers import Computed
from reports import queries, visibility


@extend_schema_field({"type": "string", "format": "uri", "nullable": True})
class LinkField(Computed):
    """An address that is signed anew in each answer; null for no file."""


class Evidence:
    """Makes the links that this caller may follow, for a report or for rows below a report."""

    def __init__(self, view) -> None:
        grants, access = view.grants, view.access
        self.roles = view.roles
        self.links = evidence_links(view)
        self.visibility = visibility.report_visibility(
            view.roles, view.tenant, teaches=access[Role.INSTRUCTOR] in grants, owns=access[Role.LEARNER] in grants
        )

    def url(
        self, key: int | None, name: str, *, flagged: bool, closed: bool = False, what: str | None = None
    ) -> str | None:
        """`key` is that of a file or, with `what`, of the row that it is made of. `closed`: see `is_closed`."""
        shown = key is not None and not closed and self.visibility.shows(flagged)
        return self.links(key, name, what) if key is not None and shown else None


class RequestEvidence(Evidence):
    """The same for a page of requests. Which of them are flagged is queried only for callers for whom it matters."""

    def __init__(self, view) -> None:
        super().__init__(view)
        matters = self.visibility.shows(flagged=True) and not self.visibility.shows(flagged=False)
        report = view.kwargs["parent_lookup_id"]
        self.flagged = queries.requests_flagged(report, view.page_keys) if matters else frozenset()

        self.report = report

    def of(self, request: int, file_id: int | None, name: str, restricted: bool) -> str | None:
        closed = restricted and self.is_closed
        return self.url(file_id, name, flagged=request in self.flagged, closed=closed)

    @cached_property
    def is_closed(self) -> bool:
        """Asked only where the learner's evidence is restricted."""
        return visibility.is_closed(self.roles, True, queries.contest_of(self.report))


def may_read_reports(caller: Caller) -> bool:
    return visibility.reports_shown(caller.institution)


def may_read_evidence(caller: Caller) -> bool:
    return visibility.evidence_shown(caller.institution)
