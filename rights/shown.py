"""The figures about instruments with the names of what they are of, as institutions and everybody are told."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypedDict

from django.db.models import Min

from courses.models import ActivityInstrument
from institutions.models import Institution, Instrument, Provider
from rights.fairness import DatedMeasure, figure_shown
from rights.models import DECIDED, Figures
from rights.services.figures import CONTESTS, OUTCOMES, RESULTS, figures_of


class Named(TypedDict):
    id: int
    name: str


class ResultRates(TypedDict):
    instrument: Named | None
    provider: Named
    is_demonstration: bool
    failures: DatedMeasure
    warnings: DatedMeasure
    alerts: DatedMeasure


class ContestRates(TypedDict):
    instrument: Named
    contested: DatedMeasure
    wrong: DatedMeasure
    upheld: DatedMeasure
    changed: DatedMeasure
    set_aside: DatedMeasure


class Rates(TypedDict):
    """`as_of` is when it was last counted; null: not yet, then there are no rows."""

    as_of: datetime | None
    results: list[ResultRates]
    contests: list[ContestRates]


class Outcomes(TypedDict):
    """What became of contests; null where too few learners would be counted."""

    contested: int | None
    decided: int | None
    wrong: Any
    upheld: Any
    changed: Any
    set_aside: Any


class InstrumentUsed(TypedDict):
    id: int
    name: str
    description: str
    checks: list[str]
    since: datetime
    outcomes: Outcomes


class Transparency(TypedDict):
    institution: str
    is_published: bool
    contest_days: int
    as_of: datetime | None
    instruments: list[InstrumentUsed]
    outcomes: Outcomes


def _measures(figures: Figures, part: str) -> dict[int, dict[str, DatedMeasure]]:
    return {
        int(key): {name: each for figure in by_whole.values() for name, each in figure_shown(figure).items()}
        for key, by_whole in figures.shown.get(part, {}).items()
    }


def rates(institution_id: int, first: date, last: date) -> Rates:
    """Of what was captured, and of the reports made, in these months; three statements."""
    figures = figures_of(institution_id, first, last)
    by_provider, by_instrument = _measures(figures, RESULTS), _measures(figures, CONTESTS)
    providers = Provider.objects.select_related("instrument").order_by("instrument__name", "name", "pk")
    return Rates(
        as_of=figures.counted_at,
        results=[
            ResultRates(
                instrument=row.instrument and Named(id=row.instrument.pk, name=row.instrument.name),
                provider=Named(id=row.pk, name=row.name),
                is_demonstration=row.is_demonstration,
                **by_provider[row.pk],  # type: ignore[typeddict-item]
            )
            for row in providers.filter(pk__in=by_provider)
        ],
        contests=[
            ContestRates(instrument=Named(id=row.pk, name=row.name), **by_instrument[row.pk])  # type: ignore[typeddict-item]
            for row in Instrument.objects.filter(pk__in=by_instrument).order_by("name", "pk")
        ],
    )


def _outcomes(measures: Mapping[str, DatedMeasure] | None) -> Outcomes:
    of = {name: measure["all"] for name, measure in (measures or {}).items()}
    contested, decided = of.get("contested"), of.get("wrong")
    return Outcomes(
        contested=contested["of"] if contested else None,
        decided=decided["of"] if decided else None,
        **{name: of.get(name) for name in ("wrong", *map(str, DECIDED))},  # type: ignore[typeddict-item]
    )


_CHECKS = {"identity": "identity", "originality": "originality", "authorship": "authorship", "integrity": "integrity"}


def transparency(institution: Institution) -> Transparency:
    """What the institution tells everybody about its instruments, without a person; three statements."""
    figures = figures_of(institution.pk)
    found = _measures(figures, OUTCOMES)
    used = ActivityInstrument.objects.filter(activity__vle__institution=institution, active=True)
    since = dict(used.order_by().values_list("instrument").annotate(first=Min("created_at")))
    return Transparency(
        institution=institution.name,
        is_published=institution.publishes_transparency,
        contest_days=institution.contest_days,
        as_of=figures.counted_at,
        instruments=[
            InstrumentUsed(
                id=row.pk,
                name=row.name,
                description=row.description or "",
                checks=[word for name, word in _CHECKS.items() if getattr(row, name)],
                since=since[row.pk],
                outcomes=_outcomes(found.get(row.pk)),
            )
            for row in Instrument.objects.order_by("name", "pk")
            if row.pk in since
        ],
        outcomes=_outcomes(found.get(0)),
    )
