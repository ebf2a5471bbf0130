"""How often instruments fail, raise alerts and are wrong, for learners with and without special needs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, StreamingHttpResponse

from console.charts import intervals
from console.views import ConsoleView
from console.words import DEMONSTRATED
from kernel.http.client import texts_of
from kernel.spreadsheets import streamed

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


class FairnessView(ConsoleView):
    template_name = "console/fairness.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        asked = {name: request.GET[name] for name in ("from", "to") if request.GET.get(name)}
        path = f"{self.home}fairness/"
        answer = self.api.get(path, asked)
        if answer.status == 400:
            values = {"asked": asked, "problems": texts_of(answer.data, after_names=True)}
            return self.render_to_response(self.get_context_data(**values), status=400)
        found = answer.data if answer.status == 200 else self.api.row(path)
        parts = [
            *(_part(*words, found["results"], _provider) for words in OF_RESULTS),
            *(_part(*words, found["contests"], _instrument) for words in OF_CONTESTS),
        ]
        asked = {"from": found["first_month"], "to": found["last_month"]}
        if request.GET.get("download") == "csv":
            headers = {"Content-Disposition": f'attachment; filename="fairness-{"-".join(asked.values())}.csv"'}
            table = streamed(COLUMNS, _cells(parts))
            return StreamingHttpResponse(table, content_type="text/csv; charset=utf-8", headers=headers)
        download = urlencode(asked | {"download": "csv"})
        return self.render_to_response(self.get_context_data(asked=asked, found=found, parts=parts, download=download))


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
