"""The template values of a report's page: levels, instruments and sessions with the reasons for their levels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.words import KIND_WORDS
from learners.arithmetic import Provider, exact
from reports.arithmetic import ResultStatus, threshold_limits
from reports.evidence import Evidence, InstrumentEvidence, SessionEvidence
from reports.explaining import level_reasons
from reports.reasons import KINDS, Reason, instrument_kinds, instrument_reason, session_reason
from reports.sentences import DEMONSTRATION

POINTS = 300  # at most so many results are drawn
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Zone:
    kind: str
    x: str
    width: str


@dataclass(frozen=True)
class Strip:
    """A drawing of an instrument's processed results on a line from 0 to 100 %, above the zones of its thresholds."""

    zones: tuple[Zone, ...]
    points: tuple[str, ...]


def report_explanations(report: Row, evidence: Evidence, audits: Mapping[int, Row]) -> dict[str, Any]:
    """`report` and `audits` are rows of the API, the audits by instrument id."""
    details = {row["instrument_id"]: row for row in report["detail"]}
    shown = [row for row in evidence.instruments if row.instrument_id in details]
    instruments = [
        _instrument(details[row.instrument_id], row, evidence.providers, audits.get(row.instrument_id)) for row in shown
    ]
    reasons = level_reasons(
        {kind: report[f"{kind}_level"] for kind in KINDS},
        [(details[row.instrument_id]["instrument"], row.row.levels) for row in shown],
        [(row.started_at, row.row.levels) for row in evidence.sessions],
    )
    levels = [{"word": KIND_WORDS[kind], "level": report[f"{kind}_level"], "reason": reasons[kind]} for kind in KINDS]
    return {"levels": levels, "instruments": instruments, "sessions": [_session(row) for row in evidence.sessions]}


def _instrument(
    detail: Row, evidence: InstrumentEvidence, names: Mapping[int, str], audit: Row | None
) -> dict[str, Any]:
    reason = instrument_reason(evidence.instrument, evidence.row, evidence.checks, names)
    return {
        "name": detail["instrument"],
        "detail": detail,
        "needs_enrolment": evidence.instrument.requires_enrolment,
        "counts_for": [KIND_WORDS[kind].lower() for kind in instrument_kinds(evidence.instrument)],
        "reason": reason,
        "strip": _strip(evidence),
        "audit": audit and audit["audit_data"],
    }


def _session(evidence: SessionEvidence) -> dict[str, Any]:
    reason: Reason = session_reason(evidence.row, evidence.statuses, evidence.alerts)
    return {
        "id": evidence.session_id,
        "started_at": evidence.started_at,
        "closed_at": evidence.closed_at,
        "row": evidence.row,
        "alerts": evidence.alerts,
        "demonstration": DEMONSTRATION if evidence.is_demonstrated else "",
        "reason": reason,
    }


def _strip(evidence: InstrumentEvidence) -> Strip | None:
    processed = [check for check in evidence.checks if check.summary.status == ResultStatus.PROCESSED]
    values = [exact(check.summary.result) for check in processed if check.summary.result is not None]
    if not values:
        return None
    providers = {answer.provider.id: answer.provider for check in processed for answer in check.answers}
    provider = providers[min(providers)] if len(providers) == 1 else None  # several share no thresholds
    limits = threshold_limits(provider) if provider else None
    points = tuple(f"{float(value) * 100:.2f}%" for value in values[:POINTS])
    if provider is None or limits is None:
        return Strip((Zone("track", "0%", "100%"),), points)
    return Strip(_zones(provider, limits), points)


def _zones(provider: Provider, limits: tuple[Any, Any]) -> tuple[Zone, ...]:
    lower, upper = (float(limit) * 100 for limit in sorted(limits))
    kinds = ("good", "fair", "bad") if provider.inverted_polarity else ("bad", "fair", "good")
    ends = (0.0, lower, upper, 100.0)
    return tuple(
        Zone(kind, f"{start:.3f}%", f"{end - start:.3f}%")
        for kind, start, end in zip(kinds, ends[:-1], ends[1:], strict=True)
        if end > start
    )
