"""Figures about instruments, counted in the background: what the pages about fairness and transparency show.

Counting takes seconds where there are 690,000 results, so no page does it. For the months that somebody has asked for,
a job counts from the rows themselves and stores what may be shown (about nobody: rounded, without small groups), with
the instant. The other designs were: sums by month and learner that are kept while results are counted, which would cost
every request and still be summed up for each page; the same sums kept by a job, which are data about people that have
to be erased with them. Here nothing is kept up to date in steps, so nothing drifts: deletions, erasures and retention
are taken over when it is counted again, which is due a day after the last time, or within the hour when the trail tells
that something was deleted since. What may then be replaced is said in `rights/fairness.py`.

Months are those of the institution's time zone. Two periods that overlap can be compared as well, and are counted at
different instants: there only the rounding protects. They are for administrators who may read such rows one by one;
what everybody may read is of all times.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from kernel.writes import one_transaction
from kernel.zones import today_in, zone_named
from pipeline.jobs import enqueue
from reports.models import Request
from rights import rates
from rights.fairness import Figure, figure_replaced, measure_of
from rights.models import Figures
from trail.models import Line

FIGURES_JOB = "rights.figures"
MONTHS = 12  # of the period, if nobody says another one
FRESH = timedelta(days=1)
WANTED = timedelta(days=90)  # so long after somebody looked they are counted again and again
FEW = 5000  # requests of an institution that are counted at once, while the page is made
RESULTS, CONTESTS, OUTCOMES = "results", "contests", "outcomes"
_MEASURES: dict[str, Mapping[str, tuple[str, str]]] = {
    RESULTS: rates.OF_RESULTS,
    CONTESTS: rates.OF_CONTESTS,
    OUTCOMES: rates.OF_CONTESTED,
}


def months_later(month: date, number: int) -> date:
    years, index = divmod(month.month - 1 + number, 12)
    return date(month.year + years, index + 1, 1)


def usual_months(time_zone: str, last: date | None = None) -> tuple[date, date]:
    """The first and the last month of the period that is shown unless another one is asked for."""
    last = last or today_in(time_zone).replace(day=1)
    return months_later(last, 1 - MONTHS), last


def figures_of(institution_id: int, first: date | None = None, last: date | None = None) -> Figures:
    """As they were last counted; of an institution with few results they are counted now if they never were."""
    period: dict[str, Any] = {
        "institution_id": institution_id,
        "first_month": f"{first:%Y-%m}" if first else "",
        "last_month": f"{last:%Y-%m}" if last else "",
    }
    row = Figures.objects.filter(**period).first()
    if row is None or row.counted_at is None:
        return _begun(period)
    if row.asked_at < timezone.now() - FRESH:
        Figures.objects.filter(pk=row.pk).update(asked_at=timezone.now())
    return row


@one_transaction()
def _begun(period: dict[str, Any]) -> Figures:
    row, is_new = Figures.objects.get_or_create(**period)
    if len(Request.objects.filter(institution=row.institution_id).values("pk")[: FEW + 1]) <= FEW:
        figures_counted([row.pk])
        row.refresh_from_db()
    elif is_new:
        enqueue(FIGURES_JOB, [row.pk])
    return row


def figures_counted(keys: Collection[int]) -> None:
    """Count these again. Nobody waits for it: no row is locked before it is written."""
    for row in Figures.objects.filter(pk__in=keys).select_related("institution").order_by("pk"):
        now = timezone.now()
        shown = {part: _replaced(part, row, found, now) for part, found in _found(row)}
        # Somebody may have counted the same meanwhile: then that is what was shown last.
        unchanged = Figures.objects.filter(pk=row.pk, counted_at=row.counted_at)
        unchanged.update(shown=shown, counted_at=now)


def _found(row: Figures) -> Iterable[tuple[str, rates.Found]]:
    home = row.institution_id
    if not row.first_month:
        yield OUTCOMES, rates.outcomes_tallied(home, _since(row, OUTCOMES))
        return
    first, last = (date.fromisoformat(f"{month}-01") for month in (row.first_month, row.last_month))
    zone = zone_named(row.institution.time_zone)
    begin, end = (datetime.combine(day, time.min, zone) for day in (first, months_later(last, 1)))
    yield RESULTS, rates.results_tallied(home, begin, end, _since(row, RESULTS))
    yield CONTESTS, rates.contests_tallied(home, begin, end, _since(row, CONTESTS))


def _since(row: Figures, part: str) -> rates.Since:
    since: dict[str, dict[int, datetime]] = {}
    for key, figures in row.shown.get(part, {}).items():
        for whole, figure in figures.items():
            since.setdefault(whole, {})[int(key)] = datetime.fromisoformat(figure["as_of"])
    return since


def _replaced(part: str, row: Figures, found: rates.Found, now: datetime) -> dict[str, dict[str, Figure]]:
    """What has no rows any more is left out: all learners of it are gone."""
    earlier = row.shown.get(part, {})
    return {
        str(key): {
            whole: figure_replaced(
                earlier.get(str(key), {}).get(whole),
                {name: measure_of(*tallies) for name, tallies in counted.tallies.items()
                 if _MEASURES[part][name][1] == whole},
                touched, now,
            )
            for whole, touched in counted.touched.items()
        }
        for key, counted in found.items()
    }  # fmt: skip


@one_transaction()
def figures_due() -> None:
    """Ask for counting what is wanted and old, or something of which may have been deleted since."""
    now = timezone.now()
    wanted = Figures.objects.filter(asked_at__gte=now - WANTED)
    homes = wanted.exclude(first_month="").order_by().values_list("institution", "institution__time_zone")
    usual = []
    for home, zone, asked_at in homes.annotate(Max("asked_at")):
        first, last = usual_months(zone)
        months = {"first_month": f"{first:%Y-%m}", "last_month": f"{last:%Y-%m}"}
        usual.append(Figures(institution_id=home, asked_at=asked_at, **months))
    Figures.objects.bulk_create(usual, ignore_conflicts=True)  # a month may have begun
    deleted = Line.objects.filter(
        institution=OuterRef("institution"), written_at__gt=OuterRef("counted_at"), verb__in=("delete", "erase")
    )
    due = wanted.filter(Q(counted_at=None) | Q(counted_at__lt=now - FRESH) | Exists(deleted))
    enqueue(FIGURES_JOB, due.order_by("pk").values_list("pk", flat=True))
