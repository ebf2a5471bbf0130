"""Why a report has its levels, in plain words: the arithmetic done again over the evidence, told step by step.

Nothing here decides: every level comes from reports.arithmetic. Where the evidence at hand does not lead to what is
stored - some of it was erased since, or came later - the text says that it cannot be told, and gives no reason.
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

LEVELS = {
    Level.PENDING: "Pending",
    Level.NO_INFORMATION: "No information",
    Level.OK: "OK",
    Level.WARNING: "Warning",
    Level.ALERT: "Alert",
}
KINDS = ("identity", "content", "integrity")
PERCENT = "\N{NO-BREAK SPACE}%"
STORED = Fraction(1, 1_000_000)  # what a stored fraction may differ from the exact one
UNKNOWN = (
    "Why it has this level cannot be told: the evidence that is kept does not lead to it. Some of it may have been "
    "erased since, or have come after the report was last made."
)
# One, several.
_OPEN_WORDS = {
    ResultStatus.PENDING: ("waits to be processed", "wait to be processed"),
    ResultStatus.PROCESSING: ("is being processed", "are being processed"),
    ResultStatus.WAITING: ("waits for an external service", "wait for an external service"),
}
_VAIN_WORDS = {
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
    """A request as one instrument saw it: the stored summary, and what the instrument's providers answered."""

    summary: RequestResult
    answers: tuple[ProviderResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Noticed:
    """An alert of a session: its level, what it says, and when it was raised."""

    level: int
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """An instrument or a session, with its level of the kind that is asked for."""

    name: str
    level: int


@dataclass(frozen=True, slots=True)
class Reason:
    """The level that is stored and what led to it. Not `told`: the evidence does not say."""

    level: Level
    told: bool
    sentences: tuple[str, ...]

    @property
    def word(self) -> str:
        return LEVELS[self.level]


def instrument_reason(
    instrument: Instrument, stored: InstrumentRow, checks: Collection[Check], names: Mapping[int, str]
) -> Reason:
    """Why an instrument's row has its level; `names` are those of the providers, by id."""
    counted = instrument_kinds(instrument)
    shown = Level(max((getattr(stored.levels, kind) for kind in counted), default=Level.NO_INFORMATION))
    results = [check.summary for check in checks]
    due = _due(results, stored.confidence)
    if due is None or abs(result_mean(results) - stored.result) > STORED:
        return Reason(shown, False, (UNKNOWN,))
    confidence = Fraction(_processed(results), due) if due else Fraction(0)
    level = instrument_level(results, confidence)
    if instrument_levels(instrument, level) != stored.levels:
        return Reason(shown, False, (UNKNOWN,))
    told = [*_course(checks, confidence, due, level, names)]
    if counted:
        told.append(_so(level))
    else:
        told.append("It counts for neither identity nor content nor integrity, so it changes no level.")
    return Reason(shown, True, tuple(told))


def instrument_kinds(instrument: Instrument) -> list[str]:
    """What an instrument counts for."""
    spread = instrument_levels(instrument, Level.ALERT)
    return [kind for kind in KINDS if getattr(spread, kind) == Level.ALERT]


def session_reason(stored: SessionRow, statuses: Iterable[int], alerts: Sequence[Noticed]) -> Reason:
    """Why a session's row has its level, from the statuses of its requests and its alerts."""
    raised = [alert.level for alert in alerts]
    again = session_row(statuses, raised, ())
    base = Level.PENDING if again.pending else session_level(raised)
    held = {getattr(stored.levels, kind) for kind in KINDS}
    shown = Level(max(held - {Level.NO_INFORMATION}, default=Level.NO_INFORMATION))
    counts = ("total", "pending", "valid", "processed")
    same = all(getattr(again, name) == getattr(stored, name) for name in counts)
    if not same or not held <= ({base} if again.pending else {base, Level.NO_INFORMATION}):
        return Reason(shown, False, (UNKNOWN,))
    if again.pending:
        are = "is" if again.pending == 1 else "are"
        told = [f"{again.pending:,} of its {_many(again.total, 'request')} {are} still open.", _so(base)]
        return Reason(base, True, tuple(told))
    told = [_ended(again), _raised(base, alerts)]
    if base not in held:
        return Reason(
            shown, True, (*told, "None of the learner's instruments here counts for any of the three levels.")
        )
    return Reason(base, True, (*told, _so(base)))


def level_reason(kind: str, stored: int, parts: Sequence[Part]) -> Reason:
    """Why a report has its level of identity, content or integrity: the highest of its instruments and sessions."""
    level = Level(stored)
    if level != max((part.level for part in parts), default=Level.PENDING):
        return Reason(level, False, (UNKNOWN,))
    deciding = _listed([part.name for part in parts if part.level == level])
    pending = _listed([part.name for part in parts if part.level == Level.PENDING])
    if not parts:
        told = [f"Nothing has been checked yet, so {kind} is Pending."]
    elif level == Level.PENDING:
        told = [f"Nothing is settled yet: {pending}. So {kind} is Pending."]
    elif level == Level.NO_INFORMATION:
        told = [f"Nothing that was checked says anything about {kind}."]
    else:
        told = [f"{kind.capitalize()} is {LEVELS[level]} because that is the highest level of its parts: {deciding}."]
    if pending and level != Level.PENDING:
        told.append(f"Still pending: {pending}.")
    return Reason(level, True, tuple(told))


def percent_text(value: Number, *others: Number) -> str:
    """A fraction as percent, with as many digits as it needs to stay on its side of the others: 29.9 % is not 30 %."""
    exactly, besides = exact(value) * 100, [exact(other) * 100 for other in others]
    for digits in range(16):
        scale = 10**digits
        number = floor(exactly * scale + Fraction(1, 2))
        shown = Fraction(number, scale)
        if all((shown < other) == (exactly < other) and (shown > other) == (exactly > other) for other in besides):
            break
    whole, part = divmod(number, scale)
    return f"{whole}.{part:0{digits}}{PERCENT}" if digits else f"{whole}{PERCENT}"


def thresholds_text(provider: Provider, name: str) -> str:
    """From where on a provider warns and alerts."""
    limits = threshold_limits(provider)
    if limits is None:
        return f"{name} has no thresholds: its own verdict counts."
    side = "above" if provider.inverted_polarity else "below"
    alert, warning = (percent_text(limit, limit) for limit in limits)
    if alert == warning:
        return f"{name} alerts {side} {alert}."
    return f"{name} warns {side} {warning} and alerts {side} {alert}."


def _due(results: Sequence[RequestResult], confidence: Fraction) -> int | None:
    """How many checks the stored confidence was measured by: all that had ended and some that were still open.

    How many of those were overdue depends on the hour at which the row was made, which the confidence remembers.
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


def _course(
    checks: Collection[Check], confidence: Fraction, due: int, level: Level, names: Mapping[int, str]
) -> Iterator[str]:
    """What led to an instrument's level, in the order in which it was worked out."""
    statuses = Counter(ResultStatus(check.summary.status) for check in checks)
    total, processed = len(checks), statuses[ResultStatus.PROCESSED]
    still_open = sum(statuses[status] for status in OPEN)
    waiting, vain = _broken_down(statuses, _OPEN_WORDS), _broken_down(statuses, _VAIN_WORDS)
    if not checks:
        yield "No check has been made."
    elif still_open == total:
        begin = "The only check has not" if total == 1 else f"None of {_many(total, 'check')} has"
        yield f"{begin} ended: {waiting}."
    elif not processed and not still_open:
        yield f"{_all(total, 'check')} ended without a result: {vain}."
    elif not processed:
        yield f"{_many(total - still_open, 'check')} ended without a result: {vain}."
        yield f"{_others(still_open)} still open: {waiting}."
        yield "As long as none is processed, that counts as a warning."
    else:
        yield _counted(processed, total, [vain, waiting])
        yield from _measured(checks, confidence, due, level, names)


def _counted(processed: int, total: int, rest: list[str]) -> str:
    text = f"{processed:,} of {_many(total, 'check')} {'was' if processed == 1 else 'were'} processed"
    return "; ".join([text, *filter(None, rest)]) + "."


def _measured(
    checks: Collection[Check], confidence: Fraction, due: int, level: Level, names: Mapping[int, str]
) -> Iterator[str]:
    done = [check for check in checks if check.summary.status == ResultStatus.PROCESSED]
    code = ResultCode(max(check.summary.code for check in done))
    shown = percent_text(confidence, ENOUGH_CONFIDENCE)
    overdue = due - sum(check.summary.status not in OPEN for check in checks)
    late = f", {_many(overdue, 'overdue check')} included" if overdue else ""
    yield f"The confidence is {shown}{late}."
    yield f"The mean result is {percent(result_mean(check.summary for check in done))} %."
    for provider in _providers(done):
        yield thresholds_text(provider, names.get(provider.id, "A provider"))
    yield _verdict(done, code, names)
    if level != code + 1:
        enough = percent_text(ENOUGH_CONFIDENCE)
        yield f"A confidence of {shown} is below {enough}, which makes the level at least {LEVELS[Level.WARNING]}."


def _providers(done: Iterable[Check]) -> list[Provider]:
    """Those whose answers were processed, by id."""
    found = {
        answer.provider.id: answer.provider
        for check in done
        for answer in check.answers
        if answer.status == ResultStatus.PROCESSED
    }
    return [found[key] for key in sorted(found)]


def _verdict(done: Sequence[Check], code: ResultCode, names: Mapping[int, str]) -> str:
    """What the processed checks come to: the worst of them counts."""
    if code == ResultCode.OK:
        return "No processed check is a warning or an alert."
    if code == ResultCode.PENDING:
        return "No processed check carries a verdict, so they say nothing."
    worst = [check for check in done if check.summary.code == code]
    one, several, _ = _CODE_WORDS[code]
    causes = "; ".join(_causes(worst, code, names))
    found = _many(len(done), "processed check")
    return f"{len(worst):,} of {found} {one if len(worst) == 1 else several}: {causes}."


def _causes(worst: Sequence[Check], code: ResultCode, names: Mapping[int, str]) -> Iterator[str]:
    """Why these checks have this code, by provider."""
    below: dict[int, list[ProviderResult]] = {}
    said: Counter[int] = Counter()
    unexplained = 0
    for check in worst:
        explained = False
        for answer in check.answers:
            if answer.status != ResultStatus.PROCESSED:
                continue
            if threshold_code(answer.provider, answer.result) == code:
                below.setdefault(answer.provider.id, []).append(answer)
                explained = True
            elif answer.code == code:
                said[answer.provider.id] += 1
                explained = True
        unexplained += not explained
    for key, answers in sorted(below.items()):
        yield _beyond(answers, code, names.get(key, "a provider"))
    for key, count in sorted(said.items()):
        yield f"in {count:,} {names.get(key, 'a provider')} itself said so"
    if unexplained:
        yield f"in {unexplained:,} what led to it is no longer kept"


def _beyond(answers: Sequence[ProviderResult], code: ResultCode, name: str) -> str:
    provider = answers[0].provider
    limits = threshold_limits(provider)
    assert limits is not None  # noqa: S101 - a threshold has just been compared with
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
    vain = row.processed - row.valid
    text = f"{_many(row.total, 'request')}, none still open" if row.total else "No request"
    return f"{text}, {vain:,} without a result." if vain else f"{text}."


def _raised(base: Level, alerts: Sequence[Noticed]) -> str:
    """The alerts that make the level, those that say the same together."""
    if base == Level.OK:
        return "Only notes were raised in it." if alerts else "Nothing was raised in it."
    wanted = {AlertLevel.ALERT} if base == Level.ALERT else {AlertLevel.WARNING, AlertLevel.ERROR}
    groups: dict[tuple[int, str], list[datetime]] = {}
    for alert in alerts:
        if alert.level in wanted:
            groups.setdefault((alert.level, _plain(alert.text)), []).append(alert.at)
    told = [f"{_RAISED_WORDS[AlertLevel(level)]} ({_times(at)}): {text}" for (level, text), at in groups.items()]
    return f"Raised in it: {'; '.join(told)}."


def _times(instants: Sequence[datetime]) -> str:
    first = f"{min(instants):%H:%M} UTC"
    return f"at {first}" if len(instants) == 1 else f"{len(instants):,} times, first at {first}"


def _plain(text: str) -> str:
    return text.strip().rstrip(".")


def _so(level: Level) -> str:
    return f"So the level is {LEVELS[level]}."


def _broken_down(statuses: Mapping[ResultStatus, int], words: Mapping[ResultStatus, tuple[str, str]]) -> str:
    return ", ".join(f"{n:,} {one if n == 1 else more}" for key, (one, more) in words.items() if (n := statuses[key]))


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _all(count: int, noun: str) -> str:
    return f"The only {noun}" if count == 1 else f"All {count:,} {noun}s"


def _others(count: int) -> str:
    return "1 other is" if count == 1 else f"{count:,} others are"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
