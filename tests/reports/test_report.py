"""/institution/{}/course/{}/activity/{}/report/{id}/: who sees which, its rows, and the statistics of one."""

import inspect
import re
from decimal import Decimal

import pytest

from institutions.models import Instrument, Provider, User
from reports import arithmetic
from reports.models import (
    ActivityInstrumentHistogram,
    Alert,
    LearnerInstrumentHistogram,
    Report,
    ReportInstrument,
)
from reports.sentences import fact_sentences
from tests.conftest import client_of
from tests.reports.conftest import allow, another_activity, session_of
from tests.world import rewritten

KEYS = ["id", "learner", "detail", "identity_level", "content_level", "integrity_level"]
ROW = [
    "instrument", "enrolment", "confidence", "result", "identity_level", "content_level", "integrity_level",
    "instrument_id",
]  # fmt: skip
MORE = [
    "instrument_acronym", "learner_histogram", "activity_histogram", "instrument_polarity", "result_bean", "thresholds",
    "prob_learner", "prob_context", "h_prob_learner", "h_prob_context", "facts", "fact_sentences",
    "demonstration",
]  # fmt: skip


def report_of(home, name: str, **values) -> Report:
    return Report.objects.create(
        institution=home.institution, activity=home.activity, learner_id=home.people[name].pk, **values
    )


@pytest.mark.parametrize(
    ("who", "listed", "status"),
    [("ann", ["ann"], 200), ("bob", ["bob"], 404), ("teacher", ["ann", "bob"], 200), ("admin", ["ann", "bob"], 200)],
)
def test_learner_sees_the_own_report_where_the_institution_allows_it(who, listed, status, as_, at, world):
    allow(world.home, learner_report=True)
    report_of(world.home, "bob")
    body = as_(who).get(at.reports).json()
    assert [row["learner"]["uid"] for row in body["results"]] == listed
    assert body["count"] == len(listed)
    assert as_(who).get(at.report).status_code == status


def test_learner_without_a_report_sees_an_empty_list(as_, at, world):
    allow(world.home, learner_report=True)
    assert as_("bob").get(at.reports).json()["results"] == []
    assert as_("eve").get(at.reports).status_code == 403  # is in no course


def test_switch_of_another_institution_does_not_count(as_, at, world):
    allow(world.away, learner_report=True)
    assert as_("ann").get(at.report).status_code == 403


def test_learner_who_teaches_the_course_sees_all(as_, at, world):
    report_of(world.home, "bob")
    world.home.teach("ann", world.home.course)
    assert as_("ann").get(at.reports).json()["count"] == 2
    assert as_("ann", "launched").get(at.reports).json()["count"] == 2


def test_chain_that_is_broken_is_404(as_, at, world):
    """An earlier implementation answered an unknown course or report with 500."""
    home, away = world.home, world.away
    base = "/api/v2/institution/{}/course/{}/activity/{}/report/"
    i, c, a, r = home.institution.pk, home.course.pk, home.activity.pk, home.report.pk
    other = another_activity(home).pk
    for ids in (
        (i, home.other_course.pk, a), (i, away.course.pk, a), (i, c, away.activity.pk), (i, 987654, a), (i, c, 987654),
        (i, away.course.pk, away.activity.pk), (i, "abc", a), (i, c, 0),
    ):  # fmt: skip
        for who in ("admin", "global", "teacher"):
            assert as_(who).get(base.format(*ids)).status_code == 404
            assert as_(who).get(f"{base.format(*ids)}{r}/").status_code == 404
    for who in ("admin", "global", "teacher"):
        assert as_(who).get(f"{base.format(i, c, other)}{r}/").status_code == 404  # of another activity
        assert as_(who).get(f"{base.format(i, c, a)}{away.report.pk}/").status_code == 404
        assert as_(who).get(f"{base.format(i, c, a)}987654321/").status_code == 404
    assert as_("admin").get(base.format(away.institution.pk, c, a)).status_code == 404


def test_reports_are_only_read(as_, at):
    for who in ("admin", "teacher", "global"):
        assert as_(who).post(at.reports, {}).status_code == 405
        for method in ("put", "patch", "delete"):
            assert getattr(as_(who), method)(at.report, {}).status_code == 405


# A row.


def test_row_of_a_list(as_, at, world):
    ann, ks = world.people["ann"], world.home.report_instrument.instrument
    rewritten(User.objects.filter(pk=ann.pk), email=None)
    (row,) = as_("teacher").get(at.reports).json()["results"]
    assert row == {
        "id": world.home.report.pk,
        "learner": {
            "id": ann.pk,
            "uid": "ann",
            "first_name": "Ann",
            "last_name": "Home",
            "email": "",
            "learner_id": str(ann.learner.learner_id),
        },
        "contest": None,
        "is_restricted": False,
        "detail": [
            {
                "instrument": "Keystroke dynamics",
                "enrolment": 80,
                "confidence": 100,
                "result": 90,
                "identity_level": 2,
                "content_level": 1,
                "integrity_level": 1,
                "instrument_id": ks.pk,
            }
        ],
        "identity_level": 2,
        "content_level": 1,
        "integrity_level": 1,
    }
    assert list(row) == [*KEYS, "contest", "is_restricted"]
    assert list(row["detail"][0]) == ROW


@pytest.mark.parametrize(
    ("stored", "shown"),
    [("0", 0), ("0.004999", 0), ("0.005", 1), ("0.284999", 28), ("0.285", 29), ("0.999999", 100), ("1", 100)],
)
def test_percent_is_rounded_half_up_from_the_fraction(stored, shown, as_, at):
    ReportInstrument.objects.update(enrolment=Decimal(stored), confidence=Decimal(stored), result=Decimal(stored))
    for row in (as_("admin").get(at.reports).json()["results"][0], as_("admin").get(at.report).json()):
        percentages = [row["detail"][0][name] for name in ("enrolment", "confidence", "result")]
        assert percentages == [shown] * 3
        assert {type(number) for number in percentages} == {int}


def test_details_come_by_instrument_whenever_they_were_made(as_, at, world):
    for number in (5, 1, 4):
        ReportInstrument.objects.create(report=world.home.report, instrument_id=number)
    for detail in (
        as_("admin").get(at.reports).json()["results"][0]["detail"],
        as_("admin").get(at.report).json()["detail"],
    ):
        assert [row["instrument_id"] for row in detail] == [1, 2, 4, 5]


def test_report_without_details_has_an_empty_list(as_, at):
    ReportInstrument.objects.all().delete()
    assert as_("admin").get(at.reports).json()["results"][0]["detail"] == []
    assert as_("admin").get(at.report).json()["detail"] == []


# The long form.


@pytest.fixture
def ks(world):
    return world.home.report_instrument.instrument


def bins(**counts: int) -> dict[str, int]:
    return {f"b{place}": 0 for place in range(10)} | counts


@pytest.fixture
def measured(world, ks):
    """Results of the learner and of the activity, and results of others that must not count."""
    home, away = world.home, world.away
    for learner, counts in (("eve", bins(b1=33)), ("ann", bins(b8=2, b9=5, b2=1)), ("bob", bins(b0=77))):
        LearnerInstrumentHistogram.objects.create(learner=home.learners[learner], instrument=ks, **counts)
    LearnerInstrumentHistogram.objects.create(learner=home.learners["ann"], instrument_id=1, **bins(b1=88))
    for activity, counts in (
        (away.activity, bins(b0=99)),
        (home.activity, bins(b3=4, b9=3, b8=1)),
        (another_activity(home), bins(b0=66)),
    ):
        ActivityInstrumentHistogram.objects.create(activity=activity, instrument=ks, **counts)
    ActivityInstrumentHistogram.objects.create(activity=home.activity, instrument_id=1, **bins(b1=55))
    for name, values in {
        "off": {"enabled": False, "inverted_polarity": True},
        "ks1": {"enabled": True, "warning_below": "0.6", "alert_below": "0.3"},
        "ks2": {"enabled": True, "inverted_polarity": True},
    }.items():
        Provider.objects.create(name=name, acronym=name, version="1", queue=name, instrument=ks, **values)


def test_long_form_has_the_documented_keys_first(as_, at, measured):
    row = as_("admin").get(at.report).json()
    assert list(row) == [*KEYS, "data", "contest", "is_restricted"]
    assert list(row["detail"][0]) == [*ROW, *MORE]
    listed = as_("admin").get(at.reports).json()["results"][0]
    assert [{key: detail[key] for key in ROW} for detail in row["detail"]] == listed["detail"]
    assert {key: row[key] for key in KEYS if key != "detail"} == {
        k: v for k, v in listed.items() if k not in ("detail", "contest", "is_restricted")
    }


def test_statistics_are_of_this_learner_and_this_activity(as_, at, measured):
    """0.9 is in bin 9: learner (5 + 2/2) / 8, activity (3 + 1/2) / 8; nothing is above it."""
    (detail,) = as_("admin").get(at.report).json()["detail"]
    sentences = detail.pop("fact_sentences")
    assert [each["code"] for each in sentences] == detail["facts"]["positive"]
    assert {key: detail[key] for key in MORE if key != "fact_sentences"} == {
        "instrument_acronym": "ks",
        "learner_histogram": [0, 0, 1, 0, 0, 0, 0, 0, 2, 5],
        "activity_histogram": [0, 0, 0, 4, 0, 0, 0, 0, 1, 3],
        "instrument_polarity": 1,
        "result_bean": 9,
        "thresholds": {"warning_below": 0.6, "alert_below": 0.3},
        "prob_learner": 0.75,
        "prob_context": 0.4375,
        "h_prob_learner": 0,
        "h_prob_context": 0,
        "facts": {
            "positive": [
                "POSITIVE_CONFIDENCE_HIGH", "POSITIVE_LEARNER_RESULT_ABOVE_THRESHOLD",
                "POSITIVE_LEARNER_RESULT_GOOD_INSTRUMENT", "POSITIVE_LEARNER_RESULT_GOOD_ACTIVITY",
            ],
            "neutral": [],
            "negative": [],
        },
        "demonstration": "",
    }  # fmt: skip


def test_a_learner_among_few_sees_nothing_of_the_others(as_, at, measured, world, ks):
    """Of two learners each would read the other's results off the sum."""
    home = world.home
    allow(home, learner_report=True)
    for name in (names := [f"l{number}" for number in range(8)]):
        home.learner(name)
    reports = [report_of(home, name) for name in ("bob", *names)]
    for report in reports:
        ReportInstrument.objects.create(report=report, instrument=ks)
    ReportInstrument.objects.exclude(report=reports[-1]).update(processed_count=1)
    (detail,) = as_("ann").get(at.report).json()["detail"]  # of nine learners
    (seen,) = as_("teacher").get(at.report).json()["detail"]
    assert [detail["activity_histogram"], detail["prob_context"], detail["h_prob_context"]] == [[0] * 10, None, None]
    assert not any(code.endswith("_ACTIVITY") for codes in detail["facts"].values() for code in codes)
    assert seen["activity_histogram"] == [0, 0, 0, 4, 0, 0, 0, 0, 1, 3]
    assert (detail["learner_histogram"], [*detail]) == (seen["learner_histogram"], [*seen])
    ReportInstrument.objects.filter(report=reports[-1]).update(processed_count=1)
    assert as_("ann").get(at.report).json()["detail"] == [seen]


def test_low_result_and_low_confidence_use_the_same_scale(as_, at, measured):
    """0.29 with confidence 0.7: below both limits, though the percents 29 and 70 are far above them."""
    ReportInstrument.objects.update(result="0.29", confidence="0.7")
    (detail,) = as_("admin").get(at.report).json()["detail"]
    assert (detail["result_bean"], detail["h_prob_learner"], detail["h_prob_context"]) == (2, 0.875, 1)
    assert detail["facts"] == {
        "positive": [],
        "neutral": [],
        "negative": [
            "NEGATIVE_CONFIDENCE_LOW", "NEGATIVE_LEARNER_RESULT_BELOW_THRESHOLD",
            "NEGATIVE_LEARNER_RESULT_BAD_INSTRUMENT", "NEGATIVE_LEARNER_RESULT_BAD_ACTIVITY",
        ],
    }  # fmt: skip


def test_polarity_is_of_the_enabled_provider_with_the_lowest_id(as_, at, measured):
    Provider.objects.filter(acronym="ks1").update(enabled=False)
    (detail,) = as_("admin").get(at.report).json()["detail"]
    assert (detail["instrument_polarity"], detail["thresholds"]) == (-1, {"warning_below": None, "alert_below": None})
    assert detail["h_prob_learner"] == 0.375
    Provider.objects.filter(acronym="off").update(enabled=True, warning_below="0.2", alert_below="0.4")
    (detail,) = as_("admin").get(at.report).json()["detail"]
    assert detail["thresholds"] == {"warning_below": 0.2, "alert_below": 0.4}


def test_what_does_not_exist_is_null_and_what_charts_draw_is_there(as_, at, world):
    """No provider, no histograms; and a second instrument without any data."""
    ReportInstrument.objects.create(report=world.home.report, instrument_id=5)
    answer = as_("admin").get(at.report)
    assert answer.status_code == 200
    row = answer.json()
    for detail in row["detail"]:
        assert [name for name in MORE if detail[name] is None] == [
            "instrument_polarity", "thresholds", "prob_learner", "prob_context", "h_prob_learner", "h_prob_context",
        ]  # fmt: skip
        assert detail["learner_histogram"] == detail["activity_histogram"] == [0] * 10
    known, unknown = row["detail"]
    assert known["facts"] == {"positive": ["POSITIVE_CONFIDENCE_HIGH"], "neutral": [], "negative": []}
    assert unknown["facts"] == {"positive": [], "neutral": ["NEUTRAL_MISSING_INFORMATION"], "negative": []}
    (sentence,) = unknown["fact_sentences"]
    assert sentence["en"] == (
        "Nothing could be checked with this instrument yet, so it says nothing for or against anybody."
    )
    assert (known["result_bean"], unknown["result_bean"]) == (9, 0)


def alert(home, name: str, activity=None, session=None) -> None:
    Alert.objects.create(
        institution=home.institution, activity=activity or home.activity, learner_id=home.people[name].pk,
        session=session, level=2, raised_at=home.institution.created_at,
    )  # fmt: skip


@pytest.mark.differs("the session's counts are set by hand")
def test_alert_in_a_session_of_the_pair_is_a_fact(as_, at, world):
    home, negative = world.home, ["NEGATIVE_WITH_ALERTS"]
    ReportInstrument.objects.update(confidence=0, result=0)
    other = another_activity(home)
    alert(home, "bob", session=session_of(home, "bob"))
    alert(home, "ann", activity=other, session=session_of(home, "ann", other))
    alert(home, "ann")  # of no session
    assert as_("admin").get(at.report).json()["detail"][0]["facts"]["negative"] == []
    alert(home, "ann", session=session_of(home, "ann"))
    facts = as_("admin").get(at.report).json()["detail"][0]["facts"]
    assert facts == {"positive": [], "neutral": ["NEUTRAL_MISSING_INFORMATION"], "negative": negative}


def test_every_fact_is_a_sentence_in_each_language():
    codes = set(re.findall(r'"((?:POSITIVE|NEUTRAL|NEGATIVE)_\w+)"', inspect.getsource(arithmetic)))
    assert len(codes) == 11
    for said in fact_sentences({"positive": sorted(codes), "neutral": [], "negative": []}):
        texts = [said["en"], said["es"], said["ca"]]
        assert all(text.endswith(".") and len(text) > 20 for text in texts)
        assert len({*texts}) == 3


# Filters.


@pytest.fixture
def three(world):
    """Levels 2/1/1 (ann), 4/0/3 (bob), 1/1/1 (cai)."""
    report_of(world.home, "bob", identity_level=4, content_level=0, integrity_level=3)
    world.home.learner("cai")
    report_of(world.home, "cai", identity_level=1, content_level=1, integrity_level=1)
    rewritten(User.objects.filter(pk=world.people["bob"].pk), last_name="O'Neil", email="bob@quagga.example.org")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("learner__first_name=Ann", "ann"),
        ("learner__first_name=An", ""),
        ("learner__last_name=O%27Neil", "bob"),
        ("learner__email=bob@quagga.example.org", "bob"),
        ("learner__email=bob", ""),
        ("identity_level=2", "ann"),
        ("identity_level=4&integrity_level=3", "bob"),
        ("identity_level=4&integrity_level=1", ""),
        ("content_level=0", "bob"),
        ("identity_level__lte=2", "ann cai"),
        ("content_level__lte=0", "bob"),
        ("integrity_level__lte=2", "ann cai"),
        ("integrity_level__lte=-1", ""),
        ("identity_level__gte=2", "ann bob"),
        ("identity_level__gte=3", "bob"),
        ("content_level__gte=1", "ann cai"),
        ("integrity_level__gte=2", "bob"),
        ("identity_level__gte=2&integrity_level__gte=-1&content_level__gte=-1", "ann bob"),
        ("identity_level__gte=-1", "ann bob cai"),
        ("identity_level__gte=", "ann bob cai"),
        ("identity_level__gte=abc", ""),
        ("identity_level__gte=2.5", ""),
        ("identity_level__gte=" + "9" * 40, ""),
        ("identity_level__gte=-" + "9" * 40, "ann bob cai"),
        ("identity_level__gte=%00", ""),
        ("level=3", "bob"),
        ("level=1", "ann cai"),
        ("level=0", "bob"),
        ("level__gte=2", "ann bob"),
        ("level__gte=4", "bob"),
        ("level__gte=5", ""),
        ("level__gte=-1", "ann bob cai"),
        ("level__lte=0", "bob"),
        ("level__lte=" + "9" * 40, "ann bob cai"),
        ("level__gte=2&level__lte=0", "bob"),
        ("search=o%27neil", "bob"),
        ("search=quagga", "bob"),
        ("search=ann", "ann"),
        ("search=4", "bob"),
        ("search=3 bob", "bob"),
        ("search=2", "ann"),
        ("ordering=-identity_level", "bob ann cai"),
        ("ordering=content_level", "bob ann cai"),
        ("ordering=integrity_level,-id", "cai ann bob"),
        ("ordering=-learner", "cai bob ann"),
        ("ordering=-id", "cai bob ann"),
        ("ordering=reportactivityinstrument_set", "ann bob cai"),
        ("ordering=summary", "ann bob cai"),
        ("ordering=-instrument-fr", "ann bob cai"),
        ("ordering=details", "ann bob cai"),
        ("summary=x&learner=abc&instrument-fr=2", "ann bob cai"),
    ],
)
def test_filters_search_and_ordering(query, expected, three, as_, at):
    """An earlier implementation answered with 500 to an ordering by a relation, to `level=abc` and to ids that are no
    numbers.
    """
    answer = as_("admin").get(f"{at.reports}?{query}")
    assert answer.status_code == 200, answer.content
    assert [row["learner"]["uid"] for row in answer.json()["results"]] == expected.split()
    assert answer.json()["count"] == len(expected.split())


@pytest.mark.parametrize(
    "query",
    [
        "level=abc", "level=5", "level=-1", "level__gte=abc", "level__lte=x", "level__gte=1.5", "identity_level=abc",
        "content_level=5", "integrity_level=-1", "identity_level__lte=abc", "content_level__lte=1.5",
        "integrity_level__lte=%00", "learner__email=%00",
    ],
)  # fmt: skip
def test_bad_value_of_a_filter_is_400_under_its_name(query, as_, at):
    answer = as_("admin").get(f"{at.reports}?{query}")
    assert answer.status_code == 400
    assert list(answer.json()) == [query.partition("=")[0]]


def test_filter_shows_a_learner_nobody_else(three, as_, at, world):
    allow(world.home, learner_report=True)
    for query in ("level__gte=0", "search=bob", "learner__first_name=Bob", "ordering=-id"):
        rows = as_("ann").get(f"{at.reports}?{query}").json()["results"]
        assert {row["learner"]["uid"] for row in rows} <= {"ann"}


def test_other_institution_has_a_report_of_its_own(as_, at, world):
    theirs = client_of(world.away.people["admin"])
    url = at.reports.replace(f"/{world.home.institution.pk}/", f"/{world.away.institution.pk}/", 1)
    assert theirs.get(at.reports).status_code == 404
    assert theirs.get(url).status_code == 404
    assert Instrument.objects.count() == 5  # the instruments are everybody's, the reports are not
