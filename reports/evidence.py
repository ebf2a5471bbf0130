"""The data that a report was computed from: its rows with their checks and alerts.

The number of statements does not depend on the amount of data.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from institutions.models import Instrument, MessageLocale
from learners import arithmetic as properties
from learners.arithmetic import Provider
from reports import arithmetic
from reports.arithmetic import InstrumentRow, Level, Levels, ProviderResult, SessionRow
from reports.models import (
    AbstractLevels,
    Alert,
    Report,
    ReportInstrument,
    ReportSession,
    Request,
    RequestProviderResult,
    RequestResult,
)
from reports.queries import sessions_demonstrated
from reports.reasons import KINDS, Check, SessionAlert

_LEVELS = tuple(f"{kind}_level" for kind in KINDS)


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
    deleted_after: int | None = None  # days; None: nothing was deleted, or the caller knows


def report_evidence(report_id: int, pair: dict[str, Any] | None = None) -> Evidence:
    """All data that a report was computed from, in nine statements; one less if its activity and learner are known."""
    deleted_after = None
    if pair is None:
        pair = {**Report.objects.values("activity", "learner", "evidence_deleted_after").get(pk=report_id)}
        deleted_after = pair.pop("evidence_deleted_after")
    request_filter = {f"request__{name}": key for name, key in pair.items()}
    names, results_of = _provider_results(request_filter)
    checks: dict[int, list[Check]] = {}
    results = RequestResult.objects.filter(**request_filter).order_by("pk")
    columns = ("request", "instrument", "request__created_at", "status", "result", "code")
    for request, instrument, asked_at, status, result, code in results.values_list(*columns):
        summary = arithmetic.RequestResult(asked_at, status, result, code)
        provider_results = tuple(results_of.get((request, instrument), ()))
        checks.setdefault(instrument, []).append(Check(summary, provider_results))
    return Evidence(_instruments(report_id, checks), _sessions(report_id, pair), names, deleted_after)


def _provider_results(
    request_filter: dict[str, Any],
) -> tuple[dict[int, str], dict[tuple[int, int], list[ProviderResult]]]:
    """{provider id: name} and the providers' results by (request, instrument)."""
    rows = RequestProviderResult.objects.filter(**request_filter)
    names: dict[int, str] = {}
    providers: dict[int, Provider] = {}
    results: dict[tuple[int, int], list[ProviderResult]] = {}
    provider_columns = ("pk", "instrument", "inverted_polarity", "warning_below", "alert_below", "enabled")
    columns = (
        "request",
        "status",
        "result",
        "code",
        "provider__name",
        *(f"provider__{name}" for name in provider_columns),
    )
    for request, status, result, code, name, *values in rows.order_by("pk").values_list(*columns):
        key, instrument = values[0], values[1]
        names[key] = name
        provider = providers.setdefault(key, Provider(*values))
        results.setdefault((request, instrument), []).append(ProviderResult(provider, status, result, code))
    return names, results


def _instruments(report_id: int, checks: dict[int, list[Check]]) -> list[InstrumentEvidence]:
    rows = ReportInstrument.objects.filter(report=report_id).select_related("instrument").order_by("instrument")
    return [
        InstrumentEvidence(
            row.instrument_id,
            row.instrument.name,
            instrument_properties(row.instrument),
            InstrumentRow(Fraction(row.result), Fraction(row.confidence), Fraction(row.enrolment), levels_stored(row)),
            checks.get(row.instrument_id, []),
        )
        for row in rows
    ]


def instrument_properties(row: Instrument) -> properties.Instrument:
    return properties.Instrument(
        row.pk, row.requires_enrolment, row.identity, row.originality, row.authorship, row.integrity
    )


def levels_stored(row: AbstractLevels) -> Levels:
    return Levels(*(Level(getattr(row, column)) for column in _LEVELS))


def _sessions(report_id: int, pair: dict[str, Any]) -> list[SessionEvidence]:
    rows = (
        ReportSession.objects.filter(report=report_id).select_related("session").order_by("session__started_at", "pk")
    )
    statuses: dict[int, list[int]] = {}
    for session, status in Request.objects.filter(session__isnull=False, **pair).values_list("session", "status"):
        statuses.setdefault(session, []).append(status)
    alerts, demonstrated = _alerts(pair), sessions_demonstrated(**pair)
    return [
        SessionEvidence(
            row.session_id,
            row.session.started_at,
            row.session.closed_at,
            SessionRow(
                row.total_requests, row.pending_requests, row.valid_requests, row.processed_requests, levels_stored(row)
            ),
            statuses.get(row.session_id, []),
            alerts.get(row.session_id, []),
            row.session_id in demonstrated,
        )
        for row in rows
    ]


def _alerts(pair: dict[str, Any]) -> dict[int, list[SessionAlert]]:
    """The alerts by session, in the order in which they were raised."""
    raised = Alert.objects.filter(session__isnull=False, **pair).order_by("raised_at", "pk")
    rows = list(
        raised.values_list("session", "level", "message_code", "message_code__description", "unknown_code", "raised_at")
    )
    codes = {code for _, _, code, *_ in rows}
    texts = dict(MessageLocale.objects.filter(locale="en", code__in=codes).values_list("code", "message"))
    alerts: dict[int, list[SessionAlert]] = {}
    for session, level, code, description, unknown, at in rows:
        text = texts.get(code) or description or code or unknown or "no message"
        alerts.setdefault(session, []).append(SessionAlert(level, text, at))
    return alerts
