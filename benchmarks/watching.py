"""What a run's processes take: processor seconds and memory of groups of them, and how much waits, over time."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

import psycopg2

T = TypeVar("T")
TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")
Group = Callable[[], list[int]]  # the processes that it is made of now
Waiting = Callable[[], Mapping[str, int]]


def with_children(process: int) -> list[int]:
    found = [process]
    with suppress(OSError):
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            found += with_children(int(child))
    return found


def processor_seconds(process: int) -> float:
    values = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / TICKS


def resident(process: int) -> float:
    """MiB."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE / MIB


def spread(readings: Sequence[T], lines: int) -> list[T]:
    """About so many of them, and the last."""
    return [*islice(readings, 0, None, max(1, len(readings) // lines)), readings[-1]]


@contextmanager
def sampled(read: Callable[[float], None], every: float = 1.0) -> Iterator[None]:
    """Call `read` every so many seconds, with the seconds since the beginning, in a thread of its own."""
    begun, over = time.monotonic(), Event()

    def watch() -> None:
        while not over.wait(every):
            read(time.monotonic() - begun)

    thread = Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


# With autovacuum's own thresholds.
_STALE = """
    SELECT relname, n_dead_tup > 50 + 0.2 * n_live_tup
    FROM pg_stat_user_tables
    WHERE n_mod_since_analyze > 50 + 0.1 * n_live_tup AND n_live_tup > 0
"""
NAP = 60  # seconds, as autovacuum_naptime


@contextmanager
def tended(url: str) -> Iterator[None]:
    """What autovacuum does, where the server does not do it: without statistics large tables are read as small ones."""
    with closing(psycopg2.connect(url)) as database, closing(database.cursor()) as cursor:
        database.autocommit = True
        cursor.execute("SHOW autovacuum")

        def tend(_: float) -> None:
            cursor.execute(_STALE)
            for table, has_dead in cursor.fetchall():
                cursor.execute(f'{"VACUUM " if has_dead else ""}ANALYZE "{table}"')

        if cursor.fetchone() == ("on",):
            yield
        else:
            with sampled(tend, NAP):
                yield


@dataclass
class Reading:
    second: float
    waiting: Mapping[str, int]
    memory: dict[str, float]  # MiB of all processes of the group


@dataclass
class Watch:
    """Reads every second. What a process has taken since its last reading is lost when it ends."""

    groups: dict[str, Group]
    waiting: Waiting
    readings: list[Reading] = field(default_factory=list)
    largest: dict[str, float] = field(default_factory=dict)  # MiB of the largest process of each group, so far
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.first: dict[tuple[str, int], float] = {}
        self.last: dict[tuple[str, int], float] = {}

    @contextmanager
    def watched(self, every: float = 1.0) -> Iterator[None]:
        begun = time.monotonic()
        self._read(0.0)
        self.first = dict(self.last)
        try:
            with sampled(self._read, every):
                yield
        finally:
            self.seconds = time.monotonic() - begun
            self._read(self.seconds)

    def _read(self, second: float) -> None:
        memory = {}
        for name, processes in self.groups.items():
            sizes = []
            for process in processes():
                with suppress(OSError, IndexError):  # it has just ended
                    self.last[name, process] = processor_seconds(process)
                    sizes.append(resident(process))
            memory[name] = sum(sizes)
            self.largest[name] = max(self.largest.get(name, 0.0), *sizes, 0.0)
        self.readings.append(Reading(second, self.waiting(), memory))

    def processor(self, name: str) -> float:
        """Seconds that the group has taken while it was watched."""
        return sum(
            seconds - self.first.get((group, process), 0.0)
            for (group, process), seconds in self.last.items()
            if group == name
        )
