"""Deleting in bulk: what to delete, what that would be in numbers, and how far a deletion is."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from console.templatetags.console import course
from console.work.forms import Input, Pick, WorkForm
from console.work.pages import CHANGED, SavingPage
from kernel.http.client import ApiResponse
from retention.services.kinds import HELD_WORDS

GROUPS = "institution/{institution}/group/"
DELETIONS = "institution/{institution}/deletion/"
SHOWN = 10


class Deletions(SavingPage):
    """The form leads to the preview, whose button deletes what was shown."""

    template_name = "console/work/deletion.html"
    path = DELETIONS
    action = "create"
    title = "Delete in bulk"
    button = "Show what would go"
    lead = (
        "What was made of learners' work: sessions, captures, documents, results, alerts and reports. Courses, "
        "activities and members stay. What a legal hold, an open contest or an open session keeps is left out."
    )
    inputs = (
        Input("course", "Of this course", optional=True,
              pick=Pick("institution/{institution}/course/", course, "code", none="Any course")),
        Input("group", "Of the courses of this group, and of all groups below it", "A term, for example.",
              optional=True, pick=Pick(GROUPS, lambda row: row["name"], "name", none="Any group")),
        Input("before", "Only what was last changed before", optional=True),
    )  # fmt: skip

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form(request.POST)
        if form.is_searching or not form.is_valid():
            return super().post(request, *args, **kwargs)
        chosen = form.body(changes=False)
        seen = request.POST.get("seen")
        if seen and "sure" in request.POST:
            answer = self.api.post(self.api_path, chosen | {"state": seen})
            if answer.status == 201:
                return HttpResponseRedirect(request.path)
            if answer.status != 412:
                return self.refused_by_api(form, answer)
        return self.previewed(form, chosen, [CHANGED] if seen and "sure" in request.POST else [])

    def previewed(self, form: WorkForm, chosen: dict[str, Any], problems: list[str]) -> HttpResponse:
        answer = self.api.post(f"{self.api_path}preview/", chosen)
        if answer.status != 200:
            return self.refused_by_api(form, answer)
        found = answer.data
        values = {
            "goes": [(word, number) for word, number in found["expected"].items() if number],
            "held": [(HELD_WORDS[why], number) for why, number in found["held"].items() if number],
            "seen": found["state"],
            "problems": problems,
        }
        return self.shown(form, 412 if problems else 200, **values)

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return HttpResponseRedirect(self.request.path)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        rows = self.api.rows(self.api_path, {"limit": SHOWN, "ordering": "-id"})
        if rows is None:
            raise PermissionDenied
        return super().get_context_data(**{"deletions": rows, **context})

    def back(self) -> str:
        return reverse("console:overview", kwargs=self.kwargs)
