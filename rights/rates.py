"""What is counted for the fairness of instruments: results of providers and contests, by learner, in the database.

A learner counts as one with special needs while a SEND category was assigned, at the instant of the capture or of the
report. Assignments that were deleted are not known any more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from django.db import connection
from django.db.models import (
    Case,
    Exists,
    ExpressionWrapper,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    SmallIntegerField,
    Value,
    When,
)
from django.db.models.functions import Greatest, Least

from courses.models import ActivityInstrument
from institutions.models import Institution, Instrument, Provider
from learners.models import SENDLearner
from reports.arithmetic import OPEN, Level, ResultCode, ResultStatus
from reports.models import Report, ReportInstrument, RequestProviderResult
from rights.fairness import Measure, Tally, is_shown, measure_of, rounded, share_of
from rights.models import DECIDED, Contest, Kind, State

# Measure: (what is counted, of what).
OF_RESULTS = {"failures": ("error", "closed"), "warnings": ("warning", "answered"), "alerts": ("alert", "answered")}
OF_CONTESTS = {
    "contested": ("contested", "report"),
    "wrong": ("wrong", "decided"),
    "upheld": ("upheld", "decided"),
    "changed": ("changed", "decided"),
    "set_aside": ("set_aside", "decided"),
}
_GROUPS = ("everybody", "with_send", "without_send")
_SUMS = ("COUNT(CASE WHEN {w} > 0 THEN 1 END)", "SUM({w})", "SUM({p})", "SUM({p} * {p})", "SUM({p} * {w})",
         "SUM({w} * {w})")  # fmt: skip
Tallies = dict[int, dict[str, tuple[Tally, ...]]]


class Named(TypedDict):
    id: int
    name: str


class ResultRates(TypedDict):
    instrument: Named | None
    provider: Named
    is_demonstration: bool
    failures: Measure
    warnings: Measure
    alerts: Measure


class ContestRates(TypedDict):
    instrument: Named
    contested: Measure
    wrong: Measure
    upheld: Measure
    changed: Measure
    set_aside: Measure


def _flag(*conditions: Any) -> Case:
    """1 where all of these are true. The later ones are asked only where the first one is."""
    flag: Any = Value(1)
    for condition in reversed(conditions):
        flag = Case(When(condition, then=flag), default=Value(0), output_field=IntegerField())
    return flag


def _had_send(institution_id: int, learner: str, at: str) -> Case:
    """Asked with the instant only of learners who have a category at all: the others are found by a hash."""
    active = Q(expires_at=None) | Q(expires_at__gte=OuterRef(at))
    then = SENDLearner.objects.filter(active, learner=OuterRef(learner), created_at__lte=OuterRef(at))
    ever = SENDLearner.objects.filter(institution=institution_id).values("learner")
    return _flag(Q(**{f"{learner}__in": ever}), Exists(then))


@dataclass(frozen=True)
class Rows:
    """What is counted: rows of an institution with the columns of what they count for, whom they are about and when."""

    institution_id: int
    rows: QuerySet[Any]
    key: str
    learner: str
    at: str


def tallied(counted: Rows, flags: Mapping[str, Any], measures: Mapping[str, Sequence[str]]) -> Tallies:
    """{key: {measure: tallies of everybody, with and without SEND}}; one statement.

    The rows are summed up by key, learner and SEND, then by key and learner; these sums and their squares by key.
    """
    is_send = _had_send(counted.institution_id, counted.learner, counted.at)
    plain = counted.rows.order_by().annotate(is_send=is_send, **{f"is_{name}": flag for name, flag in flags.items()})
    columns = (counted.key, counted.learner, "is_send", *(f"is_{name}" for name in flags))
    source, values = plain.values_list(*columns).query.sql_with_params()
    summed = ", ".join(f"SUM({name}) AS {name}" for name in flags)
    of_learner = ", ".join(
        f"SUM({name}) AS {name}_everybody, SUM(is_send * {name}) AS {name}_with_send, "
        f"SUM((1 - is_send) * {name}) AS {name}_without_send"
        for name in flags
    )
    sums = ", ".join(
        each.format(p=f"{part}_{group}", w=f"{whole}_{group}")
        for part, whole in measures.values()
        for group in _GROUPS
        for each in _SUMS
    )
    statement = (
        f"WITH counted (key, learner, is_send, {', '.join(flags)}) AS ({source}), "  # noqa: S608 - names of this module
        f"of_group AS (SELECT key, learner, is_send, {summed} FROM counted GROUP BY key, learner, is_send), "
        f"of_learner AS (SELECT key, {of_learner} FROM of_group GROUP BY key, learner) "
        f"SELECT key, {sums} FROM of_learner GROUP BY key"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return {row[0]: dict(zip(measures, _in_threes(row[1:]), strict=True)) for row in cursor.fetchall()}


def _in_threes(sums: Sequence[Any]) -> Iterator[tuple[Tally, ...]]:
    tallies = [Tally(*map(int, sums[n : n + len(_SUMS)])) for n in range(0, len(sums), len(_SUMS))]
    for n in range(0, len(tallies), len(_GROUPS)):
        yield tuple(tallies[n : n + len(_GROUPS)])


def results_tallied(institution_id: int, since: datetime, until: datetime) -> Tallies:
    """By provider, of what was captured from `since` on and before `until`."""
    lower = Least("provider__alert_below", "provider__warning_below")
    upper = Greatest("provider__alert_below", "provider__warning_below")
    straight, inverted = Q(provider__inverted_polarity=False), Q(provider__inverted_polarity=True)
    alert = Q(code=ResultCode.ALERT) | (straight & Q(result__lt=lower)) | (inverted & Q(result__gt=upper))
    warning = Q(code=ResultCode.WARNING) | (straight & Q(result__lt=upper)) | (inverted & Q(result__gt=lower))
    processed = Q(status=ResultStatus.PROCESSED)
    flags = {
        "closed": _flag(Q(status__isnull=False)),
        "error": _flag(~processed),
        "answered": _flag(processed),
        "alert": _flag(processed, alert),
        "warning": Case(When(alert, then=Value(0)), default=_flag(processed, warning), output_field=IntegerField()),
    }
    rows = RequestProviderResult.objects.filter(
        request__institution=institution_id, request__created_at__gte=since, request__created_at__lt=until
    ).exclude(status__in=OPEN)
    counted = Rows(institution_id, rows, "provider_id", "request__learner_id", "request__created_at")
    return tallied(counted, flags, OF_RESULTS)


def _about_instrument(**which: Any) -> Exists:
    """Contests that concern an instrument: it gave a warning or an alert to a level that is contested."""
    kinds = {kind: ExpressionWrapper(OuterRef(f"{kind}_level"), SmallIntegerField()) for kind in Kind.values}
    flagged = Q()
    for kind in Kind.values:
        flagged |= Q(level=kind) & Q(**{f"{kind}__gte": Level.WARNING})
        flagged |= Q(level=None) & Q(**{f"{kind}__gte": Level.WARNING})
    return Exists(Contest.objects.alias(**kinds).filter(flagged, report=OuterRef("report_id"), **which))


def _of_report(**which: Any) -> Exists:
    return Exists(Contest.objects.filter(report=OuterRef("pk"), **which))


def _contest_flags(contest: Any, is_contested: Q) -> dict[str, Any]:
    known = (State.OPEN, *DECIDED)
    ends = {str(state): _flag(is_contested, contest(state=state)) for state in DECIDED}
    return {
        "report": _flag(Q(pk__isnull=False)),
        "contested": _flag(is_contested, contest(state__in=known)),
        "decided": _flag(is_contested, contest(state__in=DECIDED)),
        "wrong": _flag(is_contested, contest(state__in=(State.CHANGED, State.SET_ASIDE))),
        **ends,
    }


def contests_tallied(
    institution_id: int, rows: QuerySet[ReportInstrument], measures: Mapping[str, Sequence[str]]
) -> Tallies:
    """By instrument, of these rows of reports."""
    flags = _contest_flags(_about_instrument, Q(report__contest__isnull=False))
    counted = Rows(institution_id, rows, "instrument_id", "report__learner_id", "report__created_at")
    return tallied(counted, flags, measures)


def rates_of_results(institution_id: int, since: datetime, until: datetime) -> list[ResultRates]:
    found = results_tallied(institution_id, since, until)
    providers = Provider.objects.select_related("instrument")
    return [
        ResultRates(
            instrument=row.instrument and Named(id=row.instrument.pk, name=row.instrument.name),
            provider=Named(id=row.pk, name=row.name),
            is_demonstration=row.is_demonstration,
            **{name: measure_of(*tallies) for name, tallies in found[row.pk].items()},  # type: ignore[typeddict-item]
        )
        for row in providers.order_by("instrument__name", "name", "pk")
        if row.pk in found
    ]


def rates_of_contests(institution_id: int, since: datetime, until: datetime) -> list[ContestRates]:
    """Of the reports made from `since` on and before `until`."""
    rows = ReportInstrument.objects.filter(
        report__institution=institution_id, report__created_at__gte=since, report__created_at__lt=until
    )
    found = contests_tallied(institution_id, rows, OF_CONTESTS)
    return [
        ContestRates(
            instrument=Named(id=row.pk, name=row.name),
            **{name: measure_of(*tallies) for name, tallies in found[row.pk].items()},  # type: ignore[typeddict-item]
        )
        for row in Instrument.objects.order_by("name", "pk")
        if row.pk in found
    ]


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
    instruments: list[InstrumentUsed]
    outcomes: Outcomes


def _outcomes(measures: Mapping[str, tuple[Tally, ...]] | None) -> Outcomes:
    of: dict[str, Tally] = {name: tallies[0] for name, tallies in (measures or {}).items()}
    contested, decided = of.get("contested", Tally()), of.get("wrong", Tally())
    return Outcomes(
        contested=rounded(contested.whole) if is_shown(contested) else None,
        decided=rounded(decided.whole) if is_shown(decided) else None,
        **{name: share_of(of.get(name, Tally())) for name in ("wrong", *map(str, DECIDED))},  # type: ignore[typeddict-item]
    )


_CHECKS = {"identity": "identity", "originality": "originality", "authorship": "authorship", "integrity": "integrity"}
# Here what is contested is the whole: reports without a contest are not read.
_OUTCOMES = OF_CONTESTS | {"contested": ("contested", "contested")}


def transparency(institution: Institution) -> Transparency:
    """What the institution tells everybody about its instruments, without a person; four statements."""
    contested = Contest.objects.filter(institution=institution, report__isnull=False).values("report")
    rows = ReportInstrument.objects.filter(report__in=contested)
    by_instrument = contests_tallied(institution.pk, rows, _OUTCOMES)
    reports = Rows(
        institution.pk, Report.objects.filter(pk__in=contested), "institution_id", "learner_id", "created_at"
    )
    flags = _contest_flags(_of_report, Q(contest__isnull=False))
    (whole,) = tallied(reports, flags, _OUTCOMES).values() or (None,)
    used = ActivityInstrument.objects.filter(activity__vle__institution=institution, active=True)
    since = dict(used.order_by().values_list("instrument").annotate(first=Min("created_at")))
    return Transparency(
        institution=institution.name,
        is_published=institution.publishes_transparency,
        contest_days=institution.contest_days,
        instruments=[
            InstrumentUsed(
                id=row.pk,
                name=row.name,
                description=row.description or "",
                checks=[word for name, word in _CHECKS.items() if getattr(row, name)],
                since=since[row.pk],
                outcomes=_outcomes(by_instrument.get(row.pk)),
            )
            for row in Instrument.objects.order_by("name", "pk")
            if row.pk in since
        ],
        outcomes=_outcomes(whole),
    )
