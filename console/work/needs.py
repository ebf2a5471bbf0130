"""Special needs (SEND): categories in words, and whose they are: one learner's, or many learners' at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from console.listings import instrument_name, instrument_names
from console.tables import Work
from console.templatetags.console import instant_words, person
from console.views import ANY_ID, ConsoleView
from console.words import ALLOWANCES, SEND_OPTIONS
from console.work.forms import Input, Pick, WorkForm
from console.work.pages import CHANGED, CreatePage, DeletePage, EditPage, FormPage, WorkPage
from console.work.undo import Undo
from kernel.http.client import ApiResponse, texts_of
from kernel.recording import Entry, saw
from kernel.states import State
from learners.api.learner_send import InstitutionSENDLearnerSerializer
from learners.models import SENDCategory
from learners.queries import Named, learners_named
from reports.services.deletions import goes_with

CATEGORIES = "institution/{institution}/send/"
ONE = CATEGORIES + "{need}/"
LEARNER = "institution/{institution}/learner/{learner}/"
ASSIGNMENTS = LEARNER + "send/"
MOST = 500  # learners at once
UNKNOWN = "No learner has this uid or e-mail."
SEVERAL = "Several learners have this as uid or e-mail: use another one of theirs."
NOBODY = "Name a learner."
FOUND = 20  # learners of a search that are offered
INPUTS = (
    Input("description", "Name", "What those who assign it call it. Learners see it, too.", attributes={"rows": "2"}),
    Input("data.enabled_options", "Switches on in the dashboard", many=True, choices=(*SEND_OPTIONS.items(),)),
    Input("extra_time", "Extra time, in percent",
          "Added to the time of an activity, such as 25. Instructors and learning platforms read it, and give it.",
          optional=True),
    Input("allowances", "Other allowances", "Provided by who holds the assessment.", many=True,
          choices=(*ALLOWANCES.items(),)),
    Input("data.disabled_instruments", "Takes these instruments away",
          "Nothing is captured for them of learners who have this category. Activities may have alternatives.",
          Pick("institution/{institution}/instrument/", lambda row: row["name"]), many=True),
)  # fmt: skip
UNTIL = Input("expires_at", "Until", "Left empty, it holds for good.")


class NeedView(ConsoleView):
    """A category, and how many learners have it."""

    template_name = "console/work/need.html"
    work = (
        Work("Give it to learners", "need-learners", f"{ONE}give/", "give"),
        Work("Change", "need-edit", ONE, "partial_update"),
        Work("Delete", "need-delete", ONE, "destroy"),
    )

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        row = self.api.row(ONE.format(**self.kwargs))
        names = instrument_names(self.api, self.kwargs)
        without = [instrument_name(names, key) for key in row["data"]["disabled_instruments"]]
        values: dict[str, Any] = {"need": row, "without": without}
        if self.api.lists_all(f"{self.home}learner/{ANY_ID}/send/"):
            ((_, values["learners"]),) = goes_with(SENDCategory, row["id"])
        return super().get_context_data(**values, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Special needs", "send")]


class NewNeed(CreatePage):
    path = CATEGORIES
    inputs = INPUTS
    title = "Add a category of special needs"
    button = "Add"

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        address = reverse("console:need", args=[self.kwargs["institution"], answer.data["id"]])
        return self.done("The category was added.", address)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Special needs", "send")]


class OfNeed(WorkPage):
    """Base of the pages that change one category, or give it to learners."""

    row: Any

    @property
    def category(self) -> dict[str, Any]:
        return self.row

    def breadcrumbs(self) -> list[tuple[str, str]]:
        name = self.category["description"][:80]
        return [self.breadcrumb("Special needs", "send"), self.breadcrumb(name, "need", "need")]


class EditNeed(OfNeed, EditPage):
    path = ONE
    inputs = INPUTS
    title = "Change a category of special needs"
    lead = (
        "It changes for all learners who have it, at once. What was captured with an instrument that is taken away "
        "does not count any more."
    )

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The category was saved.", self.back())


class DeleteNeed(OfNeed, DeletePage):
    path = ONE
    title = "Delete a category of special needs"
    lead = "The learners who have it lose what it switches on, and are asked for what it took away."

    def name(self) -> str:
        return f"The category {self.row['description']}"

    def goes(self) -> Sequence[tuple[str, int]]:
        return goes_with(SENDCategory, self.row["id"])

    def deleted(self) -> HttpResponse:
        return self.done("The category was deleted.", reverse("console:send", args=[self.kwargs["institution"]]))


class OfLearner(WorkPage):
    """Base of the pages about the special needs of one learner."""

    row: Any
    inputs: Sequence[Input] = (
        Input("category", "Category", pick=Pick(CATEGORIES, lambda row: row["description"])),
        UNTIL,
    )

    @cached_property
    def learner(self) -> dict[str, Any]:
        return self.api.row(LEARNER.format(**self.kwargs))

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Learners", "learners"), self.breadcrumb(person(self.learner), "learner", "learner")]


class NewAssignment(OfLearner, CreatePage):
    path = ASSIGNMENTS

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Give {person(self.learner)} a special need"

    button = "Give it"

    def enter(self) -> None:
        super().enter()
        self.learner  # noqa: B018 - 404 where there is none

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The special need was given.", self.back())


class EditAssignment(OfLearner, EditPage):
    path = ASSIGNMENTS + "{assignment}/"

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Change a special need of {person(self.learner)}"

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The special need was saved.", self.back())


class DeleteAssignment(OfLearner, DeletePage):
    path = ASSIGNMENTS + "{assignment}/"
    button = "Take it away"
    lead = "It can be given again."

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Take a special need away from {person(self.learner)}"

    def name(self) -> str:
        return str(self.row["info"]["description"])

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(verb=f"is taken away from {person(self.learner)}", is_undone=True, **context)

    def way_back(self) -> Undo:
        given = {name: self.row[name] for name in ("category", "expires_at")}
        return Undo("POST", ASSIGNMENTS.format(**self.kwargs), given)

    def deleted(self) -> HttpResponse:
        return self.done("The special need was taken away.", self.back())


@dataclass(frozen=True)
class Outcome:
    """What becomes of one line: `kind` is that of its badge."""

    line: str
    learner: Named | None
    text: str
    kind: str  # "good", "none": nothing to do, "bad": the line stops all

    @property
    def name(self) -> str:
        return "" if self.learner is None else self.learner.name


class NeedLearners(OfNeed, FormPage):
    """A category for many learners, all of them or none.

    The preview tries it in a transaction that is taken back, so it says what the API says.
    """

    template_name = "console/work/need_learners.html"
    path = f"{ONE}give/"
    action = "give"
    button = "Check"
    inputs = (
        Input("learners", "Learners", f"A uid or e-mail address on each line, at most {MOST}.", is_sent=False,
              required=True,
              made=partial(forms.CharField, widget=forms.Textarea, max_length=MOST * 300),
              attributes={"rows": "8", "spellcheck": "false", "autocomplete": "off"}),
        UNTIL,
    )  # fmt: skip

    def is_allowed(self) -> bool:
        return super().is_allowed() and self.api.lists_all(f"{self.home}learner/")

    @cached_property
    def category(self) -> dict[str, Any]:
        return self.api.row(ONE.format(**self.kwargs))

    def enter(self) -> None:
        super().enter()
        self.category  # noqa: B018 - 404 where there is none

    def serializer(self) -> Any:
        return InstitutionSENDLearnerSerializer

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Give learners: {self.category['description'][:80]}"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        data = self.with_marked(request.POST)
        asked = self.asked(request.POST)
        if asked in ("find", "add"):
            form = self.form(typed={name: data.get(name, "") for name in ("learners", "expires_at")})
            return self.shown(form, 200, **(self.found() if asked == "find" else {}))
        form = self.form(data)
        if not form.is_valid():
            return self.shown(form, 400)
        lines = lines_of(form.cleaned_data["learners"])
        if not 0 < len(lines) <= MOST:
            form.add_error("learners", f"At most {MOST} at once: these are {len(lines)}." if lines else NOBODY)
            return self.shown(form, 400)
        until = form.cleaned_data["expires_at"]
        with transaction.atomic():
            outcomes = self.tried(lines, form)
            state = State([str(until), [[each.line, each.kind, each.text] for each in outcomes]]).tag
            good = sum(each.kind == "good" for each in outcomes)
            is_wrong = any(each.kind == "bad" for each in outcomes)
            is_meant = asked == "assign" and request.POST.get("outcome") == state
            is_done = is_meant and good > 0 and not is_wrong
            if not is_done:
                transaction.set_rollback(True)
        if is_done:
            return self.done(f"The special need was given to {good} learner{'s' if good > 1 else ''}.", self.back())
        shown = sum(each.learner is not None for each in outcomes)
        home = self.kwargs["institution"]
        saw(Entry("read", "institution/learner", row=home, institution=home, details={"rows": shown}))
        values = {
            "outcomes": outcomes,
            "good": 0 if is_wrong else good,
            "outcome": state,
            "until": until,
            "is_wrong": is_wrong,
        }
        problem = CHANGED if asked == "assign" and not is_meant else ""
        return self.shown(form, 412 if problem else 200, problem=problem, **values)

    @staticmethod
    def asked(sent: QueryDict) -> str:
        """Which button was pressed; Enter finds, if something else is searched for than before."""
        asked, text = sent.get("do", ""), sent.get("search", "").strip()
        return "find" if asked == "enter" and text and text != sent.get("searched") else asked

    def with_marked(self, sent: QueryDict) -> QueryDict:
        """What was sent, with the learners that were marked in what a search has found."""
        data = sent.copy()
        lines = [line for line in (sent.get("learners", "").strip(), *sent.getlist("marked")[:FOUND]) if line]
        data["learners"] = "\n".join(lines)
        return data

    def found(self) -> dict[str, Any]:
        """The learners that the search finds."""
        text = self.request.POST.get("search", "").strip()
        asked = {"search": text, "limit": FOUND, "ordering": "last_name"}
        page = self.api.page(f"{self.home}learner/", asked) if text else None
        page = page or {"count": 0, "results": []}
        return {"search": text, "found": page["results"], "has_more": page["count"] > FOUND}

    def tried(self, lines: Sequence[str], form: WorkForm) -> list[Outcome]:
        """Give it to each of these, in the transaction that is open."""
        named = learners_named(self.kwargs["institution"], self.category["id"], lines)
        outcomes, seen = list[Outcome](), dict[int, str]()
        for line in lines:
            outcomes.append(self.outcome(line, named.get(line, ()), seen))
        good = [each.learner.id for each in outcomes if each.kind == "good" and each.learner is not None]
        refusal = self.given(good, form.body(changes=False)) if good else ""
        return [
            replace(each, text=refusal, kind="bad") if refusal and each.kind == "good" else each for each in outcomes
        ]

    def outcome(self, line: str, found: Sequence[Named], seen: dict[int, str]) -> Outcome:
        """What becomes of a line, if the API takes it."""
        if len(found) != 1:
            return Outcome(line, None, SEVERAL if found else UNKNOWN, "bad")
        (learner,) = found
        if learner.id in seen:
            return Outcome(line, learner, f"Named before, as {seen[learner.id]}.", "none")
        seen[learner.id] = line
        if learner.has_it:
            until = f"until {instant_words(learner.until)}" if learner.until else "for good"
            return Outcome(line, learner, f"Has it already, {until}: that stays.", "none")
        return Outcome(line, learner, "Gets it.", "good")

    def given(self, learners: Sequence[int], body: Mapping[str, Any]) -> str:
        """Give it to these; why the API refuses, or nothing."""
        path = f"{self.home}send/{self.category['id']}/give/"
        answer = self.api.post(path, {"learners": [{"id": key, **body} for key in learners]})
        if answer.status != 200:
            return " ".join(dict.fromkeys(texts_of(answer.data)))
        return "" if answer.data["given"] == len(learners) else CHANGED


def lines_of(text: str) -> list[str]:
    """The names in a pasted text, each once, in their order."""
    parts = (part.strip().strip("\"'").strip() for part in text.replace(",", "\n").replace(";", "\n").splitlines())
    return list(dict.fromkeys(part for part in parts if part))
