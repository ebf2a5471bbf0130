"""What waits, what is being done, and what is stuck: for pipeline_status and /metrics."""

from datetime import datetime
from typing import Any, TypedDict

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from pipeline.jobs import AWAITED, CONSUMERS, GAUGES, Awaited
from pipeline.models import Job, Tally

LONGEST_LIST = 100  # parked jobs that are shown


class Waiting(TypedDict):
    name: str  # of the job, or of the provider's task
    queue: str  # the provider's; empty: the service's own
    waiting: int
    doing: int
    parked: int
    oldest_seconds: int  # age of the oldest that waits or is being done; 0 when there is none


class Parked(TypedDict):
    id: int
    name: str
    queue: str
    key: str
    tries: int
    parked_at: str
    error: str  # its first line


class Depth(TypedDict):
    queue: str
    messages: int | None  # that no worker has taken; null: the broker does not say
    error: str  # why it does not


class Tallied(TypedDict):
    provider: str
    sent_again: int
    given_up: int


class Status(TypedDict):
    jobs: list[Waiting]
    parked: list[Parked]  # the latest LONGEST_LIST
    gauges: dict[str, dict[str, int]]  # by name and provider
    awaited: dict[str, list[Awaited]]  # by name: what providers were sent and have not answered
    tallies: dict[str, list[Tallied]]  # by the same names: what was sent again, and given up, since the installation
    depths: list[Depth]  # of the broker's queues; empty without a broker
    carried_by: str
    queues_without_carrier: list[str]  # messages for providers that nobody carries: there is no broker


def status(*, broker: str) -> Status:
    """`broker`: the service's BROKER_URL."""
    jobs = waiting()
    stranded = {each["queue"] for each in jobs} - {"", *CONSUMERS} if not broker else set()
    return {
        "jobs": jobs,
        "parked": _parked(),
        "gauges": gauges(),
        "awaited": awaited(),
        "tallies": tallies(),
        "depths": depths(broker=broker),
        "carried_by": broker.partition("://")[0] or "database",
        "queues_without_carrier": sorted(stranded),
    }


def waiting() -> list[Waiting]:
    live = Q(parked_at=None)
    doing = live & Q(taken_at__isnull=False, due_at__gt=Now())
    rows = (
        Job.objects.values("name", "queue")
        .annotate(
            live=Count("pk", filter=live),
            doing=Count("pk", filter=doing),
            parked=Count("pk", filter=~live),
            since=Min("created_at", filter=live),
        )
        .order_by("queue", "name")
    )
    now = _database_now()
    return [
        {
            "name": row["name"],
            "queue": row["queue"],
            "waiting": row["live"] - row["doing"],
            "doing": row["doing"],
            "parked": row["parked"],
            "oldest_seconds": max(0, int((now - row["since"]).total_seconds())) if row["since"] else 0,
        }
        for row in rows
    ]


def _database_now() -> datetime:
    """The database's clock; with an empty table nobody asks for more than this process's."""
    row = Job.objects.annotate(now=Now()).values_list("now", flat=True).first()
    return row or timezone.now()


def _parked() -> list[Parked]:
    rows = Job.objects.exclude(parked_at=None).order_by("-parked_at", "-pk")[:LONGEST_LIST]
    return [
        {
            "id": row.pk,
            "name": row.name,
            "queue": row.queue,
            "key": row.key,
            "tries": row.tries,
            "parked_at": row.parked_at.isoformat(timespec="seconds"),  # type: ignore[union-attr] # it is parked
            "error": row.error.partition("\n")[0],
        }
        for row in rows
    ]


def gauges() -> dict[str, dict[str, int]]:
    return {name: dict(function()) for name, function in sorted(GAUGES.items())}


def awaited_of(rows: QuerySet[Any]) -> list[Awaited]:
    """Of open rows with a `provider` and `asked_at`, by provider; the age is by the clock of the database."""
    names = {"of": "provider__acronym", "to": "provider__queue", "about": "provider__instrument__acronym"}
    found = rows.order_by(names["of"]).values_list(*names.values())
    return [
        {
            "instrument": instrument or "",
            "provider": provider,
            "queue": queue,
            "open": number,
            "oldest_seconds": max(0, int((now - since).total_seconds())),
        }
        for provider, queue, instrument, number, since, now in found.annotate(
            number=Count("pk"), since=Min("asked_at"), now=Max(Now())
        )
    ]


def awaited() -> dict[str, list[Awaited]]:
    return {name: list(function()) for name, function in sorted(AWAITED.items())}


def tallies() -> dict[str, list[Tallied]]:
    found: dict[str, dict[str, Tallied]] = {}
    for row in Tally.objects.order_by("what", "provider"):
        nothing: Tallied = {"provider": row.provider, "sent_again": 0, "given_up": 0}
        told: Any = found.setdefault(row.what, {}).setdefault(row.provider, nothing)
        told[row.outcome] = row.number
    return {what: [*of_providers.values()] for what, of_providers in found.items()}


def not_taken(queue: str, *, broker: str) -> int | None:
    """How many messages to a provider no worker has taken, here and at the broker; None: the broker does not say."""
    here = Job.objects.filter(queue=queue, parked_at=None).count()
    if not broker:
        return here
    from pipeline.depths import depth  # imports Celery, which a service without a broker needs not

    there = depth(queue)
    return None if there is None else here + there


def depths(*, broker: str) -> list[Depth]:
    if not broker:
        return []
    from pipeline.depths import depths  # imports Celery, which a service without a broker needs not

    return depths(broker=broker)


def as_text(found: Status) -> str:
    lines = [f"carried by: {found['carried_by']}", ""]
    columns = ("name", "queue", "waiting", "doing", "parked", "oldest_seconds")
    lines += _table(columns, found["jobs"]) if found["jobs"] else ["no jobs"]
    for name, numbers in found["gauges"].items():
        lines += ["", f"{name.replace('_', ' ')}: {sum(numbers.values())}"]
        lines += [f"  {provider}: {number}" for provider, number in sorted(numbers.items()) if number]
    for kind, awaited_ in found["awaited"].items():
        if awaited_:
            lines += ["", f"{kind} that providers have not answered:"]
            lines += _table(("instrument", "provider", "queue", "open", "oldest_seconds"), awaited_)
    for kind, tallied in found["tallies"].items():
        lines += ["", f"{kind} that were sent to providers again, or given up, up to now:"]
        lines += _table(("provider", "sent_again", "given_up"), tallied)
    if found["depths"]:
        lines += ["", "messages in the broker's queues:", *_depths_as_text(found["depths"])]
    if found["parked"]:
        lines += ["", "parked (manage.py retry_jobs lets them be tried again):"]
        lines += [
            f"  {row['id']} {row['name']} {row['queue'] and row['queue'] + ' '}{row['key']}: {row['error']}"
            for row in found["parked"]
        ]
    if found["queues_without_carrier"]:
        lines += ["", f"there is no broker (BROKER_URL) for: {', '.join(found['queues_without_carrier'])}"]
    return "\n".join(lines)


def _depths_as_text(found: list[Depth]) -> list[str]:
    """Errors once, with the queues of which nothing is known."""
    told = _table(("queue", "messages"), known) if (known := [row for row in found if not row["error"]]) else []
    errors: dict[str, list[str]] = {}
    for row in found:
        if row["error"]:
            errors.setdefault(row["error"], []).append(row["queue"])
    return [*told, *(f"{', '.join(names)}: {error}" for error, names in errors.items())]


def _table(columns: tuple[str, ...], rows: list[Any]) -> list[str]:
    cells = [columns, *([str(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
