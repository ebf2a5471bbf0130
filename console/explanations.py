"""The template values of a report's page: levels, instruments and sessions with the reasons for their levels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.words import KIND_WORDS, instant_text
from learners.arithmetic import Provider, exact
from reports.arithmetic import ResultStatus, threshold_limits
from reports.evidence import Evidence, InstrumentEvidence, SessionEvidence
from reports.reasons import KINDS, Part, Reason, instrument_kinds, instrument_reason, level_reason, session_reason
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
    instruments = [
        _instrument(details[row.instrument_id], row, evidence.providers, audits.get(row.instrument_id))
        for row in evidence.instruments
        if row.instrument_id in details
    ]
    sessions = [_session(row) for row in evidence.sessions]
    return {"levels": [_level(kind, report, instruments, sessions) for kind in KINDS],
            "instruments": instruments, "sessions": sessions}  # fmt: skip


def _level(kind: str, report: Row, instruments: Sequence[Row], sessions: Sequence[Row]) -> dict[str, Any]:
    parts = [Part(row["name"], row["levels"][kind]) for row in instruments]
    parts += [Part(f"the session of {instant_text(row['started_at'])}", row["levels"][kind]) for row in sessions]
    reason = level_reason(kind, report[f"{kind}_level"], parts)
    return {"word": KIND_WORDS[kind], "level": report[f"{kind}_level"], "reason": reason}


def _instrument(
    detail: Row, evidence: InstrumentEvidence, names: Mapping[int, str], audit: Row | None
) -> dict[str, Any]:
    reason = instrument_reason(evidence.instrument, evidence.row, evidence.checks, names)
    return {
        "name": detail["instrument"],
        "detail": detail,
        "needs_enrolment": evidence.instrument.requires_enrolment,
        "counts_for": [KIND_WORDS[kind].lower() for kind in instrument_kinds(evidence.instrument)],
        "levels": {kind: int(getattr(evidence.row.levels, kind)) for kind in KINDS},
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
        "levels": {kind: int(getattr(evidence.row.levels, kind)) for kind in KINDS},
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
