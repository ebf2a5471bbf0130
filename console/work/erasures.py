"""Erasing learners' data: what a learner asks for is decided, or a data administrator begins it, after a preview.

The enrolment alone is erased at once, everything else by a job.
"""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from console.asked import AskedView
from console.templatetags.console import named, person
from console.work.forms import Input, Pick, WorkForm
from console.work.pages import CHANGED, ConfirmPage, PersonChosenPage
from kernel.http.client import ApiResponse
from kernel.states import State
from learners.queries import enrolment_parts
from rights.models import Erasure

ERASURES = "institution/{institution}/erasure/"


class ErasureView(AskedView):
    """The erasure with what goes and what is kept."""

    template_name = "console/work/erasure.html"
    word = "erasure"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        state = Erasure.State(self.row["state"])
        values: dict[str, Any] = {
            "state": state.label,
            "is_asked": state is Erasure.State.ASKED,
            "is_open": state in (Erasure.State.ASKED, Erasure.State.RUNNING),
            "phase": Erasure.Phase(self.row["phase"]).label,
        }
        if values["is_open"] and self.row["person_id"] is not None:
            answer = self.api.get(f"{self.home}erasure/preview/", {"person_id": self.row["person_id"]})
            values["preview"] = answer.data if answer.status == 200 else None
        return super().get_context_data(**values, **context)


class NewErasure(PersonChosenPage):
    """First it shows what would go; what was shown is what is erased, or it is shown again."""

    template_name = "console/work/erasure_new.html"
    path = ERASURES
    title = "Erase a learner's data"
    lead = "Captures, models, reports and the account go for good. First you see what goes, and what is kept and why."
    button = "Show what goes"
    inputs = (
        Input("person_id", "Learner", required=True,
              pick=Pick("institution/{institution}/learner/", named, "last_name")),
        Input("reason", "Reason", "Such as the learner's letter. It goes with the data."),
    )  # fmt: skip

    def send(self, form: WorkForm) -> ApiResponse:
        self.preview = self.api.get(f"{self.api_path}preview/", {"person_id": form.cleaned_data["person_id"]})
        if self.preview.status != 200:
            return ApiResponse(400, {"person_id": ["There is no such learner."]})
        if self.request.POST.get("shown") != self.shown_state():
            return ApiResponse(412, {"": [CHANGED]} if self.request.POST.get("shown") else {})
        return super().send(form)

    def shown_state(self) -> str:
        return State([self.request.POST.get("person_id"), self.preview.data]).tag

    def refused_by_api(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        form.refuse(answer.data)
        shown: dict[str, Any] = {}
        if self.preview.status == 200:
            shown = {"preview": self.preview.data, "shown_state": self.shown_state()}
            if not self.preview.data["waits_for"]:
                shown["button"] = "Erase all of it"
        status = 200 if answer.status == 412 and not answer.data else answer.status
        return self.shown(form, status, **shown)

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        address = reverse("console:erasure", args=[self.kwargs["institution"], answer.data["id"]])
        return self.done("The data is being erased.", address)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Erasures", "erasures")]


class EraseEnrolment(ConfirmPage):
    """What providers know a learner by: samples, and the models that they have made of them."""

    path = "institution/{institution}/learner/{learner}/enrolment/"
    action = "enrolment_erase"
    button = "Erase it"
    lead = (
        "Samples may be of several instruments, so all of it goes. What was done so far stays, with its reports. "
        "Instruments that need an enrolment cannot verify the learner before there is a new one."
    )
    learner: dict[str, Any]

    def enter(self) -> None:
        super().enter()
        self.learner = self.api.row(f"{self.home}learner/{self.kwargs['learner']}/")

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Erase the enrolment of {person(self.learner)}"

    def name(self) -> str:
        return f"The enrolment of {named(self.learner)}"

    def goes(self) -> Sequence[tuple[str, int]]:
        return enrolment_parts(self.learner["id"])

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(verb="is erased", **context)

    def deleted(self) -> HttpResponse:
        return self.done("The enrolment was erased.", self.back())

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Learners", "learners"), self.breadcrumb(person(self.learner), "learner", "learner")]
