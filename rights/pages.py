"""/me/...: what is held about the person who is signed in, for people of all roles; and what is told everybody."""

from math import ceil
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from institutions.models import Institution, User
from kernel.caller import Caller, Role
from kernel.http.client import ApiResponse, texts_of
from kernel.ids import bounded_id
from kernel.text import accepted_languages
from learners.queries import best_language
from reports.sentences import DEMONSTRATION
from rights.fairness import MINIMUM
from rights.models import BundleState, Correction, Erasure, Kind, State
from rights.shown import transparency
from signin.pages import SignedInView
from signin.views import browser_caller, launched_caller
from trail.reading import cut_until

EFFECTS = (("Your enrolment", "models"), ("What was captured while you worked", "evidence"))
ROWS = 50  # on a page of a list
COURSES_SHOWN = 100  # of a learner, the latest first
LARGEST_PAGE = 10_000
LANGUAGES = 200  # of a consent that its page offers
AGREED = ("VALID", "VALID_EXTERNAL")  # nothing is asked for


class MeView(SignedInView):
    recorded_as = "me"
    refused_template = "rights/refused.html"
    refusals: ClassVar[dict[int, tuple[str, str]]] = {
        403: ("Not for you", "This page is for people of an institution, some of it for learners alone."),
        404: ("Not found", "There is no such page, or it is not yours to see."),
    }

    @staticmethod
    def caller_in(request: HttpRequest) -> Caller | None:
        """Also whom a VLE has sent."""
        return browser_caller(request) or launched_caller(request)

    def enter(self) -> None:
        """Everybody of an institution has data here, and global administrators have."""
        if not self.caller.roles_in(None):
            raise PermissionDenied

    @property
    def home_id(self) -> int | None:
        return self.caller.institution_id

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        pages = [("What is held", "held")]
        if Role.LEARNER & self.caller.roles:
            pages += [("Reports", "reports"), ("Contests", "contests"), ("Consents", "decisions")]
            pages.append(("Erasure", "erasures"))
        pages.append(("Who looked", "trail"))
        if self.caller.institution_id is not None:
            pages.append(("Instruments", "transparency"))
        if Role.MEMBER & self.caller.roles:
            pages += [("Correct", "corrections"), ("Take away", "bundle")]
        match = self.request.resolver_match
        here = match.url_name if match else ""
        sections = [(title, reverse(f"me:{name}"), here in (name, name.removesuffix("s"))) for title, name in pages]
        values = {"caller": self.caller, "institution": self.caller.institution, "sections": sections}
        return super().get_context_data(**values, **context)

    def listed(self, path: str, **query: Any) -> dict[str, Any]:
        """A page of a list of the API, the latest first, with the addresses of the neighbours."""
        number = self.request.GET.get("page", "1")
        at = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0
        if not 1 <= at <= LARGEST_PAGE:
            raise Http404
        page = self.api.page(path, {"limit": ROWS, "offset": (at - 1) * ROWS, "ordering": "-id", **query})
        if page is None:
            raise PermissionDenied
        pages = max(1, ceil(page["count"] / ROWS))
        if at > pages:
            raise Http404
        return {
            "rows": page["results"],
            "count": page["count"],
            "at": at,
            "pages": pages,
            "previous": at - 1 if at > 1 else None,
            "next": at + 1 if at < pages else None,
        }


class HeldView(MeView):
    template_name = "rights/held.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        courses = None
        if Role.LEARNER & self.caller.roles:
            path = f"institution/{self.home_id}/learner/{self.caller.id}/membership/"
            courses = self.api.page(path, {"limit": COURSES_SHOWN, "ordering": "-id"})
        return super().get_context_data(held=self.api.row("me/held/"), courses=courses, **context)


class ReportsView(MeView):
    template_name = "rights/reports.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(list=self.listed("me/report/"), **context)


class ReportView(MeView):
    """The report with its reasons; the form contests it."""

    http_method_names = ["get", "head", "options", "post"]
    template_name = "rights/report.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sent = request.POST
        level, reason = sent.get("level") or None, sent.get("reason", "")
        answer = self.api.post("me/contest/", {"report": self.kwargs["id"], "level": level, "reason": reason})
        if answer.status == 201:
            return HttpResponseRedirect(reverse("me:contest", kwargs={"id": answer.data["id"]}))
        return self.render_to_response(
            self.get_context_data(sent=sent, problems=texts_of(answer.data, after_names=True)), status=answer.status
        )

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        report = self.api.row(f"me/report/{self.kwargs['id']}/")
        return super().get_context_data(
            report=report, kinds=Kind.values, made_up=DEMONSTRATION, **{"sent": {}, **context}
        )


class ContestsView(MeView):
    template_name = "rights/contests.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        page = self.listed("me/contest/")
        return super().get_context_data(list=page | {"rows": [_in_words(row) for row in page["rows"]]}, **context)


class ContestView(MeView):
    """A contest with its answer; its forms add files, and withdraw it."""

    http_method_names = ["get", "head", "options", "post"]
    template_name = "rights/contest.html"

    @property
    def path(self) -> str:
        return f"me/contest/{self.kwargs['id']}/"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        adds = request.POST.get("action") == "file"
        answer = self.api.forward(f"{self.path}file/") if adds else self.api.post(f"{self.path}withdraw/", {})
        if answer.status == 200:
            return HttpResponseRedirect(request.path)
        problems = texts_of(answer.data, after_names=True)
        return self.render_to_response(self.get_context_data(problems=problems), status=answer.status)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(contest=_in_words(self.api.row(self.path)), **context)


def _in_words(contest: dict[str, Any]) -> dict[str, Any]:
    levels = [(kind, machine, contest["human_levels"].get(kind)) for kind, machine in contest["machine_levels"].items()]
    return contest | {
        "words": State(contest["state"]).label,
        "is_open": contest["state"] == State.OPEN,
        "levels": levels,
    }


class DecisionsView(MeView):
    template_name = "rights/decisions.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(list=self.listed("me/decision/"), **context)


class ConsentPage(MeView):
    """The consent that is asked for now, in one of its languages, and the button that accepts it."""

    http_method_names = ["get", "head", "options", "post"]
    template_name = "rights/consent.html"

    def enter(self) -> None:
        super().enter()
        if not Role.LEARNER & self.caller.roles:
            raise PermissionDenied

    @property
    def home(self) -> str:
        return f"institution/{self.home_id}/"

    @property
    def learner_path(self) -> str:
        return f"{self.home}learner/{self.caller.id}/"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        read = {name: request.POST.get(name, "") for name in ("version", "language", "sha256")}
        answer = self.api.post(f"{self.learner_path}ic/", read)
        if answer.status == 201:
            return HttpResponseRedirect(reverse("me:decisions"))
        return self.render_to_response(
            self.get_context_data(problems=texts_of(answer.data, after_names=True)), status=answer.status
        )

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        learner = self.api.row(self.learner_path)
        consent = self.api.row(f"{self.home}ic/current/")
        texts = self.texts(consent["id"]) if consent["count"] else {}
        asked = self.request.POST.get("language") or self.request.GET.get("language", "")
        accepted = accepted_languages(self.request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        language = best_language(texts, [asked, learner["locale"] or "", *accepted])
        values = {
            "status": learner["ic_status"],
            "is_asked_for": learner["ic_status"] not in AGREED,
            "consent": consent,
            "languages": [*texts],
            "text": texts.get(language or next(iter(texts), "")),
        }
        return super().get_context_data(**values, **context)

    def texts(self, consent: int) -> dict[str, dict[str, Any]]:
        """The documents of a consent that have a text, by language."""
        documents = self.api.rows(f"{self.home}ic/{consent}/document/", {"limit": LANGUAGES, "ordering": "language"})
        return {row["language"]: row for row in documents or [] if row["sha256"]}


class WithdrawalPage(MeView):
    """What withdrawing the consent does, and the button that withdraws it."""

    http_method_names = ["get", "head", "options", "post"]
    template_name = "rights/withdrawal.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        body = {name: request.POST.get(name, "") for name in ("models", "evidence")}
        answer = self.api.post("me/withdrawal/", body)
        if answer.status == 200:
            return HttpResponseRedirect(request.path)
        return self.render_to_response(
            self.get_context_data(problems=texts_of(answer.data, after_names=True)), status=answer.status
        )

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        withdrawal = self.api.row("me/withdrawal/")
        effects = [(title, name, withdrawal[name]) for title, name in EFFECTS]
        return super().get_context_data(withdrawal=withdrawal, effects=effects, **context)


class ErasuresPage(MeView):
    """What would be erased and what is kept, the form that asks for it, and what became of it."""

    http_method_names = ["get", "head", "options", "post"]
    template_name = "rights/erasures.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sent = request.POST
        if sent.get("action") == "withdraw":
            key = bounded_id(sent.get("erasure")) or 0
            answer = self.api.post(f"me/erasure/{key}/withdraw/", {})
        else:
            answer = self.api.post("me/erasure/", {"reason": sent.get("reason", "")})
        if answer.status in (200, 201):
            return HttpResponseRedirect(request.path)
        context = self.get_context_data(sent=sent, problems=texts_of(answer.data, after_names=True))
        return self.render_to_response(context, status=answer.status)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        rows = self.listed("me/erasure/")
        asked = [row | {"words": Erasure.State(row["state"]).label} for row in rows["rows"]]
        answer = self.api.get("me/erasure/preview/")
        is_open = any(row["state"] in ("asked", "running") for row in asked)
        values = {"preview": answer.data, "asked": asked, "is_open": is_open}
        return super().get_context_data(**values, **{"sent": {}, **context})


class DecisionView(MeView):
    template_name = "rights/decision.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(decision=self.api.row(f"me/decision/{self.kwargs['id']}/"), **context)


class TransparencyView(MeView):
    """What the own institution tells of its instruments, published or not. It tells of no person: no line is left."""

    template_name = "rights/own_transparency.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        if self.home_id is None:
            raise PermissionDenied
        told = self.api.row(f"institution/{self.home_id}/transparency/")
        return super().get_context_data(told=told, home_id=self.home_id, **context)


@method_decorator(never_cache, name="dispatch")
class PublicTransparencyView(TemplateView):
    """The same for everybody, of an institution that publishes it: four statements, without the caller's."""

    http_method_names = ["get", "head", "options"]
    template_name = "rights/transparency.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        institution = get_object_or_404(
            Institution, pk=self.kwargs["institution"], publishes_transparency=True, suspended_at=None
        )
        told = transparency(institution) | {"minimum": MINIMUM}
        return super().get_context_data(caller=browser_caller(self.request), told=told, **context)


class CorrectionsView(MeView):
    """What was asked to be corrected, with forms: for the own names, where the institution allows it, and to ask."""

    http_method_names = ["get", "head", "options", "post"]
    template_name = "rights/corrections.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sent = request.POST
        answer = self.answer(sent)
        if answer.status in (200, 201, 204):
            return HttpResponseRedirect(request.path)
        return self.render_to_response(
            self.get_context_data(sent=sent, problems=texts_of(answer.data, after_names=True)), status=answer.status
        )

    def answer(self, sent: QueryDict) -> ApiResponse:
        if key := bounded_id(sent.get("withdraw", "")):
            return self.api.send("DELETE", f"me/correction/{key}/", tag="*")
        if sent.get("action") == "names":
            names = {name: sent.get(name, "") for name in ("first_name", "last_name")}
            return self.api.send("PATCH", self.own, names, sent.get("state", ""))
        return self.api.post("me/correction/", {name: sent.get(name, "") for name in ("field", "wanted", "reason")})

    @property
    def own(self) -> str:
        return f"institution/{self.caller.institution_id}/user/{self.caller.id}/"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        page = self.listed("me/correction/")
        rows = [
            row
            | {
                "words": Correction.State(row["state"]).label,
                "what": Correction.Field(row["field"]).label,
                "is_open": row["state"] == Correction.State.OPEN,
            }
            for row in page["rows"]
        ]
        institution: Any = self.caller.institution
        values = {
            "list": page | {"rows": rows},
            "fields": Correction.Field.choices,
            "person": get_object_or_404(User.objects.values("first_name", "last_name"), pk=self.caller.id),
            "may_correct": institution.allow_own_names,
            "own_state": self.api.get(self.own).tag if institution.allow_own_names else "",
        }
        return super().get_context_data(**values, **{"sent": {}, **context})


class BundleView(MeView):
    """The bundle of all own data, if there is one; its forms ask for it, and delete it."""

    http_method_names = ["get", "head", "options", "post"]
    template_name = "rights/bundle.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = bounded_id(request.POST.get("delete", ""))
        answer = self.api.send("DELETE", f"me/bundle/{key}/", tag="*") if key else self.api.post("me/bundle/", {})
        if answer.status in (201, 204):
            return HttpResponseRedirect(request.path)
        return self.render_to_response(
            self.get_context_data(problems=texts_of(answer.data, after_names=True)), status=answer.status
        )

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        page = self.api.page("me/bundle/", {"limit": 1})
        if page is None:
            raise PermissionDenied
        bundle = next(iter(page["results"]), None)
        words = BundleState(bundle["state"]).label if bundle else ""
        return super().get_context_data(bundle=bundle, words=words, **context)


class TrailView(MeView):
    template_name = "rights/trail.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        page = self.listed("me/trail/")
        rows = [row | {"changed": [name.replace("_", " ") for name in row["told"]["changed"]]} for row in page["rows"]]
        until = cut_until(self.home_id)
        lists = self.api.row("me/trail/lists/")
        return super().get_context_data(list=page | {"rows": rows}, lists=lists, cut_until=until, **context)
