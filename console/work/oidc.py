"""The identity provider through which people of the institution sign in."""

from typing import Any
from urllib.parse import urljoin

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse

from console.work.forms import Input, WorkForm
from console.work.institution import CONNECTIONS
from console.work.pages import DeletePage, EditPage
from kernel.http.client import ApiResponse

MATCHES = (
    ("email", "Its e-mail, which the provider has verified"),
    ("uid", "Its uid here"),
    ("username", "Its username"),
)
NEW = {
    "issuer": "", "client_id": "", "match": "email", "claim": "email", "everybody": False, "enabled": False,
}  # fmt: skip
PLAIN = {"spellcheck": "false", "autocomplete": "off"}


class Connection(EditPage):
    """The form of the connection; while there is none it makes one."""

    path = CONNECTIONS
    title = "Identity provider"
    inputs = (
        Input("issuer", "Issuer", "The provider's address, exactly as it writes it itself, such as "
              "https://login.example.org.", group="Provider", attributes=PLAIN | {"inputmode": "url"}),
        Input("client_id", "Client id", "What the provider calls this service.", attributes=PLAIN),
        Input("client_secret", "Client secret", "It is never shown. Left empty, the present one stays; for another "
              "issuer it is needed again.",
              made=lambda **common: forms.CharField(
                  max_length=1024, widget=forms.PasswordInput(attrs={"autocomplete": "off"}), **common)),
        Input("match", "An account here is found by", choices=MATCHES, group="People"),
        Input("claim", "Claim that is compared", "For e-mails: email. Else one that people cannot change themselves, "
              "such as preferred_username.", attributes=PLAIN),
        Input("everybody", "Everybody signs in with it", "Also learners. Otherwise administrators and instructors."),
        Input("enabled", "People sign in with it"),
    )  # fmt: skip

    def read(self) -> None:
        rows = self.api.rows(self.api_path) or []
        self.row, self.tag = {}, ""
        if rows:
            answer = self.api.tagged_row(f"{self.api_path}{rows[0]['id']}/")
            self.row, self.tag = answer.data, answer.tag

    def form(self, data: Any = None, typed: Any = None) -> WorkForm:
        offered = NEW | self.row | {"client_secret": ""}
        return WorkForm(self.offered(), self.serializer(), self.api, self.kwargs, offered, data, typed)

    def send(self, form: WorkForm) -> ApiResponse:
        if not self.row and not self.opened_with:
            return self.api.post(self.api_path, form.body(changes=False))
        if not self.row:  # the one that was shown is gone
            return ApiResponse(412, {})
        return self.api.send("PATCH", f"{self.api_path}{self.row['id']}/", form.body(changes=True), self.opened_with)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        home = self.kwargs["institution"]
        service = settings.PUBLIC_URL or self.request.build_absolute_uri("/")
        lead = (
            "People of the institution sign in at its own identity provider (OpenID Connect). Give that this redirect "
            f"address: {urljoin(service, reverse('oidc-return', args=[home]))}"
        )
        tools = [("Delete", reverse("console:oidc-delete", args=[home]))] if self.row else []
        return super().get_context_data(**{"lead": lead, "tools": tools, **context})

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The identity provider was saved.", self.request.path)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Settings", "settings")]


class DeleteConnection(DeletePage):
    path = CONNECTIONS
    title = "Delete the connection to the identity provider"
    lead = "Whoever is signed in through it is signed out."

    def is_allowed(self) -> bool:
        rows = self.api.rows(CONNECTIONS.format(**self.kwargs))
        if not rows:
            if rows is None:
                return False
            raise Http404
        self.path = f"{CONNECTIONS}{rows[0]['id']}/"
        return super().is_allowed()

    def name(self) -> str:
        return f"The connection to {self.row['issuer']}"

    def deleted(self) -> HttpResponse:
        return self.done("The connection was deleted.", self.back())

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Settings", "settings"), self.breadcrumb("Identity provider", "oidc")]
