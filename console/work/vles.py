"""VLEs: registered, changed, deleted; their credentials, which are shown once."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from console.work.forms import Input, WorkForm
from console.work.pages import CreatePage, DeletePage, EditPage, SavingPage, WorkPage
from institutions.api.vle import VLERotationSerializer
from institutions.models import VLE
from kernel.http.client import ApiResponse
from reports.services.deletions import goes_with

VLES = "institution/{institution}/vle/"
ONE = VLES + "{vle}/"
INPUTS = (
    Input("name", "Name", "What people here call it: unique in the institution."),
    Input("type", "Kind", choices=((0, "Moodle"),)),
    Input("url", "Address", "The address of its start page, such as https://moodle.example.org.",
          attributes={"inputmode": "url", "spellcheck": "false"}),
    Input("client_id", "LTI client", "The client id that the VLE has given to this service, if it uses LTI 1.3.",
          attributes={"spellcheck": "false"}),
)  # fmt: skip
# What the credentials are called in the settings of the VLE's plugin.
WORDS = {
    "api_url": "Address of this service",
    "role_id": "Role id",
    "secret_id": "Secret id",
    "consumer_key": "LTI consumer key",
    "consumer_secret": "LTI consumer secret",
    "auth_login_url": "LTI login address of the VLE",
    "auth_token_url": "LTI token address of the VLE",
    "key_set_url": "LTI keys of the VLE",
}
OVERLAPS = ((0, "at once"), (15, "in 15 minutes"), (60, "in an hour"), (240, "in 4 hours"), (1440, "in a day"))
SECRET = frozenset({"secret_id", "consumer_secret"})


class CredentialsShown(SavingPage):
    """Base of the pages whose answer issues credentials: it is the only page that ever shows them."""

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        issued = answer.data["credentials"]
        values = {
            "vle": answer.data,
            "credentials": [(name, WORDS[name], issued[name], name in SECRET) for name in WORDS if name in issued],
            "overlap": form.cleaned_data.get("overlap_minutes", 0),
        }
        self.template_name = "console/work/credentials.html"
        return self.render_to_response(self.get_context_data(**values))


class NewVLE(CreatePage, CredentialsShown):
    path = VLES
    inputs = INPUTS
    title = "Register a VLE"
    lead = "Its credentials are shown once, on the page that follows. Have the settings of its plugin at hand."
    button = "Register"

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("VLEs", "vles")]


class OfVLE(WorkPage):
    """Base of the pages that change one VLE."""

    @cached_property
    def vle(self) -> dict[str, Any]:
        return self.api.row(ONE.format(**self.kwargs))

    def enter(self) -> None:
        super().enter()
        self.vle  # noqa: B018 - 404 where there is none

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("VLEs", "vles"), self.breadcrumb(self.vle["name"], "vle", "vle")]


class EditVLE(OfVLE, EditPage):
    path = ONE
    keeps_all = True
    inputs = INPUTS

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Change {self.vle['name']}"

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The VLE was saved.", self.back())


class RotateVLE(OfVLE, CredentialsShown):
    """New credentials of a VLE."""

    path = ONE + "credentials/"
    action = "credentials"
    button = "Make new credentials"
    lead = (
        "The VLE gets a new secret, which is shown once, on the page that follows. The LTI consumer key and secret are "
        "replaced at once."
    )
    inputs = (
        Input("overlap_minutes", "The present credentials end",
              "Time to put the new ones into the settings of the VLE. At once, if somebody else may know them.",
              choices=OVERLAPS),
        Input("close_sessions", "Close the VLE's assessment sessions",
              "Exams that go on now end, and learners must begin again. Only with credentials that end at once."),
    )  # fmt: skip

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"New credentials for {self.vle['name']}"

    def serializer(self) -> Any:
        return VLERotationSerializer


class DeleteVLE(OfVLE, DeletePage):
    path = ONE
    lead = "Learners keep their accounts, enrolments and consents."

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Delete {self.vle['name']}"

    def name(self) -> str:
        return f"The VLE {self.vle['name']}"

    def goes(self) -> Sequence[tuple[str, int]]:
        return goes_with(VLE, self.vle["id"])

    def deleted(self) -> HttpResponse:
        return self.done("The VLE was deleted.", reverse("console:vles", args=[self.kwargs["institution"]]))
