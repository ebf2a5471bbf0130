"""Counters give the rows that the arithmetic gives for the list of all results."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import strategies as st

from learners.arithmetic import Instrument
from reports.arithmetic import RequestResult, instrument_row, percent, session_row
from reports.counts import (
    NOTHING,
    SessionCounts,
    billionths,
    counts_of,
    fraction_stored,
    instrument_row_counted,
    kinds_of,
    session_row_counted,
)
from tests.examples import given

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FR = Instrument(1, requires_enrolment=True, identity=True)
FA = Instrument(4, identity=True, authorship=True)
GUARD = Instrument(6, integrity=True)
RESULT = st.builds(
    lambda status, result, code: RequestResult(NOW, status, result, code),
    st.sampled_from(range(8)),
    st.floats(0, 1).map(lambda value: round(value, 9)),
    st.integers(0, 3),
)


@given(results=st.lists(RESULT, max_size=12), instrument=st.sampled_from([FR, FA, GUARD]), enrolment=st.floats(0, 1))
def test_row_of_an_instrument(results, instrument, enrolment):
    counts = NOTHING
    for item in results:
        counts += counts_of(item.status, billionths(item.result), item.code)
    assert instrument_row_counted(instrument, counts, enrolment=enrolment) == instrument_row(
        instrument, results, enrolment=enrolment, timeout=timedelta.max, now=NOW
    )
    for item in results:
        counts -= counts_of(item.status, billionths(item.result), item.code)
    assert counts == NOTHING == counts_of(None, 5, 1)


@pytest.mark.parametrize(("processed", "closed", "level"), [(6, 10, 2), (5, 10, 3), (0, 3, 1), (0, 0, 0)])
def test_low_confidence_is_a_warning(processed, closed, level):
    counts = sum(
        [counts_of(1, billionths(0.9), 1)] * processed + [counts_of(2, 0, 2)] * (closed - processed), start=NOTHING
    )
    assert instrument_row_counted(FR, counts).levels.identity == level


@given(
    statuses=st.lists(st.integers(0, 6), max_size=8),
    alerts=st.lists(st.integers(0, 3), max_size=4),
    instruments=st.lists(st.sampled_from([FR, FA, GUARD]), max_size=3),
)
def test_row_of_a_session(statuses, alerts, instruments):
    counts = SessionCounts(alerts=[alerts.count(level) for level in range(4)])
    for status in [*statuses, None, 3]:
        counts.count(status)
    counts.count(3, -1)
    assert session_row_counted(counts, kinds_of(instruments)) == session_row(statuses, alerts, instruments)


@given(st.fractions(0, 1))
def test_stored_fraction_is_rounded_to_the_same_percent(value):
    assert percent(fraction_stored(value)) == percent(value)


def test_results_are_counted_to_nine_digits():
    assert [billionths(value) for value in (None, 0.1, 1, Decimal("0.0000000005"), 0.5)] == [
        0, 100_000_000, 1_000_000_000, 1, 500_000_000,
    ]  # fmt: skip
