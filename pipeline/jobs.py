"""Declaring what the service does in the background, and asking for it."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any, TypedDict

from kernel.batches import batched
from kernel.commit import after_commit
from pipeline.models import Job

Handler = Callable[[Sequence[Any]], None]
Round = Callable[[], Any]
Consumer = Callable[[str, Sequence[Any]], None]
Gauge = Callable[[], Mapping[str, int]]
Names = Callable[[], Iterable[str]]
ROWS = 500  # per statement

woken = Event()  # set when a transaction of this process has committed jobs: its loop need not wait for its next look


@dataclass(frozen=True)
class Work:
    name: str
    handler: Handler
    batch: int  # how many keys the handler takes at once


class Awaited(TypedDict):
    """What a provider was sent and has not answered."""

    instrument: str  # acronym; empty: none
    provider: str  # acronym
    queue: str
    open: int
    oldest_seconds: int


Waits = Callable[[], Iterable[Awaited]]


WORKS: dict[str, Work] = {}
PERIODIC: dict[str, tuple[Round, int]] = {}  # name -> (function, seconds)
CONSUMERS: dict[str, Consumer] = {}  # queue -> the provider's program, where that is a part of this installation
GAUGES: dict[str, Gauge] = {}
AWAITED: dict[str, Waits] = {}
QUEUES: dict[str, Names] = {}


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


def periodic(name: str, *, seconds: int) -> Callable[[Round], Round]:
    """@periodic("reports.reaper", seconds=30) declares what is done about every so many seconds, in one process.

    It is called outside a transaction, and not while a call in the same process goes on. Two processes may call it at
    once when one call takes longer than `seconds`, so that doing it twice must be harmless. An error is logged; the
    next call is after the usual time.
    """

    def register(function: Round) -> Round:
        PERIODIC[name] = (function, seconds)
        return function

    return register


def consumer(queue: str) -> Callable[[Consumer], Consumer]:
    """@consumer("tesla_provider_x") declares who takes the messages of a provider that is a part of this installation.

    It is called with the name of the task and its positional arguments, outside a transaction, at least once for each
    message. If it fails it is called again later, with the pauses of jobs.
    """

    def register(function: Consumer) -> Consumer:
        CONSUMERS[queue] = function
        return function

    return register


def gauge(name: str) -> Callable[[Gauge], Gauge]:
    """@gauge("overdue_validations") declares what pipeline_status and /metrics tell: {acronym of provider: number}."""

    def register(function: Gauge) -> Gauge:
        GAUGES[name] = function
        return function

    return register


def awaited(name: str) -> Callable[[Waits], Waits]:
    """@awaited("results") declares what of this kind providers have not answered, for pipeline_status and /metrics."""

    def register(function: Waits) -> Waits:
        AWAITED[name] = function
        return function

    return register


def queues(name: str) -> Callable[[Names], Names]:
    """@queues("providers") declares names of queues at the broker, whose depths pipeline_status and /metrics tell."""

    def register(function: Names) -> Names:
        QUEUES[name] = function
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


def _new_event() -> None:
    global woken  # noqa: PLW0603 - the parent's may be locked by a thread that the child does not have
    woken = Event()


os.register_at_fork(after_in_child=_new_event)
