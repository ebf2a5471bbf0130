"""The console's pages: milliseconds and statements of each, signed in with a session cookie. They have no floor."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from benchmarks.client import Connection, Target, latencies

TARGET, STATEMENTS = 300.0, 12  # milliseconds, and statements, at most


@dataclass(frozen=True)
class Page:
    name: str
    address: str  # below the institution's pages, ids as {names} of what load.py prints
    caller: str = "admin"

    def path(self, ids: dict[str, int | str]) -> str:
        return f"/console/{ids['institution']}/{self.address.format_map(ids)}".partition("?")[0]

    @property
    def query(self) -> str:
        return self.address.partition("?")[2]


ACTIVITY = "courses/{course}/activities/{activity}/"
REPORT = f"{ACTIVITY}reports/{{report}}/"
PAGES = (
    Page("overview", ""),
    Page("courses", "courses/"),
    Page("course", "courses/{course}/"),
    Page("learners of a course", "courses/{course}/learners/"),
    Page("learners", "learners/"),
    Page("learners, search many", "learners/?search=59"),
    Page("learner", "learners/{learner}/"),
    Page("people", "people/"),
    Page("groups", "groups/"),
    Page("reports", "reports/"),
    Page("needs attention", "attention/"),
    Page("failing providers", "failing/"),
    Page("activity", ACTIVITY),
    Page("captures of an activity", f"{ACTIVITY}captures/"),
    Page("report", REPORT),
    Page("captures of a report", f"{REPORT}captures/"),
    Page("requests", f"{REPORT}requests/"),
    Page("request", f"{REPORT}requests/{{request}}/"),
    Page("evidence", f"{REPORT}evidence/{{audited}}/"),
    Page("fairness", "fairness/"),
    Page("trail", "trail/", "data"),
)


@dataclass
class Shown:
    """Seconds of each time that the page was asked."""

    page: Page
    statements: int
    size: int = 0
    times: list[float] = field(default_factory=list)

    @property
    def milliseconds(self) -> float:
        return median(self.times) * 1000

    @property
    def p99(self) -> float:
        return quantiles(self.times, n=100, method="inclusive")[98] * 1000

    @property
    def is_over(self) -> bool:
        return self.milliseconds > TARGET or self.statements > STATEMENTS


def shown(port: int, facts: dict[str, Any], statements: dict[str, int], seconds: float) -> Iterator[Shown]:
    for page in PAGES:
        done = Shown(page, statements[page.name])
        connection = Connection(Target.page(port, page.path(facts["ids"]), page.query, facts["cookies"][page.caller]))
        done.size = len(connection.ask())
        done.times = latencies(connection, seconds)
        connection.close()
        yield done
