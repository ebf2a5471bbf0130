"""How long the institution keeps each kind of data: one form, which writes a period for each kind in the API."""

from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse

from console.work.forms import Input, WorkForm
from console.work.pages import EditPage
from kernel.http.client import ApiResponse
from kernel.states import State
from retention.models import LONGEST, Kind

PERIODS = "institution/{institution}/retention/"
HELP = {
    Kind.SAMPLES: "From when they were captured. Models that were made of them stay.",
    Kind.MODELS: "From their last change. After that a learner has to enrol again.",
    Kind.CAPTURES: "From when it was captured. The results stay with the report, which keeps its levels.",
    Kind.DOCUMENTS: "From when they were handed in. The results stay with the report, which keeps its levels.",
    Kind.ALERTS: "From when they were raised. How many there were stays in the report.",
    Kind.TRAIL: f"At least {settings.TRAIL_LEAST_DAYS}. From when they were written, the oldest first. A signed record "
    "that lines were cut takes their place.",
    Kind.REPORTS: "From their last change: sessions, captures, documents, results, alerts and contests go with them.",
}


def _days(least: int, **common: Any) -> forms.Field:
    return forms.IntegerField(min_value=least, max_value=LONGEST, **common)


class Retention(EditPage):
    path = PERIODS
    action = "create"
    title = "How long data is kept"
    lead = (
        "In days. Left empty, nothing of this kind is deleted by itself. What is older is deleted in the next night, "
        "and cannot be brought back; a legal hold, an open contest and an open session keep what they need."
    )
    inputs = tuple(
        Input(
            kind.value,
            f"{kind.label[0].upper()}{kind.label[1:]}",
            HELP[kind],
            is_sent=False,
            optional=True,
            made=partial(_days, settings.TRAIL_LEAST_DAYS if kind is Kind.TRAIL else 1),
        )
        for kind in Kind
    )

    def read(self) -> None:
        self.stored = {row["kind"]: row for row in self.api.rows(self.api_path, {"limit": 1000}) or []}
        self.row = {kind.value: self.stored.get(kind.value, {}).get("days") for kind in Kind}
        self.tag = State(self.row).tag

    def send(self, form: WorkForm) -> ApiResponse:
        if self.opened_with != self.tag:
            return ApiResponse(412, {})
        answer = ApiResponse(200, {})
        with transaction.atomic():
            for kind in Kind:
                answer = self.changed(kind.value, form.cleaned_data[kind.value])
                if answer.status >= 300:
                    transaction.set_rollback(True)
                    break
        return answer

    def changed(self, kind: str, days: int | None) -> ApiResponse:
        if days == self.row[kind]:
            return ApiResponse(200, {})
        if kind not in self.stored:
            return self.api.post(self.api_path, {"kind": kind, "days": days})
        path, shown = f"{self.api_path}{kind}/", self.stored[kind]
        if days is None:
            return self.api.send_unless_changed("DELETE", path, shown)
        return self.api.send_unless_changed("PATCH", path, shown, {"days": days})

    def saved(self, form: WorkForm, answer: ApiResponse) -> HttpResponse:
        return self.done("The periods were saved.", self.request.path)

    def back(self) -> str:
        return reverse("console:overview", kwargs=self.kwargs)
