"""A report with its reasons, ready for its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.words import KIND_WORDS, instant_text
from learners.arithmetic import Provider, exact
from reports.arithmetic import ResultStatus, threshold_limits
from reports.evidence import Evidence, InstrumentEvidence, SessionEvidence
from reports.reasons import KINDS, Part, Reason, instrument_kinds, instrument_reason, level_reason, session_reason

POINTS = 300  # drawn at most
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Zone:
    kind: str
    x: str
    width: str


@dataclass(frozen=True)
class Strip:
    """All processed results of an instrument on a line of 0 to 100 %, over the zones of its thresholds."""

    zones: tuple[Zone, ...]
    points: tuple[str, ...]


def explained(report: Row, evidence: Evidence, audits: Mapping[int, Row]) -> dict[str, Any]:
    """Levels, instruments and sessions of the report, each with its reason. `audits` by instrument."""
    details = {row["instrument_id"]: row for row in report["detail"]}
    instruments = [
        _instrument(details[found.instrument_id], found, evidence.providers, audits.get(found.instrument_id))
        for found in evidence.instruments
        if found.instrument_id in details
    ]
    sessions = [_session(found) for found in evidence.sessions]
    return {"levels": [_level(kind, report, instruments, sessions) for kind in KINDS],
            "instruments": instruments, "sessions": sessions}  # fmt: skip


def _level(kind: str, report: Row, instruments: Sequence[Row], sessions: Sequence[Row]) -> dict[str, Any]:
    parts = [Part(row["name"], row["levels"][kind]) for row in instruments]
    parts += [Part(f"the session of {instant_text(row['started_at'])}", row["levels"][kind]) for row in sessions]
    reason = level_reason(kind, report[f"{kind}_level"], parts)
    return {"word": KIND_WORDS[kind], "level": report[f"{kind}_level"], "reason": reason}


def _instrument(detail: Row, found: InstrumentEvidence, names: Mapping[int, str], audit: Row | None) -> dict[str, Any]:
    reason = instrument_reason(found.instrument, found.row, found.checks, names)
    return {
        "name": detail["instrument"],
        "detail": detail,
        "needs_enrolment": found.instrument.requires_enrolment,
        "counts_for": [KIND_WORDS[kind].lower() for kind in instrument_kinds(found.instrument)],
        "levels": {kind: int(getattr(found.row.levels, kind)) for kind in KINDS},
        "reason": reason,
        "strip": _strip(found),
        "audit": audit and audit["audit_data"],
    }


def _session(found: SessionEvidence) -> dict[str, Any]:
    reason: Reason = session_reason(found.row, found.statuses, found.alerts)
    return {
        "id": found.session_id,
        "started_at": found.started_at,
        "closed_at": found.closed_at,
        "row": found.row,
        "levels": {kind: int(getattr(found.row.levels, kind)) for kind in KINDS},
        "alerts": found.alerts,
        "reason": reason,
    }


def _strip(found: InstrumentEvidence) -> Strip | None:
    done = [check for check in found.checks if check.summary.status == ResultStatus.PROCESSED]
    values = [exact(check.summary.result) for check in done if check.summary.result is not None]
    if not values:
        return None
    providers = {answer.provider.id: answer.provider for check in done for answer in check.answers}
    shown = providers[min(providers)] if len(providers) == 1 else None  # several have no common zones
    limits = threshold_limits(shown) if shown else None
    points = tuple(f"{float(value) * 100:.2f}%" for value in values[:POINTS])
    if shown is None or limits is None:
        return Strip((Zone("track", "0%", "100%"),), points)
    return Strip(_zones(shown, limits), points)


def _zones(provider: Provider, limits: tuple[Any, Any]) -> tuple[Zone, ...]:
    lower, upper = (float(limit) * 100 for limit in sorted(limits))
    kinds = ("good", "fair", "bad") if provider.inverted_polarity else ("bad", "fair", "good")
    ends = (0.0, lower, upper, 100.0)
    return tuple(
        Zone(kind, f"{start:.3f}%", f"{end - start:.3f}%")
        for kind, start, end in zip(kinds, ends[:-1], ends[1:], strict=True)
        if end > start
    )
