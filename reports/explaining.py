"""Why a report has its levels, as values of the API and of pages: every level with its reasons in plain words."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypedDict

from reports.arithmetic import Level, Levels
from reports.evidence import Evidence
from reports.reasons import (
    KINDS,
    LEVELS,
    Part,
    Reason,
    instrument_kinds,
    instrument_reason,
    level_reason,
    session_reason,
)
from reports.sentences import DEMONSTRATION

LEVEL_WORDS = {int(level): word for level, word in LEVELS.items()}
KIND_WORDS = {"identity": "Identity", "content": "Content", "integrity": "Integrity"}
Named = Sequence[tuple[str, Levels]]


class LevelTold(TypedDict):
    kind: str
    level: int
    word: str
    reasons: list[str]


class InstrumentTold(TypedDict):
    instrument_id: int
    name: str
    counts_for: list[str]
    level: int
    word: str
    reasons: list[str]


class SessionTold(TypedDict):
    started_at: str
    closed_at: str | None
    level: int
    word: str
    reasons: list[str]
    demonstration: str  # empty where no provider that is a demonstration has given results


class Explained(TypedDict):
    levels: list[LevelTold]
    instruments: list[InstrumentTold]
    sessions: list[SessionTold]


def instant_text(value: datetime) -> str:
    """3 May 2026, 09:00 UTC."""
    at = value.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def level_reasons(
    levels: Mapping[str, int], instruments: Named, sessions: Sequence[tuple[datetime, Levels]]
) -> dict[str, Reason]:
    """{kind: why the report has this level}, by the levels of its instruments and sessions."""
    named = [*instruments, *((f"the session of {instant_text(at)}", of) for at, of in sessions)]
    return {
        kind: level_reason(kind, levels[kind], [Part(n, int(getattr(of, kind))) for n, of in named]) for kind in KINDS
    }


def explained(levels: Mapping[str, int], evidence: Evidence) -> Explained:
    """The reasons for the levels (by kind) of the report that this evidence is of."""
    reasons = level_reasons(
        levels,
        [(row.name, row.row.levels) for row in evidence.instruments],
        [(row.started_at, row.row.levels) for row in evidence.sessions],
    )
    instruments = []
    for row in evidence.instruments:
        reason = instrument_reason(row.instrument, row.row, row.checks, evidence.providers)
        counts_for = [*instrument_kinds(row.instrument)]
        instruments.append(
            InstrumentTold(instrument_id=row.instrument_id, name=row.name, counts_for=counts_for, **_told(reason))
        )
    sessions = []
    for each in evidence.sessions:
        reason = session_reason(each.row, each.statuses, each.alerts)
        sessions.append(
            SessionTold(
                started_at=each.started_at.isoformat(),
                closed_at=None if each.closed_at is None else each.closed_at.isoformat(),
                demonstration=DEMONSTRATION if each.is_demonstrated else "",
                **_told(reason),
            )
        )
    return Explained(
        levels=[LevelTold(kind=kind, **_told(reason)) for kind, reason in reasons.items()],
        instruments=instruments,
        sessions=sessions,
    )


class _Told(TypedDict):
    level: int
    word: str
    reasons: list[str]


def _told(reason: Reason) -> _Told:
    return _Told(level=int(reason.level), word=LEVELS[Level(reason.level)], reasons=[*reason.sentences])
