"""Explains in plain words why a report has its levels, by computing them again from the evidence.

All levels are computed by reports.arithmetic. Where the result differs from the stored level, because evidence was
erased or added since, the text says that the level cannot be explained.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import floor

from learners.arithmetic import Instrument, Number, Provider, exact
from reports.arithmetic import (
    ENOUGH_CONFIDENCE,
    OPEN,
    AlertLevel,
    InstrumentRow,
    Level,
    ProviderResult,
    RequestResult,
    ResultCode,
    ResultStatus,
    SessionRow,
    instrument_level,
    instrument_levels,
    percent,
    result_mean,
    session_level,
    session_row,
    threshold_code,
    threshold_limits,
)
from reports.obstacles import OBSTACLES, Obstacle

LEVELS = {
    Level.PENDING: "Pending",
    Level.NO_INFORMATION: "No information",
    Level.OK: "OK",
    Level.WARNING: "Warning",
    Level.ALERT: "Alert",
}
KINDS = ("identity", "content", "integrity")
PERCENT = "\N{NO-BREAK SPACE}%"
STORED = Fraction(1, 1_000_000)  # largest difference between a stored fraction and the exact one
UNKNOWN = (
    "Why it has this level cannot be told: the evidence that is kept does not lead to it. Some of it may have been "
    "erased since, or have come after the report was last made."
)
# Each as singular and plural.
_OPEN_WORDS = {
    ResultStatus.PENDING: ("waits to be processed", "wait to be processed"),
    ResultStatus.PROCESSING: ("is being processed", "are being processed"),
    ResultStatus.WAITING: ("waits for an external service", "wait for an external service"),
}
_FAILED_WORDS = {
    ResultStatus.ERROR: ("ended with an error", "ended with an error"),
    ResultStatus.TIMEOUT: ("was not answered in time", "were not answered in time"),
    ResultStatus.MISSING_PROVIDER: ("had no provider to ask", "had no provider to ask"),
    ResultStatus.MISSING_ENROLMENT: ("lacked the learner's enrolment", "lacked the learner's enrolment"),
}
_CODE_WORDS = {
    ResultCode.WARNING: ("is a warning", "are warnings", "warning"),
    ResultCode.ALERT: ("is an alert", "are alerts", "alert"),
}
_RAISED_WORDS = {AlertLevel.WARNING: "a warning", AlertLevel.ALERT: "an alert", AlertLevel.ERROR: "an error"}


@dataclass(frozen=True, slots=True)
class Check:
    """A request checked by one instrument: the stored summary and the results of the instrument's providers."""

    summary: RequestResult
    answers: tuple[ProviderResult, ...] = ()
    obstacle: Obstacle | None = None  # why it ended, where that is no fault of a provider


@dataclass(frozen=True, slots=True)
class SessionAlert:
    """An alert raised in a session."""

    level: int
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """An instrument or session of a report, with its level of one kind."""

    name: str
    level: int


@dataclass(frozen=True, slots=True)
class Reason:
    """The stored level and the sentences that explain it; not `is_explained` where the evidence does not lead to it."""

    level: Level
    is_explained: bool
    sentences: tuple[str, ...]

    @property
    def word(self) -> str:
        return LEVELS[self.level]


def instrument_reason(
    instrument: Instrument, stored: InstrumentRow, checks: Collection[Check], names: Mapping[int, str]
) -> Reason:
    """Why an instrument's row has its level. `names` maps provider ids to names."""
    kinds = instrument_kinds(instrument)
    shown_level = Level(max((getattr(stored.levels, kind) for kind in kinds), default=Level.NO_INFORMATION))
    results = [check.summary for check in checks]
    due = _due(results, stored.confidence)
    if due is None or abs(result_mean(results) - stored.result) > STORED:
        return Reason(shown_level, False, (UNKNOWN,))
    confidence = Fraction(_processed(results), due) if due else Fraction(0)
    level = instrument_level(results, confidence)
    if instrument_levels(instrument, level) != stored.levels:
        return Reason(shown_level, False, (UNKNOWN,))
    sentences = [*_steps(checks, confidence, due, level, names)]
    if kinds:
        sentences.append(_conclusion(level))
    else:
        sentences.append("It counts for neither identity nor content nor integrity, so it changes no level.")
    return Reason(shown_level, True, tuple(sentences))


def instrument_kinds(instrument: Instrument) -> list[str]:
    """The kinds of levels that an instrument counts for."""
    spread = instrument_levels(instrument, Level.ALERT)
    return [kind for kind in KINDS if getattr(spread, kind) == Level.ALERT]


def session_reason(stored: SessionRow, statuses: Iterable[int], alerts: Sequence[SessionAlert]) -> Reason:
    """Why a session's row has its level, from the statuses of its requests and its alerts."""
    raised = [alert.level for alert in alerts]
    computed = session_row(statuses, raised, ())
    base = Level.PENDING if computed.pending else session_level(raised)
    stored_levels = {getattr(stored.levels, kind) for kind in KINDS}
    shown_level = Level(max(stored_levels - {Level.NO_INFORMATION}, default=Level.NO_INFORMATION))
    counts = ("total", "pending", "valid", "processed")
    same = all(getattr(computed, name) == getattr(stored, name) for name in counts)
    if not same or not stored_levels <= ({base} if computed.pending else {base, Level.NO_INFORMATION}):
        return Reason(shown_level, False, (UNKNOWN,))
    if computed.pending:
        are = "is" if computed.pending == 1 else "are"
        still_open = f"{computed.pending:,} of its {_counted(computed.total, 'request')} {are} still open."
        return Reason(base, True, (still_open, _conclusion(base)))
    sentences = [_ended(computed), _raised(base, alerts)]
    if base not in stored_levels:
        return Reason(
            shown_level,
            True,
            (*sentences, "None of the learner's instruments here counts for any of the three levels."),
        )
    return Reason(base, True, (*sentences, _conclusion(base)))


def level_reason(kind: str, stored: int, parts: Sequence[Part]) -> Reason:
    """Why a report has its level of identity, content or integrity: the highest of its instruments and sessions."""
    level = Level(stored)
    if level != max((part.level for part in parts), default=Level.PENDING):
        return Reason(level, False, (UNKNOWN,))
    deciding = _listed([part.name for part in parts if part.level == level])
    pending = _listed([part.name for part in parts if part.level == Level.PENDING])
    if not parts:
        sentences = [f"Nothing has been checked yet, so {kind} is Pending."]
    elif level == Level.PENDING:
        sentences = [f"Nothing is settled yet: {pending}. So {kind} is Pending."]
    elif level == Level.NO_INFORMATION:
        sentences = [f"Nothing that was checked says anything about {kind}."]
    else:
        because = f"that is the highest level of its parts: {deciding}"
        sentences = [f"{kind.capitalize()} is {LEVELS[level]} because {because}."]
    if pending and level != Level.PENDING:
        sentences.append(f"Still pending: {pending}.")
    return Reason(level, True, tuple(sentences))


def percent_text(value: Number, *others: Number) -> str:
    """A fraction as percentage, with enough digits to differ from the `others` where it does: 29.9 %, not 30 %."""
    percentage, limits = exact(value) * 100, [exact(other) * 100 for other in others]
    for digits in range(16):
        scale = 10**digits
        number = floor(percentage * scale + Fraction(1, 2))
        rounded = Fraction(number, scale)
        if all((rounded < limit, rounded > limit) == (percentage < limit, percentage > limit) for limit in limits):
            break
    whole, part = divmod(number, scale)
    return f"{whole}.{part:0{digits}}{PERCENT}" if digits else f"{whole}{PERCENT}"


def thresholds_text(provider: Provider, name: str) -> str:
    """A sentence with the thresholds of a provider."""
    limits = threshold_limits(provider)
    if limits is None:
        return f"{name} has no thresholds: its own verdict counts."
    side = "above" if provider.inverted_polarity else "below"
    alert, warning = (percent_text(limit, limit) for limit in limits)
    if alert == warning:
        return f"{name} alerts {side} {alert}."
    return f"{name} warns {side} {warning} and alerts {side} {alert}."


def _due(results: Sequence[RequestResult], confidence: Fraction) -> int | None:
    """The number of checks over which the stored confidence was computed; None when no number fits.

    These are all closed checks and the open ones that were overdue when the row was computed. That time is not stored,
    so the number is derived from the confidence.
    """
    still_open = sum(item.status in OPEN for item in results)
    closed, processed = len(results) - still_open, _processed(results)
    if not processed:
        return closed if confidence == 0 else None
    for due in range(closed, len(results) + 1):
        if abs(Fraction(processed, due) - confidence) <= STORED:
            return due
    return None


def _processed(results: Iterable[RequestResult]) -> int:
    return sum(item.status == ResultStatus.PROCESSED for item in results)


def _steps(
    checks: Collection[Check], confidence: Fraction, due: int, level: Level, names: Mapping[int, str]
) -> Iterator[str]:
    """The sentences that explain an instrument's level, in the order of the computation."""
    statuses = Counter(ResultStatus(check.summary.status) for check in checks if check.obstacle is None)
    total, processed = len(checks), statuses[ResultStatus.PROCESSED]
    still_open = sum(statuses[status] for status in OPEN)
    ended = Counter(check.obstacle for check in checks)
    barred = [f"{number:,} {each.ended}" for each in OBSTACLES.values() if (number := ended[each])]
    waiting = _by_status(statuses, _OPEN_WORDS)
    failed = ", ".join(filter(None, [_by_status(statuses, _FAILED_WORDS), *barred]))
    if not checks:
        yield "No check has been made."
    elif still_open == total:
        begin = "The only check has not" if total == 1 else f"None of {_counted(total, 'check')} has"
        yield f"{begin} ended: {waiting}."
    elif not processed and not still_open:
        yield f"{_all_of(total, 'check')} ended without a result: {failed}."
    elif not processed:
        yield f"{_counted(total - still_open, 'check')} ended without a result: {failed}."
        yield f"{_others(still_open)} still open: {waiting}."
        yield "As long as none is processed, that counts as a warning."
    else:
        yield _processed_of(processed, total, [failed, waiting])
        yield from _measured(checks, confidence, due, level, names)


def _processed_of(processed: int, total: int, rest: list[str]) -> str:
    text = f"{processed:,} of {_counted(total, 'check')} {'was' if processed == 1 else 'were'} processed"
    return "; ".join([text, *filter(None, rest)]) + "."


def _measured(
    checks: Collection[Check], confidence: Fraction, due: int, level: Level, names: Mapping[int, str]
) -> Iterator[str]:
    processed_checks = [check for check in checks if check.summary.status == ResultStatus.PROCESSED]
    code = ResultCode(max(check.summary.code for check in processed_checks))
    confidence_text = percent_text(confidence, ENOUGH_CONFIDENCE)
    overdue = due - sum(check.summary.status not in OPEN for check in checks)
    late = f", {_counted(overdue, 'overdue check')} included" if overdue else ""
    yield f"The confidence is {confidence_text}{late}."
    yield f"The mean result is {percent(result_mean(check.summary for check in processed_checks))} %."
    for provider in _providers(processed_checks):
        yield thresholds_text(provider, names.get(provider.id, "A provider"))
    yield _verdict(processed_checks, code, names)
    if level != code + 1:
        enough = percent_text(ENOUGH_CONFIDENCE)
        least = LEVELS[Level.WARNING]
        yield f"A confidence of {confidence_text} is below {enough}, which makes the level at least {least}."


def _providers(processed_checks: Iterable[Check]) -> list[Provider]:
    """The providers with processed results, ordered by id."""
    providers = {
        answer.provider.id: answer.provider
        for check in processed_checks
        for answer in check.answers
        if answer.status == ResultStatus.PROCESSED
    }
    return [providers[key] for key in sorted(providers)]


def _verdict(processed_checks: Sequence[Check], code: ResultCode, names: Mapping[int, str]) -> str:
    """A sentence about the worst code of the processed checks, which decides."""
    if code == ResultCode.OK:
        return "No processed check is a warning or an alert."
    if code == ResultCode.PENDING:
        return "No processed check carries a verdict, so they say nothing."
    worst = [check for check in processed_checks if check.summary.code == code]
    one, several, _ = _CODE_WORDS[code]
    causes = "; ".join(_causes(worst, code, names))
    total = _counted(len(processed_checks), "processed check")
    return f"{len(worst):,} of {total} {one if len(worst) == 1 else several}: {causes}."


def _causes(worst: Sequence[Check], code: ResultCode, names: Mapping[int, str]) -> Iterator[str]:
    """Why these checks have this code, by provider."""
    by_threshold: dict[int, list[ProviderResult]] = {}
    by_verdict: Counter[int] = Counter()
    unexplained = 0
    for check in worst:
        explained = False
        for answer in check.answers:
            if answer.status != ResultStatus.PROCESSED:
                continue
            if threshold_code(answer.provider, answer.result) == code:
                by_threshold.setdefault(answer.provider.id, []).append(answer)
                explained = True
            elif answer.code == code:
                by_verdict[answer.provider.id] += 1
                explained = True
        unexplained += not explained
    for key, answers in sorted(by_threshold.items()):
        yield _threshold_cause(answers, code, names.get(key, "a provider"))
    for key, count in sorted(by_verdict.items()):
        yield f"in {count:,} {names.get(key, 'a provider')} itself said so"
    if unexplained:
        yield f"in {unexplained:,} what led to it is no longer kept"


def _threshold_cause(answers: Sequence[ProviderResult], code: ResultCode, name: str) -> str:
    provider = answers[0].provider
    limits = threshold_limits(provider)
    assert limits is not None  # noqa: S101 - the caller has compared with these limits
    limit = limits[0] if code == ResultCode.ALERT else limits[1]
    values = [exact(answer.result) for answer in answers if answer.result is not None]
    inverted = provider.inverted_polarity
    worst = percent_text(max(values) if inverted else min(values), limit)
    side, end = ("above", "highest") if inverted else ("below", "lowest")
    lies = f"{_CODE_WORDS[code][2]} threshold of {percent_text(limit, limit)}"
    if len(answers) == 1:
        return f"in 1 the result of {name}, {worst}, lies {side} its {lies}"
    return f"in {len(answers):,} the result of {name} lies {side} its {lies} (the {end} is {worst})"


def _ended(row: SessionRow) -> str:
    failed = row.processed - row.valid
    text = f"{_counted(row.total, 'request')}, none still open" if row.total else "No request"
    return f"{text}, {failed:,} without a result." if failed else f"{text}."


def _raised(base: Level, alerts: Sequence[SessionAlert]) -> str:
    """A sentence with the alerts that decide the level; alerts with the same text are grouped."""
    if base == Level.OK:
        return "Only notes were raised in it." if alerts else "Nothing was raised in it."
    wanted = {AlertLevel.ALERT} if base == Level.ALERT else {AlertLevel.WARNING, AlertLevel.ERROR}
    groups: dict[tuple[int, str], list[datetime]] = {}
    for alert in alerts:
        if alert.level in wanted:
            groups.setdefault((alert.level, _plain(alert.text)), []).append(alert.at)
    sentences = [f"{_RAISED_WORDS[AlertLevel(level)]} ({_times(at)}): {text}" for (level, text), at in groups.items()]
    return f"Raised in it: {'; '.join(sentences)}."


def _times(instants: Sequence[datetime]) -> str:
    first = f"{min(instants):%H:%M} UTC"
    return f"at {first}" if len(instants) == 1 else f"{len(instants):,} times, first at {first}"


def _plain(text: str) -> str:
    return text.strip().rstrip(".")


def _conclusion(level: Level) -> str:
    return f"So the level is {LEVELS[level]}."


def _by_status(statuses: Mapping[ResultStatus, int], words: Mapping[ResultStatus, tuple[str, str]]) -> str:
    return ", ".join(f"{n:,} {one if n == 1 else more}" for key, (one, more) in words.items() if (n := statuses[key]))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _all_of(count: int, noun: str) -> str:
    return f"The only {noun}" if count == 1 else f"All {count:,} {noun}s"


def _others(count: int) -> str:
    return "1 other is" if count == 1 else f"{count:,} others are"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
