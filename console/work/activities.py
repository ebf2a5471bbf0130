"""Activities and the instruments that check who does them: settings, options, alternatives, what reports become."""

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.template.defaultfilters import pluralize
from django.urls import reverse

from console.listings import activity_name, counts_for
from console.templatetags.console import course
from console.views import BelowCourseView
from console.work.forms import Input, WorkForm
from console.work.pages import CreatePage, DeletePage, EditPage, FormPage
from console.work.schemas import Options, options_of
from courses.models import Activity
from courses.services.activities import MANUAL
from kernel.http.client import ApiResponse
from reports.queries import InstrumentCounts, instrument_counts
from reports.services.deletions import goes_with

ACTIVITIES = "institution/{institution}/course/{course}/activity/"
ONE = ACTIVITIES + "{activity}/"
INSTRUMENTS = ONE + "instrument/"
ROW = INSTRUMENTS + "{row}/"
SWITCH = Input(
    "enabled", "Verification is on",
    "Off: no assessment begins, and nothing more is captured, also in those that go on. Reports stay as they are.",
)  # fmt: skip
OWN = (
    Input("name", "Name"),
    Input("description", "Description"),
    Input("start", "Start"),
    Input("end", "End"),
)
ACTIVE = Input("active", "Switched on", "Switched off, it stays here with its options and is not used.")
INSTEAD = Input("alternative_to", "For whom", choices=(("", ""),), optional=True)


class OfActivity(BelowCourseView):
    """Base of the pages that change an activity, or what is below it."""

    @property
    def about(self) -> str:
        return course(self.course)

    def activity_name(self) -> str:
        return activity_name(self.activity)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(**{"about": self.about, **context})

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [*super().breadcrumbs(), *self.activity_breadcrumb()]


class NewActivity(BelowCourseView, CreatePage):
    path = ACTIVITIES
    inputs = (*OWN, SWITCH)
    title = "Add an activity"
    lead = "For what no VLE sends. Activities of a VLE come by themselves when they are opened there."
    button = "Add"

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        ids = {name: self.kwargs[name] for name in ("institution", "course")}
        address = reverse("console:activity", kwargs={**ids, "activity": answer.data["id"]})
        return self.done("The activity was added. Now choose its instruments.", address)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(**{"about": course(self.course), **context})


class EditActivity(OfActivity, EditPage):
    path = ONE
    keeps_all = True

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Change {self.activity_name()}"

    @property
    def lead(self) -> str:  # type: ignore[override]
        return "" if self.is_own else "Its name, description and dates are the VLE's: they are changed there."

    @property
    def is_own(self) -> bool:
        return bool(self.activity["vle_activity_type"] == MANUAL)

    def offered(self) -> Sequence[Input]:
        return (*OWN, SWITCH) if self.is_own else (SWITCH,)

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The activity was saved.", self.back())


class DeleteActivity(OfActivity, DeletePage):
    path = ONE
    lead = "A VLE that still has it brings it again, empty."

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Delete {self.activity_name()}"

    def name(self) -> str:
        return f"The activity {self.activity_name()} of {course(self.course)}"

    def goes(self) -> Sequence[tuple[str, int]]:
        return goes_with(Activity, self.row["id"])

    def deleted(self) -> HttpResponse:
        ids = {name: self.kwargs[name] for name in ("institution", "course")}
        return self.done("The activity was deleted.", reverse("console:course", kwargs=ids))


def past(counts: InstrumentCounts) -> str:
    """What there is of it already, in numbers."""
    if not counts.checked and not counts.waiting:
        return "It has checked nothing in this activity so far."
    captures, reports = (
        f"{n:,} {word}{pluralize(n)}" for n, word in ((counts.checked, "capture"), (counts.reports, "report"))
    )
    return f"It is done with {captures} in {reports} of this activity; {counts.waiting:,} wait for a result."


class InstrumentPage(OfActivity, FormPage, is_base=True):
    """Base of the forms of an instrument in an activity: the options are those of the instrument's schema."""

    template_name = "console/work/instrument.html"

    @property
    @abstractmethod
    def instrument(self) -> Mapping[str, Any]:
        """As the API shows it."""

    @cached_property
    def used(self) -> list[dict[str, Any]]:
        return self.api.rows(INSTRUMENTS.format(**self.kwargs), {"limit": 1000}) or []

    @cached_property
    def by_schema(self) -> Options:
        return options_of(self.schema())

    @abstractmethod
    def schema(self) -> Any:
        """Of its options; None if it has none."""

    def offered(self) -> Sequence[Input]:
        return (INSTEAD, ACTIVE, *self.by_schema.inputs)

    def form(self, data: QueryDict | None = None, typed: Mapping[str, Any] | None = None) -> WorkForm:
        form = super().form(data, typed)
        form.fields["alternative_to"].choices = [("", "all learners"), *self.primaries()]  # type: ignore[attr-defined]
        return form

    def primaries(self) -> list[tuple[int, str]]:
        """The instruments that it may stand in for."""
        rows = [row for row in self.used if row["alternative_to"] is None and row["id"] != self.kwargs.get("row")]
        if any(row["alternative_to"] == self.kwargs.get("row", 0) for row in self.used):
            return []  # it has alternatives itself
        return [(row["id"], f"those who cannot use {row['instrument']['name']}") for row in rows]

    def body(self, form: WorkForm, stored: Mapping[str, Any] | None, *, changes: bool) -> dict[str, Any]:
        body = form.body(changes=changes)
        if "alternative_to" in body or not changes:
            body["alternative_to"] = int(form.cleaned_data["alternative_to"] or 0) or None
        body.setdefault("active", form.cleaned_data["active"])
        names = {given.id for given in self.by_schema.inputs}
        if names and (not changes or names & {*form.changed_data}):
            body["options"] = self.by_schema.body(stored, form.cleaned_data)
        return body

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        counts = instrument_counts(self.kwargs["activity"], self.instrument["id"])
        values = {"instrument": self.instrument, "left_out": self.by_schema.left_out, "past": past(counts)}
        return super().get_context_data(**{**values, **context})


class ChooseInstrument(OfActivity, FormPage):
    """Which instrument is added: its form is the next page."""

    template_name = "console/work/instruments.html"
    http_method_names = ["get", "head", "options"]
    path = INSTRUMENTS
    action = "create"
    title = "Add an instrument"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        used = {row["instrument"]["id"] for row in self.api.rows(self.api_path, {"limit": 1000}) or []}
        rows = self.api.rows(f"{self.home}instrument/", {"limit": 1000, "ordering": "name"}) or []
        free = [row | {"for": counts_for(row)} for row in rows if row["id"] not in used]
        return super().get_context_data(**{"free": free, "activity": self.activity, **context})


class NewInstrument(InstrumentPage, CreatePage):
    path = INSTRUMENTS
    button = "Add it"

    def enter(self) -> None:
        super().enter()
        self.row = {"alternative_to": "", "active": True, **self.by_schema.row(None)}
        if any(each["instrument"]["id"] == self.instrument["id"] for each in self.used):
            raise Http404

    @cached_property
    def instrument(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.api.row(f"{self.home}instrument/{self.kwargs['instrument']}/")
        return found

    def schema(self) -> Any:
        return self.instrument["options_schema"]

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Add {self.instrument['name']} to {self.activity_name()}"

    def send(self, form: WorkForm) -> ApiResponse:
        body = self.body(form, None, changes=False)
        return self.api.post(self.api_path, body | {"instrument_id": self.instrument["id"]})

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The instrument was added.", self.back())


class EditInstrument(InstrumentPage, EditPage):
    path = ROW

    def read(self) -> None:
        super().read()
        self.stored = self.row["options"]
        instead = str(self.row["alternative_to"] or "")
        self.row = {**self.row, "alternative_to": instead, **self.by_schema.row(self.stored)}

    @property
    def instrument(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.row["instrument"]
        return found

    def schema(self) -> Any:
        text = self.instrument["options_schema"]
        return None if text is None else json.loads(text)

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"{self.instrument['name']} in {self.activity_name()}"

    def send(self, form: WorkForm) -> ApiResponse:
        return self.api.send("PATCH", self.api_path, self.body(form, self.stored, changes=True), self.opened_with)

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The instrument was saved.", self.back())


class DeleteInstrument(OfActivity, DeletePage):
    path = ROW
    button = "Take it out"

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Take {self.row['instrument']['name']} out of {self.activity_name()}"

    @property
    def lead(self) -> str:  # type: ignore[override]
        counts = instrument_counts(self.kwargs["activity"], self.row["instrument"]["id"])
        stays = " What it has found stays in the reports, with its levels." if counts.checked else ""
        return f"{past(counts)}{stays} What waits for a result ends without one, and says why."

    def name(self) -> str:
        return str(self.row["instrument"]["name"])

    def goes(self) -> Sequence[tuple[str, int]]:
        return [("alternatives to it", self.alternatives)]

    @cached_property
    def alternatives(self) -> int:
        rows = self.api.rows(INSTRUMENTS.format(**self.kwargs), {"limit": 1000}) or []
        return sum(row["alternative_to"] == self.row["id"] for row in rows)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        verb = f"is taken out of {self.activity_name()}"
        return super().get_context_data(**{"verb": verb, "is_undone": True, **context})

    def deleted(self) -> HttpResponse:
        return self.done("The instrument was taken out.", self.back())
