"""What is counted for the fairness of instruments: results of providers and contests, by learner, in the database.

It takes seconds where there are many results: services/figures.py keeps what may be shown of it.

A learner counts as one with special needs while a SEND category was assigned, at the instant of the capture or of the
report. Assignments that were deleted are not known any more.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    SmallIntegerField,
    Value,
    When,
)
from django.db.models.functions import Greatest, Least

from learners.models import SENDLearner
from reports.arithmetic import OPEN, Level, ResultCode, ResultStatus
from reports.models import Report, ReportInstrument, RequestProviderResult
from rights.fairness import Tally
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
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
Since = Mapping[str, Mapping[int, datetime]]  # {what is counted: {key: instant}}


class Counted(NamedTuple):
    """Of one key. The numbers are of everybody, of learners with SEND and of those without."""

    tallies: dict[str, tuple[Tally, ...]]  # by measure
    touched: dict[str, tuple[int, ...]]  # by what is counted: learners with any of it that came or changed since


Found = dict[int, Counted]


def _flag(*conditions: Any) -> Case:
    """1 where all of these are true. The later ones are asked only where the first one is."""
    flag: Any = Value(1)
    for condition in reversed(conditions):
        flag = _if(condition, flag)
    return flag


def _if(condition: Any, then: Any, otherwise: Any = None) -> Case:
    return Case(When(condition, then=then), default=otherwise or Value(0), output_field=IntegerField())


def _had_send(institution_id: int, learner: str, at: str) -> Case:
    """Asked with the instant only of learners who have a category at all: the others are found by a hash."""
    active = Q(expires_at=None) | Q(expires_at__gte=OuterRef(at))
    then = SENDLearner.objects.filter(active, learner=OuterRef(learner), created_at__lte=OuterRef(at))
    ever = SENDLearner.objects.filter(institution=institution_id).values("learner")
    return _flag(Q(**{f"{learner}__in": ever}), Exists(then))


@dataclass(frozen=True)
class Rows:
    """What is counted: rows of an institution with the columns of what they count for, whom they are about and when.

    `is_new` takes the name of a column: 1 where the row came or changed after the instant in it, else 0.
    """

    institution_id: int
    rows: QuerySet[Any]
    key: str
    learner: str
    at: str
    is_new: Callable[[str], Any]


def tallied(counted: Rows, flags: Mapping[str, Any], measures: Mapping[str, Sequence[str]], since: Since) -> Found:
    """By key; one statement. What is not in `since` is new.

    The rows are summed up by key, learner and SEND, then by key and learner; these sums and their squares by key.
    """
    is_send = _had_send(counted.institution_id, counted.learner, counted.at)
    wholes = [*dict.fromkeys(whole for _, whole in measures.values())]
    instants = {f"since_{whole}": _instant(counted.key, since.get(whole, {})) for whole in wholes}
    new = {f"new_{whole}": _if(Q(**{f"is_{whole}": 1}), counted.is_new(f"since_{whole}")) for whole in wholes}
    plain = counted.rows.order_by().annotate(**instants, is_send=is_send)
    plain = plain.annotate(**{f"is_{name}": flag for name, flag in {**flags, **new}.items()})
    flags = {**flags, **new}
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
    sums += "".join(f", COUNT(CASE WHEN new_{w}_{group} > 0 THEN 1 END)" for w in wholes for group in _GROUPS)
    statement = (
        f"WITH counted (key, learner, is_send, {', '.join(flags)}) AS ({source}), "  # noqa: S608 - names of this module
        f"of_group AS (SELECT key, learner, is_send, {summed} FROM counted GROUP BY key, learner, is_send), "
        f"of_learner AS (SELECT key, {of_learner} FROM of_group GROUP BY key, learner) "
        f"SELECT key, {sums} FROM of_learner GROUP BY key"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    at = 1 + len(measures) * len(_GROUPS) * len(_SUMS)
    return {
        key: Counted(
            dict(zip(measures, _in_threes(sums[: at - 1]), strict=True)),
            {whole: tuple(sums[at - 1 :][n * 3 : n * 3 + 3]) for n, whole in enumerate(wholes)},
        )
        for key, *sums in rows
    }


def _instant(key: str, instants: Mapping[int, datetime]) -> Any:
    known = [When(**{key: value}, then=Value(at, output_field=DateTimeField())) for value, at in instants.items()]
    return Case(*known, default=Value(_NEVER, output_field=DateTimeField()), output_field=DateTimeField())


def _in_threes(sums: Sequence[Any]) -> Iterator[tuple[Tally, ...]]:
    tallies = [Tally(*map(int, sums[n : n + len(_SUMS)])) for n in range(0, len(sums), len(_SUMS))]
    for n in range(0, len(tallies), len(_GROUPS)):
        yield tuple(tallies[n : n + len(_GROUPS)])


def results_tallied(institution_id: int, begin: datetime, end: datetime, since: Since) -> Found:
    """By provider, of what was captured from `begin` on and before `end`."""
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
        "warning": _if(alert, Value(0), _flag(processed, warning)),
    }
    rows = RequestProviderResult.objects.filter(
        request__institution=institution_id, request__created_at__gte=begin, request__created_at__lt=end
    ).exclude(status__in=OPEN)
    at = "request__created_at"
    counted = Rows(
        institution_id, rows, "provider_id", "request__learner_id", at, lambda name: _flag(Q(updated_at__gt=F(name)))
    )
    return tallied(counted, flags, OF_RESULTS, since)


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


def _of_reports(
    institution_id: int, rows: QuerySet[ReportInstrument], measures: Mapping[str, Any], since: Since
) -> Found:
    """By instrument, of these rows of reports."""
    is_contested = Q(report__contest__isnull=False)
    flags = _contest_flags(_about_instrument, is_contested)

    def is_new(name: str) -> Any:
        changed = _flag(is_contested, _about_instrument(updated_at__gt=OuterRef(name)))
        return _if(Q(report__created_at__gt=F(name)), Value(1), changed)

    counted = Rows(institution_id, rows, "instrument_id", "report__learner_id", "report__created_at", is_new)
    return tallied(counted, flags, measures, since)


def contests_tallied(institution_id: int, begin: datetime, end: datetime, since: Since) -> Found:
    """By instrument, of the reports made from `begin` on and before `end`."""
    rows = ReportInstrument.objects.filter(
        report__institution=institution_id, report__created_at__gte=begin, report__created_at__lt=end
    )
    return _of_reports(institution_id, rows, OF_CONTESTS, since)


# Here what is contested is the whole: reports without a contest are not read.
OF_CONTESTED = OF_CONTESTS | {"contested": ("contested", "contested")}


def outcomes_tallied(institution_id: int, since: Since) -> Found:
    """By instrument, of the contested reports of all times; by 0 of all of them, whatever the instrument."""
    contested = Contest.objects.filter(institution=institution_id, report__isnull=False).values("report")
    rows = ReportInstrument.objects.filter(report__in=contested)
    reports = Rows(
        institution_id, Report.objects.filter(pk__in=contested), "institution_id", "learner_id", "created_at",
        lambda name: _flag(_of_report(updated_at__gt=OuterRef(name))),
    )  # fmt: skip
    flags = _contest_flags(_of_report, Q(contest__isnull=False))
    of_all = {whole: {institution_id: by_key[0]} for whole, by_key in since.items() if 0 in by_key}
    (of_all_reports,) = tallied(reports, flags, OF_CONTESTED, of_all).values() or (None,)
    by_instrument = _of_reports(institution_id, rows, OF_CONTESTED, since)
    return by_instrument | ({0: of_all_reports} if of_all_reports else {})
