"""How reports are computed from the results of providers: pure functions, without database and clock.

The steps are: provider results -> summary of (request, instrument) -> instrument row -> levels of the report. Each
depends only on the set of its inputs, so the order in which results arrive does not matter.

Results, confidence, enrolment and thresholds are fractions 0..1 in this module; only `percent` converts to 0..100.
Statuses and codes may also be plain integers, as the database returns them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import IntEnum
from fractions import Fraction
from math import floor
from typing import TypedDict

from learners.arithmetic import Instrument, Number, Provider, exact

Histogram = tuple[int, ...]

BINS = 10
HUNDREDTH = Decimal("0.01")
ENOUGH_CONFIDENCE = Fraction(6, 10)  # below it the level of an instrument is at least a warning
HIGH_CONFIDENCE = Fraction(3, 4)  # below it the facts call the confidence low
NO_CONFIDENCE = Fraction(1, 10_000)  # below it a result counts as missing
# What fewer learners sum up to tells of single ones. Ten is what the statistical offices of Europe commonly ask of
# tables about health and education.
FEWEST_LEARNERS = 10


class RequestStatus(IntEnum):
    """Status of a request as a whole."""

    STORED = 0
    SCHEDULED = 1
    PROCESSING = 2
    PROCESSED = 3
    ERROR = 4
    TIMEOUT = 5
    MISSING_PROVIDER = 6


class ResultStatus(IntEnum):
    """Status of one provider's result, and of the summary of (request, instrument)."""

    PENDING = 0
    PROCESSED = 1
    ERROR = 2
    TIMEOUT = 3
    MISSING_PROVIDER = 4
    MISSING_ENROLMENT = 5
    PROCESSING = 6
    WAITING = 7


class ResultCode(IntEnum):
    """What a result means."""

    PENDING = 0
    OK = 1
    WARNING = 2
    ALERT = 3


class Level(IntEnum):
    """Level of a report, of an instrument row or of a session row."""

    PENDING = 0
    NO_INFORMATION = 1
    OK = 2
    WARNING = 3
    ALERT = 4


class AlertLevel(IntEnum):
    """Severity of an alert that a client raised during a session; not the scale of `Level`."""

    INFO = 0
    WARNING = 1
    ALERT = 2
    ERROR = 3


OPEN = frozenset({ResultStatus.PENDING, ResultStatus.PROCESSING, ResultStatus.WAITING})
CLOSED_REQUEST = {
    ResultStatus.PROCESSED: RequestStatus.PROCESSED,
    ResultStatus.ERROR: RequestStatus.ERROR,
    ResultStatus.TIMEOUT: RequestStatus.TIMEOUT,
    ResultStatus.MISSING_PROVIDER: RequestStatus.MISSING_PROVIDER,
    ResultStatus.MISSING_ENROLMENT: RequestStatus.ERROR,
}


@dataclass(frozen=True, slots=True)
class ProviderResult:
    """The result of one provider for one request; a processed one has a result 0..1."""

    provider: Provider
    status: int = ResultStatus.PENDING
    result: Number | None = None
    code: int = ResultCode.PENDING


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of all provider results of an instrument for one request: the values of a RequestResult row."""

    status: ResultStatus
    result: Number | None = None
    code: ResultCode = ResultCode.PENDING


@dataclass(frozen=True, slots=True)
class RequestResult:
    """A stored summary of (request, instrument) with the time of the request."""

    created_at: datetime
    status: int = ResultStatus.PENDING
    result: Number | None = None
    code: int = ResultCode.PENDING


@dataclass(frozen=True, slots=True)
class Levels:
    """The three levels of a report, an instrument row or a session row."""

    identity: Level = Level.PENDING
    content: Level = Level.PENDING
    integrity: Level = Level.PENDING


@dataclass(frozen=True, slots=True)
class InstrumentRow:
    """One instrument in the report of a learner for an activity; exact fractions 0..1."""

    result: Fraction
    confidence: Fraction
    enrolment: Fraction
    levels: Levels


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One assessment session in the report: counts of requests, and the levels."""

    total: int
    pending: int
    valid: int
    processed: int
    levels: Levels


@dataclass(frozen=True, slots=True)
class InstrumentMeasurement:
    """The values of an instrument row, with its two histograms, that the statistics of the report's detail need.

    `result` is None where nothing was processed.
    """

    result: Number | None
    confidence: Number
    learner_histogram: Sequence[int] | None = None
    activity_histogram: Sequence[int] | None = None
    alerted: bool = False  # whether some session of this learner in this activity has an alert


class Thresholds(TypedDict):
    """The thresholds of a provider as stored."""

    warning_below: float | None
    alert_below: float | None


class Facts(TypedDict):
    """Codes of statements about an instrument row; the three lists are always there."""

    positive: list[str]
    neutral: list[str]
    negative: list[str]


@dataclass(frozen=True, slots=True)
class Statistics:
    """The statistics of the report's detail; None where they need a histogram, provider or result that is missing."""

    polarity: int | None
    result_bean: int
    thresholds: Thresholds | None
    prob_learner: float | None
    prob_context: float | None
    h_prob_learner: float | None
    h_prob_context: float | None
    facts: Facts


def percent(fraction: Number) -> int:
    """0..1 to 0..100, rounded half up in exact arithmetic: 0.285 is 29, which neither round() nor floats give."""
    if isinstance(fraction, Decimal):  # stored values: the same rounding, cheaper than with Fraction
        return int(fraction.quantize(HUNDREDTH, ROUND_HALF_UP) * 100)
    return floor(exact(fraction) * 100 + Fraction(1, 2))


def provider_shown(providers: Iterable[Provider]) -> Provider | None:
    """The provider whose polarity and thresholds are shown for an instrument: enabled, with the lowest id."""
    return min((provider for provider in providers if provider.enabled), key=lambda provider: provider.id, default=None)


def provider_result_initial_status(*, requires_enrolment: bool, can_analyse: bool) -> ResultStatus:
    """Status of a new provider result. A provider is not asked if it needs a model and has none that can analyse."""
    return ResultStatus.MISSING_ENROLMENT if requires_enrolment and not can_analyse else ResultStatus.PENDING


def threshold_limits(provider: Provider) -> tuple[Fraction, Fraction] | None:
    """(alert limit, warning limit): results below them, or above them for inverted polarity, alert or warn.

    None when not both thresholds are set.
    """
    if provider.warning_below is None or provider.alert_below is None:
        return None
    lower, upper = sorted((exact(provider.warning_below), exact(provider.alert_below)))
    return (upper, lower) if provider.inverted_polarity else (lower, upper)


def threshold_code(provider: Provider, result: Number | None) -> ResultCode:
    """The code of a result according to the provider's thresholds; PENDING, the lowest code, without thresholds.

    A result equal to a threshold is on its good side.
    """
    limits = threshold_limits(provider)
    if limits is None or result is None:
        return ResultCode.PENDING
    value, (alert, warning) = exact(result), limits
    if provider.inverted_polarity:
        value, alert, warning = -value, -alert, -warning
    if value < alert:
        return ResultCode.ALERT
    return ResultCode.WARNING if value < warning else ResultCode.OK


def worst_result(results: Iterable[ProviderResult]) -> Number | None:
    """The worst of the results: the lowest, or the highest for inverted polarity; None where none has a value.

    With both polarities it is the result nearest to its bad end; of equal ones that of the lowest provider id.
    """

    def goodness(item: tuple[Number, Provider]) -> tuple[Fraction, int]:
        value, provider = exact(item[0]), item[1]
        return (1 - value if provider.inverted_polarity else value), provider.id

    valued = [(item.result, item.provider) for item in results if item.result is not None]
    if len(valued) == 1:
        return valued[0][0]
    return min(valued, key=goodness)[0] if valued else None


def result_summary(results: Iterable[ProviderResult]) -> Summary:
    """Summary of (request, instrument) over all its provider results; no result means no enabled provider.

    While a result is open, the summary has no result and code PENDING. Of several final statuses the one with the
    largest number counts. If none was processed, the result is 0 and the code WARNING.
    """
    items = list(results)
    statuses = {item.status for item in items}
    for status in (ResultStatus.WAITING, ResultStatus.PROCESSING, ResultStatus.PENDING):
        if status in statuses:
            return Summary(status)
    processed = [item for item in items if item.status == ResultStatus.PROCESSED]
    final = ResultStatus(max(statuses, default=ResultStatus.MISSING_PROVIDER))
    if not processed:
        return Summary(final, 0.0, ResultCode.WARNING)
    code = max(max(item.code, threshold_code(item.provider, item.result)) for item in processed)
    return Summary(final, worst_result(processed), ResultCode(code))


def request_status(statuses: Mapping[int, Collection[int]]) -> RequestStatus:
    """Status of a request from {instrument id: statuses of its provider results}.

    An empty collection is an instrument without enabled providers, an empty mapping a request without instruments.
    """
    all_statuses = {status for group in statuses.values() for status in (group or (ResultStatus.MISSING_PROVIDER,))}
    if not all_statuses:
        return RequestStatus.STORED
    if all_statuses & OPEN:
        begun = ResultStatus.PROCESSING in all_statuses or not all_statuses <= OPEN
        return RequestStatus.PROCESSING if begun else RequestStatus.SCHEDULED
    return max(CLOSED_REQUEST[ResultStatus(status)] for status in all_statuses)


def result_bin(result: Number) -> int:
    """Bin 0..9 of a result: tenths, the last one including 1."""
    return max(0, min(floor(exact(result) * BINS), BINS - 1))


def histogram_delta(old: ProviderResult | None, new: ProviderResult | None) -> dict[int, int]:
    """Change {bin: +1 or -1} of each of the four histograms when a provider result goes from old to new.

    None stands for no result. Only processed results count, each once: the same result again gives {}, a corrected one
    moves the count.
    """
    delta: dict[int, int] = {}
    for item, step in ((old, -1), (new, 1)):
        if item is not None and item.status == ResultStatus.PROCESSED and item.result is not None:
            index = result_bin(item.result)
            delta[index] = delta.get(index, 0) + step
    return {index: step for index, step in delta.items() if step}


def histogram_changed(histogram: Sequence[int], delta: Mapping[int, int]) -> Histogram:
    """The ten bins after a delta. Stored bins should be changed by F() expressions, which lose no concurrent update."""
    return tuple(count + delta.get(index, 0) for index, count in enumerate(histogram))


def histogram_of(results: Iterable[ProviderResult]) -> Histogram:
    """The ten bins of a set of provider results."""
    bins = [0] * BINS
    for item in results:
        for index, step in histogram_delta(None, item).items():
            bins[index] += step
    return tuple(bins)


def enrolment_minimum(results: Iterable[ProviderResult], percentages: Mapping[int, Number]) -> Fraction:
    """The lowest enrolment percentage of the providers whose results are closed; no enrolment counts as 0."""
    answered = {item.provider.id for item in results if item.status not in OPEN}
    return min((exact(percentages.get(provider_id, 0)) for provider_id in answered), default=Fraction(0))


def result_mean(results: Iterable[RequestResult]) -> Fraction:
    """Mean of the processed results, 0 without any. It is exact, so the order of summation makes no difference."""
    values = [
        exact(item.result) for item in results if item.status == ResultStatus.PROCESSED and item.result is not None
    ]
    return sum(values, Fraction(0)) / len(values) if values else Fraction(0)


def result_confidence(results: Iterable[RequestResult], *, timeout: timedelta, now: datetime) -> Fraction:
    """The share of processed results among the closed and the overdue ones, which are open for `timeout` or longer."""
    statuses = [item.status for item in results if item.status not in OPEN or now - item.created_at >= timeout]
    return Fraction(statuses.count(ResultStatus.PROCESSED), len(statuses)) if statuses else Fraction(0)


def instrument_level(results: Collection[RequestResult], confidence: Fraction) -> Level:
    """Level of an instrument over all its request results of (activity, learner), with their `result_confidence`.

    PENDING until one is closed; NO_INFORMATION when all are closed and none was processed. If none was processed and
    some are open, it is at least WARNING, because the confidence is 0.
    """
    closed = [item for item in results if item.status not in OPEN]
    codes = [item.code for item in closed if item.status == ResultStatus.PROCESSED]
    if not closed:
        return Level.PENDING
    if not codes and len(closed) == len(results):
        return Level.NO_INFORMATION
    level = Level(max(codes, default=ResultCode.WARNING) + 1)
    return level if confidence >= ENOUGH_CONFIDENCE else max(level, Level.WARNING)


def instrument_levels(instrument: Instrument, level: Level) -> Levels:
    """The level for each kind that the instrument counts for, NO_INFORMATION for the others."""
    return Levels(
        identity=level if instrument.identity else Level.NO_INFORMATION,
        content=level if instrument.content else Level.NO_INFORMATION,
        integrity=level if instrument.integrity else Level.NO_INFORMATION,
    )


def instrument_row(
    instrument: Instrument,
    results: Iterable[RequestResult],
    *,
    enrolment: Number = 0,
    timeout: timedelta,
    now: datetime,
) -> InstrumentRow:
    """The instrument's row from all its request results of (activity, learner); `enrolment` as `enrolment_minimum`.

    An open result that is younger than the timeout does not reduce the confidence.
    """
    items = list(results)
    confidence = result_confidence(items, timeout=timeout, now=now)
    return InstrumentRow(
        result=result_mean(items),
        confidence=confidence,
        enrolment=exact(enrolment) if instrument.requires_enrolment else Fraction(0),
        levels=instrument_levels(instrument, instrument_level(items, confidence)),
    )


def session_level(alerts: Iterable[int]) -> Level:
    """Level of a session without pending requests, from the levels of its alerts; those of level INFO do not count."""
    raised = set(alerts)
    if AlertLevel.ALERT in raised:
        return Level.ALERT
    return Level.WARNING if raised & {AlertLevel.WARNING, AlertLevel.ERROR} else Level.OK


def session_row(statuses: Iterable[int], alerts: Iterable[int], instruments: Iterable[Instrument]) -> SessionRow:
    """A session's row from the statuses of its requests, the levels of its alerts and the learner's instruments.

    All levels are PENDING while a request is pending.
    """
    items = list(statuses)
    valid = items.count(RequestStatus.PROCESSED)
    pending = sum(status < RequestStatus.PROCESSED for status in items)
    levels = Levels()
    if not pending:
        base, minimum = session_level(alerts), Levels(*(Level.NO_INFORMATION,) * 3)
        levels = levels_maximum([minimum, *(instrument_levels(instrument, base) for instrument in instruments)])
    return SessionRow(total=len(items), pending=pending, valid=valid, processed=len(items) - pending, levels=levels)


def levels_maximum(items: Iterable[Levels]) -> Levels:
    """The maximum of each of the three levels, PENDING without items."""
    rows = list(items)
    return Levels(
        identity=max((row.identity for row in rows), default=Level.PENDING),
        content=max((row.content for row in rows), default=Level.PENDING),
        integrity=max((row.integrity for row in rows), default=Level.PENDING),
    )


def activity_levels(rows: Iterable[Levels], sessions: Iterable[Levels] = ()) -> Levels:
    """Levels of the report: the maximum of its instrument rows and session rows."""
    return levels_maximum([*rows, *sessions])


def result_bean(result: Number | None) -> int:
    """The bin 0..9 that charts mark: that of the rounded percentage, so that both agree (0.296 is shown as 30)."""
    return max(0, min(percent(result or 0) // BINS, BINS - 1))


def histogram_probability(histogram: Sequence[int] | None, index: int) -> float | None:
    """How frequent a bin is: its share plus half of its neighbours' shares; None for a missing or empty histogram."""
    if not histogram or not sum(histogram):
        return None
    halves = 2 * histogram[index] + sum(histogram[max(index - 1, 0) : index]) + sum(histogram[index + 1 : index + 2])
    return halves / (2 * sum(histogram))


def histogram_better(histogram: Sequence[int] | None, index: int, provider: Provider | None) -> float | None:
    """The share of results better than those of a bin; None without results or without a provider's polarity."""
    if provider is None or not histogram or not sum(histogram):
        return None
    return sum(histogram[:index] if provider.inverted_polarity else histogram[index + 1 :]) / sum(histogram)


def provider_thresholds(provider: Provider | None) -> Thresholds | None:
    """The thresholds of a provider as stored, None for no provider."""
    if provider is None:
        return None
    warning, alert = provider.warning_below, provider.alert_below
    return {
        "warning_below": None if warning is None else float(warning),
        "alert_below": None if alert is None else float(alert),
    }


def instrument_statistics(measurement: InstrumentMeasurement, provider: Provider | None) -> Statistics:
    """The statistics of an instrument row; `provider` as `provider_shown`. Missing values are None.

    A result without confidence counts as missing, but `result_bean` is still a number, because clients need a bin.
    """
    has_result = measurement.result is not None and exact(measurement.confidence) >= NO_CONFIDENCE
    learner, context = (measurement.learner_histogram, measurement.activity_histogram) if has_result else (None, None)
    index = result_bean(measurement.result)
    statistics = Statistics(
        polarity=None if provider is None else provider.polarity,
        result_bean=index,
        thresholds=provider_thresholds(provider),
        prob_learner=histogram_probability(learner, index),
        prob_context=histogram_probability(context, index),
        h_prob_learner=histogram_better(learner, index, provider),
        h_prob_context=histogram_better(context, index, provider),
        facts={"positive": [], "neutral": [], "negative": []},
    )
    if has_result:
        _add_facts_about_result(statistics, measurement, provider)
    else:
        statistics.facts["neutral"].append("NEUTRAL_MISSING_INFORMATION")
    if measurement.alerted:
        statistics.facts["negative"].append("NEGATIVE_WITH_ALERTS")
    return statistics


def _add_facts_about_result(
    statistics: Statistics, measurement: InstrumentMeasurement, provider: Provider | None
) -> None:
    """Add the facts about an existing result, in the order confidence, thresholds, histograms."""
    code = ResultCode.PENDING if provider is None else threshold_code(provider, measurement.result)
    is_confident = exact(measurement.confidence) >= HIGH_CONFIDENCE
    learner, context, usual = statistics.h_prob_learner, statistics.h_prob_context, statistics.prob_learner
    positive = {
        "POSITIVE_CONFIDENCE_HIGH": is_confident,
        "POSITIVE_LEARNER_RESULT_ABOVE_THRESHOLD": code == ResultCode.OK,
        "POSITIVE_LEARNER_RESULT_GOOD_INSTRUMENT": learner is not None and learner < 0.4,
        "POSITIVE_LEARNER_RESULT_GOOD_ACTIVITY": context is not None and context < 0.4,
        "POSITIVE_LEARNER_RESULT_FREQUENT": usual is not None and usual > 0.8,
    }
    negative = {
        "NEGATIVE_CONFIDENCE_LOW": not is_confident,
        "NEGATIVE_LEARNER_RESULT_BELOW_THRESHOLD": code == ResultCode.ALERT,
        "NEGATIVE_LEARNER_RESULT_BAD_INSTRUMENT": learner is not None and learner > 0.75,
        "NEGATIVE_LEARNER_RESULT_BAD_ACTIVITY": context is not None and context > 0.5,
    }
    statistics.facts["positive"].extend(name for name, applies in positive.items() if applies)
    statistics.facts["negative"].extend(name for name, applies in negative.items() if applies)
