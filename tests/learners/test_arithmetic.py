"""Which instruments apply to a learner, and enrolment, against values worked out by hand from the specification."""

from decimal import Decimal

import pytest

from learners.arithmetic import (
    ActivityInstrument,
    Enrolment,
    Instrument,
    Provider,
    enrolment_missing,
    enrolment_status,
    learner_instruments,
)

FR = Instrument(1, requires_enrolment=True, identity=True)
FA = Instrument(4, requires_enrolment=True, identity=True, authorship=True)
PLAG = Instrument(5, originality=True)

PRIMARY = ActivityInstrument(10, 1)
ALTERNATIVE = ActivityInstrument(11, 2, alternative_to=10)
OTHER = ActivityInstrument(12, 5)


def test_alternative_is_never_used_while_its_primary_is_usable():
    assert learner_instruments([PRIMARY, ALTERNATIVE, OTHER], []) == [PRIMARY, OTHER]


def test_alternative_replaces_a_primary_that_is_disabled_for_the_learner():
    assert learner_instruments([PRIMARY, ALTERNATIVE, OTHER], [1]) == [ALTERNATIVE, OTHER]


def test_alternatives_are_not_checked_again():
    assert learner_instruments([PRIMARY, ALTERNATIVE], [1, 2]) == [ALTERNATIVE]


def test_every_active_alternative_of_a_disabled_primary_is_used():
    third = ActivityInstrument(13, 3, alternative_to=10)
    idle = ActivityInstrument(14, 4, active=False, alternative_to=10)
    assert learner_instruments([third, ALTERNATIVE, idle, PRIMARY], [1]) == [third, ALTERNATIVE]


def test_inactive_primary_brings_neither_itself_nor_its_alternatives():
    inactive = ActivityInstrument(10, 1, active=False)
    assert learner_instruments([inactive, ALTERNATIVE], []) == []
    assert learner_instruments([inactive, ALTERNATIVE], [1]) == []


def test_what_is_not_enabled_is_replaced_and_replaces_nothing():
    switched_off = ActivityInstrument(10, 1, enabled=False)
    assert learner_instruments([switched_off, ALTERNATIVE, OTHER], []) == [ALTERNATIVE, OTHER]
    alternative = ActivityInstrument(11, 2, alternative_to=10, enabled=False)
    assert learner_instruments([PRIMARY, alternative, OTHER], [1]) == [OTHER]


def test_disabled_primary_without_alternative_is_left_out():
    assert learner_instruments([PRIMARY, OTHER], [1]) == [OTHER]


FIRST, SECOND = Provider(1, 1), Provider(2, 1)
KEYSTROKES = Provider(3, 2)
PLAGIARISM = Provider(5, 5)


def test_enrolment_entry_spans_the_enabled_providers_of_the_instrument():
    models = [Enrolment(1, Decimal("0.75"), True), Enrolment(2, 0.5), Enrolment(4, 0.1)]
    status = enrolment_status([SECOND, FIRST, KEYSTROKES, Provider(4, 1, enabled=False)], models, {}, {})
    assert status == [
        {
            "instrument_id": 1,
            "percentage__min": 0.5,
            "percentage__max": 0.75,
            "can_analyse__min": False,
            "can_analyse__max": True,
            "pending": [],
            "not_validated": [],
            "pending_contributions": 0,
            "not_validated_count": 0,
        }
    ]
    assert list(status[0]) == [
        "instrument_id",
        "percentage__min",
        "percentage__max",
        "can_analyse__min",
        "can_analyse__max",
        "pending",
        "not_validated",
        "pending_contributions",
        "not_validated_count",
    ]


def test_provider_without_an_enrolment_counts_as_zero_and_false_in_the_minima():
    (entry,) = enrolment_status([FIRST, SECOND], [Enrolment(1, 1, True)], {}, {})
    assert (entry["percentage__min"], entry["percentage__max"]) == (0, 1)
    assert (entry["can_analyse__min"], entry["can_analyse__max"]) == (False, True)


def test_minimum_of_providers_that_all_can_analyse_is_true():
    (entry,) = enrolment_status([FIRST, SECOND], [Enrolment(1, 1, True), Enrolment(2, 0.9, True)], {}, {})
    assert entry["can_analyse__min"] is True


def test_instrument_without_model_but_with_samples_has_zeros_and_false():
    pending, validating = enrolment_status([FIRST, KEYSTROKES], [], {1: Decimal("0.2")}, {3: 2})
    for entry in (pending, validating):
        assert (entry["percentage__min"], entry["percentage__max"]) == (0, 0)
        assert (entry["can_analyse__min"], entry["can_analyse__max"]) == (False, False)
    assert pending["pending"] == [{"provider_id": 1, "instrument_id": 1, "pending_contribution": 0.2}]
    assert (pending["not_validated"], pending["not_validated_count"]) == ([], 0)
    assert validating["not_validated"] == [{"provider_id": 3, "instrument_id": 2, "count": 2}]
    assert (validating["pending"], validating["pending_contributions"]) == ([], 0)


def test_not_validated_counts_only_samples_of_the_own_instrument():
    """An earlier implementation listed the samples of all instruments."""
    models = [Enrolment(1, 0.5, True), Enrolment(3, 0.5, True)]
    face, keys = enrolment_status([FIRST, SECOND, KEYSTROKES], models, {3: 0.4}, {1: 4, 2: 3, 3: 9})
    assert face["not_validated"] == [
        {"provider_id": 1, "instrument_id": 1, "count": 4},
        {"provider_id": 2, "instrument_id": 1, "count": 3},
    ]
    assert (face["not_validated_count"], keys["not_validated_count"]) == (3, 9)
    assert (face["pending_contributions"], keys["pending_contributions"]) == (0, 0.4)


@pytest.mark.parametrize(
    ("sums", "expected"), [({1: 0.2, 2: 0.1}, 0.15), ({1: 1.5, 2: 0.5}, 1), ({1: 3}, 1), ({1: 0.5}, 0.5)]
)
def test_pending_contributions_are_a_mean_of_at_most_one(sums, expected):
    (entry,) = enrolment_status([FIRST, SECOND], [Enrolment(1, 0.5)], sums, {})
    assert entry["pending_contributions"] == expected


def test_no_enrolment_and_no_samples_is_no_entry():
    providers = [FIRST, Provider(6), Provider(7, 2, enabled=False)]
    assert enrolment_status(providers, [Enrolment(7, 1, True)], {1: None, 7: 0.5}, {1: 0, 6: 3}) == []


def test_enrolment_for_an_instrument_that_requires_none_is_no_error():
    """An earlier implementation failed here, and for an unknown learner or activity."""
    status = enrolment_status([PLAGIARISM], [Enrolment(5, 0.5)], {}, {})
    assert [entry["instrument_id"] for entry in status] == [5]
    missing = enrolment_missing(status, [PLAG], activity_id=8, learner_id=9)
    assert missing == {"missing_enrolments": False, "instruments": {}, "activity_id": 8, "learner_id": 9}


def test_enrolment_is_missing_without_an_entry():
    missing = enrolment_missing([], [FR, PLAG], activity_id=8, learner_id=9)
    assert missing["missing_enrolments"] is True
    assert list(missing["instruments"]) == ["1"]
    assert missing["instruments"]["1"]["instrument_id"] == 1
    assert missing["instruments"]["1"]["can_analyse__max"] is False


@pytest.mark.parametrize("able", [True, False])
def test_enrolment_is_missing_while_no_provider_can_analyse(able):
    status = enrolment_status([FIRST, SECOND], [Enrolment(1, 0.9, False), Enrolment(2, 0.9, able)], {}, {})
    missing = enrolment_missing(status, [FR], activity_id=8, learner_id=9)
    assert missing["missing_enrolments"] is not able
    assert missing["instruments"] == {"1": status[0]}


def test_one_of_several_missing_enrolments_is_enough():
    status = enrolment_status([FIRST], [Enrolment(1, 0.9, True)], {}, {})
    missing = enrolment_missing(status, [FA, FR], activity_id=8, learner_id=9)
    assert (missing["missing_enrolments"], list(missing["instruments"])) == (True, ["1", "4"])


def test_nothing_is_missing_for_a_disabled_activity():
    missing = enrolment_missing([], [FR], activity_id=8, learner_id=9, activity_enabled=False)
    assert missing == {"missing_enrolments": False, "instruments": {}, "activity_id": 8, "learner_id": 9}
