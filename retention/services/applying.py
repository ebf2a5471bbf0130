"""Deleting what is older than its institution keeps it: in parts, each in a transaction of its own."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from institutions.models import Institution
from kernel.recording import Entry, record
from kernel.repeats import repeated
from kernel.writes import one_transaction
from retention.above import above
from retention.models import Kind, Period
from retention.services.kinds import BROKEN, LEGAL_HOLD, STEPS, Step, goes_with
from retention.services.work import Deleted
from trail import cutting

_WHY = {cutting.HELD: LEGAL_HOLD, cutting.BROKEN: BROKEN}


@dataclass
class Outcome:
    """What was deleted of one kind, or would be, and how many rows were held back, by reason."""

    institution: str  # acronym
    kind: str
    days: int
    deleted: Counter[str] = field(default_factory=Counter)
    files: int | None = 0  # None: not known before
    held: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        return {
            "institution": self.institution,
            "kind": self.kind,
            "days": self.days,
            "deleted": dict(self.deleted),
            "files": self.files,
            "held": dict(self.held),
        }


def retention_applied(*, institution: Institution | None = None, dry_run: bool = False) -> Iterator[Outcome]:
    """Delete, of one institution or all, what is older than its period; with `dry_run` count it."""
    periods = Period.objects.select_related("institution").order_by("institution__acronym", "kind")
    if institution is not None:
        periods = periods.filter(institution=institution)
    sent = cache(cutting.sent_heads)
    for period in list(periods):
        outcome = _lines_cut(period, sent(), dry_run) if period.kind == Kind.TRAIL else _applied(period, dry_run)
        if not dry_run:
            _recorded(period, outcome)
        yield outcome


def _recorded(period: Period, outcome: Outcome) -> None:
    told = {name: value for name, value in outcome.as_dict().items() if name not in ("institution", "kind")}
    with one_transaction():
        record(Entry("erase", "institution/retention", period.kind, period.institution_id, details=told))


def _applied(period: Period, dry_run: bool) -> Outcome:
    home, before = period.institution_id, timezone.now() - timedelta(days=period.days)
    outcome = Outcome(period.institution.acronym, period.kind, period.days, files=None if dry_run else 0)
    for step in STEPS[period.kind]:
        due = step.rows(home, before)
        outcome.held.update(held_back(step, due, home))
        free = step.free(due, home)
        if dry_run:
            outcome.deleted.update(goes_with(step, free))
            continue
        for deleted in parts_deleted(step, free, home, period.days):
            outcome.deleted.update(deleted.rows)
            outcome.files = (outcome.files or 0) + deleted.files
    return outcome


def _lines_cut(period: Period, sent: cutting.Sent | None, dry_run: bool) -> Outcome:
    """Lines of the trail go from the oldest one on: the first that is held back keeps all that were sealed after it."""
    home, days = period.institution_id, period.kept_days
    found = cutting.cut_old(home, days, lambda: above().held_people(home), sent=sent, dry_run=dry_run)
    held = Counter({_WHY[found.why]: found.left} if found.why else {})
    return Outcome(period.institution.acronym, period.kind, days, Counter(lines=found.lines), 0, held)


def held_back(step: Step, due: QuerySet[Any], institution_id: int) -> Counter[str]:
    """How many of these rows are held back, by the first reason."""
    counts: Counter[str] = Counter()
    for reason, held in step.reasons(institution_id):
        counts[reason] += due.filter(held).count()
        due = due.filter(~held)
    return counts


def parts_deleted(step: Step, free: QuerySet[Any], institution_id: int, days: int) -> Iterator[Deleted]:
    """Delete one part after the other."""
    last = 0
    while keys := step.next_part(free, last):
        yield repeated(partial(part_deleted, step, free, keys, institution_id, days))
        last = keys[-1]


@one_transaction()
def part_deleted(step: Step, free: QuerySet[Any], keys: Sequence[int], institution_id: int, days: int) -> Deleted:
    """What is held back since the keys were read stays."""
    still = [*free.filter(pk__in=keys).order_by("pk").values_list("pk", flat=True)]
    return step.carry_out(institution_id, still, days) if still else Deleted()
