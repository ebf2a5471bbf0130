"""Taking due jobs from the outbox and doing them. Which process or engine calls this makes no difference.

Taking a job is a short transaction of its own: it counts the try and sets when the job may be taken again if this
process dies now, JOB_SECONDS later. Doing it is the second transaction: it locks the rows, calls the handler and
deletes them. So a job that is taken twice is done once, and what a dead process has not committed has not happened.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Now

from kernel.repeats import repeated
from pipeline.jobs import WORKS, Work
from pipeline.models import Job

logger = logging.getLogger(__name__)
# After a failed try, by its number. Jobs that fail after the last one are parked.
PAUSES = [timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600, 1800, 7200)]
TRIES = len(PAUSES) + 1
LONGEST_ERROR = 2000


def due(**which: Any) -> QuerySet[Job]:
    """The jobs that may be taken now, in the order of their time."""
    return Job.objects.filter(parked_at=None, due_at__lte=Now(), **which).order_by("due_at", "pk")


def run_due(*, most: int | None = None) -> int:
    """Do the due jobs of the service itself, at most so many takings of one batch each; answers how many were done."""
    done = taken = 0
    while (most is None or taken < most) and (rows := taken_batch()):
        taken += 1
        done += _run(WORKS[rows[0].name], rows)
    return done


def taken_batch() -> list[Job]:
    """Due jobs of one name that nobody else is doing, and now are this process's for the pause of their try."""
    name = due(queue="", name__in=[*WORKS]).values_list("name", flat=True).first()
    return take(due(queue="", name=name), WORKS[name].batch) if name else []


def take(jobs: QuerySet[Job], most: int) -> list[Job]:
    """The first of these jobs that nobody else has taken. Those that have been tried too often are parked instead."""
    locking = {"skip_locked": True} if connection.features.has_select_for_update_skip_locked else {}

    def taking() -> list[Job]:
        with transaction.atomic():
            rows = list(jobs.select_for_update(**locking)[:most])
            fresh = [
                row for row in rows if row.tries < TRIES
            ]  # the others have killed their processes, again and again
            _of(fresh).update(tries=F("tries") + 1, due_at=Now() + Value(timedelta(seconds=settings.JOB_SECONDS)))
            _of(row for row in rows if row not in fresh).update(parked_at=Now())
        return fresh

    return repeated(taking)


def _run(work: Work, rows: Sequence[Job]) -> int:
    try:
        return repeated(lambda: _done(work, rows))
    except Exception as error:
        if len({row.key for row in rows}) > 1:
            return sum(_run(work, [row]) for row in rows)
        logger.exception("%s of %s has failed", work.name, rows[0].key)
        failed(rows, error)
        return 0


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
    found = _of(rows).filter(parked_at=None).order_by("pk").select_for_update()
    tries = {row.pk: row.tries + 1 for row in rows}
    return [row for row in found if row.tries == tries[row.pk]]


def failed(rows: Iterable[Job], error: Exception) -> None:
    """Store the error of the try. The next one is after a pause; after the last one the jobs are parked."""
    text = f"{type(error).__name__}: {error}"[:LONGEST_ERROR].replace("\0", "")
    for row in rows:
        is_last = row.tries + 1 >= TRIES
        when = {"parked_at": Now()} if is_last else {"due_at": Now() + Value(PAUSES[row.tries])}
        Job.objects.filter(pk=row.pk, tries=row.tries + 1).update(error=text, **when)


def _of(rows: Iterable[Job]) -> QuerySet[Job]:
    return Job.objects.filter(pk__in=[row.pk for row in rows])


def retry(jobs: QuerySet[Job]) -> int:
    """Let parked jobs be taken again, with as many tries as a new one; answers their number."""
    return jobs.exclude(parked_at=None).update(parked_at=None, tries=0, due_at=Now())
