"""Settings of the institution, and the parts of the dashboard that it closes: for everybody, or for one person."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse

from console.templatetags.console import person
from console.work.forms import Input, Pick, WorkForm
from console.work.pages import CreatePage, DeletePage, EditPage
from console.work.undo import Undo
from institutions.models import OnWithdrawal, User
from kernel.http.client import ApiResponse
from kernel.states import State
from kernel.zones import zone_names

HOME = "institution/{institution}/"
OPTIONS = HOME + "ui/"
USERS = HOME + "user/"
CONNECTIONS = HOME + "oidc/"


class Settings(EditPage):
    """The institution's own row: its administrators may change it, and global administrators."""

    path = HOME
    keeps_all = True
    title = "Settings of the institution"
    inputs = (
        Input("time_zone", "Time zone", "In which these pages show and take dates and times.",
              choices=[(name, name.replace("_", " ")) for name in zone_names()]),
        Input("external_ic", "Informed consent is given elsewhere",
              "Every learner then counts as having consented: nobody is asked here.", group="Informed consent"),
        Input("mail_domain", "Accepted mail domains",
              "Separated by commas, such as example.org, mail.example.org. Left empty, every address is accepted.",
              group="People", attributes={"spellcheck": "false"}),
        Input("allow_own_names", "People correct their own names",
              "First and last name, at /me/. Otherwise they ask for it, and you answer."),
        Input("disable_vle_user_creation", "VLEs cannot bring people who are unknown here"),
        Input("disable_vle_learner_creation", "VLEs cannot make learners", "Not even of people who are known here."),
        Input("disable_vle_instructor_creation", "VLEs cannot make instructors",
              "Not even of people who are known here."),
        Input("allow_learner_report", "Learners read their own reports", group="Reports"),
        Input("allow_learner_audit", "Learners see the evidence of their reports", "Only if they read their reports."),
        Input("allow_valid_audit", "Evidence of good results is shown, too",
              "To instructors and learners. Otherwise only where there is a warning or an alert."),
        Input("contest_days", "Days within which a contest is answered"),
        Input("publishes_transparency", "Everybody can read how the instruments are used",
              "Which ones, since when, and what became of contests. Nobody is named."),
        Input("withdrawal_models", "Enrolment of a learner who withdraws the consent", choices=OnWithdrawal.choices,
              group="When a learner withdraws the consent"),
        Input("withdrawal_models_reason", "Why", "Learners read it before they decide."),
        Input("withdrawal_evidence", "Evidence of that learner's reports", choices=OnWithdrawal.choices),
        Input("withdrawal_evidence_reason", "Why, for the evidence", "Learners read it before they decide."),
        Input("allowed_domains", "Where a dashboard may lead back to",
              "Hosts, separated by commas, such as moodle.example.org, *.example.net. Left empty, every host.",
              group="Dashboard", attributes={"spellcheck": "false"}),
    )  # fmt: skip

    def is_allowed(self) -> bool:
        return self.api.may(self.api_path, self.action)  # the grant names the own institution, which this is

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        links = [("Parts of the dashboard", reverse("console:dashboard", kwargs=self.kwargs))]
        actions = links if self.api.may_all(OPTIONS.format(**self.kwargs), "create") else []
        if self.api.may_all(CONNECTIONS.format(**self.kwargs), "create"):
            actions = [*actions, ("Identity provider", reverse("console:oidc", kwargs=self.kwargs))]
        return super().get_context_data(**{"tools": actions, **context})

    def back(self) -> str:
        return reverse("console:overview", kwargs=self.kwargs)

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The settings were saved.", self.request.path)


class Dashboard(EditPage):
    """Which parts of the dashboard are open to the people of the institution; single people may have fewer."""

    template_name = "console/work/dashboard.html"
    path = OPTIONS
    action = "create"
    title = "Parts of the dashboard"
    lead = (
        "A part that is not marked is closed for everybody here. Which roles an open part is for is the same in all "
        "institutions."
    )
    inputs = (
        Input("open", "Open parts", is_sent=False,
              made=lambda **common: forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, **common)),
    )  # fmt: skip

    def read(self) -> None:
        rows = self.api.rows(self.api_path, {"limit": 1000, "ordering": "route"}) or []
        self.routes = list(dict.fromkeys(row["route"] for row in rows if row["is_global"]))
        self.own = [row for row in rows if not row["is_global"]]
        self.closed = [row for row in self.own if row["user"] is None and not row["enabled"]]
        self.row = {"open": [route for route in self.routes if route not in {row["route"] for row in self.closed}]}
        self.tag = State([self.routes, self.closed]).tag

    def form(self, data: Any = None, typed: Any = None) -> WorkForm:
        form = super().form(data, typed)
        form.fields["open"].choices = [(route, route) for route in self.routes]  # type: ignore[attr-defined]
        return form

    def send(self, form: WorkForm) -> ApiResponse:
        if self.opened_with != self.tag:
            return ApiResponse(412, {})
        answer = ApiResponse(200, {})
        with transaction.atomic():
            for answer in self.changes({*form.cleaned_data["open"]}):
                if answer.status >= 300:
                    transaction.set_rollback(True)
                    break
        return answer

    def changes(self, wanted: set[str]) -> Iterator[ApiResponse]:
        """Each is made when the next answer is asked for."""
        for route in self.row["open"]:
            if route not in wanted:
                yield self.api.post(self.api_path, {"route": route, "enabled": False})
        for row in self.closed:
            if row["route"] in wanted:
                yield self.api.send_unless_changed("DELETE", f"{self.api_path}{row['id']}/", row)

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The parts of the dashboard were saved.", self.request.path)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        of_people = [row for row in self.own if row["user"] is not None and not row["enabled"]]
        found = User.objects.filter(institution=self.kwargs["institution"], pk__in={row["user"] for row in of_people})
        names = {row["id"]: person(row) for row in found.values("id", "first_name", "last_name", "username")}
        people = [(row, names[row["user"]]) for row in of_people if row["user"] in names]
        return super().get_context_data(people=people, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Settings", "settings")]


class NewClosing(CreatePage):
    """A part of the dashboard is closed for one person."""

    path = OPTIONS
    title = "Close a part of the dashboard for one person"
    button = "Close it"
    inputs = (
        Input("route", "Part", choices=(("", ""),)),
        # Without a person it would be closed for everybody.
        Input(
            "user", "Person", pick=Pick(USERS, lambda row: f"{person(row)} ({row['uid']})", "last_name"), required=True
        ),
    )

    def form(self, data: Any = None, typed: Any = None) -> WorkForm:
        form = super().form(data, typed)
        rows = self.api.rows(self.api_path, {"limit": 1000, "ordering": "route"}) or []
        routes = dict.fromkeys(row["route"] for row in rows if row["is_global"])
        form.fields["route"].choices = [(route, route) for route in routes]  # type: ignore[attr-defined]
        return form

    def send(self, form: WorkForm) -> ApiResponse:
        return self.api.post(self.api_path, {"enabled": False, **form.body(changes=False)})

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The part was closed.", self.back())

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Settings", "settings"), self.breadcrumb("Parts of the dashboard", "dashboard")]


class DeleteClosing(DeletePage):
    """It is open for the person again."""

    path = OPTIONS + "{option}/"
    title = "Open a part of the dashboard for one person again"
    button = "Open it"

    def name(self) -> str:
        return f"The part {self.row['route']}"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(verb="is open for this person again", is_undone=True, **context)

    def way_back(self) -> Undo:
        closed = {name: self.row[name] for name in ("route", "user", "enabled")}
        return Undo("POST", OPTIONS.format(**self.kwargs), closed)

    def deleted(self) -> HttpResponse:
        return self.done("The part is open again.", self.back())

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Settings", "settings"), self.breadcrumb("Parts of the dashboard", "dashboard")]
