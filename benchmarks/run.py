"""Measures the API's reads and hot writes beside the floor, and the console's pages; a whole run writes figures.txt."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import report
from benchmarks.client import Connection, Target, body_of, latencies, rate
from benchmarks.console import shown
from benchmarks.endpoints import MEASURED, PAGE, SIDES, Endpoint, Measured, Round, Search
from benchmarks.servers import ROOT, Run, say
from benchmarks.writing import written

CONNECTIONS, SLICE = 4, 0.1
FIGURES = ROOT / "benchmarks" / "figures.txt"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="addresses whose name begins so")
    parser.add_argument("--writes", action="store_true", help="the writes, too, when only some addresses are measured")
    parser.add_argument("--pages", action="store_true", help="and the console's pages")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds of each address (5)")
    parser.add_argument(
        "--seconds", type=float, default=0.5, help="of each side in a round, twice: latency, rate (0.5)"
    )
    parser.add_argument("--database", default="", metavar="NAME", help="fill this database once and keep it")
    parser.add_argument("--calls", type=int, default=100, help="of each address in a profile (100)")
    parser.add_argument("--profile", action="store_true", help="only say where the time goes, without servers")
    parser.add_argument("--figures", type=Path, default=None, help=f"file to write ({FIGURES.name}, of whole runs)")
    options = parser.parse_args()
    if not (chosen(options.only) and options.rounds > 0 and options.seconds > 0 and options.calls > 0):
        parser.error("nothing would be measured")
    return options


def chosen(names: list[str]) -> list[Endpoint]:
    return [e for e in MEASURED if not names or any(e.name.startswith(name) for name in names)]


def targets(endpoint: Endpoint, ports: dict[str, int], facts: dict[str, Any]) -> dict[str, Target]:
    path, token = endpoint.path(facts["ids"]), facts["tokens"][endpoint.caller]
    if isinstance(endpoint, Search):  # its floor is the service's own page without the search
        queries = {"floor": PAGE, "service": endpoint.query}
        return {side: Target.of(ports["service"], path, query, token) for side, query in queries.items()}
    return {side: Target.of(port, path, endpoint.query, token) for side, port in ports.items()}


def compared(endpoint: Endpoint, both: dict[str, Target]) -> int:
    """Bytes of the service's answer, which is the floor's. Asked again: links of another minute are others."""
    for _ in range(3):
        answers = {side: body_of(target) for side, target in both.items()}
        if json.loads(answers["floor"]) == json.loads(answers["service"]):
            return len(answers["service"])
    sys.exit(
        f"{endpoint.name}: the floor answers {answers['floor'][:2000]!r}, the service {answers['service'][:2000]!r}"
    )


@contextmanager
def connected(both: dict[str, Target]) -> Iterator[dict[str, list[Connection]]]:
    """CONNECTIONS to each server: one that has more than threads closes those that wait."""
    ports = [target.port for target in both.values()]
    numbers = {side: CONNECTIONS // ports.count(target.port) for side, target in both.items()}
    by_side = {side: [Connection(target) for _ in range(numbers[side])] for side, target in both.items()}
    try:
        yield by_side
    finally:
        for connections in by_side.values():
            for connection in connections:
                connection.close()


def one_round(both: dict[str, Target], seconds: float, turned: bool) -> tuple[Round, dict[str, list[float]]]:
    """Both sides in short turns, so that what else the machine does is borne by both."""
    order = SIDES[::-1] if turned else SIDES
    slices = max(1, round(seconds / SLICE))
    times: dict[str, list[float]] = {side: [] for side in SIDES}
    rates: dict[str, list[float]] = {side: [] for side in SIDES}
    with connected(both) as connections:
        for _ in range(slices):
            for side in order:
                times[side] += latencies(connections[side][0], seconds / slices)
    for _ in range(slices):
        with connected(both) as connections:
            for side in order:
                rates[side].append(rate(connections[side], seconds / slices))
    middle = {side: median(values) * 1000 for side, values in times.items()}
    return Round(middle, {side: sum(values) / slices for side, values in rates.items()}), times


def measured(endpoint: Endpoint, both: dict[str, Target], queries: int, options: argparse.Namespace) -> Measured:
    is_search = isinstance(endpoint, Search)
    size = len(body_of(both["service"])) if is_search else compared(endpoint, both)
    result = Measured(endpoint, size, queries)
    for side in SIDES:  # every process and thread has seen it
        with connected(both) as connections:
            rate(connections[side], min(options.seconds, SLICE))
            rate(connections[side], min(options.seconds, SLICE))
    for number in range(options.rounds):
        done, times = one_round(both, options.seconds, turned=number % 2 == 1)
        result.rounds.append(done)
        for side in SIDES:
            result.times[side] += times[side]
    return result


def hello(ports: dict[str, int], seconds: float) -> tuple[float, float]:
    """What client and server cost without any work: milliseconds, requests per second."""
    target = Target.of(ports["floor"], "/hello")
    with connected({"floor": target}) as connections:
        middle = median(latencies(connections["floor"][0], seconds)) * 1000
        return middle, rate(connections["floor"], seconds)


def main() -> None:
    options = arguments()
    endpoints = chosen(options.only)
    folder = Path(os.environ.get("OULAD_DIR") or ROOT.parent / "shared" / "data" / "oulad")
    with Run(options.database) as run:
        say(f"filling {run.name}")
        printed = run.python("benchmarks.load", OULAD_DIR=str(folder.resolve()))
        facts = json.loads(printed)

        def inside(what: str, names: list[str]) -> str:
            return run.python("benchmarks.inside", what, str(options.calls), *names, stdin=printed)

        names = [endpoint.name for endpoint in endpoints]
        if options.profile:
            print(inside("profile", names))
            return
        queries = json.loads(inside("queries", names))
        ports = {side: run.serve(side) for side in SIDES}
        empty = hello(ports, options.seconds)
        reads = []
        print(report.columns(), flush=True)
        for endpoint in endpoints:
            both = targets(endpoint, ports, facts)
            reads.append(measured(endpoint, both, queries[endpoint.name], options))
            print(report.line(reads[-1]), flush=True)
        writes = []
        if options.writes or not options.only:
            ports["untold"] = run.serve("service", DJANGO_SETTINGS_MODULE="benchmarks.untold")
            print(report.write_columns(), flush=True)
            for timed in written(ports, facts, options.rounds, options.seconds):
                writes.append(timed)
                print(report.write_line(timed), flush=True)
        pages = []
        if options.pages or not options.only:
            print(report.page_columns(), flush=True)
            statements = json.loads(inside("pages", []))
            for page in shown(ports["service"], facts, statements, options.rounds * options.seconds):
                pages.append(page)
                print(report.page_line(page), flush=True)
        worst = [m.endpoint.name for m in sorted(reads, key=lambda m: -m.over)[:3]]
        profile = inside("profile", worst)
        text = report.figures(run, facts, options, empty, reads, writes, pages, profile)
    if options.figures or not options.only:
        (options.figures or FIGURES).write_text(text)


if __name__ == "__main__":
    main()
