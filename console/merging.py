"""Merging two accounts of one person: a list that links to it, the choice of the other account, preview, confirmation.

All of it asks the API's own `merge`, so that the pages can do nothing that the API refuses to the same person.
"""

from dataclasses import replace
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from console.listings import PEOPLE
from console.tables import Listing, Row, with_column
from console.templatetags.console import person
from console.views import ANY_ID, ConsoleView, ListView
from kernel.http.client import ApiResponse, texts_of
from kernel.ids import bounded_id

MOST_CHOICES = 10
CHANGED = "Something has changed since this was shown. Look at it again."


class PeopleView(ListView):
    """The people of the institution, each with a link to the merge for who may do it."""

    listing = PEOPLE

    def listing_shown(self) -> Listing:
        if not self.api.may(f"{self.home}user/{ANY_ID}/merge/", "merge"):
            return self.listing
        return with_column(self.listing, "Two accounts", self.merge_link)

    def merge_link(self, row: Row) -> str:
        address = reverse("console:merge", args=[self.kwargs["institution"], row["id"]])
        return format_html('<a href="{}">merge</a>', address)


class MergeView(ConsoleView):
    """The account that is kept; with `from` what would move to it, and the button that does it."""

    http_method_names = ["get", "head", "options", "post"]
    template_name = "console/merge.html"
    kept: dict[str, Any]

    def enter(self) -> None:
        super().enter()
        if not self.api.may(self.merge_path, "merge"):
            raise PermissionDenied
        self.kept = self.api.row(f"{self.home}user/{self.kwargs['person']}/")

    @property
    def merge_path(self) -> str:
        return f"{self.home}user/{self.kwargs['person']}/merge/"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "from" not in request.GET:
            return self.render_to_response(self.get_context_data(choices=self.choices()))
        answer = self.api.post(self.merge_path, {"from": self.gone["id"], "dry_run": True})
        return self.shown(answer)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        seen = {"from": self.gone["id"], "state": request.POST.get("state") or "none was shown"}
        answer = self.api.post(self.merge_path, seen)
        if answer.status == 412:
            preview = self.api.post(self.merge_path, {"from": self.gone["id"], "dry_run": True})
            return self.shown(replace(preview, status=412) if preview.status == 200 else preview, CHANGED)
        if answer.status != 200:
            return self.shown(answer)
        return HttpResponseRedirect(
            f"{reverse('console:people', args=[self.kwargs['institution']])}?id={self.kept['id']}"
        )

    @cached_property
    def gone(self) -> dict[str, Any]:
        """The account that goes, as the API shows it."""
        key = bounded_id(self.request.GET.get("from") or self.request.POST.get("from"))
        if key is None:
            raise Http404
        return self.api.row(f"{self.home}user/{key}/")

    def choices(self) -> list[dict[str, Any]] | None:
        """Accounts that are found by the text that was typed; None while nothing was."""
        text = self.request.GET.get("search", "").strip()
        if not text:
            return None
        found = self.api.rows(f"{self.home}user/", {"search": text, "limit": MOST_CHOICES + 1, "ordering": "last_name"})
        return [row for row in found or [] if row["id"] != self.kept["id"]]

    def shown(self, answer: ApiResponse, *problems: str) -> HttpResponse:
        """The preview, or why the API refuses the merge."""
        values: dict[str, Any] = {"gone": self.gone, "problems": problems}
        if answer.status in (200, 412):
            joined = answer.data["joined"]
            values["moves"] = [(word, number, joined.get(word, 0)) for word, number in answer.data["moved"].items()]
            values["state"] = answer.data["state"]  # the button merges what was seen
        else:
            values["problems"] = texts_of(answer.data)
        return self.render_to_response(self.get_context_data(**values), status=answer.status)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(kept=self.kept, most=MOST_CHOICES, **context)

    def breadcrumbs(self) -> list[tuple[str, str]]:
        return [self.breadcrumb("People", "people"), self.breadcrumb(person(self.kept), "person", "person")]
