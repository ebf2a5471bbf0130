"""Evidence as it is, on a page: what was captured, what providers say of it, and beside it the enrolment.

Whether it is shown is the API's answer: a page has a link of the API or is refused. Opening the page is recorded as
opening the audit, and the texts that stand in it as opened; pictures and recordings when the browser fetches them.
"""

from collections.abc import Iterable
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator

from console import words
from console.listings import add_result_facts, instrument_name, instruments_of, results_said
from console.templatetags.console import person, verdict
from console.views import BelowReportView
from files.links import Link, evidence_links_of, url_read
from files.models import Made, StoredFile
from kernel.domain import Unavailable
from kernel.recording import Entry
from reports.queries import request_demonstrated
from reports.sentences import DEMONSTRATION
from reports.showing import evidence_shown, request_shown

CAPTURES = 12  # on a page


def link_of(address: str | None) -> Link:
    """What a link of the API leads to; without one the evidence is not the caller's to see."""
    link = url_read(address) if address else None
    if link is None:
        raise PermissionDenied
    return link


# Recordings come from this service, like everything else, but the policy of other pages knows no sound.
@method_decorator(csp_update({"media-src": [SELF]}), name="dispatch")
class EvidencePage(BelowReportView):
    """Base of the pages with evidence of a report."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().get(request, *args, **kwargs)
        except Unavailable as error:  # the store of files; nothing is shown as erased because of it
            answer = self.refused(503)
            answer["Retry-After"] = str(error.wait)
            return answer

    def opened(self, files: Iterable[StoredFile], *more: Entry) -> None:
        """It is told with the page that these were opened, each once."""
        keys = {file.pk: file for file in files}
        self.also_told = (
            *more,
            *(
                Entry("read", f"files/{file.kind}", file.pk, file.institution_id, file.owner_id)
                for file in keys.values()
            ),
        )

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(activity=self.activity, report=self.report, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        report = self.breadcrumb(person(self.report["learner"]), "report", "course", "activity", "report")
        return [*super().breadcrumbs(), *self.activity_breadcrumb(), report]


class EvidenceView(EvidencePage):
    """What is behind an instrument's row of a report, some captures at a time."""

    template_name = "console/evidence.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        audit = self.api.row(f"{self.report_path}audit/{self.kwargs['instrument']}/")
        row = link_of(audit["audit_data"]).file_id
        instrument, learner = audit["instrument"], self.report["learner"]["id"]
        asked = self.request.GET.get("offset", "")
        first = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 9 else 0
        links = evidence_links_of(self.request, self.caller)
        shown = evidence_shown(self.activity["id"], learner, instrument, links, first, CAPTURES)
        opening = Entry("read", f"files/{Made.AUDIT}", row, self.kwargs["institution"], learner)
        self.opened(shown.read, opening)
        captures = [
            {
                "row": row,
                "verdict": verdict(row.status, row.result, row.code),
                "said": [_said(said) for said in row.said],
            }
            for row in shown.captures
        ]
        name = instrument_name(instruments_of(self.report), instrument)
        values: dict[str, Any] = {
            "audit": audit, "instrument": name, "shown": shown, "captures": captures, "first": first + 1,
            "last": first + len(captures), "file": audit["audit_data"],
            "previous": first and f"?offset={max(first - CAPTURES, 0)}",
            "next": f"?offset={first + CAPTURES}" if first + CAPTURES < shown.count else "",
        }  # fmt: skip
        return super().get_context_data(**values, **context)


def _said(said: Any) -> dict[str, Any]:
    return {"of": said, "verdict": verdict(said.status, said.result, said.code)}


class RequestView(EvidencePage):
    """One request: what was captured, and what each instrument says of it."""

    template_name = "console/request.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        row = self.api.row(f"{self.report_path}request/{self.kwargs['capture']}/")
        exhibit = None
        file, demonstrated = request_demonstrated(row["id"])
        # The API has just answered a link to this very file for this caller, or none.
        if row["data"] and file is not None and file.pk == link_of(row["data"]).file_id:
            exhibit, read = request_shown(file, evidence_links_of(self.request, self.caller))
            self.opened(read)
        add_result_facts(self.api, self.kwargs, [row], instruments_of(self.report), demonstrated)
        status = words.REQUEST_STATUS_WORDS[row["status"]]
        values: dict[str, Any] = {"row": row, "exhibit": exhibit, "results": results_said(row), "status": status}
        if any(part["is_demonstration"] for part in row["result"]):
            values["made_up"] = DEMONSTRATION
        return super().get_context_data(**values, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [*super().breadcrumbs(), self.breadcrumb("Requests", "requests", "course", "activity", "report")]
