"""Captures of 16 clients beside a floor, without and with the pipeline's work; writes benchmarks/captured.txt.

Each client is a learner in an open session and sends one sample after the other, POST /lapi/v1/verification/. Server
and floor are two processes each. With the pipeline's work, `manage.py work` counts changed results all the time, or a
thread in each of the server's processes does, as with PIPELINE_IN_SERVER=1.
"""

import argparse
import json
import os
import sys
import time
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks import report
from benchmarks.client import Connection, Target, answered
from benchmarks.servers import ROOT, Run, say
from benchmarks.watching import processor_seconds, with_children

FIGURES = ROOT / "benchmarks" / "captured.txt"
FLOOR, ALONE, WORKING, THREADS = "floor", "service", "service, worker at work", "service, threads at work"
WAYS = (FLOOR, ALONE, WORKING, THREADS)
SLOWER, WORSE = 2.5, 1.5  # the targets
NICE = 10  # of the worker on the server's machine, as docs/operator.md has it
PICTURE = b"\xff\xd8\xff\xe0\x00\x10JFIF"


@dataclass
class Measured:
    """Of each round the seconds of each capture, and captures a second."""

    times: list[list[float]] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    jobs: list[float] = field(default_factory=list)  # that were done a second, beside
    processor: list[float] = field(default_factory=list)  # seconds of server and database for a capture

    def milliseconds(self, number: int) -> float:
        return median(self.times[number]) * 1000

    def p99(self, number: int) -> float:
        return quantiles(self.times[number], n=100, method="inclusive")[98] * 1000


def targets(port: int, facts: dict[str, Any], size: int) -> list[Target]:
    content = PICTURE + os.urandom(max(0, size - len(PICTURE)))
    url = f"data:image/jpeg;base64,{b64encode(content).decode()}"
    found = []
    for client in facts["clients"]:
        body = {
            "learner_id": client["learner"], "course_id": facts["course"], "activity_id": facts["activity"],
            "session_id": client["session"], "instruments": [facts["instrument"]], "data": url,
            "metadata": {"mimetype": "image/jpeg"},  # without a time: it is sent again and again
        }  # fmt: skip
        path = f"/lapi/v1/verification/{facts['institution']}/{client['learner']}/"
        found.append(Target.sending(port, "POST", path, json.dumps(body).encode(), client["token"]))
    return found


def sent(targets: list[Target], seconds: float) -> tuple[list[float], float]:
    """Seconds of each capture while all clients are busy, and captures a second. A refusal ends the run."""
    times: list[float] = []
    connections = [Connection(target) for target in targets]
    first = last = time.perf_counter()
    for connection, asked, last in answered(connections, seconds):
        answer = json.loads(bytes(connection.buffer[connection.body : connection.ends]))
        if answer["status"] != "OK":
            sys.exit(f"a capture is refused: {answer}")
        times.append(last - asked)
    for connection in connections:
        connection.close()
    return times, len(times) / (last - first)


def settings_for(clients: int) -> dict[str, str]:
    """Of all servers. All clients may have come to the same process."""
    return {"PIPELINE_IN_SERVER": "0", "WEB_CONCURRENCY": "2", "WEB_THREADS": str(clients)}


class Stage:
    def __init__(self, run: Run, facts: dict[str, Any], size: int, seconds: float) -> None:
        self.run, self.facts, self.size, self.seconds = run, facts, size, seconds
        self.settings = settings_for(len(facts["clients"]))
        self.servers: dict[str, int] = {}
        self.targets = {FLOOR: self._served("floor", FLOOR), ALONE: self._served("service", ALONE)}
        for way in self.targets:
            self.warm(way)
        self.targets[WORKING], self.servers[WORKING] = self.targets[ALONE], self.servers[ALONE]

    def _served(self, which: str, way: str, **more: str) -> list[Target]:
        port = self.run.serve(which, **self.settings | more)
        self.servers[way] = self.run.processes[-1].pid
        return targets(port, self.facts, self.size)

    def warm(self, way: str) -> None:
        """Every process and thread has seen it."""
        sent(self.targets[way], min(self.seconds, 1))

    def measure(self, way: str, into: Measured) -> None:
        worker = None
        if way == THREADS:  # a server that is there for this alone: it would take the jobs of the others
            self.targets[way] = self._served("service", THREADS, PIPELINE_IN_SERVER="1")
            worker = self.run.processes[-1]
            self.warm(way)
        self.run.change("TRUNCATE pipeline_job")
        if way == WORKING:
            worker = self.run.start("manage", "work", PIPELINE_IN_SERVER="0")
            os.setpriority(os.PRIO_PROCESS, worker.pid, NICE)
        if worker is not None:
            self._put_to_work(worker)
        before, taken = self._jobs(), self._processor(way)
        times, rate = sent(self.targets[way], self.seconds)
        into.times.append(times)
        into.rates.append(rate)
        into.processor.append((self._processor(way) - taken) / len(times))
        if worker is not None:
            left = self._jobs()
            self.run.end(worker)
            if not left:
                sys.exit("the pipeline had not enough work: ask for more with --requests")
            into.jobs.append((before + len(times) - left) / self.seconds)

    def _put_to_work(self, worker: Any) -> None:
        """It has begun with the jobs that there are now."""
        jobs = json.loads(self.run.python("benchmarks.sitting", "work"))["requests"]
        while self._jobs() >= jobs:
            if worker.poll() is not None:
                raise RuntimeError("the worker has ended")
            time.sleep(0.05)

    def _processor(self, way: str) -> float:
        """Seconds that the server has taken, and all connections that the database has now."""
        connections = self.run.sql(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        seconds = 0.0
        for process in (*with_children(self.servers[way]), *(pid for (pid,) in connections)):
            with suppress(OSError):  # it has just ended
                seconds += processor_seconds(process)
        return seconds

    def _jobs(self) -> int:
        return int(self.run.sql("SELECT count(*) FROM pipeline_job WHERE queue = ''")[0][0])


def lines(measured: dict[str, Measured], rounds: int) -> list[str]:
    found = [f"{'':28}{'req/s':>9}{'ms':>9}{'p99':>9}{'CPU ms':>9}{'jobs/s':>9}"]
    for number in range(rounds):
        for way, each in measured.items():
            jobs = f"{each.jobs[number]:>9.0f}" if each.jobs else f"{'-':>9}"
            found.append(
                f"{f'{number + 1}: {way}':28}{each.rates[number]:>9.0f}{each.milliseconds(number):>9.1f}"
                f"{each.p99(number):>9.1f}{each.processor[number] * 1000:>9.1f}{jobs}"
            )
    floor, alone, *at_work = (measured[way] for way in WAYS)
    numbers = range(rounds)
    slower = median(floor.rates[n] / alone.rates[n] for n in numbers)
    dearer = median(alone.processor[n] / floor.processor[n] for n in numbers)
    later = median(alone.p99(n) / floor.p99(n) for n in numbers)
    worse = [median(each.p99(n) / alone.p99(n) for n in numbers) for each in at_work]
    return [
        *found,
        "",
        f"the floor's requests/s are {slower:.2f} times the service's (target: at most {SLOWER})",
        f"the service takes {dearer:.2f} times the floor's processor time for a capture",
        f"the service's p99 is {later:.2f} times the floor's (target: at most {SLOWER})",
        f"with a worker at work the service's p99 is {worse[0]:.2f} times that without (target: at most {WORSE})",
        f"with the server's threads at work it is {worse[1]:.2f} times that without (target: at most {WORSE})",
    ]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-captures ARGS=...", description=__doc__)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--bytes", type=int, default=60_000, help="of a sample (60,000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10, help="of each way in a round (10)")
    parser.add_argument("--requests", type=int, default=20_000, help="whose results change in a round (20,000)")
    parser.add_argument("--figures", type=Path, default=FIGURES, help=f"file to write ({FIGURES.name})")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    measured = {way: Measured() for way in WAYS}
    with Run() as run:
        facts = json.loads(run.python("benchmarks.sitting", "prepare", str(options.clients), str(options.requests)))
        stage = Stage(run, facts, options.bytes, options.seconds)
        for number in range(options.rounds):
            say(f"round {number + 1}")
            for way in WAYS[:: -1 if number % 2 else 1]:
                stage.measure(way, measured[way])
        found = lines(measured, options.rounds)
        print(*found, sep="\n")
        text = "\n".join(
            [
                "Captures beside the floor. `make bench-captures` writes this file; benchmarks/README.md says more.",
                "",
                *report.machine(run, settings_for(options.clients)),
                f"run        {options.rounds} rounds of {options.seconds:g} s of each way",
                f"captures   {options.clients} clients, samples of {options.bytes} bytes",
                "",
                *found,
                "",
            ]
        )
    options.figures.write_text(text)


if __name__ == "__main__":
    main()
