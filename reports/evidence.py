"""The data that a report was computed from: its rows with their checks and alerts.

One statement, whatever the amount of data.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, When

from institutions.models import Instrument, MessageLocale
from kernel.fast.together import together
from learners import arithmetic as properties
from learners.arithmetic import Provider
from reports import arithmetic
from reports.arithmetic import InstrumentRow, Level, Levels, ProviderResult, SessionRow
from reports.models import (
    LEVELS,
    AbstractLevels,
    Alert,
    Report,
    ReportInstrument,
    ReportSession,
    Request,
    RequestProviderResult,
)
from reports.obstacles import OBSTACLES
from reports.reasons import Check, SessionAlert

# The columns of each part; the first ones are its order.
_INSTRUMENT = tuple(
    f"instrument__{name}"
    for name in ("name", "requires_enrolment", "identity", "originality", "authorship", "integrity")
)
_OF_INSTRUMENT = ("instrument", *_INSTRUMENT, "result", "confidence", "enrolment", *LEVELS)
_COUNTS = ("total_requests", "pending_requests", "valid_requests", "processed_requests")
_OF_SESSION = ("session__started_at", "pk", "session", "session__closed_at", *_COUNTS, *LEVELS)
_ENGLISH = MessageLocale.objects.filter(locale="en", code=OuterRef("message_code")).values("message")
_TEXTS = (Subquery(_ENGLISH[:1]), F("message_code__description"), F("message_code"), F("unknown_code"))
_OF_ALERT = ("raised_at", "pk", "session", "level")
_RESULT = ("instrument", "status", "result", "code")
_OBSTACLE = Case(
    When(results__error_message__in=[*OBSTACLES], then="results__error_message")
)  # providers' texts are long
_OF_REQUEST: tuple[Any, ...] = (
    "pk", "created_at", "session", "status", "results", *(f"results__{name}" for name in _RESULT), _OBSTACLE,
)  # fmt: skip
_PROVIDER = ("pk", "instrument", "inverted_polarity", "warning_below", "alert_below", "enabled")
_OF_ANSWER = (
    "pk", "request", "request__session", "status", "result", "code", "provider__name", "provider__is_demonstration",
    *(f"provider__{name}" for name in _PROVIDER),
)  # fmt: skip
_Results = dict[tuple[int, int], list[ProviderResult]]  # by request and instrument


@dataclass(frozen=True)
class InstrumentEvidence:
    """An instrument's row of a report and the checks that it was computed from."""

    instrument_id: int
    name: str
    instrument: properties.Instrument
    row: InstrumentRow
    checks: list[Check]


@dataclass(frozen=True)
class SessionEvidence:
    """A session's row of a report, and the request statuses and alerts that it was computed from."""

    session_id: int
    started_at: datetime
    closed_at: datetime | None
    row: SessionRow
    statuses: list[int]
    alerts: list[SessionAlert]
    is_demonstrated: bool  # a provider that is a demonstration has given results


@dataclass(frozen=True)
class Evidence:
    instruments: list[InstrumentEvidence]
    sessions: list[SessionEvidence]
    providers: dict[int, str]  # names, by id
    deleted_after: int | None = None  # days; None: nothing was deleted


def report_evidence(report_id: int, *, activity: int, learner: int) -> Evidence:
    """All data that the report on this learner's work on this activity was computed from."""
    return evidence_of(together(*evidence_parts(report_id, activity=activity, learner=learner)))


def evidence_parts(report_id: int, *, activity: int, learner: int) -> list[QuerySet[Any, Any]]:
    """What `evidence_of` needs the rows of, for who asks for more `together` with it."""
    pair = {"activity": activity, "learner": learner}
    answers = RequestProviderResult.objects.filter(request__activity=activity, request__learner=learner)
    return [
        Report.objects.filter(pk=report_id).values_list("evidence_deleted_after"),
        ReportInstrument.objects.filter(report=report_id).order_by().values_list(*_OF_INSTRUMENT),
        ReportSession.objects.filter(report=report_id).order_by().values_list(*_OF_SESSION),
        Alert.objects.filter(session__isnull=False, **pair).order_by().values_list(*_OF_ALERT, *_TEXTS),
        Request.objects.filter(**pair).order_by().values_list(*_OF_REQUEST),
        answers.order_by().values_list(*_OF_ANSWER),
    ]


def evidence_of(parts: Sequence[Sequence[tuple[Any, ...]]]) -> Evidence:
    """Of the rows of `evidence_parts`."""
    deleted, instruments, sessions, raised, requested, answered = parts
    names, results, demonstrated = _provider_results(answered)
    statuses = {key: (session, status) for key, _, session, status, *_ in requested}
    return Evidence(
        _instruments(instruments, _checks(requested, results)),
        _sessions(sessions, statuses.values(), _alerts(raised), demonstrated),
        names,
        next((days for (days,) in deleted), None),
    )


def _provider_results(rows: Iterable[tuple[Any, ...]]) -> tuple[dict[int, str], _Results, set[int | None]]:
    """{provider id: name}, the results, and the sessions in which a provider that is a demonstration has given some."""
    names: dict[int, str] = {}
    providers: dict[int, Provider] = {}
    results: _Results = {}
    demonstrated: set[int | None] = set()
    for _, request, session, status, result, code, name, is_demonstration, *values in sorted(rows):
        key, instrument = values[0], values[1]
        names[key] = name
        provider = providers.setdefault(key, Provider(*values))
        results.setdefault((request, instrument), []).append(ProviderResult(provider, status, result, code))
        if is_demonstration and status not in arithmetic.OPEN:
            demonstrated.add(session)
    return names, results, demonstrated


def _checks(requested: Iterable[tuple[Any, ...]], answers: _Results) -> dict[int, list[Check]]:
    """Of each instrument, in the order in which the results came to be; of requests with results."""
    checks: dict[int, list[Check]] = {}
    results = [(key, request, asked_at, *values) for request, asked_at, _, _, key, *values in requested if key]
    for _, request, asked_at, instrument, status, result, code, text in sorted(results):
        summary = arithmetic.RequestResult(asked_at, status, result, code)
        given, obstacle = tuple(answers.get((request, instrument), ())), OBSTACLES.get(text)
        checks.setdefault(instrument, []).append(Check(summary, given, obstacle))
    return checks


def _with_levels(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The levels at the end as one value."""
    return (*row[: -len(LEVELS)], Levels(*map(Level, row[-len(LEVELS) :])))


def _instruments(rows: Iterable[tuple[Any, ...]], checks: Mapping[int, list[Check]]) -> list[InstrumentEvidence]:
    return [
        InstrumentEvidence(
            key,
            name,
            properties.Instrument(key, *counts_for),
            InstrumentRow(Fraction(result), Fraction(confidence), Fraction(enrolment), levels),
            checks.get(key, []),
        )
        for key, name, *counts_for, result, confidence, enrolment, levels in map(_with_levels, sorted(rows))
    ]


def instrument_properties(row: Instrument) -> properties.Instrument:
    return properties.Instrument(
        row.pk, row.requires_enrolment, row.identity, row.originality, row.authorship, row.integrity
    )


def levels_stored(row: AbstractLevels) -> Levels:
    return Levels(*(Level(getattr(row, column)) for column in LEVELS))


def _sessions(
    rows: Iterable[tuple[Any, ...]],
    requests: Iterable[tuple[int | None, int]],
    alerts: Mapping[int, list[SessionAlert]],
    demonstrated: set[int | None],
) -> list[SessionEvidence]:
    statuses: dict[int | None, list[int]] = {}
    for session, status in requests:
        statuses.setdefault(session, []).append(status)
    return [
        SessionEvidence(
            key,
            started_at,
            closed_at,
            SessionRow(total, pending, valid, processed, levels),
            statuses.get(key, []),
            alerts.get(key, []),
            key in demonstrated,
        )
        for started_at, _, key, closed_at, total, pending, valid, processed, levels in map(_with_levels, sorted(rows))
    ]


def _alerts(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[SessionAlert]]:
    """The alerts by session, in the order in which they were raised."""
    alerts: dict[int, list[SessionAlert]] = {}
    for at, _, session, level, *texts in sorted(rows):
        text = next(filter(None, texts), "no message")
        alerts.setdefault(session, []).append(SessionAlert(level, text, at))
    return alerts
