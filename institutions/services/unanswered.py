"""What providers were sent and have not answered: it is sent again after growing pauses, and is overdue in the end.

A program whose task raises has lost its message, because Celery takes what has raised for done; so has a broker that
lost what it held. Each message has a row that says what the provider is to answer, with `provider`, `asked_at` and
`asked_again`: how often it was sent again since then. The first pause is PROVIDER_REPEAT_PERCENT of the instrument's
time, each further one twice the one before; there are MOST_REPEATS at most. Whatever arrives twice is harmless: results
are created or updated.

What may still lie in the provider's queue is not sent again, or a provider that falls behind would get ever more to do.
A queue is first in, first out: of n messages that no worker has taken, none is older than the n newest rows, of
all kinds together.

All instants are the database's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from math import log2
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet, Value
from django.db.models.functions import Now

from institutions.models import MOST_REPEATS, Instrument
from kernel.many import rows_updated
from kernel.repeats import repeated
from pipeline.jobs import add
from pipeline.models import Job
from pipeline.status import not_taken
from pipeline.tallies import SENT_AGAIN, tally

BATCH = 200  # rows in one transaction
LONGEST_TASK = timedelta(hours=5)  # of a provider: for so long it may hold a model
USUAL_MINUTES: int = Instrument._meta.get_field("timeout_minutes").default  # of a provider without an instrument


@dataclass(frozen=True)
class Question:
    """One kind of message to providers."""

    what: str  # as pipeline_status calls it
    task: str
    rows: Callable[[], QuerySet[Any]]  # of which a provider has not said anything yet
    messages: Callable[[Sequence[Any]], list[Job]]  # of those of these rows that the provider may work on


QUESTIONS: list[Question] = []


def declared(question: Question) -> Question:
    QUESTIONS.append(question)
    return question


def asked_now() -> dict[str, Any]:
    """The columns of a row whose time begins anew."""
    return {"asked_at": Now(), "asked_again": 0}


def longest_task() -> timedelta:
    """Nobody may take a provider's message for lost before: another worker would begin what is being done."""
    longest = Instrument.objects.aggregate(longest=Max("timeout_minutes"))["longest"] or 0
    return max(LONGEST_TASK, timedelta(minutes=longest))


def overdue(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those that have waited for longer than their instruments' time."""
    return rows.filter(_older(_minutes(), 1))


def overdue_by_provider(rows: QuerySet[Any]) -> dict[str, int]:
    """{acronym of the provider: how many of these rows are overdue}"""
    return dict(overdue(rows).order_by().values_list("provider__acronym").annotate(number=Count("pk")))


def _minutes() -> dict[int | None, int]:
    return {None: USUAL_MINUTES} | dict(Instrument.objects.values_list("pk", "timeout_minutes"))


def _older(minutes: Mapping[int | None, int], part: float) -> Q:
    """Rows that have waited for this part of their instruments' time."""
    found = Q()
    for instrument, each in minutes.items():
        found |= Q(provider__instrument=instrument, asked_at__lte=Now() - Value(timedelta(minutes=each * part)))
    return found


def asked_again(kind: Question) -> int:
    """Send again what is due of this kind; answers the number of messages. Two processes at once take others."""
    if not settings.PROVIDER_REPEAT_PERCENT:
        return 0
    minutes, share = _minutes(), settings.PROVIDER_REPEAT_PERCENT / 100
    late = Q()
    for times in range(MOST_REPEATS):
        late |= Q(asked_again=times) & _older(minutes, share * (2 ** (times + 1) - 1))
    due, sent = kind.rows().filter(late, provider__enabled=True), 0
    for queue in sorted({*due.order_by().values_list("provider__queue", flat=True).distinct()}):
        rows = _not_in_queue(queue, due)
        last, part = 0, BATCH
        while part == BATCH:
            last, part, number = repeated(partial(_part_sent, kind, queue, rows, last))
            sent += number
    return sent


def _not_in_queue(queue: str, due: QuerySet[Any]) -> QuerySet[Any]:
    """Those of the due rows whose messages a worker has taken, or nobody has any more."""
    lying = not_taken(queue, broker=settings.BROKER_URL)
    mine = due.filter(provider__queue=queue)
    if lying == 0:
        return mine
    if lying is None:  # the broker is away
        return mine.none()
    first, *others = (
        each.rows().filter(provider__queue=queue).order_by().values_list("asked_at", flat=True) for each in QUESTIONS
    )
    oldest = [*first.union(*others, all=True).order_by("-asked_at")[lying - 1 : lying]]
    return mine.filter(asked_at__lt=oldest[0]) if oldest else mine.none()


@transaction.atomic
def _part_sent(kind: Question, queue: str, due: QuerySet[Any], after: int) -> tuple[int, int, int]:
    """The last row of the next part, how many it has, and how many messages were sent."""
    locked = due.filter(pk__gt=after).order_by("pk").select_for_update(of=("self",), no_key=True, skip_locked=True)
    rows = list(locked.select_related("provider__instrument").annotate(now=Now())[:BATCH])
    if not rows:
        return after, 0, 0
    waiting = Job.objects.filter(queue=queue, name=kind.task, key__in=[str(row.pk) for row in rows])
    here = {*waiting.values_list("key", flat=True)}  # also what was parked: see retry_jobs
    taken = [row for row in rows if str(row.pk) not in here]
    messages = kind.messages(taken)
    rows_updated(due.model, ("asked_again",), {row.pk: (_times(row),) for row in taken})
    add(messages)
    if messages:
        tally(kind.what, SENT_AGAIN, {rows[0].provider.acronym: len(messages)})
    return rows[-1].pk, len(rows), len(messages)


def _times(row: Any) -> int:
    """How many pauses are over: those that were missed, because the broker was away, are not made up for."""
    instrument = row.provider.instrument
    minutes = max(1, instrument.timeout_minutes if instrument else USUAL_MINUTES)
    first = timedelta(minutes=minutes) * settings.PROVIDER_REPEAT_PERCENT / 100
    over = int(log2((row.now - row.asked_at) / first + 1))
    return min(MOST_REPEATS, max(over, row.asked_again + 1))
