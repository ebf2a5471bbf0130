"""How often instruments fail, raise alerts and are wrong, for learners with and without special needs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from console.charts import intervals
from console.views import RowsView
from console.words import DEMONSTRATED
from kernel.http.client import texts_of

OF_RESULTS = (
    ("alerts", "Alerts", "Share of the results that are an alert."),
    ("warnings", "Warnings", "Share of the results that are a warning."),
    ("failures", "Failures", "Share of what was captured and checked that ended without a result."),
)
OF_CONTESTS = (
    ("contested", "Contested", "Share of the reports that a learner contests because of the instrument."),
    ("wrong", "Wrong", "Share of the decided contests after which the level was changed or set aside."),
)
GROUPS = (("with_send", "with special needs"), ("without_send", "without"))
COLUMNS = ("measure", "instrument", "group", "learners", "of", "share", "low", "high", "differs", "as_of")


class FairnessView(RowsView):
    template_name = "console/fairness.html"
    labels = COLUMNS
    found: Mapping[str, Any]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        asked = {name: request.GET[name] for name in ("from", "to") if request.GET.get(name)}
        path = f"{self.home}fairness/"
        answer = self.api.get(path, asked)
        if answer.status == 400:
            values = {"asked": asked, "problems": texts_of(answer.data, after_names=True)}
            return self.render_to_response(super().get_context_data(**values), status=400)
        self.found = answer.data if answer.status == 200 else self.api.row(path)
        return super().get(request, *args, **kwargs)

    @cached_property
    def parts(self) -> list[dict[str, Any]]:
        return [
            *(_part(*words, self.found["results"], _provider) for words in OF_RESULTS),
            *(_part(*words, self.found["contests"], _instrument) for words in OF_CONTESTS),
        ]

    @property
    def months(self) -> dict[str, str]:
        return {"from": self.found["first_month"], "to": self.found["last_month"]}

    @property
    def file_name(self) -> str:
        return f"fairness-{'-'.join(self.months.values())}"

    def cells(self) -> list[Sequence[object]]:
        return [*_cells(self.parts)]

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(asked=self.months, found=self.found, parts=self.parts, **context)


def _provider(row: Mapping[str, Any]) -> str:
    instrument = row["instrument"]["name"] if row["instrument"] else "No instrument"
    return f"{instrument}, {row['provider']['name']}{f' {DEMONSTRATED}' if row['is_demonstration'] else ''}"


def _instrument(row: Mapping[str, Any]) -> str:
    return row["instrument"]["name"]


def _part(
    name: str, title: str, about: str, rows: Sequence[Mapping[str, Any]], label: Callable[[Any], str]
) -> dict[str, Any]:
    """One measure: a chart of what may be shown, and a table of all of it."""
    drawn = []
    for row in rows:
        measure = row[name]
        shown = [(words, measure[group]) for group, words in GROUPS if measure[group]]
        shown = shown or ([("all", measure["all"])] if measure["all"] else [])
        drawn += [(f"{label(row)}: {words}", one["share"], one["low"], one["high"]) for words, one in shown]
    return {
        "id": name,
        "title": title,
        "about": about,
        "chart": intervals(name, f"{title}, with their intervals", about, drawn),
        "rows": [{"label": label(row), **row[name]} for row in rows],
    }


def _cells(parts: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """A line for each group; without numbers where it is too small."""
    for part in parts:
        for row in part["rows"]:
            for group, words in (*GROUPS, ("all", "all")):
                share = row[group] or {}
                numbers = (share.get(name) for name in ("learners", "of", "share", "low", "high"))
                yield part["title"], row["label"], words, *numbers, "yes" if row["differs"] else "no", row["as_of"]
