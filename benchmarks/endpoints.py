"""What is measured: the reads of the API, who asks, and how many times the floor each may cost."""

from dataclasses import dataclass, field
from statistics import median, quantiles
from urllib.parse import quote

HOT, LIST, DETAIL = 1.5, 2.0, 2.5
PAGE = "limit=100"
SEARCH = 2.0  # times the same page without a search


@dataclass(frozen=True)
class Endpoint:
    name: str
    address: str  # below /api/v2/, ids as {names} of what load.py prints
    target: float | None  # None: measured for information
    caller: str = "admin"

    @property
    def is_list(self) -> bool:
        return not self.address.endswith(("}/", "current/", "enrolment/"))

    def path(self, ids: dict[str, int | str]) -> str:
        return f"/api/v2/{self.address.format_map(ids)}"

    @property
    def query(self) -> str:
        return PAGE if self.is_list else ""


@dataclass(frozen=True)
class Search(Endpoint):
    """A list that is searched, beside the same list without a search."""

    text: str = ""

    @property
    def query(self) -> str:
        return f"{PAGE}&search={quote(self.text)}"


# Name, address of the list, id of a row, target of the list.
ACTIVITY = "course/{course}/activity/{activity}/"
RESOURCES = (
    ("institution", "", "institution", LIST),
    ("vle", "vle/", "vle", LIST),
    ("course", "course/", "course", HOT),
    ("group", "group/", "group", LIST),
    ("group course", "group/{group}/course/", "course", LIST),
    ("consent", "ic/", "consent", LIST),
    ("document", "ic/{consent}/document/", "language", LIST),
    ("instrument", "instrument/", "instrument", LIST),
    ("ui option", "ui/", "option", LIST),
    ("user", "user/", "user", HOT),
    ("instructor", "instructor/", "instructor", LIST),
    ("learner", "learner/", "learner", HOT),
    ("send category", "send/", "category", LIST),
    ("learner send", "learner/{learner}/send/", "assignment", LIST),
    ("course instructor", "course/{course}/instructor/", "instructor", LIST),
    ("course learner", "course/{course}/learner/", "learner", HOT),
    ("activity", "course/{course}/activity/", "activity", LIST),
    ("activity instrument", f"{ACTIVITY}instrument/", "used", LIST),
    ("report", f"{ACTIVITY}report/", "report", HOT),
    ("request", f"{ACTIVITY}report/{{report}}/request/", "request", HOT),
    ("audit", f"{ACTIVITY}report/{{report}}/audit/", "audited", LIST),
)


def _of(name: str, below: str, row: str, target: float) -> tuple[Endpoint, Endpoint]:
    address = f"institution/{{institution}}/{below}" if below else "institution/"
    return Endpoint(name, address, target), Endpoint(f"{name} detail", f"{address}{{{row}}}/", DETAIL)


ENDPOINTS = (
    *(endpoint for resource in RESOURCES for endpoint in _of(*resource)),
    Endpoint("consent current", "institution/{institution}/ic/current/", DETAIL),
    Endpoint("learner enrolment", "institution/{institution}/learner/{learner}/enrolment/", DETAIL),
    Endpoint("learner, by an instructor", "institution/{institution}/learner/", None, "instructor"),
    Endpoint("course, by a learner", "institution/{institution}/course/", None, "learner"),
)


# The roster's people have numbers for uids and no names: the whole of one, a part of some hundreds, parts of several
# thousands, and what nobody has.
SEARCHED = (("one", "11391"), ("some", "591"), ("many", "59"), ("two words", "59 61"), ("none", "zzyzx"))
SEARCHES = tuple(
    Search(f"{name}, search {what}", f"institution/{{institution}}/{name}/", SEARCH, text=text)
    for name in ("learner", "user")
    for what, text in SEARCHED
)

MEASURED = (*ENDPOINTS, *SEARCHES)
SIDES = ("floor", "service")


@dataclass(frozen=True)
class Round:
    """Of each side the milliseconds at the median, and requests per second."""

    milliseconds: dict[str, float]
    rates: dict[str, float]

    @property
    def slower(self) -> float:
        """How many times the floor's, the service's milliseconds are."""
        return self.milliseconds["service"] / self.milliseconds["floor"]

    @property
    def fewer(self) -> float:
        """How many times the service's, the floor's requests per second are."""
        return self.rates["floor"] / self.rates["service"]


@dataclass
class Measured:
    endpoint: Endpoint
    size: int
    queries: int
    rounds: list[Round] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=lambda: {side: [] for side in SIDES})

    def milliseconds(self, side: str) -> float:
        return median(done.milliseconds[side] for done in self.rounds)

    def rate(self, side: str) -> float:
        return median(done.rates[side] for done in self.rounds)

    def p99(self, side: str) -> float:
        return quantiles(self.times[side], n=100, method="inclusive")[98] * 1000

    @property
    def slower(self) -> float:
        return median(done.slower for done in self.rounds)

    @property
    def fewer(self) -> float:
        return median(done.fewer for done in self.rounds)

    @property
    def over(self) -> float:
        """How far beyond its target; 1 is at it."""
        return self.slower / (self.endpoint.target or 99.0)
