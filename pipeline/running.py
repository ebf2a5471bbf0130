"""Taking due jobs from the outbox and doing them. Which process or engine calls this makes no difference.

Taking a job is a short transaction of its own: it counts the try and sets when the job may be taken again if this
process dies now, JOB_SECONDS later. Doing it is the second transaction: it locks the rows, calls the handler and
deletes them. So a job that is taken twice is done once, and what a dead process has not committed has not happened.

Messages to providers are rows of the same table. Whoever carries one deletes it afterwards, so that it arrives at least
once. All instants are the database's, so that a wrong clock of a process has no effect.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Now

from kernel.repeats import repeated
from kernel.text import unnamed
from pipeline.jobs import CONSUMERS, WORKS, Work
from pipeline.models import Job
from pipeline.sharing import few

logger = logging.getLogger(__name__)
# After a failed try, by its number. Jobs that fail after the last one are parked.
PAUSES = [timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600, 1800, 7200)]
TRIES = len(PAUSES) + 1
LONGEST_ERROR = 2000
_SUSPECT = Q(tries__gte=2, error="")  # whatever fails has an error


def never() -> bool:
    return False


def due(**which: Any) -> QuerySet[Job]:
    """The jobs that may be taken now, in the order of their time."""
    return Job.objects.filter(parked_at=None, due_at__lte=Now(), **which).order_by("due_at", "pk")


def run_due(*, name: str | None = None, most: int | None = None, ended: Callable[[], bool] = never) -> int:
    """Do the due jobs of the service itself, those of one name or all; answers how many were done.

    At most so many batches are taken, and none any more once `ended()`.
    """
    done = taken = 0
    while (most is None or taken < most) and not ended() and (rows := taken_batch(name)):
        taken += 1
        done += _run(WORKS[rows[0].name], rows)
    return done


def taken_batch(name: str | None = None) -> list[Job]:
    """Due jobs of one name that nobody else is doing, and now are this process's for the pause of their try.

    A job whose process has died twice is taken alone: one of a batch has ended the process, the others are innocent.
    """
    names = [*WORKS] if name is None else [name]
    first = due(queue="", name__in=names).annotate(is_suspect=_SUSPECT).values_list("name", "is_suspect").first()
    if first is None or first[0] not in WORKS:
        return []
    name, is_suspect = first
    jobs = due(queue="", name=name)
    return take(jobs.filter(_SUSPECT), 1) if is_suspect else take(jobs.exclude(_SUSPECT), few(WORKS[name].batch))


def take(jobs: QuerySet[Job], most: int) -> list[Job]:
    """The first of these jobs that nobody else has taken. Those that have been tried too often are parked instead."""
    skips = connection.features.has_select_for_update_skip_locked  # SQLite has one writer at a time

    def taking() -> list[Job]:
        with transaction.atomic():
            rows = list(jobs.select_for_update(skip_locked=skips)[:most])
            fresh = [row for row in rows if row.tries < TRIES]
            if fresh:
                _of(fresh).update(tries=F("tries") + 1, taken_at=Now(), due_at=_lease_end())
            if len(fresh) < len(rows):  # the others have ended their processes, again and again
                killers = _of(row for row in rows if row.tries >= TRIES)
                killers.filter(error="").update(error="Each process that did this has died.")
                killers.update(parked_at=Now(), taken_at=None)
        return fresh

    return repeated(taking)


def _run(work: Work, rows: Sequence[Job]) -> int:
    try:
        return repeated(lambda: _done(work, rows))
    except Exception as error:  # noqa: BLE001 - whatever a handler raises
        failure = error
    if len({row.key for row in rows}) > 1:
        return sum(_run(work, same) for same in _by_key(rows))
    logger.error("%s of %s has failed", work.name, rows[0].key, exc_info=failure)
    failed(rows, failure)
    return 0


def _by_key(rows: Sequence[Job]) -> list[list[Job]]:
    found: dict[str, list[Job]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row)
    return [*found.values()]


@transaction.atomic
def _done(work: Work, rows: Sequence[Job]) -> int:
    mine = locked(rows)
    arguments = {row.key: row.arguments for row in mine}
    if arguments:
        work.handler([*arguments.values()])
        _of(mine).delete()
    return len(mine)


def locked(rows: Sequence[Job]) -> list[Job]:
    """Those of the taken jobs that are still this process's, locked until the transaction ends."""
    # By their keys alone. With `parked_at=None` in the statement the planner, which takes the table for nearly empty,
    # reads a partial index: with the entries of all jobs that were done since the last vacuum.
    found = _of(rows).order_by("pk").select_for_update()
    tries = {row.pk: row.tries + 1 for row in rows}
    return [row for row in found if row.parked_at is None and row.tries == tries[row.pk]]


def failed(rows: Iterable[Job], error: Exception) -> None:
    """Store the error of the try. The next one is after a pause; after the last one the jobs are parked."""
    text = unnamed(f"{type(error).__name__}: {error}")[:LONGEST_ERROR].replace("\0", "")
    for row in rows:
        is_last = row.tries + 1 >= TRIES
        when = {"parked_at": Now()} if is_last else {"due_at": Now() + Value(PAUSES[row.tries])}
        _mine(row).update(error=text, taken_at=None, **when)


def deliver_due(*, most: int | None = None, ended: Callable[[], bool] = never) -> int:
    """Hand messages to the providers that are a part of this installation; answers how many were taken."""
    taken = 0
    while (most is None or taken < most) and not ended() and (rows := _taken_message()):
        taken += 1
        row = rows[0]
        try:
            CONSUMERS[row.queue](row.name, row.arguments)
        except Exception as error:
            logger.exception("%s of %s has failed in %s", row.name, row.key, row.queue)
            failed(rows, error)
        else:
            carried(rows)
    return taken


def _taken_message() -> list[Job]:
    """Looks before it takes: SQLite has one writer at a time."""
    queue = due(queue__in=[*CONSUMERS]).values_list("queue", flat=True).first() if CONSUMERS else None
    return take(due(queue=queue), 1) if queue else []


def carried(rows: Iterable[Job]) -> None:
    """Delete messages that have arrived."""
    _of(rows).delete()


def given_back(rows: Iterable[Job], *, seconds: float) -> None:
    """Taken rows wait this long and have not been tried: what carries them is away."""
    rows = [*rows]
    tries = {row.tries for row in rows}
    for number in tries:
        mine = _of(row for row in rows if row.tries == number).filter(tries=number + 1)
        mine.update(tries=number, taken_at=None, due_at=Now() + Value(timedelta(seconds=seconds)))


def being_done(row: Job, tries: int) -> None:
    """Insert a row that was tried so many times and is taken by this process, as `take` would have it."""
    row.tries, row.taken_at, row.due_at = tries + 1, Now(), _lease_end()
    row.save(force_insert=True)
    row.tries = tries


def _lease_end() -> Any:
    return Now() + Value(timedelta(seconds=settings.JOB_SECONDS))


def _mine(row: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=row.pk, tries=row.tries + 1)


def _of(rows: Iterable[Job]) -> QuerySet[Job]:
    return Job.objects.filter(pk__in=[row.pk for row in rows])


def retry(jobs: QuerySet[Job]) -> int:
    """Let parked jobs be taken again, with as many tries as a new one; answers their number."""
    return jobs.exclude(parked_at=None).update(parked_at=None, taken_at=None, tries=0, due_at=Now())
