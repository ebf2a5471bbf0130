"""What resources tell the trail: who reads rows that are about people, and every change of a row.

Adding a resource needs this file only for its two declarations.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any

from kernel.access import READ
from kernel.changes import changes_between, institution_of, person_concerned, values_of
from kernel.filters import asked_of
from kernel.recording import Entry, record, saw

_LEARNER = ("learner", "owner", "report__learner")  # what ties rows to the learner of the address


# No docstring: the schema would show it as the description of every operation.
class Told:
    shows_people = False  # True: who reads rows is written into the trail
    links_to = ""  # set: rows are not made below the parent but put into it, and taken out; it is called so
    is_recorded = True  # False: what is written is not recorded here, but by the services
    action: Any
    basename: str
    caller: Any
    detail: bool
    kwargs: dict[str, Any]
    link: dict[str, Any]
    lookup_field: str
    queryset: Any
    request: Any
    tenant_id: int | None

    def seen(self, row: Mapping[str, Any] | None, rows: int = 1) -> None:
        """Write into the trail that the caller is shown this row, or a list of so many: where it tells of people."""
        if not self.shows_people:
            return
        details: dict[str, Any] = {"rows": rows}
        if asked := asked_of(self):
            details["asked"] = asked
        home = self.tenant_id
        if home is None and row is not None:  # a person below admin/: who administers their institution reads it, too
            home = row.get("institution_id")
        saw(
            Entry(
                verb="read",
                resource=self.basename.replace("-", "/") + ("" if self.action in READ else f"/{self.action}"),
                row="/".join(map(str, self.kwargs.values())),
                institution=home,
                person=self._person_shown(row),
                details=details,
            )
        )

    def _person_shown(self, row: Mapping[str, Any] | None) -> int | None:
        """The learner to whom the address belongs, or the row of the answer."""
        above = next((self.link[name] for name in _LEARNER if isinstance(self.link.get(name), int)), None)
        if above is not None or row is None:
            return above
        if "person_id" in row:  # of a line of the trail itself
            return row["person_id"]
        if getattr(self.queryset.model, "concerns", None) == "pk":
            return row["id"]
        learner = row.get("learner")
        return learner["id"] if isinstance(learner, Mapping) else learner

    @contextmanager
    def writing(self, serializer: Any) -> Iterator[None]:
        """The block creates or changes the serializer's row."""
        row = serializer.instance
        verb, before = ("create", {}) if row is None else ("update", values_of(row))
        yield
        self.recorded(verb, serializer.instance, before)

    @contextmanager
    def deleting(self, row: Any) -> Iterator[Any]:
        """The block deletes the row, which then has no key any more."""
        deleted = copy(row)
        yield row
        self.recorded("delete", deleted)

    def recorded(self, verb: str, row: Any, before: dict[str, Any] | None = None, **details: Any) -> None:
        """Write into the trail what was done with the row, in the transaction that did it. Actions call it themselves.

        `before` are its `values_of`, for the changes. A deleted `row` must still have its key.
        """
        if not self.is_recorded:
            return
        home, ids = self.tenant_id, [*self.kwargs.values()]
        if not self.detail:
            named = row.__dict__.get(self.lookup_field) or row.__dict__.get(f"{self.lookup_field}_id")
            ids.append(named or row.pk)
        if self.links_to:
            parent = next(iter(self.link.values()))  # the row's own values stay as they are
            details |= {self.links_to: [parent, None] if verb == "delete" else [None, parent]}
        elif verb in ("create", "update"):
            details |= changes_between(before or {}, values_of(row))
        person = person_concerned(row)
        record(
            Entry(
                verb=verb,
                resource=self.basename.replace("-", "/"),
                row="/".join(map(str, ids)),
                institution=institution_of(row) if home is None else home,
                person=person,
                details=details,
                sealed=person is not None,
            )
        )
