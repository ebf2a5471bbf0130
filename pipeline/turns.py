"""Which of several processes has the turn, in the database's clock."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import QuerySet, Value
from django.db.models.functions import Now

from pipeline.models import Turn


def prepare(names: Iterable[str]) -> None:
    """There is a row for each of these names: the first turn is at once."""
    missing = {*names} - {*Turn.objects.values_list("name", flat=True)}
    Turn.objects.bulk_create([Turn(name=name) for name in sorted(missing)], ignore_conflicts=True)


def due(names: Iterable[str]) -> QuerySet[Turn]:
    return Turn.objects.filter(name__in=[*names], due_at__lte=Now())


def claimed(name: str, *, seconds: float) -> bool:
    """Whether the turn is this process's; the next one is in so many seconds."""
    return bool(due([name]).update(due_at=Now() + Value(timedelta(seconds=seconds))))


def open_again(name: str) -> None:
    """The next turn may be at once."""
    Turn.objects.filter(name=name, due_at__gt=Now()).update(due_at=Now())
