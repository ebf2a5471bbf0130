"""How provider results become reports, against values worked out by hand."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume
from hypothesis import strategies as st

from learners.arithmetic import Instrument, Provider
from reports.arithmetic import (
    AlertLevel,
    InstrumentMeasurement,
    InstrumentRow,
    Level,
    Levels,
    ProviderResult,
    RequestResult,
    RequestStatus,
    ResultCode,
    ResultStatus,
    Summary,
    activity_levels,
    enrolment_minimum,
    histogram_changed,
    histogram_delta,
    histogram_of,
    instrument_row,
    instrument_statistics,
    percent,
    provider_result_initial_status,
    provider_shown,
    request_status,
    result_bean,
    result_bin,
    result_summary,
    session_row,
    threshold_code,
)
from tests.examples import given

NOW = datetime(2021, 5, 4, 12, 0, tzinfo=UTC)
TIMEOUT = timedelta(minutes=30)
LONG_AGO = NOW - timedelta(hours=1)
JUST_NOW = NOW - timedelta(minutes=1)

PENDING, PROCESSED, ERROR, TIMED_OUT, NO_PROVIDER, NO_ENROLMENT, PROCESSING, WAITING = range(8)
OPEN = (PENDING, PROCESSING, WAITING)
FR = Instrument(1, requires_enrolment=True, identity=True)
FA = Instrument(4, requires_enrolment=True, identity=True, authorship=True)
PLAG = Instrument(5, originality=True)
GUARD = Instrument(6, integrity=True)

PLAIN = Provider(1, 1)
NORMAL = Provider(2, 1, warning_below=0.6, alert_below=0.3)
INVERTED = Provider(3, 5, inverted_polarity=True, warning_below=0.3, alert_below=0.6)


def processed(result, code=1, provider=PLAIN):
    return ProviderResult(provider, PROCESSED, result, code)


def stored(status, result=None, code=0, created_at=LONG_AGO):
    return RequestResult(created_at, status, result, code)


def row_of(*results, instrument=FR, enrolment=0) -> InstrumentRow:
    return instrument_row(instrument, results, enrolment=enrolment, timeout=TIMEOUT, now=NOW)


def identity_level(*results) -> int:
    return row_of(*results).levels.identity


def test_statuses_codes_and_levels_have_the_numbers_of_the_contract():
    assert [(item.name, item.value) for item in RequestStatus] == [
        ("STORED", 0),
        ("SCHEDULED", 1),
        ("PROCESSING", 2),
        ("PROCESSED", 3),
        ("ERROR", 4),
        ("TIMEOUT", 5),
        ("MISSING_PROVIDER", 6),
    ]
    assert [(item.name, item.value) for item in ResultStatus] == [
        ("PENDING", 0),
        ("PROCESSED", 1),
        ("ERROR", 2),
        ("TIMEOUT", 3),
        ("MISSING_PROVIDER", 4),
        ("MISSING_ENROLMENT", 5),
        ("PROCESSING", 6),
        ("WAITING", 7),
    ]
    assert [(item.name, item.value) for item in ResultCode] == [
        ("PENDING", 0),
        ("OK", 1),
        ("WARNING", 2),
        ("ALERT", 3),
    ]
    assert [(item.name, item.value) for item in Level] == [
        ("PENDING", 0),
        ("NO_INFORMATION", 1),
        ("OK", 2),
        ("WARNING", 3),
        ("ALERT", 4),
    ]


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [
        (0, 0),
        (1, 100),
        (0.004999, 0),
        (0.005, 1),
        (0.125, 13),
        (0.285, 29),
        (0.545, 55),
        (0.575, 58),
        (0.994999, 99),
        (0.995, 100),
        (Decimal("0.285"), 29),
        (Fraction(1, 3), 33),
        (Fraction(2, 3), 67),
        (1e-07, 0),
    ],
)
def test_percent_is_rounded_half_up_without_binary_error(fraction, expected):
    assert percent(fraction) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_percent_of_no_number_is_refused(value):
    with pytest.raises(ValueError, match="Fraction"):
        percent(value)


@pytest.mark.parametrize("pair", [(0.6, 0.3), (0.3, 0.6)])
@pytest.mark.parametrize(("result", "expected"), [(0, 3), (0.29, 3), (0.3, 2), (0.59, 2), (0.6, 1), (0.9, 1), (1, 1)])
def test_normal_polarity_alerts_below_the_smaller_and_warns_below_the_larger(pair, result, expected):
    assert threshold_code(Provider(1, warning_below=pair[0], alert_below=pair[1]), result) == expected


@pytest.mark.parametrize("pair", [(0.6, 0.3), (0.3, 0.6)])
@pytest.mark.parametrize(
    ("result", "expected"), [(0, 1), (0.05, 1), (0.3, 1), (0.31, 2), (0.4, 2), (0.6, 2), (0.61, 3), (0.9, 3), (1, 3)]
)
def test_inverted_polarity_alerts_above_the_larger_and_warns_above_the_smaller(pair, result, expected):
    provider = Provider(1, inverted_polarity=True, warning_below=pair[0], alert_below=pair[1])
    assert threshold_code(provider, result) == expected


@pytest.mark.parametrize(("inverted", "expected"), [(False, 1), (True, 1)])
def test_result_on_a_decimal_threshold_is_on_its_good_side(inverted, expected):
    provider = Provider(1, inverted_polarity=inverted, warning_below=Decimal("0.30"), alert_below=Decimal("0.30"))
    assert threshold_code(provider, 0.3) == expected


@pytest.mark.parametrize(("warning", "alert"), [(None, None), (0.6, None), (None, 0.3)])
def test_without_a_pair_of_thresholds_only_the_providers_own_code_counts(warning, alert):
    """An earlier implementation failed on a provider without thresholds."""
    provider = Provider(1, warning_below=warning, alert_below=alert)
    assert threshold_code(provider, 0.01) == 0
    assert result_summary([processed(0.01, 1, provider)]) == Summary(PROCESSED, 0.01, 1)
    assert result_summary([processed(0.99, 3, provider)]) == Summary(PROCESSED, 0.99, 3)


def test_code_is_the_largest_of_own_codes_and_thresholds():
    assert result_summary([processed(0.9, 1, NORMAL)]).code == 1
    assert result_summary([processed(0.5, 1, NORMAL)]).code == 2
    assert result_summary([processed(0.5, 3, NORMAL)]).code == 3
    assert result_summary([processed(0.2, 1, NORMAL)]).code == 3
    assert result_summary([processed(0.9, 1, NORMAL), processed(0.9, 2)]).code == 2
    assert result_summary([processed(0.9, 0, NORMAL)]).code == 1


def test_codes_of_results_that_are_not_processed_do_not_count():
    results = [processed(0.9, 1), ProviderResult(NORMAL, ERROR, 0.0, 3)]
    assert result_summary(results) == Summary(ERROR, 0.9, 1)


def test_worst_of_normal_providers_is_the_minimum():
    """An earlier implementation took the maximum whatever the polarity: the best of normal providers, the worst of
    inverted ones.
    """
    assert result_summary([processed(0.8), processed(0.7, provider=Provider(9)), processed(0.9)]).result == 0.7


def test_worst_of_inverted_providers_is_the_maximum():
    other = Provider(9, inverted_polarity=True)
    assert result_summary([processed(0.1, provider=INVERTED), processed(0.2, provider=other)]).result == 0.2


def test_worst_of_mixed_polarities_is_the_one_nearest_to_its_bad_end():
    assert result_summary([processed(0.4), processed(0.7, provider=INVERTED)]).result == 0.7
    assert result_summary([processed(0.2), processed(0.7, provider=INVERTED)]).result == 0.2
    assert result_summary([processed(0.75, provider=INVERTED), processed(0.25)]).result == 0.25


@pytest.mark.parametrize("status", [ERROR, TIMED_OUT, NO_PROVIDER, NO_ENROLMENT])
def test_none_processed_gives_the_status_result_zero_and_a_warning(status):
    assert result_summary([ProviderResult(NORMAL, status)]) == Summary(status, 0, 2)


def test_instrument_without_enabled_provider_is_missing_provider():
    assert result_summary([]) == Summary(NO_PROVIDER, 0, 2)


def test_processed_result_without_a_value_brings_only_its_code():
    item = processed(None, 2, NORMAL)
    assert result_summary([item]) == Summary(PROCESSED, None, 2)
    assert result_summary([item, processed(0.9)]) == Summary(PROCESSED, 0.9, 2)
    assert histogram_of([item]) == (0,) * 10
    assert row_of(stored(PROCESSED, None, 1), stored(PROCESSED, 0.5, 1)).result == Fraction(1, 2)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((PENDING,), 0),
        ((PENDING, PROCESSED), 0),
        ((PENDING, NO_ENROLMENT), 0),
        ((PENDING, PROCESSING), 6),
        ((PROCESSING, PROCESSED), 6),
        ((PENDING, PROCESSING, WAITING), 7),
        ((WAITING, ERROR), 7),
    ],
)
def test_summary_waits_while_some_result_is_open(statuses, expected):
    results = [ProviderResult(Provider(key), status, 0.1, 3) for key, status in enumerate(statuses)]
    assert result_summary(results) == Summary(expected, None, 0)


@pytest.mark.parametrize(
    ("statuses", "expected"), [((1, 1), 1), ((1, 2), 2), ((2, 3), 3), ((1, 5), 5), ((5, 3, 1), 5), ((4, 3), 4)]
)
def test_largest_of_several_final_statuses_counts(statuses, expected):
    results = [ProviderResult(Provider(key), status, 0.5, 1) for key, status in enumerate(statuses)]
    assert result_summary(results).status == expected


def test_new_result_is_missing_enrolment_only_without_a_model_that_is_required():
    assert provider_result_initial_status(requires_enrolment=True, can_analyse=False) == 5
    assert provider_result_initial_status(requires_enrolment=True, can_analyse=True) == 0
    assert provider_result_initial_status(requires_enrolment=False, can_analyse=False) == 0


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((1,), 3),
        ((2,), 4),
        ((3,), 5),
        ((4,), 6),
        ((5,), 4),
        ((1, 5), 4),
        ((3, 5), 5),
        ((2, 3), 5),
        ((3, 4), 6),
        ((1, 1), 3),
        ((0,), 1),
        ((7,), 1),
        ((0, 7), 1),
        ((6,), 2),
        ((0, 6), 2),
        ((0, 1), 2),
        ((7, 2), 2),
        ((0, 5), 2),
    ],
)
def test_request_status_follows_the_statuses_of_its_results(statuses, expected):
    """An earlier implementation stored a missing provider as error, a missing enrolment as timeout, and a waiting
    result as error.
    """
    assert request_status({1: statuses}) == expected
    assert request_status({key: [status] for key, status in enumerate(statuses)}) == expected


def test_instrument_without_provider_makes_the_request_missing_provider():
    assert request_status({1: []}) == RequestStatus.MISSING_PROVIDER
    assert request_status({1: [PROCESSED], 2: []}) == RequestStatus.MISSING_PROVIDER
    assert request_status({1: [PENDING], 2: []}) == RequestStatus.PROCESSING


def test_request_without_instruments_is_only_stored():
    assert request_status({}) == RequestStatus.STORED


def test_unknown_result_status_is_refused():
    with pytest.raises(ValueError, match="9"):
        request_status({1: [9]})


@pytest.mark.parametrize(
    ("result", "expected"),
    [(0, 0), (0.0999, 0), (0.1, 1), (0.29, 2), (0.3, 3), (0.6, 6), (0.7, 7), (0.8999, 8), (0.9, 9), (1, 9), (1.0, 9)],
)
def test_bin_is_the_tenth_of_a_result(result, expected):
    assert result_bin(result) == expected


def test_each_provider_result_is_counted_once():
    """An earlier implementation counted each result twice in all histograms, and lost counts of parallel results."""
    waiting, low, high = ProviderResult(PLAIN, WAITING), processed(0.25), processed(0.75)
    assert histogram_delta(None, waiting) == {}
    assert histogram_delta(waiting, low) == {2: 1}
    assert histogram_delta(low, low) == {}
    assert histogram_delta(low, processed(0.29)) == {}
    assert histogram_delta(low, high) == {2: -1, 7: 1}
    assert histogram_delta(high, ProviderResult(PLAIN, ERROR, 0.75)) == {7: -1}
    assert histogram_delta(low, None) == {2: -1}
    assert histogram_delta(None, None) == {}


def test_delta_changes_only_its_bins():
    assert histogram_changed((0, 0, 4, 0, 0, 0, 0, 1, 0, 0), {2: -1, 7: 1}) == (0, 0, 3, 0, 0, 0, 0, 2, 0, 0)


def test_histogram_counts_processed_results_only():
    results = [processed(0.05), processed(1), processed(0.95), ProviderResult(PLAIN, ERROR, 0.5)]
    assert histogram_of(results) == (1, 0, 0, 0, 0, 0, 0, 0, 0, 2)


def test_worked_check_of_face_recognition():
    outcomes = [
        processed(0.9, 1, NORMAL),
        processed(0.59, 1, NORMAL),
        processed(0.29, 1, NORMAL),
        processed(0.9, 3, NORMAL),
        ProviderResult(NORMAL, ERROR),
        ProviderResult(NORMAL, TIMED_OUT),
        ProviderResult(NORMAL, NO_ENROLMENT),
        ProviderResult(NORMAL),
    ]
    summaries = [result_summary([outcome]) for outcome in outcomes]
    assert [item.code for item in summaries] == [1, 2, 3, 3, 2, 2, 2, 0]
    row = row_of(
        *(stored(item.status, item.result, item.code) for item in summaries),
        enrolment=enrolment_minimum(outcomes, {NORMAL.id: Decimal("0.75")}),
    )
    assert (percent(row.result), percent(row.confidence), percent(row.enrolment)) == (67, 50, 75)
    assert row.levels == Levels(identity=4, content=1, integrity=1)


@pytest.mark.parametrize(("result", "level"), [(0.05, 2), (0.4, 3), (0.9, 4)])
@pytest.mark.parametrize("own_code", [0, 1])
@pytest.mark.parametrize("pair", [(0.3, 0.6), (0.6, 0.3)])
def test_worked_check_of_plagiarism_detection(result, level, own_code, pair):
    provider = Provider(3, 5, inverted_polarity=True, warning_below=pair[0], alert_below=pair[1])
    summary = result_summary([processed(result, own_code, provider)])
    row = row_of(stored(summary.status, summary.result, summary.code), instrument=PLAG)
    assert row.levels == Levels(identity=1, content=level, integrity=1)
    assert row.enrolment == 0


def test_row_without_results_is_pending():
    assert row_of() == InstrumentRow(Fraction(0), Fraction(0), Fraction(0), Levels(0, 1, 1))


@pytest.mark.parametrize("status", OPEN)
@pytest.mark.parametrize("created_at", [JUST_NOW, LONG_AGO])
def test_level_is_pending_while_no_result_is_closed(status, created_at):
    row = row_of(stored(status, created_at=created_at))
    assert (row.result, row.confidence, row.levels.identity) == (0, 0, 0)


@pytest.mark.parametrize("status", [ERROR, TIMED_OUT, NO_PROVIDER, NO_ENROLMENT])
def test_all_closed_and_none_processed_is_no_information(status):
    """An earlier implementation made a warning of an instrument that had given no result."""
    row = row_of(stored(status, 0.0, 2), stored(ERROR, 0.0, 2))
    assert (row.result, row.confidence, row.levels.identity) == (0, 0, 1)


def test_some_closed_in_vain_while_others_are_open_is_a_warning():
    assert identity_level(stored(ERROR, 0.0, 2), stored(PENDING, created_at=JUST_NOW)) == 3


@pytest.mark.parametrize(("code", "level"), [(0, 1), (1, 2), (2, 3), (3, 4)])
def test_level_is_one_above_the_largest_processed_code(code, level):
    assert identity_level(stored(PROCESSED, 0.9, 0), stored(PROCESSED, 0.9, code)) == level


def test_codes_of_unprocessed_results_do_not_raise_the_level():
    assert identity_level(stored(PROCESSED, 0.9, 1), stored(PROCESSED, 0.9, 1), stored(ERROR, 0.0, 3)) == 2


def test_low_confidence_is_at_least_a_warning():
    """An earlier implementation worked out the confidence and did not use it."""
    three_of_five = [stored(PROCESSED, 0.9, 1)] * 3 + [stored(ERROR, 0.0, 2)] * 2
    assert identity_level(*three_of_five) == 2
    assert identity_level(*three_of_five, stored(TIMED_OUT, 0.0, 2)) == 3
    assert identity_level(stored(PROCESSED, 0.9, 0), stored(ERROR, 0.0, 2)) == 3


def test_low_confidence_does_not_lower_an_alert():
    assert identity_level(stored(PROCESSED, 0.1, 3), stored(ERROR, 0.0, 2)) == 4


@pytest.mark.parametrize(
    ("age", "confidence", "level"),
    [(TIMEOUT - timedelta(microseconds=1), 1, 2), (TIMEOUT, Fraction(1, 2), 3), (timedelta(0), 1, 2)],
)
@pytest.mark.parametrize("status", OPEN)
def test_open_results_count_against_confidence_from_the_timeout_on(status, age, confidence, level):
    row = row_of(stored(PROCESSED, 0.9, 1), stored(status, created_at=NOW - age))
    assert (row.confidence, row.levels.identity) == (confidence, level)


def test_closed_results_count_at_every_age():
    assert row_of(stored(PROCESSED, 0.9, 1, JUST_NOW), stored(ERROR, 0.0, 2, JUST_NOW)).confidence == Fraction(1, 2)


def test_mean_is_exact():
    row = row_of(stored(PROCESSED, 0.28, 1), stored(PROCESSED, 0.29, 1))
    assert row.result == Fraction(285, 1000)
    assert percent(row.result) == 29


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [
        (FR, Levels(2, 1, 1)),
        (FA, Levels(2, 2, 1)),
        (PLAG, Levels(1, 2, 1)),
        (GUARD, Levels(1, 1, 2)),
        (Instrument(7), Levels(1, 1, 1)),
    ],
)
def test_level_counts_for_the_kinds_of_the_instrument(instrument, expected):
    assert row_of(stored(PROCESSED, 0.9, 1), instrument=instrument).levels == expected


def test_enrolment_is_the_least_of_the_providers_that_answered():
    results = [processed(0.9, provider=PLAIN), ProviderResult(NORMAL, ERROR), ProviderResult(INVERTED, PENDING)]
    assert enrolment_minimum(results, {1: 0.8, 2: 0.5, 3: 0.1, 4: 0}) == Fraction(1, 2)


def test_provider_without_enrolment_counts_as_zero():
    """An earlier implementation failed without an enrolment, and the report was never made."""
    results = [processed(0.9, provider=PLAIN), ProviderResult(NORMAL, NO_ENROLMENT)]
    assert enrolment_minimum(results, {1: 0.8}) == 0
    assert enrolment_minimum([], {1: 0.8}) == 0


def test_enrolment_is_zero_where_none_is_required():
    assert row_of(stored(PROCESSED, 0.05, 1), instrument=PLAG, enrolment=0.8).enrolment == 0
    assert row_of(stored(PROCESSED, 0.05, 1), instrument=FR, enrolment=0.8).enrolment == Fraction(4, 5)


def test_session_counts_pending_valid_and_processed_requests():
    row = session_row([0, 1, 2, 3, 3, 4, 5, 6], [], [FR])
    assert (row.total, row.pending, row.valid, row.processed) == (8, 3, 2, 5)


@pytest.mark.parametrize("status", [0, 1, 2])
def test_session_is_pending_while_a_request_is(status):
    assert session_row([3, status], [AlertLevel.ALERT], [FR]).levels == Levels(0, 0, 0)


@pytest.mark.parametrize(
    ("alerts", "level"), [((), 2), ((0,), 2), ((1,), 3), ((3,), 3), ((0, 3, 1), 3), ((2,), 4), ((1, 2, 3), 4)]
)
def test_session_level_follows_its_alerts(alerts, level):
    assert session_row([3, 4, 5, 6], iter(alerts), [FR, PLAG]).levels == Levels(level, level, 1)


def test_session_levels_are_without_information_where_no_instrument_counts():
    assert session_row([3], [2], []).levels == Levels(1, 1, 1)
    assert session_row([3], [2], [GUARD]).levels == Levels(1, 1, 4)


def test_session_without_requests_has_nothing_pending():
    row = session_row([], [], [FR])
    assert (row.total, row.pending, row.valid, row.processed, row.levels) == (0, 0, 0, 0, Levels(2, 1, 1))


def test_activity_levels_are_the_highest_of_the_rows():
    assert activity_levels([Levels(2, 1, 1), Levels(0, 4, 1), Levels(3, 2, 1)]) == Levels(3, 4, 1)


def test_sessions_raise_activity_levels_and_never_lower_them():
    assert activity_levels([Levels(2, 4, 0)], [Levels(3, 2, 1), Levels(0, 0, 0)]) == Levels(3, 4, 1)


def test_activity_without_rows_is_pending():
    assert activity_levels([]) == Levels(0, 0, 0)


LEARNER = (0, 1, 2, 3, 4, 0, 0, 0, 0, 10)  # twenty results
CONTEXT = (5, 0, 0, 0, 5, 0, 0, 0, 0, 0)  # ten results


def statistics_of(result, confidence=1.0, provider=NORMAL, learner=LEARNER, context=CONTEXT, alerted=False):
    return instrument_statistics(InstrumentMeasurement(result, confidence, learner, context, alerted), provider)


@pytest.mark.parametrize(
    ("result", "expected"),
    [(0, 0), (0.094, 0), (0.095, 1), (0.294, 2), (0.296, 3), (0.3, 3), (0.95, 9), (1, 9), (None, 0)],
)
def test_bean_is_the_tenth_of_the_percent_shown(result, expected):
    assert result_bean(result) == expected


@pytest.mark.parametrize(("result", "expected"), [(0.45, 5.5 / 20), (0.0, 0.5 / 20), (0.95, 0.5), (0.15, 2 / 20)])
def test_probability_is_the_bin_and_half_of_its_neighbours(result, expected):
    assert statistics_of(result).prob_learner == expected


def test_better_results_are_above_for_normal_and_below_for_inverted_polarity():
    assert statistics_of(0.45).h_prob_learner == 10 / 20
    assert statistics_of(0.45).h_prob_context == 0
    assert statistics_of(0.45, provider=INVERTED).h_prob_learner == 6 / 20
    assert statistics_of(0.45, provider=INVERTED).h_prob_context == 5 / 10
    assert statistics_of(1.0).h_prob_learner == 0
    assert statistics_of(0.0, provider=INVERTED).h_prob_learner == 0


def test_context_is_another_histogram_than_the_learners():
    """An earlier implementation showed the first histogram of the instrument in the whole system as the activity's:
    another institution's.
    """
    statistics = statistics_of(0.45)
    assert (statistics.prob_learner, statistics.prob_context) == (0.275, 0.5)


def test_polarity_and_thresholds_are_the_providers():
    assert statistics_of(0.5).polarity == 1
    assert statistics_of(0.5, provider=INVERTED).polarity == -1
    assert statistics_of(0.5).thresholds == {"warning_below": 0.6, "alert_below": 0.3}
    assert statistics_of(0.5, provider=PLAIN).thresholds == {"warning_below": None, "alert_below": None}


def test_shown_provider_is_the_enabled_one_with_the_lowest_id():
    assert provider_shown([Provider(5), Provider(2, enabled=False), Provider(3), Provider(4)]) == Provider(3)
    assert provider_shown([Provider(2, enabled=False)]) is None


@pytest.mark.parametrize("missing", [None, (), (0,) * 10])
def test_missing_or_empty_histograms_give_null(missing):
    """An earlier implementation answered with 500 where a histogram or a provider was missing, and to an alert without
    any result.
    """
    statistics = statistics_of(0.5, learner=missing, context=missing)
    assert statistics.prob_learner is statistics.prob_context is None
    assert statistics.h_prob_learner is statistics.h_prob_context is None
    assert statistics.facts == {"positive": ["POSITIVE_CONFIDENCE_HIGH"], "neutral": [], "negative": []}


def test_missing_provider_gives_null():
    statistics = statistics_of(0.45, provider=None)
    assert statistics.polarity is statistics.thresholds is None
    assert statistics.h_prob_learner is statistics.h_prob_context is None
    assert (statistics.prob_learner, statistics.result_bean) == (0.275, 4)
    assert statistics.facts == {"positive": ["POSITIVE_CONFIDENCE_HIGH"], "neutral": [], "negative": []}


@pytest.mark.parametrize(("result", "confidence"), [(None, 1), (0.5, 0), (0.5, 0.00009)])
def test_missing_information_is_the_only_fact_of_a_missing_result(result, confidence):
    statistics = statistics_of(result, confidence)
    assert statistics.facts == {"positive": [], "neutral": ["NEUTRAL_MISSING_INFORMATION"], "negative": []}
    assert statistics.prob_learner is statistics.h_prob_context is None


def test_alert_is_a_fact_with_and_without_information():
    assert statistics_of(None, alerted=True).facts == {
        "positive": [],
        "neutral": ["NEUTRAL_MISSING_INFORMATION"],
        "negative": ["NEGATIVE_WITH_ALERTS"],
    }
    assert statistics_of(0.9, alerted=True).facts["negative"][-1] == "NEGATIVE_WITH_ALERTS"


def facts_of(*args, **kwargs) -> set[str]:
    facts = statistics_of(*args, **{"learner": None, "context": None, **kwargs}).facts
    assert all(name.startswith("POSITIVE") for name in facts["positive"])
    assert all(name.startswith("NEGATIVE") for name in facts["negative"])
    return {*facts["positive"], *facts["negative"], *facts["neutral"]}


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [
        (0.0001, "NEGATIVE_CONFIDENCE_LOW"),
        (0.01, "NEGATIVE_CONFIDENCE_LOW"),
        (0.7499, "NEGATIVE_CONFIDENCE_LOW"),
        (0.75, "POSITIVE_CONFIDENCE_HIGH"),
        (1, "POSITIVE_CONFIDENCE_HIGH"),
    ],
)
def test_confidence_is_high_from_three_quarters(confidence, expected):
    """An earlier implementation compared percentages with fractions: confidence was high from 1 % on."""
    assert facts_of(0.5, confidence) == {expected}


@pytest.mark.parametrize(
    ("provider", "result", "expected"),
    [
        (NORMAL, 0.6, {"POSITIVE_LEARNER_RESULT_ABOVE_THRESHOLD"}),
        (NORMAL, 0.59, set()),
        (NORMAL, 0.3, set()),
        (NORMAL, 0.29, {"NEGATIVE_LEARNER_RESULT_BELOW_THRESHOLD"}),
        (INVERTED, 0.3, {"POSITIVE_LEARNER_RESULT_ABOVE_THRESHOLD"}),
        (INVERTED, 0.31, set()),
        (INVERTED, 0.6, set()),
        (INVERTED, 0.61, {"NEGATIVE_LEARNER_RESULT_BELOW_THRESHOLD"}),
        (PLAIN, 0.01, set()),
    ],
)
def test_threshold_facts_respect_polarity(provider, result, expected):
    assert facts_of(result, provider=provider) == {"POSITIVE_CONFIDENCE_HIGH"} | expected


def halves(low, high):
    """A histogram of 100 with `low` results in bin 0 and `high` in bin 9; a result of 0.5 has `high` better ones."""
    return (low, 0, 0, 0, 0, 100 - low - high, 0, 0, 0, high)


@pytest.mark.parametrize(
    ("better", "expected"),
    [
        (39, {"POSITIVE_LEARNER_RESULT_GOOD_INSTRUMENT"}),
        (40, set()),
        (75, set()),
        (76, {"NEGATIVE_LEARNER_RESULT_BAD_INSTRUMENT"}),
    ],
)
def test_instrument_facts_compare_with_the_learners_other_results(better, expected):
    facts = facts_of(0.5, learner=halves(100 - better, better))
    assert facts == {"POSITIVE_CONFIDENCE_HIGH"} | expected


@pytest.mark.parametrize(
    ("better", "expected"),
    [
        (39, {"POSITIVE_LEARNER_RESULT_GOOD_ACTIVITY"}),
        (40, set()),
        (50, set()),
        (51, {"NEGATIVE_LEARNER_RESULT_BAD_ACTIVITY"}),
    ],
)
def test_activity_facts_compare_with_the_results_of_the_activity(better, expected):
    facts = facts_of(0.5, context=halves(100 - better, better))
    assert facts == {"POSITIVE_CONFIDENCE_HIGH"} | expected


@pytest.mark.parametrize(("others", "frequent"), [(20, False), (19, True)])
def test_result_is_frequent_above_four_fifths(others, frequent):
    facts = facts_of(0.5, learner=halves(0, others))
    assert ("POSITIVE_LEARNER_RESULT_FREQUENT" in facts) is frequent


PROVIDERS = (PLAIN, NORMAL, Provider(8, 1, inverted_polarity=True, warning_below=0.6, alert_below=0.3))
ALL = Instrument(1, requires_enrolment=True, identity=True, authorship=True, integrity=True)
ENROLMENTS = {1: Decimal("0.75"), 2: Decimal("0.50")}
Results = dict[tuple[int, int], ProviderResult]  # by request and provider


@st.composite
def provider_results(draw, provider=None):
    provider = provider or draw(st.sampled_from(PROVIDERS))
    status = draw(st.sampled_from([PROCESSED, PROCESSED, *range(8)]))
    result = draw(st.floats(0, 1) | st.sampled_from([0.3, 0.6, 0.7])) if status == PROCESSED else None
    return ProviderResult(provider, status, result, draw(st.integers(0, 3)))


events = st.lists(st.tuples(st.integers(1, 5), provider_results()), max_size=25)


def summaries_of(results: Results) -> dict[int, Summary]:
    requests = sorted({request for request, _ in results})
    return {key: result_summary(item for (request, _), item in results.items() if request == key) for key in requests}


def report_of(summaries: dict[int, Summary], results: Iterable[ProviderResult]) -> tuple[InstrumentRow, Levels]:
    """Row and levels; even requests were made just now, odd ones long ago."""
    rows = [
        stored(item.status, item.result, item.code, LONG_AGO if request % 2 else JUST_NOW)
        for request, item in summaries.items()
    ]
    row = row_of(*rows, instrument=ALL, enrolment=enrolment_minimum(results, ENROLMENTS))
    return row, activity_levels([row.levels])


def chain(results: Results):
    summaries = summaries_of(results)
    statuses = {key: request_status({1: [v.status for (r, _), v in results.items() if r == key]}) for key in summaries}
    session = session_row(statuses.values(), [AlertLevel.WARNING], [ALL])
    return summaries, statuses, report_of(summaries, results.values()), session, histogram_of(results.values())


@given(events, st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter(arrivals, random):
    results = {(request, item.provider.id): item for request, item in arrivals}
    shuffled = list(results.items())
    random.shuffle(shuffled)
    assert chain(dict(shuffled)) == chain(results)


@given(events)
def test_recomputing_from_scratch_equals_updating_step_by_step(changes):
    """An earlier implementation stopped rebuilding at the first report without new results."""
    results: Results = {}
    summaries: dict[int, Summary] = {}
    histogram = (0,) * 10
    report = report_of({}, [])
    for request, item in changes:
        key = (request, item.provider.id)
        histogram = histogram_changed(histogram, histogram_delta(results.get(key), item))
        results[key] = item
        summaries[request] = result_summary(value for (other, _), value in results.items() if other == request)
        report = report_of(summaries, results.values())
    assert histogram == histogram_of(results.values())
    assert summaries == summaries_of(results)
    assert report == report_of(summaries_of(results), results.values())
    assert sum(histogram) == sum(item.status == PROCESSED for item in results.values())


@given(events, st.data())
def test_raising_one_code_never_lowers_a_level(arrivals, data):
    results = {(request, item.provider.id): item for request, item in arrivals}
    assume(results)
    key = data.draw(st.sampled_from(sorted(results)))
    old = results[key]
    raised = ProviderResult(old.provider, old.status, old.result, data.draw(st.integers(old.code, 3)))
    _, before = report_of(summaries_of(results), results.values())
    changed = {**results, key: raised}
    _, after = report_of(summaries_of(changed), changed.values())
    assert after.identity >= before.identity
    assert after.content >= before.content
    assert after.integrity >= before.integrity


@given(st.fractions(0, 1))
def test_percent_differs_by_at_most_half_a_point(fraction):
    assert -Fraction(1, 2) < percent(fraction) - 100 * fraction <= Fraction(1, 2)


@given(st.decimals(0, 1, allow_nan=False, places=6) | st.decimals(0, 1, allow_nan=False, places=40))
def test_percent_of_what_is_stored_is_that_of_the_fraction(stored):
    assert percent(stored) == percent(Fraction(stored))
