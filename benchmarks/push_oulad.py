"""Sends the roster of OULAD_DIR through the VLE API over HTTP, as plugins would; writes benchmarks/pushed.txt.

Each client is a process with a sign-in and a connection of its own. Courses are sent first, then activities, then
memberships, because later requests refer to earlier rows. The memberships of a presentation are divided among all
clients, so that several write to the same course at once. At the end every fourth is sent again: Moodle adds a learner
with every page that the learner opens.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks import report
from benchmarks.servers import ROOT, Run, say
from benchmarks.watching import resident, sampled, spread, with_children
from courses.imports.oulad.reading import Dataset, Presentation

FIGURES = ROOT / "benchmarks" / "pushed.txt"
SIGN_IN_SECONDS = 5 * 60  # how long the PHP client keeps an answer of approle
AGAIN = 4  # of so many memberships one is sent a second time
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class ApiRequest:
    """One request: where below the VLE, what, and the answer that clients take for success."""

    path: str
    body: dict[str, Any]
    status: int = 201


@dataclass(frozen=True)
class ClientResult:
    """What one client measured: seconds of each request, ids in the answers, and counts of unexpected answers."""

    seconds: list[float]
    wrong: Counter[str]
    answers: list[Any]


class Client:
    """Signs in as the PHP client does, keeps its connection, and sends one request after the other."""

    def __init__(self, port: int, credentials: dict[str, str]) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.credentials, self.signed_in = credentials, 0.0

    def ask(self, request: ApiRequest) -> tuple[int, Any]:
        if time.monotonic() - self.signed_in > SIGN_IN_SECONDS:
            self._sign_in()
        path = f"/api/v2/vle/{self.vle}/{request.path}"
        return self._call(path, request.body, JSON | {"Authorization": f"JWT {self.token}"})

    def _sign_in(self) -> None:
        status, answer = self._call("/api/v2/auth/approle", self.credentials, JSON)
        if status != 200:
            raise RuntimeError(f"approle answers {status} {answer}")
        self.vle, self.token = answer["vle"]["id"], answer["token"]["access_token"]
        self.signed_in = time.monotonic()

    def _call(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> tuple[int, Any]:
        self.connection.request("POST", path, json.dumps(body), headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


def sent(port: int, credentials: dict[str, str], requests: list[ApiRequest]) -> ClientResult:
    client, result = Client(port, credentials), ClientResult([], Counter(), [])
    for request in requests:
        begun = time.perf_counter()
        status, answer = client.ask(request)
        result.seconds.append(time.perf_counter() - begun)
        result.answers.append(answer.get("id") if isinstance(answer, dict) else None)
        if status != request.status:
            result.wrong[f"{status} {json.dumps(answer)[:200]}"] += 1
    return result


def course(presentation: Presentation) -> ApiRequest:
    return ApiRequest(
        "course/",
        {
            "code": presentation.module,
            "vle_course_id": presentation.name,
            "description": None,
            "start": _moodle(presentation.start),
            "end": _moodle(presentation.end),
            "parent": None,
        },
    )


def activities(presentation: Presentation, course_id: int) -> Iterator[ApiRequest]:
    for assessment in presentation.assessments.values():
        yield ApiRequest(
            f"course/{course_id}/activity/",
            {
                "vle_activity_type": assessment.type,
                "vle_activity_id": assessment.id,
                "name": f"{assessment.type} {assessment.id}",
                "description": None,
                "start": "1970-01-01T00:00:00Z",
                "end": "1970-01-01T00:00:00Z" if assessment.end is None else _moodle(assessment.end),
                "conf": None,
            },
        )


def learners(presentation: Presentation, course_id: int) -> Iterator[ApiRequest]:
    for student in presentation.registered:
        yield ApiRequest(
            f"course/{course_id}/learner/",
            {
                "uid": student,
                "first_name": "Student",
                "last_name": student,
                "email": f"s{student}@example.org",
            },
        )


def _moodle(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


class Memory:
    """Resident megabytes of the server's processes, read every second: the largest and all of them together."""

    def __init__(self, process: int) -> None:
        self.process = process
        self.readings: list[tuple[float, float, float]] = []
        self._read(0.0)

    def watched(self) -> AbstractContextManager[None]:
        return sampled(self._read)

    def _read(self, second: float) -> None:
        sizes = [resident(number) for number in with_children(self.process)]
        self.readings.append((second, max(sizes), sum(sizes)))

    def table(self, lines: int = 12) -> Iterator[str]:
        for second, largest, together in spread(self.readings, lines):
            yield f"{second:8.0f} {largest:10.1f} {together:10.1f}"


@dataclass
class Figures:
    """The table of a run, and the unexpected answers."""

    lines: list[str] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, results: list[ClientResult], elapsed: float) -> None:
        times = sorted(seconds * 1000 for result in results for seconds in result.seconds)
        wrong = sum((result.wrong for result in results), Counter())
        p99 = quantiles(times, n=100)[98] if len(times) > 1 else times[0]
        middle = f"{len(times):>9}{elapsed:>9.1f}{len(times) / elapsed:>9.0f}{median(times):>9.2f}{p99:>9.2f}"
        self.lines.append(f"{name:<26}{middle}{wrong.total():>8}")
        self.wrong.update(wrong)
        print(self.lines[-1], flush=True)
        for text, number in wrong.most_common(5):
            say(f"{number} times {text}")


def pushed(
    parts: list[list[ApiRequest]], pool: ProcessPoolExecutor, port: int, credentials: Any
) -> tuple[list[ClientResult], float]:
    """The results of the clients, which send their parts at the same time, and the seconds that it took."""
    begun = time.perf_counter()
    results = [f.result() for f in [pool.submit(sent, port, credentials, part) for part in parts if part]]
    return results, time.perf_counter() - begun


TITLES = f"{'':<26}{'requests':>9}{'seconds':>9}{'req/s':>9}{'ms':>9}{'p99':>9}{'wrong':>8}"


def split_evenly(requests: Iterable[ApiRequest], clients: int) -> list[list[ApiRequest]]:
    requests = list(requests)
    return [requests[first::clients] for first in range(clients)]


def run_all(presentations: list[Presentation], clients: int, port: int, credentials: dict[str, str]) -> Figures:
    figures = Figures()
    print(TITLES, flush=True)
    with ProcessPoolExecutor(clients, mp_context=get_context("spawn")) as pool:

        def push(name: str, parts: list[list[ApiRequest]]) -> list[ClientResult]:
            results, elapsed = pushed(parts, pool, port, credentials)
            figures.add(name, results, elapsed)
            return results

        (courses,) = push("courses", [[course(presentation) for presentation in presentations]])
        homes = list(zip(presentations, courses.answers, strict=True))
        push(
            "activities",
            split_evenly(
                (request for presentation, key in homes for request in activities(presentation, key)), clients
            ),
        )
        members = split_evenly(
            (request for presentation, key in homes for request in learners(presentation, key)), clients
        )
        push("learners, new", members)
        push("learners, there already", [part[::AGAIN] for part in members])
    return figures


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make push ARGS=...", description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--presentations", type=int, default=None, metavar="N", help="only the first N of them")
    parser.add_argument("--figures", type=Path, default=None, help=f"file to write ({FIGURES.name}, of whole runs)")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    folder = Path(os.environ.get("OULAD_DIR") or ROOT.parent / "shared" / "data" / "oulad")
    rejected: list[Any] = []
    dataset = Dataset(folder, rejected.append)
    dataset.read()
    presentations = list(dataset.presentations.values())[: options.presentations]
    with Run() as run:
        credentials = json.loads(run.python("benchmarks.vle"))
        port = run.serve("service")
        memory = Memory(run.processes[0].pid)
        with memory.watched():
            figures = run_all(presentations, options.clients, port, credentials)
        [(people,)] = run.sql("SELECT count(*) FROM learners_learner")
        [(links,)] = run.sql("SELECT count(*) FROM courses_courselearner")
        text = "\n".join(
            [
                "The roster, sent through the VLE API. `make push` writes this file; benchmarks/README.md says more.",
                "",
                *report.machine(run),
                f"clients    {options.clients} processes, each one request after the other",
                f"left       {people} learners, {links} memberships in the database; {len(rejected)} rows not sent",
                "",
                TITLES,
                *figures.lines,
                "",
                "memory of the server's processes in MiB",
                f"{'second':>8} {'largest':>10} {'together':>10}",
                *memory.table(),
                "",
            ]
        )
    expected = sum(len(presentation.registered) for presentation in presentations)
    if figures.wrong or links != expected:
        sys.exit(f"{figures.wrong.total()} answers were wrong; {links} of {expected} memberships are there")
    if options.figures or options.presentations is None:
        (options.figures or FIGURES).write_text(text)


if __name__ == "__main__":
    main()
