"""Jobs of the tests, and time that passes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from pipeline import jobs
from pipeline.models import Job, Turn
from tests.recounted import _as_from_scratch  # noqa: F401


@dataclass
class Works:
    """Handlers that note their calls; `failing` keys raise an error as long as they are in it."""

    calls: list[tuple[str, list[Any]]] = field(default_factory=list)
    failing: set[Any] = field(default_factory=set)
    meanwhile: Callable[[], None] = lambda: None  # in the middle of each call

    def declare(self, name: str, batch: int = 1) -> None:
        def handler(keys: Sequence[Any]) -> None:
            self.calls.append((name, list(keys)))
            self.meanwhile()
            if broken := [key for key in keys if key in [*self.failing]]:
                raise ValueError(f"{broken} cannot be done\nand more")

        jobs.job(name, batch=batch)(handler)

    def consume(self, queue: str) -> None:
        def consumer(task: str, arguments: Sequence[Any]) -> None:
            self.calls.append((task, list(arguments)))
            if self.failing.intersection(arguments):
                raise ValueError("not taken")

        jobs.consumer(queue)(consumer)


@pytest.fixture
def works(db) -> Iterator[Works]:
    """Nothing else is declared than what the test declares."""
    registries = [jobs.WORKS, jobs.PERIODIC, jobs.CONSUMERS, jobs.GAUGES, jobs.AWAITED, jobs.QUEUES]
    before = [dict(registry) for registry in registries]
    for registry in registries:
        registry.clear()
    jobs.woken.clear()
    yield Works()
    for registry, entries in zip(registries, before, strict=True):
        registry.clear()
        registry.update(entries)


def later(seconds: float) -> None:
    """So much time passes for what waits: instants are the database's, so they are moved, not the clock."""
    passed = timedelta(seconds=seconds)
    Job.objects.update(due_at=F("due_at") - passed, created_at=F("created_at") - passed)
    Turn.objects.update(due_at=F("due_at") - passed)
