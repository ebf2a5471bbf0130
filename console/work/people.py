"""People: one person's page, their values and rights, the roles of instructor and learner, passwords by mail."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from console.tables import Work
from console.templatetags.console import person
from console.views import ConsoleView
from console.work.forms import Input, WorkForm
from console.work.pages import CHANGED, CreatePage, DeletePage, EditPage, WorkPage
from institutions.api.shared.people import CORRECTABLE
from institutions.models import Instructor, User
from institutions.services.person_values import usernames_together
from kernel.caller import Role
from kernel.domain import Conflict
from kernel.http.client import ApiResponse, texts_of
from learners.models import Learner
from reports.services.deletions import goes_with
from signin.services.passwords import link_offered

USERS = "institution/{institution}/user/"
ONE = USERS + "{person}/"
FORMER = ONE + "former_uids/"
MODELS = {"instructor": Instructor, "learner": Learner}
ROLE_WORDS = {
    "instructor": ("Instructor", "teaches courses, reads their reports and says which instruments are used"),
    "learner": ("Learner", "does activities, is enrolled and verified"),
}
WHO = (
    Input("first_name", "First name", attributes={"autocomplete": "off"}),
    Input("last_name", "Last name", attributes={"autocomplete": "off"}),
    Input("uid", "Institution's id",
          "By this VLEs and imports find the person. Moodle's plugin sends the e-mail address.",
          attributes={"autocomplete": "off", "spellcheck": "false"}),
    Input("email", "E-mail", "Needed for learners, and by everybody who signs in with a password.",
          attributes={"autocomplete": "off"}),
    Input("username", "Username", "If it is left empty, it is made from the e-mail or the institution's id.",
          optional=True, attributes={"autocomplete": "off", "spellcheck": "false"}),
    Input("locale", "Language", "The code of a language, such as en or pt-BR.", attributes={"autocomplete": "off"}),
)  # fmt: skip
RIGHTS = (
    Input("inst_admin", "Institution administrator", "Everything in this institution, and who has which right.",
          group="Administrative rights"),
    Input("legal_admin", "Legal administrator", "Informed consents and their documents."),
    Input("data_admin", "Data administrator",
          "Reports and evidence, corrections and deletions of people, the trail."),
    Input("send_admin", "SEND administrator", "Special needs, and who has them."),
    Input("login_allowed", "May sign in with e-mail and password",
          "Others come by a link of the VLE. A link to set a password is sent from the person's page.",
          group="Signing in"),
)  # fmt: skip
PROOF = Input(
    "current_password", "Present password", "Only to change your own e-mail: links to set a password go there.",
    made=lambda **common: forms.CharField(
        max_length=128, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}), **common
    ),
)  # fmt: skip
ROLES = tuple(
    Input(role, word, f"Who {about}.", is_sent=False, group="" if place else "Roles")
    for place, (role, (word, about)) in enumerate(ROLE_WORDS.items())
)


class PersonView(ConsoleView):
    """One person with roles and rights, and what may be done to them."""

    template_name = "console/work/person.html"
    work = (
        Work("Change", "person-edit", ONE, "partial_update"),
        Work("Merge", "merge", f"{ONE}merge/", "merge"),
        Work("Delete", "person-delete", ONE, "destroy"),
    )

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        row = self.api.row(ONE.format(**self.kwargs))
        key, roles = self.kwargs["institution"], []
        for role, (word, about) in ROLE_WORDS.items():
            path = f"{self.home}{role}/{row['id']}/"
            held = self.api.get(path).status
            if held not in (200, 404):
                continue
            may = self.api.may_all(path, "destroy" if held == 200 else "create")
            address = reverse("console:person-role", args=[key, row["id"], role]) if may else ""
            page = reverse("console:learner", args=[key, row["id"]]) if role == "learner" and held == 200 else ""
            roles.append({"word": word, "about": about, "held": held == 200, "address": address, "page": page})
        values = {"person": row, "roles": roles, "mail": self.mail(row), "former_uids": self.former_uids()}
        return super().get_context_data(**values, **context)

    def former_uids(self) -> list[str]:
        """For those who may forget them."""
        path = FORMER.format(**self.kwargs)
        return self.api.get(path).data["former_uids"] if self.api.may(path, "former_uids") else []

    def mail(self, row: dict[str, Any]) -> dict[str, str] | None:
        """How the person gets a password: the address of the page that sends a link, or why there is none."""
        if not is_mail_allowed(self):
            return None
        if not settings.SENDS_MAIL:
            return {"why": "This service sends no mail, so no link to set a password can be sent."}
        if not row["login_allowed"] or not row["email"]:
            return {"why": "Whoever has an e-mail address and may sign in can be sent a link to set a password."}
        return {"address": reverse("console:person-password", kwargs=self.kwargs)}

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("People", "people")]


def is_mail_allowed(view: ConsoleView) -> bool:
    """Whoever may set people's passwords may have links sent to them."""
    return bool(view.caller.roles_in(view.kwargs["institution"]) & Role.ADMIN)


class NewPerson(CreatePage):
    """A person, with the roles of instructor and learner at once: all of it, or nothing."""

    path = USERS
    inputs = (*WHO, *ROLES, *RIGHTS)
    title = "Add a person"
    lead = "VLEs bring most people themselves, and tables of people can be imported. This is for single ones."
    button = "Add"

    def send(self, form: WorkForm) -> ApiResponse:
        body = form.body(changes=False)
        with transaction.atomic():
            made = answer = self.api.post(self.api_path, {"username": self.username(body), **body})
            for role in ROLE_WORDS:
                if answer.status < 300 and form.cleaned_data[role]:
                    body = {"uid": made.data["uid"], "email": made.data["email"]}
                    answer = self.api.post(f"{self.home}{role}/", body)
            if answer.status >= 300:
                transaction.set_rollback(True)
        return made if answer.status < 300 else answer

    def username(self, body: dict[str, Any]) -> str:
        """Where none was typed: the one that people get who come by imports."""
        uid = body.get("uid", "")
        return usernames_together(self.institution, {uid: body.get("email")})[uid]  # type: ignore[arg-type] # set by enter

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        key = self.kwargs["institution"]
        return self.done("The person was added.", reverse("console:person", args=[key, answer.data["id"]]))

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("People", "people")]


class OfPerson(WorkPage):
    """Base of the pages that change one person."""

    row: Any

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("People", "people"), self.breadcrumb(person(self.row), "person", "person")]


class EditPerson(OfPerson, EditPage):
    """Whoever may only correct people is offered what may be corrected."""

    path = ONE
    inputs = (*WHO, *RIGHTS)

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Change {person(self.row)}"

    def offered(self) -> Sequence[Input]:
        if self.caller.roles_in(self.kwargs["institution"]) & Role.ADMIN:
            return (*self.inputs, PROOF) if self.row["id"] == self.caller.id else self.inputs
        return [given for given in self.inputs if given.name in CORRECTABLE]

    def form(self, data: Any = None, typed: Any = None) -> WorkForm:
        offered = self.row | {"current_password": ""}
        return WorkForm(self.offered(), self.serializer(), self.api, self.kwargs, offered, data, typed)

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The person was saved.", self.back())


class DeletePerson(OfPerson, DeletePage):
    path = ONE
    lead = (
        "Records of what a learner decided about consents stay, under a pseudonym. To take away one role only, go to "
        "the person's page."
    )

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Delete {person(self.row)}"

    def name(self) -> str:
        return f"The account of {person(self.row)} ({self.row['uid']})"

    def goes(self) -> Sequence[tuple[str, int]]:
        return goes_with(User, self.row["id"])

    def deleted(self) -> HttpResponse:
        return self.done("The person was deleted.", reverse("console:people", args=[self.kwargs["institution"]]))


class RolePage(OfPerson, DeletePage):
    """Gives a role, or takes it away with everything that belongs to it: whichever the page has shown."""

    template_name = "console/work/role.html"
    path = "institution/{institution}/{role}/{person}/"

    def is_allowed(self) -> bool:
        return any(self.api.may_all(self.api_path, action) for action in ("create", "destroy"))

    def enter(self) -> None:
        if self.kwargs["role"] not in ROLE_WORDS:
            raise Http404
        WorkPage.enter(self)
        self.row = self.api.row(ONE.format(**self.kwargs))
        self.held = self.api.get(self.api_path)
        self.tag = self.held.tag
        if self.held.status not in (200, 404):
            raise PermissionDenied
        if not self.api.may_all(self.api_path, "destroy" if self.is_held else "create"):
            raise PermissionDenied

    @property
    def is_held(self) -> bool:
        return self.held.status == 200

    @property
    def word(self) -> str:
        return ROLE_WORDS[self.kwargs["role"]][0].lower()

    @property
    def title(self) -> str:  # type: ignore[override]
        verb = "Take the role of {} from {}" if self.is_held else "Give the role of {} to {}"
        return verb.format(self.word, person(self.row))

    @property
    def button(self) -> str:  # type: ignore[override]
        return "Take it away" if self.is_held else "Give it"

    def name(self) -> str:
        return f"The role of {self.word}"

    def goes(self) -> Sequence[tuple[str, int]]:
        return goes_with(MODELS[self.kwargs["role"]], self.row["id"]) if self.is_held else ()

    def is_last(self) -> bool:
        """Whether the account goes with the role: it has no other, and no right."""
        other = next(role for role in ROLE_WORDS if role != self.kwargs["role"])
        has_right = any(self.row[given.name] for given in RIGHTS[:4])
        return not has_right and self.api.get(f"{self.home}{other}/{self.row['id']}/").status == 404

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.is_held or request.POST.get("state") != self.state():
            return super().post(request, *args, **kwargs)
        values = {"uid": self.row["uid"], "email": self.row["email"]}
        answer = self.api.post(f"{self.home}{self.kwargs['role']}/", values)
        if answer.status >= 300:
            return self.shown(answer.status, texts_of(answer.data))
        return self.done(f"The role of {self.word} was given.", self.back())

    def state(self) -> str:
        return f"{'held' if self.is_held else 'free'} {super().state()}"

    def deleted(self) -> HttpResponse:
        text = f"The role of {self.word} was taken away."
        if self.api.get(ONE.format(**self.kwargs)).status == 404:
            return self.done(f"{text} The account had no other.", self.breadcrumbs()[0][1])
        return self.done(text, self.back())

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        about = ROLE_WORDS[self.kwargs["role"]][1]
        is_last = self.is_held and self.is_last()
        return super().get_context_data(is_held=self.is_held, word=self.word, about=about, is_last=is_last, **context)


class FormerUidsPage(OfPerson):
    """The uids that mean the person beside the present one, each with a button that ends this."""

    template_name = "console/work/former_uids.html"
    path = FORMER
    action = "former_uid_delete"

    def enter(self) -> None:
        super().enter()
        self.row = self.api.row(ONE.format(**self.kwargs))

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Former ids of {person(self.row)}"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        uid = {"uid": request.POST.get("uid", "")}
        answer = self.api.send("DELETE", self.api_path, tag="*", query=uid)
        if answer.status >= 300:
            problem = " ".join(texts_of(answer.data))
            return self.render_to_response(self.get_context_data(problem=problem), status=answer.status)
        return self.done("The id means the person no more.", self.back())

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        uids = self.api.get(self.api_path).data["former_uids"]
        return super().get_context_data(person=self.row, former_uids=uids, **context)


class PasswordPage(OfPerson):
    """Sends a link to set a password, after it was confirmed."""

    template_name = "console/work/password.html"
    button = "Send the link"

    def is_allowed(self) -> bool:
        return is_mail_allowed(self)

    def enter(self) -> None:
        super().enter()
        if not settings.SENDS_MAIL:
            raise Http404
        self.row = self.api.row(ONE.format(**self.kwargs))

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Send {person(self.row)} a link to set a password"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("email") != self.row["email"]:
            return self.render_to_response(self.get_context_data(problem=CHANGED), status=412)
        service = settings.PUBLIC_URL or request.build_absolute_uri("/")
        ids = {"institution_id": self.kwargs["institution"], "person_id": self.row["id"]}
        try:
            link_offered(**ids, service=service)
        except Conflict as error:
            return self.render_to_response(self.get_context_data(problem=str(error)), status=409)
        return self.done("The link is on its way.", self.back())

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        hours = settings.PASSWORD_RESET_TIMEOUT // 3600
        return super().get_context_data(person=self.row, hours=hours, **context)
