"""From submissions to reports, end to end: requests a second; a whole run writes benchmarks/pipelined.txt.

Every submission of OULAD_DIR becomes a request with results of two providers, of plagiarism detection and of forensic
analysis. All processes are the real ones: the server, Celery's worker on a Redis of the run's own, and providers that
take their messages and answer through the API.
"""

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg2

from benchmarks import report
from benchmarks.brokers import Depths, redis_started
from benchmarks.proving import proven
from benchmarks.servers import ROOT, Run, say
from benchmarks.watching import Watch, spread, tended, with_children

FIGURES = ROOT / "benchmarks" / "pipelined.txt"
TARGET = 150  # requests a second
LARGE, WINDOW = 200, 4000  # requests in a batch, and without a result at most
TENTHS = 10
ROUNDS = 5  # of what is said to grow
GROWS = 1.1  # times at most
GROUPS = ("server", "worker", "providers", "requests made", "broker", "PostgreSQL")


@dataclass(frozen=True)
class Part:
    """So many submissions that take one way."""

    name: str
    number: int
    batch: int = LARGE  # requests that are made in a transaction, and that the worker takes at once
    answers: int = LARGE  # that a provider sends together, at most
    reads: bool = False  # it asks what the SDK asks before each answer
    window: int = WINDOW


@dataclass
class Sent:
    """What a part has measured."""

    part: Part
    batches: list[tuple[int, float, float]]  # requests, made at, counted at
    watch: Watch

    @property
    def number(self) -> int:
        return sum(number for number, _, _ in self.batches)

    @property
    def seconds(self) -> float:
        return self.batches[-1][2] - self.batches[0][1]

    @property
    def rate(self) -> float:
        return self.number / self.seconds

    def slowest_tenth(self) -> float:
        """Requests a second in the slowest of ten parts of the time, the first and the last left out."""
        begun, tenth = self.batches[0][1], self.seconds / TENTHS
        done: Counter[int] = Counter()
        for number, _, counted in self.batches:
            done[min(int((counted - begun) / tenth), TENTHS - 1)] += number
        return min(done[place] for place in range(1, TENTHS - 1)) / tenth

    def latencies(self) -> tuple[float, float]:
        """Seconds from the commit of a request to its report: median and p99."""
        times = [counted - made for number, made, counted in self.batches for _ in range(number)]
        return median(times), quantiles(times, n=100, method="inclusive")[98] if len(times) > 1 else times[0]


class Stage:
    """The processes of a run, and what they are told."""

    def __init__(self, run: Run, facts: dict[str, Any], broker: str, broker_process: int, providers: int) -> None:
        self.run, self.facts, self.broker, self.broker_process = run, facts, broker, broker_process
        self.providers = providers
        self.port = run.serve("service")
        self.server = run.processes[-1]

    def send(self, part: Part, skipped: int) -> Sent:
        say(f"{part.name}: {part.number} submissions")
        worker = self.run.start("benchmarks.worker", str(part.batch))
        providers = [self._provider(facts, part) for facts in self.facts["providers"] for _ in range(self.providers)]
        told = [str(number) for number in (skipped, part.number, part.batch, part.window)]
        told += ["stored"] if part.reads else []
        printed = self.run.folder / "sent"
        with ExitStack() as stack:
            output = stack.enter_context(printed.open("wb"))
            sender = self.run.start("benchmarks.submissions", "send", *told, stdout=output)
            depths = stack.enter_context(closing(Depths(self.broker, [p["queue"] for p in self.facts["providers"]])))
            database = stack.enter_context(closing(psycopg2.connect(self.run.environment["DATABASE_URL"])))
            database.autocommit = True
            groups = {
                "server": [self.server.pid],
                "worker": [worker.pid],
                "providers": [process.pid for process in providers],
                "requests made": [sender.pid],
                "broker": [self.broker_process] if self.broker_process else [],
            }
            watch = Watch(
                {name: _tree(processes) for name, processes in groups.items()} | {"PostgreSQL": _backends(database)},
                lambda: {"jobs": _jobs(database), "messages": depths()},
            )
            with tended(self.run.environment["DATABASE_URL"]), watch.watched():
                code = sender.wait()
        self.run.end(worker, *providers)
        if code:
            raise RuntimeError("the submissions were not sent")
        return Sent(part, json.loads(printed.read_text()), watch)

    def _provider(self, facts: dict[str, Any], part: Part) -> Any:
        told = facts | {"broker": self.broker, "port": self.port, "most": part.answers, "reads": part.reads}
        return self.run.start("benchmarks.provider", stdin=json.dumps(told))


def _tree(processes: list[int]) -> Any:
    return lambda: [each for process in processes for each in with_children(process)]


def _backends(database: Any) -> Any:
    """The server's processes that work for this database, but for the one that is asked."""

    def processes() -> list[int]:
        rows = _asked(
            database,
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        return [process for (process,) in rows]

    return processes


def _jobs(database: Any) -> int:
    return int(_asked(database, "SELECT count(*) FROM pipeline_job")[0][0])


def _asked(database: Any, statement: str) -> list[Any]:
    with database.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def parts_of(options: argparse.Namespace, known: int) -> list[Part]:
    """All submissions, each in one of the parts."""
    number = min(options.submissions or known, known)
    one = min(options.single, number // 3)
    alone = min(options.alone, number - one)
    sdk = min(options.sdk, number - one - alone)
    return [
        Part("in batches", number - one - alone - sdk),
        Part("answered alone", alone, answers=1),
        Part("as the SDK does", sdk, answers=1, reads=True),
        Part("one by one", one, batch=1, answers=1),
    ]


WIDE = 16
TITLES = ("", "requests", "seconds", "req/s", "slowest", "s", "p99 s", "CPU ms")


def line(sent: Sent) -> str:
    middle, p99 = sent.latencies()
    cost = sum(sent.watch.processor(name) for name in GROUPS) * 1000 / sent.number
    numbers = (sent.seconds, sent.rate, sent.slowest_tenth(), middle, p99, cost)
    row = f"{sent.part.name:{WIDE}}{sent.number:>10}" + "".join(f"{number:>10.1f}" for number in numbers)
    return f"{row}  below {TARGET}" if sent.part.answers > 1 and sent.rate < TARGET else row


def titles() -> str:
    first, *rest = TITLES
    return f"{first:{WIDE}}" + "".join(f"{title:>10}" for title in rest)


def processes(sent: Sent) -> Iterator[str]:
    yield f"{'processes':{WIDE}}{'CPU s':>10}{'of a core':>10}{'ms/req':>10}{'MiB':>10}{'at end':>10}{'largest':>10}"
    for name in GROUPS:
        seconds, memory = sent.watch.processor(name), [reading.memory[name] for reading in sent.watch.readings]
        yield (
            f"{name:{WIDE}}{seconds:>10.1f}{seconds / sent.watch.seconds:>10.2f}{seconds * 1000 / sent.number:>10.2f}"
            f"{max(memory):>10.0f}{memory[-1]:>10.0f}{sent.watch.largest[name]:>10.0f}"
        )


def over_time(sent: Sent) -> Iterator[str]:
    yield f"{'second':>8}{'jobs':>10}{'messages':>10}" + "".join(f"{name + ' MiB':>20}" for name in GROUPS[:3])
    for reading in spread(sent.watch.readings, 20):
        memory = "".join(f"{reading.memory[name]:>20.0f}" for name in GROUPS[:3])
        yield f"{reading.second:>8.0f}{reading.waiting['jobs']:>10}{reading.waiting['messages']:>10}{memory}"


def growth(run: Run, sizes: str, requests: int) -> list[str]:
    """What one more request costs, by what is there already."""
    costs = json.loads(run.python("benchmarks.growth", sizes, str(requests), str(ROUNDS)))
    lines = [f"{'ms of the processor per request':40}{'in batches':>12}{'one by one':>12}"]
    for kind in ("requests in the report", "learners in the activity", "requests"):
        rows = [(name, *costs.pop(name)) for name in [*costs] if name.endswith(kind)]
        lines += [f"{name:40}{large:>12.2f}{one:>12.2f}" for name, large, one in rows]
        if kind == "requests":  # a batch writes each report that it is about: this may grow
            break
        ratios = [rows[-1][place] / rows[0][place] for place in (1, 2)]
        words = f"{'the last beside the first':40}" + "".join(f"{ratio:>12.2f}" for ratio in ratios)
        lines.append(f"{words}  above {GROWS}" if max(ratios) > GROWS else words)
    return lines


def figures(run: Run, options: argparse.Namespace, parts: list[Sent], proof: list[str], grown: list[str]) -> str:
    whole = max(parts, key=lambda sent: sent.number)
    return "\n".join(
        [
            "From submissions to reports. `make bench-pipeline` writes this file; benchmarks/README.md says more.",
            "",
            *report.machine(run),
            f"broker     {options.broker.partition(':')[0] or 'redis, of the run itself'}",
            f"processes  worker 2, providers {2 * options.providers}, and one that makes the requests",
            "",
            titles(),
            *map(line, parts),
            f"target: {TARGET} requests/s in batches, sustained",
            "",
            f"{whole.part.name}:",
            *processes(whole),
            "",
            *over_time(whole),
            "",
            *(text for sent in parts if sent is not whole for text in (f"{sent.part.name}:", *processes(sent), "")),
            "every submission is in one report:",
            *proof,
            "",
            *grown,
            "",
        ]
    )


def main() -> None:
    options = arguments()
    folder = Path(os.environ.get("OULAD_DIR") or ROOT.parent / "shared" / "data" / "oulad").resolve()
    with ExitStack() as stack:
        run = stack.enter_context(Run())
        run.environment["OULAD_DIR"] = str(folder)
        broker, process = options.broker, 0
        if not broker:
            broker, process = stack.enter_context(redis_started(run.folder / "redis"))
        run.environment["BROKER_URL"] = broker
        say("importing the roster")
        facts = json.loads(run.python("benchmarks.submissions", "prepare"))
        stage = Stage(run, facts, broker, process, options.providers)
        parts: list[Sent] = []
        print(titles(), flush=True)
        for part in parts_of(options, facts["submissions"]):
            if part.number:
                parts.append(stage.send(part, sum(sent.number for sent in parts)))
                print(line(parts[-1]), *processes(parts[-1]), sep="\n", flush=True)
        proof = proven(run, sum(sent.number for sent in parts))
        print(*proof, sep="\n", flush=True)
        grown = growth(run, options.sizes, options.more)
        print(*grown, sep="\n", flush=True)
        text = figures(run, options, parts, proof, grown)
    if options.figures or not options.submissions:
        (options.figures or FIGURES).write_text(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-pipeline ARGS=...", description=__doc__)
    parser.add_argument("--submissions", type=int, default=0, metavar="N", help="only the first N of them")
    parser.add_argument("--alone", type=int, default=5000, metavar="N", help="of these so many answered alone (5000)")
    parser.add_argument("--sdk", type=int, default=2000, metavar="N", help="so many as the SDK answers (2000)")
    parser.add_argument("--single", type=int, default=5000, metavar="N", help="and so many one by one (5000)")
    parser.add_argument("--sizes", default="10,100,1000,10000", metavar="N,...", help="of reports and activities")
    parser.add_argument("--more", type=int, default=100, metavar="N", help="requests that are measured at each size")
    parser.add_argument("--providers", type=int, default=2, metavar="N", help="processes of each provider (2)")
    parser.add_argument("--broker", default="", metavar="URL", help="this broker, and no Redis of the run's own")
    parser.add_argument("--figures", type=Path, default=None, help=f"file to write ({FIGURES.name}, of whole runs)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
