"""Legal holds: set for a person, released with a reason."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from console.tables import Work
from console.templatetags.console import named, person
from console.views import ConsoleView
from console.work.forms import Input, Pick, WorkForm
from console.work.pages import PersonChosenPage, SavingPage
from kernel.http.client import ApiResponse
from rights.api.hold import ReleaseBodySerializer

HOLDS = "institution/{institution}/hold/"
ONE = HOLDS + "{hold}/"
RELEASE = ONE + "release/"


class HoldView(ConsoleView):
    template_name = "console/work/hold.html"
    work = (Work("Release", "hold-release", RELEASE, "release"),)

    def actions(self) -> list[tuple[str, str]]:
        return super().actions() if self.hold["released_at"] is None else []

    def enter(self) -> None:
        super().enter()
        self.hold = self.api.row(ONE.format(**self.kwargs))

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(hold=self.hold, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Legal holds", "holds")]


class NewHold(PersonChosenPage):
    path = HOLDS
    title = "Set a legal hold"
    lead = (
        "Nothing that is held about the person is erased while it is in force, whoever asks for it: neither by the "
        "person, nor by administrators, nor when its time is over."
    )
    button = "Set it"
    inputs = (
        Input("person_id", "Person",
              pick=Pick("institution/{institution}/user/", named, "last_name")),
        Input("reason", "Reason", "Such as the court and the number of the case."),
        Input("until", "Last day", "Left empty, it holds until it is released."),
    )  # fmt: skip

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        address = reverse("console:hold", args=[self.kwargs["institution"], answer.data["id"]])
        return self.done("The legal hold was set.", address)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Legal holds", "holds")]


class ReleaseHold(SavingPage):
    path = RELEASE
    action = "release"
    button = "Release it"
    lead = "From now on what is held about the person can be erased again."
    inputs = (Input("reason", "Why it is over"),)

    def enter(self) -> None:
        super().enter()
        self.hold = self.api.row(ONE.format(**self.kwargs))

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Release the legal hold of {person(self.hold['about'])}"

    def serializer(self) -> Any:
        return ReleaseBodySerializer

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The legal hold was released.", self.back())

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Legal holds", "holds"), self.breadcrumb(f"Hold {self.hold['id']}", "hold", "hold")]
