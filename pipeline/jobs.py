"""Declaring what the service does in the background, and asking for it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

from kernel.batches import batched
from kernel.commit import after_commit
from pipeline.models import Job

Handler = Callable[[Sequence[Any]], None]
ROWS = 500  # per statement

woken = Event()  # set when a transaction of this process has committed jobs: its runner need not wait for its next look


@dataclass(frozen=True)
class Work:
    name: str
    handler: Handler
    batch: int  # how many keys the handler takes at once


WORKS: dict[str, Work] = {}
PERIODIC: dict[str, tuple[Callable[[], Any], int]] = {}


def job(name: str, *, batch: int = 1) -> Callable[[Handler], Handler]:
    """@job("reports.results", batch=200) declares the handler of jobs of this name.

    The handler gets a list of different keys (as they were enqueued), at most `batch`, inside a transaction that also
    deletes the jobs. It is called again with the same keys whenever that transaction has not been committed, and for
    one key any number of times: it must look at what is true now, and not count how often it is called. If it fails for
    several keys, it is called for each of them alone, so that one broken key holds up no other.
    """

    def register(handler: Handler) -> Handler:
        WORKS[name] = Work(name, handler, batch)
        return handler

    return register


def periodic(name: str, *, seconds: int) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """@periodic("learners.validations", seconds=60) declares what is done again and again, by one process or several.

    It opens its transactions itself, and must do nothing twice when two processes call it at once.
    """

    def register(function: Callable[[], Any]) -> Callable[[], Any]:
        PERIODIC[name] = (function, seconds)
        return function

    return register


def enqueue(name: str, keys: Iterable[Any]) -> None:
    """Ask for this work on each of these keys (ids of rows), in the transaction that causes it."""
    add(Job(name=name, key=str(key), arguments=key) for key in keys)


def enqueue_for_provider(queue: str, task: str, key: str, *arguments: Any) -> None:
    """Send a message with this task to a provider's queue once the transaction is committed: at least once."""
    add([provider_job(queue, task, key, *arguments)])


def provider_job(queue: str, task: str, key: str, *arguments: Any) -> Job:
    """The unsaved row of such a message, for `add` of many at once."""
    return Job(name=task, queue=queue, key=key, arguments=[*arguments])


def add(rows: Iterable[Job]) -> None:
    added = False
    for part in batched(list(rows), ROWS):
        Job.objects.bulk_create(part)
        added = True
    if added:
        after_commit(wake)


def wake() -> None:
    woken.set()
