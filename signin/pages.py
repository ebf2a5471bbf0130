"""Base of pages for whoever is signed in. They read the API's own views as that person: see kernel/http/client.py."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from kernel.caller import Caller
from kernel.fast.once import asked_once
from kernel.http.client import ApiClient
from kernel.recording import Entry, page_made, record
from signin.views import browser_caller


@method_decorator(never_cache, name="dispatch")
class SignedInView(TemplateView):
    """A page for people who are signed in; what it shows of people leaves one line in the trail."""

    http_method_names = ["get", "head", "options"]
    recorded_as = ""  # the first word of its lines
    refused_template = ""
    told: tuple[str, dict[str, Any]] | None = None  # verb and details, where the page is more than looked at
    also_told: tuple[Entry, ...] = ()  # further lines, of what is on the page
    refusals: ClassVar[dict[int, tuple[str, str]]] = {}  # title and text for each status
    caller: Caller
    api: ApiClient

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        caller = self.caller_in(request)
        if caller is None:
            return redirect_to_login(request.get_full_path())
        self.caller, self.api = caller, ApiClient(request, caller)
        try:
            with page_made() as seen, asked_once(request.method in ("GET", "HEAD")):
                self.enter()
                response = super().dispatch(request, *args, **kwargs)
            if response.status_code == 200:
                self.record_reading(seen)
            return response
        except Http404:
            return self.refused(404)
        except PermissionDenied:
            return self.refused(403)

    @staticmethod
    def caller_in(request: HttpRequest) -> Caller | None:
        """Hook: whoever is signed in in this browser."""
        return browser_caller(request)

    def enter(self) -> None:
        """Hook: raises Http404 or PermissionDenied for whom the page is not."""

    @property
    def home_id(self) -> int | None:
        """The institution whose rows the page shows."""
        return self.kwargs.get("institution")

    def record_reading(self, seen: Sequence[Entry]) -> None:
        """One line for the page, if it shows anybody: which lists and rows, and the learner when it is one."""
        if not seen and self.told is None:
            record(*self.also_told)
            return
        people = {entry.person for entry in seen}
        asked: dict[str, Any] = {}
        rows: dict[str, int] = {}
        for entry in seen:  # what is asked twice was not shown twice
            name = f"{entry.resource} {entry.row}"
            rows[name] = max(entry.details["rows"], rows.get(name, 0))
            asked |= entry.details.get("asked", {})
        asked = {name: asked[name] for name, value in self.request.GET.items() if value and name in asked}
        verb, details = self.told or ("read", {"rows": rows})
        match = self.request.resolver_match
        record(
            *self.also_told,
            Entry(
                verb=verb,
                resource=f"{self.recorded_as}/{match.url_name if match else ''}",
                row="/".join(map(str, self.kwargs.values())),
                institution=self.home_id,
                person=people.pop() if len(people) == 1 else None,
                details=details | ({"asked": asked} if asked else {}),
            ),
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data())

    def refused(self, status: int) -> HttpResponse:
        title, text = self.refusals[status]
        values = {"caller": self.caller, "status": status, "title": title, "text": text}
        return render(self.request, self.refused_template, values, status=status)
