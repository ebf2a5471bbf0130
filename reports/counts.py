"""Reports counted instead of listed: the rows of a report from counters, in pure functions.

`reports.arithmetic` computes a row from the list of all results. Here each result is a small `Counts`; the counters of
a row are the sum of the counts of its results, and the row is computed from the counters. So when a result changes, the
counters change by the difference, whatever the number of results, and the sum does not depend on the order.

Results are counted in billionths, as whole numbers, so that sums are exact on every database. Only results that are
closed count against the confidence: one that is not answered in time is closed by `verifying.results_timed_out`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from learners.arithmetic import Instrument, Number, exact
from reports.arithmetic import (
    ENOUGH_CONFIDENCE,
    OPEN,
    AlertLevel,
    InstrumentRow,
    Level,
    Levels,
    RequestStatus,
    ResultCode,
    ResultStatus,
    SessionRow,
    instrument_levels,
    session_level,
)

BILLION = 10**9
DIGITS = 9  # of a result behind the point, as it is stored and counted
IDENTITY, CONTENT, INTEGRITY = 1, 2, 4
CODES = ("pending_codes", "ok_codes", "warning_codes", "alert_codes")  # in the order of ResultCode
COUNTERS = ("total_count", "closed_count", "processed_count", "result_sum", *CODES)
ALERTS = ("info_alerts", "warning_alerts", "alert_alerts", "error_alerts")  # in the order of AlertLevel
_MILLIONTH = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Counts:
    """The counters of an instrument's row, or what one result adds to them, or a difference."""

    total: int = 0
    closed: int = 0
    processed: int = 0
    result_sum: int = 0  # billionths
    codes: tuple[int, int, int, int] = (0, 0, 0, 0)

    def __add__(self, other: "Counts") -> "Counts":
        first, second, third, fourth = (mine + others for mine, others in zip(self.codes, other.codes, strict=True))
        return Counts(
            self.total + other.total,
            self.closed + other.closed,
            self.processed + other.processed,
            self.result_sum + other.result_sum,
            (first, second, third, fourth),
        )

    def __neg__(self) -> "Counts":
        first, second, third, fourth = (-number for number in self.codes)
        return Counts(-self.total, -self.closed, -self.processed, -self.result_sum, (first, second, third, fourth))

    def __sub__(self, other: "Counts") -> "Counts":
        return self + -other


NOTHING = Counts()


def billionths(result: Number | None) -> int:
    """A result as it is counted; none counts as 0."""
    return 0 if result is None else int(Decimal(str(result)).scaleb(DIGITS).quantize(Decimal(1), ROUND_HALF_UP))


def counts_of(status: int | None, result: int, code: int) -> Counts:
    """What the result of one request adds, its result in billionths; a status of None is not counted."""
    if status is None:
        return NOTHING
    if status in OPEN:
        return Counts(total=1)
    if status != ResultStatus.PROCESSED:
        return Counts(total=1, closed=1)
    first, second, third, fourth = (int(code == each) for each in ResultCode)
    return Counts(1, 1, 1, result, (first, second, third, fourth))


def instrument_row_counted(instrument: Instrument, counts: Counts, *, enrolment: Number = 0) -> InstrumentRow:
    """The instrument's row, as `arithmetic.instrument_row` says it of the results of which these are the counters."""
    confidence = Fraction(counts.processed, counts.closed) if counts.closed else Fraction(0)
    mean = Fraction(counts.result_sum, counts.processed * BILLION) if counts.processed else Fraction(0)
    return InstrumentRow(
        result=mean,
        confidence=confidence,
        enrolment=exact(enrolment) if instrument.requires_enrolment else Fraction(0),
        levels=instrument_levels(instrument, _level(counts, confidence)),
    )


def _level(counts: Counts, confidence: Fraction) -> Level:
    if not counts.closed:
        return Level.PENDING
    if not counts.processed:
        return Level.NO_INFORMATION if counts.closed == counts.total else Level.WARNING
    level = Level(max(code for code, number in zip(ResultCode, counts.codes, strict=True) if number) + 1)
    return level if confidence >= ENOUGH_CONFIDENCE else max(level, Level.WARNING)


def answered_minimum(answered: Iterable[int], percentages: Mapping[int, Number]) -> Fraction:
    """`arithmetic.enrolment_minimum` of the providers that have answered."""
    return min((exact(percentages.get(provider, 0)) for provider in answered), default=Fraction(0))


@dataclass(slots=True)
class SessionCounts:
    """The counters of a session's row: its requests, and its alerts by level."""

    total: int = 0
    pending: int = 0
    valid: int = 0
    processed: int = 0
    alerts: list[int] = field(default_factory=lambda: [0, 0, 0, 0])

    def count(self, status: int | None, step: int = 1) -> None:
        """Add a request of this status, or take it out with -1; None is not counted."""
        if status is None:
            return
        is_pending = status < RequestStatus.PROCESSED
        self.total += step
        self.pending += step * is_pending
        self.processed += step * (not is_pending)
        self.valid += step * (status == RequestStatus.PROCESSED)


def session_row_counted(counts: SessionCounts, kinds: int) -> SessionRow:
    """The session's row, as `arithmetic.session_row` says it; `kinds` as `kinds_of`."""
    levels = Levels()
    if not counts.pending:
        base = session_level(level for level, number in zip(AlertLevel, counts.alerts, strict=True) if number)
        levels = Levels(*(base if kinds & kind else Level.NO_INFORMATION for kind in (IDENTITY, CONTENT, INTEGRITY)))
    return SessionRow(counts.total, counts.pending, counts.valid, counts.processed, levels)


def kinds_of(instruments: Iterable[Instrument]) -> int:
    """The kinds of level that some of these instruments count for, added up."""
    kinds = 0
    for each in instruments:
        kinds |= IDENTITY * each.identity | CONTENT * each.content | INTEGRITY * each.integrity
    return kinds


def fraction_stored(value: Fraction) -> Decimal:
    """Cut off after six digits, not rounded: rounded half up to percent it is then the same as the exact value."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(_MILLIONTH, ROUND_FLOOR)


# The rows as the database has them: {column: value}.


def counters_stored(row: Any) -> Counts:
    """The counters of a ReportInstrument, or of a row with the columns COUNTERS."""
    total, closed, processed, result_sum, *codes = (getattr(row, name) for name in COUNTERS)
    first, second, third, fourth = codes
    return Counts(total, closed, processed, result_sum, (first, second, third, fourth))


def instrument_columns(
    instrument: Instrument, counts: Counts, answered: Mapping[str, int], percentages: Mapping[int, Number]
) -> dict[str, Any]:
    """All computed columns of a ReportInstrument; `answered` is {provider id: its closed results}."""
    answered = {provider: number for provider, number in sorted(answered.items()) if number}
    minimum = answered_minimum(map(int, answered), percentages)
    row = instrument_row_counted(instrument, counts, enrolment=minimum)
    return {
        "total_count": counts.total,
        "closed_count": counts.closed,
        "processed_count": counts.processed,
        "result_sum": counts.result_sum,
        **dict(zip(CODES, counts.codes, strict=True)),
        "answered": answered,
        "result": fraction_stored(row.result),
        "confidence": fraction_stored(row.confidence),
        "enrolment": fraction_stored(row.enrolment),
        **level_columns(row.levels),
    }


def session_counts_stored(row: Any) -> SessionCounts:
    """The counters of a ReportSession."""
    counts = (row.total_requests, row.pending_requests, row.valid_requests, row.processed_requests)
    return SessionCounts(*counts, [getattr(row, name) for name in ALERTS])


def session_columns(counts: SessionCounts, kinds: int) -> dict[str, Any]:
    """All computed columns of a ReportSession."""
    row = session_row_counted(counts, kinds)
    return {
        "total_requests": row.total,
        "pending_requests": row.pending,
        "valid_requests": row.valid,
        "processed_requests": row.processed,
        **dict(zip(ALERTS, counts.alerts, strict=True)),
        "kinds": kinds,
        **level_columns(row.levels),
    }


def level_columns(levels: Levels) -> dict[str, int]:
    return {
        "identity_level": int(levels.identity),
        "content_level": int(levels.content),
        "integrity_level": int(levels.integrity),
    }
