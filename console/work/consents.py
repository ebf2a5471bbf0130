"""Informed consents: versions with their texts, written with a preview, compared, published, deleted."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property, partial
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator

from console.tables import Work
from console.templatetags.console import standing
from console.views import ConsoleView
from console.words import CONSENT_WORDS
from console.work.differences import lines_between
from console.work.forms import Input, WorkForm
from console.work.pages import CHANGED, CreatePage, DeletePage, EditPage, SavingPage
from files.services import store
from institutions.services.consents import Standing, asked_at, consent_standings
from institutions.services.html import Removed, html_cleaned, html_has_text, html_removed
from kernel.domain import Invalid
from kernel.http.client import ApiResponse
from kernel.states import State
from learners.queries import consent_counts

CONSENTS = "institution/{institution}/ic/"
ONE = CONSENTS + "{consent}/"
TEXTS = ONE + "document/"
TEXT = TEXTS + "{language}/"
FROZEN = "Learners have accepted this version: it and its texts stay as they are. Write the next version instead."
NO_TEXT = "No language has anything to read, so nobody could accept this version. Write a text first."
NUMBER = Input(
    "version", "Version",
    "Three numbers. If only the last is new, what learners have accepted stays good. If the first or the second is "
    "new, all must accept again.",
    attributes={"spellcheck": "false", "autocomplete": "off", "inputmode": "decimal"},
)  # fmt: skip
FROM = Input(
    "valid_from", "Valid from", "From then on learners are asked for it, if there is no higher version by then."
)
HTML = Input(
    "html", "Text (HTML)",
    "Headings, paragraphs, lists, tables and links. Scripts, styles and pictures are taken away.",
    attributes={"rows": "16", "spellcheck": "true"},
    made=partial(forms.CharField, widget=forms.Textarea, max_length=1_000_000),
)  # fmt: skip
PDF = Input(
    "pdf", "PDF", "At most 10 MB. Instead of the text, or beside it.", is_sent=False,
    made=partial(forms.FileField, widget=forms.FileInput), attributes={"accept": "application/pdf,.pdf"},
)  # fmt: skip
LANGUAGE = Input(
    "language", "Language", "Its code, such as en, ca or pt-BR.",
    attributes={"spellcheck": "false", "autocomplete": "off"},
)  # fmt: skip
NO_PDF = Input("without_pdf", "Take the PDF away", is_sent=False)


class OfConsent(ConsoleView):
    """Base of the pages of one version: its row, its texts, and where it stands among the others."""

    @cached_property
    def consent(self) -> dict[str, Any]:
        return self.api.row(ONE.format(**self.kwargs))

    @cached_property
    def texts(self) -> list[dict[str, Any]]:
        return self.texts_of(self.kwargs["consent"])

    def texts_of(self, consent: int) -> list[dict[str, Any]]:
        path = TEXTS.format(institution=self.kwargs["institution"], consent=consent)
        return self.api.rows(path, {"limit": 1000, "ordering": "language"}) or []

    @cached_property
    def standings(self) -> list[Standing]:
        return consent_standings(self.kwargs["institution"])

    @property
    def standing(self) -> Standing:
        found = next((each for each in self.standings if each.id == self.kwargs["consent"]), None)
        if found is None:
            raise Http404
        return found

    @property
    def lower(self) -> Standing | None:
        """The next lower version."""
        return next((each for each in self.standings if each.version < self.standing.version), None)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        name = f"Version {self.consent['version']}"
        return [self.breadcrumb("Consents", "consents"), self.breadcrumb(name, "consent", "consent")]


@method_decorator(csp_update({"frame-src": [SELF]}), name="dispatch")
class ConsentView(OfConsent):
    """A version with its texts as learners are served them, PDFs in frames unless a store elsewhere serves them."""

    template_name = "console/work/consent.html"
    always = (Work("Add a language", "consent-text-new", TEXTS, "create"),)
    unless_frozen = (
        Work("Publish", "consent-publish", ONE, "partial_update"),
        Work("Change the number", "consent-edit", ONE, "partial_update"),
        Work("Delete", "consent-delete", ONE, "destroy"),
    )

    def actions(self) -> list[tuple[str, str]]:
        self.work = self.always if self.standing.is_frozen else (*self.always, *self.unless_frozen)
        links = [("Compare", reverse("console:consent-compare", kwargs=self.kwargs))] if len(self.standings) > 1 else []
        return [*super().actions(), *links]

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        row, asked = self.consent, asked_at(self.standings, timezone.now())
        values = {
            "consent": row,
            "texts": self.texts,
            "standing": standing(self.standing, asked),
            "is_frozen": self.standing.is_frozen,
            "is_asked_without_text": asked == self.standing and not has_text(self.texts),
            "may_write": self.api.may_all(TEXT.format(**self.kwargs, language="en"), "partial_update"),
            "lower": self.lower,
            "missing": self.missing(),
            "shows_pdf": not getattr(store(), "querystring_auth", False),
        }
        return super().get_context_data(**values, **context)

    def missing(self) -> list[str]:
        """Languages of the next lower version that this one lacks."""
        if self.lower is None:
            return []
        here = {row["language"].lower() for row in self.texts}
        return [row["language"] for row in self.texts_of(self.lower.id) if row["language"].lower() not in here]

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Consents", "consents")]


def has_text(texts: Sequence[Mapping[str, Any]]) -> bool:
    """Whether some language has anything to read, without which nobody can accept the version."""
    return any(row["pdf"] or html_has_text(row["html"]) for row in texts)


class NewConsent(CreatePage):
    path = CONSENTS
    inputs = (NUMBER, FROM)
    title = "Write a new version of the informed consent"
    lead = (
        "First its number, and the date from which it is valid; then its texts. The date can be changed until somebody "
        "has accepted it: take one that leaves time to write and read."
    )
    button = "Go on to the texts"

    def enter(self) -> None:
        super().enter()
        highest = next(iter(consent_standings(self.kwargs["institution"])), None)
        major, minor, patch = highest.version if highest else (1, 0, -1)
        at = (timezone.now() + timedelta(days=14)).replace(minute=0, second=0, microsecond=0)
        self.row = {"version": f"{major}.{minor}.{patch + 1}", "valid_from": at}

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        address = reverse("console:consent", args=[self.kwargs["institution"], answer.data["id"]])
        return self.done("The version was added. Now write its texts.", address)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("Consents", "consents")]


class EditConsent(OfConsent, EditPage):
    path = ONE
    inputs = (NUMBER,)

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Change the number of version {self.row['version']}"

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The version was saved.", self.back())


class PublishConsent(OfConsent, EditPage):
    """Since when a version is valid. What that does to the learners is shown before it is done."""

    template_name = "console/work/consent_publish.html"
    path = ONE
    inputs = (FROM,)
    button = "Check"

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Publish version {self.row['version']}"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.shown(form, 400)
        if not has_text(self.texts):
            form.add_error(None, NO_TEXT)
            return self.shown(form, 400)
        effect = self.effect(form.cleaned_data["valid_from"])
        is_asked = request.POST.get("do") == "publish"
        if is_asked and request.POST.get("effect") == effect["effect"]:
            return super().post(request, *args, **kwargs)
        return self.shown(form, 412 if is_asked else 200, **effect, problem=CHANGED if is_asked else "")

    def effect(self, at: Any) -> dict[str, Any]:
        """What it does: the learners by the status of their consent, now and from then on if nobody decides."""
        now = timezone.now()
        others = [each for each in self.standings if each.id != self.standing.id]
        then = asked_at([*others, self.standing._replace(valid_from=at)], max(at, now))
        before, until = asked_at(self.standings, now), asked_at(others, now) if at > now else None
        key, external = self.kwargs["institution"], self.institution.external_ic  # type: ignore[union-attr]
        counts = [consent_counts(key, (external, each and each.version)) for each in (before, then)]
        rows = [(word, *(count.get(status, 0) for count in counts)) for status, word in CONSENT_WORDS.items()]
        values = {
            "at": max(at, now),
            "is_at_once": at <= now,
            "said": self.said(external, asked_at(others, now), then),
            "until": until,
            "rows": [row for row in rows if any(row[1:])],
        }
        return values | {"effect": State([str(at), values["said"], [list(row) for row in rows]]).tag}

    def said(self, external: bool, before: Standing | None, then: Standing | None) -> str:
        if external:
            return "Consent is managed outside this service, so nobody is asked for it: nothing changes for learners."
        if then is None or then.id != self.standing.id:
            name = then.name if then else ""
            return f"By then the higher version {name} is valid: learners are asked for that one, and not for this one."
        if before is not None and before.version[:2] == self.standing.version[:2]:
            return "Only the last number is new: what learners have accepted stays good, and they are asked to update."
        return (
            "All learners must accept it: what they have accepted before is not good any more. Nothing is captured of "
            "those who have not accepted it, and none of them can begin an assessment."
        )

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The date was saved.", self.back())


class DeleteConsent(OfConsent, DeletePage):
    path = ONE
    lead = "Decisions of learners stay, whatever version they are about."

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Delete version {self.row['version']}"

    def name(self) -> str:
        return f"Version {self.row['version']} of the informed consent"

    def goes(self) -> Sequence[tuple[str, int]]:
        return [("languages", len(self.texts)), ("PDFs", sum(row["pdf"] is not None for row in self.texts))]

    def deleted(self) -> HttpResponse:
        return self.done("The version was deleted.", reverse("console:consents", args=[self.kwargs["institution"]]))


class TextPage(OfConsent, SavingPage, is_base=True):
    """Base of the pages that write a text: the preview is what learners are served, with what cleaning takes away."""

    template_name = "console/work/consent_text.html"
    lead = "What you write is cleaned when it is saved. The preview shows it as learners are served it."

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("do") != "preview":
            return super().post(request, *args, **kwargs)
        form, html = self.form(request.POST), request.POST.get("html", "")
        try:
            cleaned = html_cleaned(html) or ""
        except Invalid as error:
            form.is_valid()
            form.refuse(error.fields)
            return self.shown(form, 400, is_tried=True)
        removed = removed_words(html_removed(html, cleaned))
        values = {"preview": cleaned, "removed": removed, "is_empty": not html_has_text(cleaned)}
        return self.shown(self.form(typed=form.typed()), 200, is_tried=True, **values)

    def call(self, method: str, form: WorkForm, tag: str = "") -> ApiResponse:
        """With a file as the browser has sent it, else in JSON."""
        if "pdf" in self.request.FILES:
            return self.api.forward(self.api_path, method, tag)
        body = form.body(changes=method == "PATCH")
        if form.cleaned_data.get("without_pdf"):
            body["pdf"] = None
        return self.api.send(method, self.api_path, body, tag)

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        gone = removed_words(answer.data["removed"] or [])
        text = "The text was saved." + (f" Cleaning took away: {gone}." if gone else "")
        return self.done(text, reverse("console:consent", args=[self.kwargs["institution"], self.kwargs["consent"]]))


def removed_words(removed: Sequence[Removed]) -> str:
    return ", ".join(f"{each['what']} ({each['times']})" for each in removed)


class NewText(TextPage, CreatePage):
    """A language is added, perhaps beginning with the text of another version."""

    path = TEXTS
    inputs = (LANGUAGE, HTML, PDF)
    button = "Save"

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Add a language to version {self.consent['version']}"

    def enter(self) -> None:
        super().enter()
        self.consent  # noqa: B018 - 404 where there is none
        language = self.request.GET.get("like", "")
        if language and self.lower is not None:
            like = next((row for row in self.texts_of(self.lower.id) if row["language"] == language), None)
            self.row = like and {"language": language, "html": like["html"], "pdf": None}

    def send(self, form: WorkForm) -> ApiResponse:
        return self.call("POST", form)


class EditText(TextPage, EditPage):
    path = TEXT

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Text of version {self.consent['version']}: {self.row['language']}"

    def offered(self) -> Sequence[Input]:
        return (HTML, PDF, NO_PDF) if self.row["pdf"] else (HTML, PDF)

    def read(self) -> None:
        super().read()
        self.row = {**self.row, "without_pdf": False}

    def send(self, form: WorkForm) -> ApiResponse:
        return self.call("PATCH", form, self.opened_with)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        stored = {} if context.get("is_tried") else {"preview": self.row["html"] or "", "is_stored": True}
        return super().get_context_data(**{"pdf": self.row["pdf"], **stored, **context})


class DeleteText(OfConsent, DeletePage):
    path = TEXT

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"Delete the text of version {self.consent['version']}: {self.row['language']}"

    def name(self) -> str:
        return f"The text ({self.row['language']})"

    def goes(self) -> Sequence[tuple[str, int]]:
        return [("PDFs", int(self.row["pdf"] is not None))]

    def deleted(self) -> HttpResponse:
        return self.done("The text was deleted.", self.back())


class CompareConsents(OfConsent):
    """Two versions side by side, in one language."""

    template_name = "console/work/consent_compare.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        values: dict[str, Any] = {"consent": self.consent}
        others = [each for each in self.standings if each.id != self.standing.id]
        asked, default = self.request.GET.get("with", ""), self.lower or next(iter(others), None)
        other = next((each for each in others if str(each.id) == asked), default)
        values |= {"others": others, "other": other}
        if other is not None:
            one, two = sorted((self.standing, other), key=lambda each: each.version)
            texts = {each.id: self.texts_of(each.id) for each in (one, two)}
            languages = [row["language"] for row in texts[one.id]]
            languages += [row["language"] for row in texts[two.id] if row["language"] not in languages]
            common = [each for each in languages if all(_text(texts[key], each) for key in texts)]
            asked = self.request.GET.get("language", "")
            language = asked if asked in languages else next(iter([*common, *languages]), "")
            values |= {"one": one, "two": two, "languages": languages, "language": language}
            values |= _compared(_text(texts[one.id], language), _text(texts[two.id], language))
        return super().get_context_data(**values, **context)


def _text(texts: Sequence[Mapping[str, Any]], language: str) -> Mapping[str, Any] | None:
    return next((row for row in texts if row["language"].lower() == language.lower()), None)


def _compared(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Any]:
    html = [(row and row["html"]) or "" for row in (before, after)]
    lines = lines_between(*html)
    return {
        "before": before,
        "after": after,
        "lines": lines,
        "is_same_text": not any(line.differs for line in lines),
        "is_same": before is not None and after is not None and before["sha256"] == after["sha256"],
        "has_pdf": any(row and row["pdf"] for row in (before, after)),
    }
