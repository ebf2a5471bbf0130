"""The reasons in plain words: the level they name is the stored one, and every number in them is right."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor

import pytest
from hypothesis import assume
from hypothesis import strategies as st

from learners.arithmetic import Instrument, Provider
from reports.arithmetic import (
    InstrumentRow,
    Level,
    Levels,
    ProviderResult,
    RequestResult,
    SessionRow,
    instrument_row,
    result_summary,
    session_row,
)
from reports.reasons import (
    UNKNOWN,
    Check,
    Part,
    SessionAlert,
    instrument_reason,
    level_reason,
    percent_text,
    session_reason,
    thresholds_text,
)
from tests.examples import given

NOW = datetime(2021, 5, 3, 12, 0, tzinfo=UTC)
LIMIT = timedelta(minutes=30)
OLD, NEW = NOW - timedelta(hours=1), NOW - timedelta(minutes=1)
PENDING, PROCESSED, ERROR, TIMED_OUT, NO_PROVIDER, NO_ENROLMENT, PROCESSING, WAITING = range(8)
OPEN = {PENDING, PROCESSING, WAITING}
FR = Instrument(1, requires_enrolment=True, identity=True)
FA = Instrument(4, requires_enrolment=True, identity=True, authorship=True)
PLAG = Instrument(5, originality=True)
NOTHING = Instrument(6)
FACE = Provider(1, 1, warning_below=0.6, alert_below=0.3)
COPY = Provider(5, 5, inverted_polarity=True, warning_below=0.3, alert_below=0.6)
PLAIN = Provider(9, 1)
NAMES = {1: "FaceCheck", 5: "CopyCheck", 9: "Other"}


def check(status, result=None, code=1, provider=FACE, at=OLD) -> Check:
    answer = ProviderResult(provider, status, result, code if status == PROCESSED else 0)
    summary = result_summary([answer])
    return Check(RequestResult(at, summary.status, summary.result, summary.code), (answer,))


def cut(value: Fraction) -> Fraction:
    return Fraction(floor(value * 1_000_000), 1_000_000)


def row_of(checks, instrument=FR) -> InstrumentRow:
    """The row as it is stored: numbers have six digits."""
    row = instrument_row(instrument, [item.summary for item in checks], timeout=LIMIT, now=NOW)
    return replace(row, result=cut(row.result), confidence=cut(row.confidence))


def text_of(reason) -> str:
    """All sentences on one line, with ordinary spaces."""
    return " ".join(reason.sentences).replace("\N{NO-BREAK SPACE}", " ")


def word_and_text(*checks, instrument=FR):
    reason = instrument_reason(instrument, row_of(checks, instrument), checks, NAMES)
    return reason.word, reason.is_explained, text_of(reason)


def test_good_results_say_that_nothing_is_wrong():
    checks = [check(PROCESSED, value) for value in (0.9, 0.8, 0.7)]
    assert word_and_text(*checks) == (
        "OK",
        True,
        (
            "3 of 3 checks were processed. The confidence is 100 %. The mean result is 80 %. FaceCheck warns "
            "below 60 % and alerts below 30 %. No processed check is a warning or an alert. So the level is OK."
        ),
    )


def test_results_below_a_threshold_are_named_with_it():
    checks = [*(check(PROCESSED, value) for value in (0.9, 0.5, 0.42)), check(TIMED_OUT)]
    assert word_and_text(*checks) == (
        "Warning",
        True,
        (
            "3 of 4 checks were processed; 1 was not answered in time. The confidence is 75 %. The mean result is"
            " 61 %. FaceCheck warns below 60 % and alerts below 30 %. 2 of 3 processed checks are warnings: in 2 the "
            "result of FaceCheck lies below its warning threshold of 60 % (the lowest is 42 %). So the level is "
            "Warning."
        ),
    )


def test_results_above_a_threshold_of_inverted_polarity():
    word, known, text = word_and_text(check(PROCESSED, 0.84, provider=COPY), instrument=PLAG)
    assert (word, known) == ("Alert", True)
    assert "CopyCheck warns above 30 % and alerts above 60 %." in text
    verdict = "in 1 the result of CopyCheck, 84 %, lies above its alert threshold of 60 %."
    assert f"1 of 1 processed check is an alert: {verdict}" in text


def test_one_check_that_is_still_open_is_spoken_of_as_one():
    assert word_and_text(check(PENDING)) == (
        "Pending", True, "The only check has not ended: 1 waits to be processed. So the level is Pending."
    )  # fmt: skip
    assert word_and_text(check(PENDING), check(PENDING))[2].startswith(
        "None of 2 checks has ended: 2 wait to be processed."
    )


def test_what_the_provider_itself_said():
    word, _, text = word_and_text(check(PROCESSED, 0.9, code=3))
    assert word == "Alert"
    assert "1 of 1 processed check is an alert: in 1 FaceCheck itself said so." in text


def test_provider_without_thresholds():
    word, _, text = word_and_text(check(PROCESSED, 0.1, code=1, provider=PLAIN))
    assert word == "OK"
    assert "Other has no thresholds: its own verdict counts." in text


def test_no_verdict_at_all_says_nothing():
    word, _, text = word_and_text(check(PROCESSED, 0.1, code=0, provider=PLAIN))
    assert word == "No information"
    assert text.endswith("No processed check carries a verdict, so they say nothing. So the level is No information.")


def test_low_confidence_makes_a_good_result_a_warning():
    checks = [check(PROCESSED, 0.9), check(ERROR), check(ERROR)]
    assert word_and_text(*checks) == (
        "Warning",
        True,
        (
            "1 of 3 checks was processed; 2 ended with an error. The confidence is 33 %. The mean result is 90 %."
            " FaceCheck warns below 60 % and alerts below 30 %. No processed check is a warning or an alert. A "
            "confidence of 33 % is below 60 %, which makes the level at least Warning. So the level is Warning."
        ),
    )


def test_overdue_checks_count_against_the_confidence_and_recent_ones_do_not():
    recent = [check(PROCESSED, 0.9), check(PENDING, at=NEW)]
    assert "The confidence is 100 %." in word_and_text(*recent)[2]
    overdue = [check(PROCESSED, 0.9), check(PENDING, at=OLD)]
    assert "The confidence is 50 %, 1 overdue check included." in word_and_text(*overdue)[2]
    assert word_and_text(*overdue)[0] == "Warning"


def test_nothing_ended_is_pending():
    assert word_and_text(check(PENDING), check(WAITING), check(PROCESSING)) == (
        "Pending",
        True,
        (
            "None of 3 checks has ended: 1 waits to be processed, 1 is being processed, 1 waits for an external "
            "service. So the level is Pending."
        ),
    )


def test_all_in_vain_is_no_information():
    assert word_and_text(check(TIMED_OUT), check(NO_ENROLMENT), check(NO_ENROLMENT)) == (
        "No information",
        True,
        (
            "All 3 checks ended without a result: 1 was not answered in time, 2 lacked the learner's enrolment. "
            "So the level is No information."
        ),
    )


def test_in_vain_while_others_are_open_is_a_warning():
    assert word_and_text(check(ERROR), check(PENDING, at=NEW)) == (
        "Warning",
        True,
        (
            "1 check ended without a result: 1 ended with an error. 1 other is still open: 1 waits to be "
            "processed. As long as none is processed, that counts as a warning. So the level is Warning."
        ),
    )


def test_instrument_that_counts_for_nothing():
    word, known, text = word_and_text(check(PROCESSED, 0.9), instrument=NOTHING)
    assert (word, known) == ("No information", True)
    assert text.endswith("It counts for neither identity nor content nor integrity, so it changes no level.")


def test_erased_evidence_gives_no_reason():
    checks = [check(PROCESSED, value) for value in (0.9, 0.2)]
    stored = row_of(checks)
    for remaining in ([], checks[:1], checks[1:]):
        reason = instrument_reason(FR, stored, remaining, NAMES)
        assert (reason.word, reason.is_explained, reason.sentences) == ("Alert", False, (UNKNOWN,))


def test_evidence_that_came_later_gives_no_reason():
    checks = [check(PROCESSED, 0.9), check(PROCESSED, 0.9)]
    assert not instrument_reason(FR, row_of(checks[:1]), [*checks, check(ERROR)], NAMES).is_explained


def test_provider_answers_that_were_erased_are_not_made_up():
    whole = check(PROCESSED, 0.2)
    bare = [replace(whole, answers=())]
    text = text_of(instrument_reason(FR, row_of([whole]), bare, NAMES))
    assert "1 of 1 processed check is an alert: in 1 what led to it is no longer kept." in text


def test_thresholds_changed_since_are_no_reason():
    """The stored code was an alert by the old thresholds: the new ones do not say so."""
    old = check(PROCESSED, 0.25)
    milder = replace(FACE, alert_below=0.1, warning_below=0.2)
    now = [Check(old.summary, (replace(old.answers[0], provider=milder),))]
    reason = instrument_reason(FR, row_of([old]), now, NAMES)
    assert reason.word == "Alert"
    assert "what led to it is no longer kept" in text_of(reason)


@pytest.mark.parametrize(
    ("value", "others", "expected"),
    [
        (0.5, (), "50 %"),
        (0.285, (), "29 %"),
        (0.299, (0.3,), "29.9 %"),
        (0.29999, (0.3,), "29.999 %"),
        (0.3, (0.3,), "30 %"),
        (0.3333, (0.3333,), "33.33 %"),
        (Fraction(596, 1000), (0.6,), "59.6 %"),
        (Fraction(1, 3), (), "33 %"),
        (0, (0,), "0 %"),
        (1, (0.5,), "100 %"),
    ],
)
def test_percent_stays_on_its_side(value, others, expected):
    assert percent_text(value, *others) == expected.replace(" ", "\N{NO-BREAK SPACE}")


def in_words(provider) -> str:
    return thresholds_text(provider, "A").replace("\N{NO-BREAK SPACE}", " ")


def test_thresholds_in_words():
    assert in_words(FACE) == "A warns below 60 % and alerts below 30 %."
    assert in_words(replace(FACE, warning_below=0.3, alert_below=0.6)) == in_words(FACE)
    assert in_words(COPY) == "A warns above 30 % and alerts above 60 %."
    assert in_words(replace(FACE, warning_below=0.3)) == "A alerts below 30 %."
    assert in_words(PLAIN) == "A has no thresholds: its own verdict counts."


# Sessions.

INFO, WARNED, ALERTED, FAILED = range(4)


def noticed(level, text="Something.", minute=5):
    return SessionAlert(level, text, datetime(2021, 5, 3, 9, minute, tzinfo=UTC))


def of_session(statuses, alerts, instruments=(FR,)):
    stored = session_row(statuses, [alert.level for alert in alerts], instruments)
    reason = session_reason(stored, statuses, alerts)
    return reason.word, reason.is_explained, text_of(reason)


def test_session_with_alerts():
    people = noticed(ALERTED, "More than one person was seen.", 18)
    assert of_session([3, 3, 4], [people, noticed(INFO), noticed(WARNED)]) == (
        "Alert",
        True,
        (
            "3 requests, none still open, 1 without a result. Raised in it: an alert (at 09:18 UTC): More than "
            "one person was seen. So the level is Alert."
        ),
    )
    assert of_session([3], [noticed(FAILED, "Camera failed"), noticed(WARNED), noticed(WARNED, minute=3)]) == (
        "Warning",
        True,
        (
            "1 request, none still open. Raised in it: an error (at 09:05 UTC): Camera failed; a warning (2 "
            "times, first at 09:03 UTC): Something. So the level is Warning."
        ),
    )


def test_quiet_session():
    assert of_session([3], [])[2] == "1 request, none still open. Nothing was raised in it. So the level is OK."
    assert of_session([], [noticed(INFO)])[2] == "No request. Only notes were raised in it. So the level is OK."


def test_open_session():
    assert of_session([0, 3, 2], [noticed(ALERTED)]) == (
        "Pending",
        True,
        "2 of its 3 requests are still open. So the level is Pending.",
    )


def test_session_without_instruments():
    word, known, text = of_session([3], [noticed(ALERTED)], instruments=())
    assert (word, known) == ("No information", True)
    assert text.endswith("None of the learner's instruments here counts for any of the three levels.")


def test_session_whose_alerts_were_erased():
    stored = session_row([3], [ALERTED], [FR])
    for statuses, alerts in (([3], []), ([3, 3], [noticed(ALERTED)]), ([], []), ([0], [noticed(ALERTED)])):
        reason = session_reason(stored, statuses, alerts)
        assert (reason.word, reason.is_explained, reason.sentences) == ("Alert", False, (UNKNOWN,))


# The report.


def test_highest_part_decides():
    parts = [Part("Face recognition", 4), Part("Keystroke dynamics", 0), Part("session of 3 May", 4), Part("x", 2)]
    reason = level_reason("identity", 4, parts)
    assert (reason.word, reason.is_explained) == ("Alert", True)
    assert reason.sentences == (
        "Identity is Alert because that is the highest level of its parts: Face recognition and session of 3 May.",
        "Still pending: Keystroke dynamics.",
    )


@pytest.mark.parametrize(
    ("stored", "parts", "sentences"),
    [
        (0, [], ("Nothing has been checked yet, so content is Pending.",)),
        (0, [Part("A", 0), Part("B", 0)], ("Nothing is settled yet: A and B. So content is Pending.",)),
        (1, [Part("A", 1)], ("Nothing that was checked says anything about content.",)),
        (
            1,
            [Part("A", 1), Part("B", 0)],
            ("Nothing that was checked says anything about content.", "Still pending: B."),
        ),
        (4, [Part("A", 3)], (UNKNOWN,)),
        (2, [Part("A", 3)], (UNKNOWN,)),
        (1, [], (UNKNOWN,)),
    ],
)
def test_levels_of_a_report(stored, parts, sentences):
    assert level_reason("content", stored, parts).sentences == sentences


# Whatever the evidence.

fractions = st.integers(0, 1000).map(lambda number: number / 1000)
pairs = st.one_of(st.none(), st.tuples(fractions, fractions))


@st.composite
def providers(draw):
    drawn = []
    for key in range(1, draw(st.integers(1, 3)) + 1):
        pair = draw(pairs)
        limits = {} if pair is None else {"warning_below": pair[0], "alert_below": pair[1]}
        drawn.append(Provider(key, 1, inverted_polarity=draw(st.booleans()), **limits))
    return drawn


@st.composite
def evidence(draw):
    chosen = draw(providers())
    checks = []
    for _ in range(draw(st.integers(0, 7))):
        answers = []
        for provider in chosen:
            status = draw(st.integers(0, 7))
            done = status == PROCESSED
            answers.append(
                ProviderResult(
                    provider, status, draw(fractions) if done else None, draw(st.integers(0, 3)) if done else 0
                )
            )
        summary = result_summary(answers)
        at = draw(st.sampled_from([OLD, NEW]))
        checks.append(Check(RequestResult(at, summary.status, summary.result, summary.code), tuple(answers)))
    return checks


instruments = st.builds(
    Instrument, st.just(1), st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans()
)
NUMBER = r"([\d,]+)"
WORDS = {0: "Pending", 1: "No information", 2: "OK", 3: "Warning", 4: "Alert"}


def number(text: str) -> float:
    return float(text.replace(",", ""))


@given(evidence(), instruments)
def test_reason_names_the_stored_level_and_its_numbers_are_right(checks, instrument):
    stored = row_of(checks, instrument)
    reason = instrument_reason(instrument, stored, checks, {})
    assert reason.is_explained
    text = text_of(reason)
    counted = (instrument.identity, instrument.originality or instrument.authorship, instrument.integrity)
    triple = (stored.levels.identity, stored.levels.content, stored.levels.integrity)
    expected = {level for level, counts in zip(triple, counted, strict=True) if counts} or {1}
    assert expected == {reason.level}
    assert reason.word == WORDS[reason.level]
    if any(counted):
        assert text.endswith(f"So the level is {WORDS[reason.level]}.")
    statuses = [item.summary.status for item in checks]
    processed = [item for item in checks if item.summary.status == PROCESSED]
    if match := re.search(rf"{NUMBER} of {NUMBER} checks? w", text):
        assert (number(match[1]), number(match[2])) == (len(processed), len(checks))
    else:
        assert not processed
    for phrase, status in (
        ("ended with an error", ERROR), ("not answered in time", TIMED_OUT), ("no provider to ask", NO_PROVIDER),
        ("lacked the learner's", NO_ENROLMENT), ("waits? for an external", WAITING), ("being processed", PROCESSING),
        ("waits? to be processed", PENDING),
    ):  # fmt: skip
        count = re.search(rf"{NUMBER} (?:was |were |is |are |had )?{phrase}", text)
        assert (number(count[1]) if count else 0) == statuses.count(status), phrase
    if processed:
        values = [item.summary.result for item in processed]
        mean = sum(Fraction(str(value)) for value in values) / len(values)
        assert f"The mean result is {floor(mean * 100 + Fraction(1, 2))} %." in text
        due = sum(item.summary.status not in OPEN or item.summary.created_at == OLD for item in checks)
        confidence = Fraction(len(processed), due)
        shown = float(re.search(r"The confidence is ([\d.]+) %", text)[1])
        assert abs(shown - confidence * 100) <= 0.5
        assert (shown < 60) == (confidence < Fraction(6, 10))
        late = re.search(rf"{NUMBER} overdue checks? included", text)
        closed = sum(status not in OPEN for status in statuses)
        assert (number(late[1]) if late else 0) == due - closed
        assert ("makes the level at least" in text) == (
            confidence < Fraction(6, 10) and max(item.summary.code for item in processed) < 2
        )


def is_beyond(answer: ProviderResult, limit: float) -> bool:
    return answer.result > limit if answer.provider.inverted_polarity else answer.result < limit


@given(evidence())
def test_causes_are_true_of_every_check_they_count(checks):
    text = text_of(instrument_reason(FR, row_of(checks), checks, {1: "P1", 2: "P2", 3: "P3"}))
    done = [item for item in checks if item.summary.status == PROCESSED]
    code = max((item.summary.code for item in done), default=0)
    worst = [item for item in done if item.summary.code == code]
    if code < 2:
        assert not re.search(rf"{NUMBER} of {NUMBER} processed", text)
        return
    total = re.search(rf"{NUMBER} of {NUMBER} processed checks? (is|are) (an alert|a warning|alerts|warnings):", text)
    assert (number(total[1]), number(total[2])) == (len(worst), len(done))
    assert ("alert" in total[4]) == (code == 3)
    assert "no longer kept" not in text
    for cause in re.finditer(
        rf"in {NUMBER} the result of P(\d)(, [\d.]+ %,)? lies (below|above) its (alert|warning) threshold of "
        r"([\d.]+) %",
        text,
    ):
        count, key, limit = number(cause[1]), int(cause[2]), float(cause[6]) / 100
        answers = [a for item in worst for a in item.answers if a.provider.id == key and a.status == PROCESSED]
        bounds = (answers[0].provider.warning_below, answers[0].provider.alert_below)
        inverted = answers[0].provider.inverted_polarity
        assert (cause[4] == "above") == inverted
        strict = (max if inverted else min)(bounds)
        assert limit == pytest.approx(strict if code == 3 else (min if inverted else max)(bounds))
        by_alert = [a for a in answers if is_beyond(a, strict)]
        beyond = by_alert if code == 3 else [a for a in answers if is_beyond(a, limit) and a not in by_alert]
        assert count == len(beyond)
    for cause in re.finditer(rf"in {NUMBER} P(\d) itself said so", text):
        key = int(cause[2])
        answers = [a for item in worst for a in item.answers if a.provider.id == key and a.status == PROCESSED]
        assert 0 < number(cause[1]) <= sum(a.code == code for a in answers)


@given(evidence(), st.data())
def test_less_evidence_is_never_explained_as_another_level(checks, data):
    assume(checks)
    stored = row_of(checks)
    remaining = data.draw(st.lists(st.sampled_from(checks), max_size=len(checks) - 1))
    reason = instrument_reason(FR, stored, remaining, {})
    assert reason.level == stored.levels.identity
    if reason.is_explained:
        row = [f"So the level is {WORDS[stored.levels.identity]}."]
        assert reason.sentences[-1:] == tuple(row)
    else:
        assert reason.sentences == (UNKNOWN,)


@given(
    st.lists(st.integers(0, 6), max_size=5),
    st.lists(st.builds(noticed, st.integers(0, 3)), max_size=4),
    st.lists(instruments, max_size=3),
)
def test_session_names_its_stored_level(statuses, alerts, present):
    stored = session_row(statuses, [alert.level for alert in alerts], present)
    reason = session_reason(stored, statuses, alerts)
    assert reason.is_explained
    levels = {stored.levels.identity, stored.levels.content, stored.levels.integrity}
    assert reason.level in levels
    if levels != {Level.NO_INFORMATION}:
        assert levels <= {reason.level, Level.NO_INFORMATION}
        assert reason.sentences[-1] == f"So the level is {WORDS[reason.level]}."


def test_stored_levels_that_no_evidence_gives():
    stored = InstrumentRow(Fraction(1, 2), Fraction(1), Fraction(0), Levels(Level.OK, Level.OK, Level.OK))
    assert not instrument_reason(FR, stored, [check(PROCESSED, 0.5)], NAMES).is_explained
    odd = SessionRow(1, 0, 1, 1, Levels(Level.OK, Level.ALERT, Level.NO_INFORMATION))
    assert not session_reason(odd, [3], []).is_explained
