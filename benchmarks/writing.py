"""Writes beside the floor: the same bodies to both, each write with a person or a text of its own."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from benchmarks.client import Connection, Target

TARGET = 2.5  # how many times the floor's time a write may cost
OF_LINE = 1.15  # how many times the time of the service without the trail
Body = dict[str, Any]


@dataclass(frozen=True)
class Write:
    """`body` makes the body of the write with this number; the write of an existing member always takes number 0."""

    name: str
    method: str
    address: str  # below /api/v2/, ids as {names} of what load.py prints
    body: Callable[[int, dict[str, Any]], Body]
    caller: str = "admin"
    beside: str = "floor"  # or "untold": the service without the trail
    target: float = TARGET

    @property
    def sides(self) -> tuple[str, str]:
        return self.beside, "service"


def person(number: int, facts: dict[str, Any]) -> Body:
    uid = f"written{number}@example.org"
    return {"uid": uid, "first_name": "New", "last_name": "Person", "email": uid}


MEMBERS = "vle/{course_vle}/course/{course}/learner/"
WRITES = (
    Write("vle: new member", "POST", MEMBERS, person, "vle"),
    Write("vle: member already there", "POST", MEMBERS, lambda number, facts: person(0, facts), "vle"),
    Write("vle: session opened", "POST", "vle/{course_vle}/assessment/", lambda number, facts: facts["sitting"], "vle"),
    Write("learner: created", "POST", "institution/{institution}/learner/", person),
    Write(
        "learner: changed", "PATCH", "institution/{institution}/learner/{learner}/",
        lambda number, facts: {"first_name": f"Name {number}"},
    ),
    Write(
        "group: changed", "PATCH", "institution/{institution}/group/{group}/",
        lambda number, facts: {"description": f"Text {number}"},
    ),
    Write(
        "line: learner changed", "PATCH", "institution/{institution}/learner/{learner}/",
        lambda number, facts: {"first_name": f"Name {number}"}, beside="untold", target=OF_LINE,
    ),
    Write(
        "line: group created", "POST", "institution/{institution}/group/",
        lambda number, facts: {"name": f"Group {number}"}, beside="untold", target=OF_LINE,
    ),
)  # fmt: skip
VARYING = {"id", "learner_id", "created_at", "updated_at", "joined_at", "session", "started_at", "connector", "data"}
_numbers = count(1)


@dataclass
class Timed:
    """Seconds of each write, by side, round by round."""

    write: Write
    rounds: list[dict[str, list[float]]] = field(default_factory=list)

    def milliseconds(self, side: str) -> float:
        return median(median(done[side]) for done in self.rounds) * 1000

    def p99(self, side: str) -> float:
        every = [seconds for done in self.rounds for seconds in done[side]]
        return quantiles(every, n=100, method="inclusive")[98] * 1000

    @property
    def slower(self) -> float:
        return median(median(done["service"]) / median(done[self.write.beside]) for done in self.rounds)


class Writer:
    def __init__(self, write: Write, ports: dict[str, int], facts: dict[str, Any]) -> None:
        self.write, self.ports, self.facts = write, ports, facts
        self.path = f"/api/v2/{write.address.format_map(facts['ids'])}"
        self.token = facts["tokens"][write.caller]

    def target(self, side: str) -> Target:
        body = json.dumps(self.write.body(next(_numbers), self.facts)).encode()
        return Target.sending(self.ports[side], self.write.method, self.path, body, self.token)

    @contextmanager
    def connected(self) -> Iterator[dict[str, Connection]]:
        connections = {side: Connection(self.target(side)) for side in self.write.sides}
        try:
            yield connections
        finally:
            for connection in connections.values():
                connection.close()

    def compare(self) -> None:
        """Exit unless the floor's answer is the service's, apart from values that differ from row to row."""
        with self.connected() as connections:
            answers = {side: _constant(json.loads(connections[side].ask())) for side in self.write.sides}
        if answers["floor"] != answers["service"]:
            sys.exit(f"{self.write.name}: the floor answers {answers['floor']}, the service {answers['service']}")

    def one_round(self, seconds: float) -> dict[str, list[float]]:
        """Both sides in turns, write by write; the first two of each side are not counted."""
        times: dict[str, list[float]] = {side: [] for side in self.write.sides}
        with self.connected() as connections:
            until = perf_counter() + 2 * seconds
            while perf_counter() < until or len(times["service"]) < 4:
                for side in self.write.sides:
                    connection = connections[side]
                    connection.target = self.target(side)
                    begun = perf_counter()
                    connection.ask()
                    times[side].append(perf_counter() - begun)
        return {side: seconds_of_side[2:] for side, seconds_of_side in times.items()}


def _constant(answer: Any) -> Any:
    """The answer without values that differ from row to row: ids, instants and texts with the write's number."""
    if isinstance(answer, dict):
        from_body = {"uid", "username", "email", "first_name", "description"}
        return {key: key if key in VARYING | from_body else _constant(value) for key, value in answer.items()}
    return answer


def written(ports: dict[str, int], facts: dict[str, Any], rounds: int, seconds: float) -> Iterator[Timed]:
    for write in WRITES:
        writer, timed = Writer(write, ports, facts), Timed(write)
        with writer.connected() as connections:
            connections["service"].ask()  # creates the person whom the write of an existing member needs
        if write.beside == "floor":
            writer.compare()
        timed.rounds = [writer.one_round(seconds) for _ in range(rounds)]
        yield timed
