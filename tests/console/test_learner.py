"""A learner's page: what each role's API shows of the learner, in words."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from courses.models import CourseLearner
from institutions.models import Provider
from learners.models import Enrolment, Learner, SENDCategory, SENDLearner
from tests.contract.filling import fill

WHEN = datetime(2024, 5, 3, 9, 5, tzinfo=UTC)


@pytest.fixture
def ann(world) -> Learner:
    learner = world.home.learners["ann"]
    learner.consent, learner.consent_accepted = world.home.newer_consent, WHEN
    learner.save()
    return learner


def test_person_and_consent(ann, signed_in, address):
    page = signed_in("legal").get(address("learners/{ann}/")).text
    assert "<h1>Ann Home</h1>" in page
    assert str(ann.learner_id) in page
    assert "ann@home.example.org" in page
    assert "<dd>2.0.0</dd>" in page
    assert '<time datetime="2024-05-03T09:05:00+00:00">3 May 2024, 09:05 UTC</time>' in page
    assert "Valid</span>" in page


def test_enrolment_is_shown_to_whom_the_api_shows_it(ann, world, signed_in, address):
    provider = Provider.objects.create(
        name="P", acronym="p", version="1", queue="p", enabled=True, instrument_id=1, alert_below="0.3",
        warning_below="0.6",
    )  # fmt: skip
    Enrolment.objects.create(
        institution=world.home.institution, learner=ann, provider=provider, percentage=Decimal("0.75"), can_analyse=True
    )
    for who in ("admin", "legal", "data"):
        answer = signed_in(who).get(address("learners/{ann}/"))
        meters = {meter["name"]: (meter["percent"], meter["ready"]) for meter in answer.context["enrolment"]}
        assert meters == {
            "Face recognition": (75, True),
            "Keystroke dynamics": (0, False),
            "Voice recognition": (0, False),
            "Forensic analysis": (0, False),
        }
        assert '<meter min="0" max="100" value="75" aria-label="Face recognition">' in answer.text
    for who in ("global", "send"):
        answer = signed_in(who).get(address("learners/{ann}/"))
        assert "enrolment" not in answer.context
        assert "<meter" not in answer.text


def test_courses_are_shown_to_who_sees_all_courses(ann, signed_in, address):
    for who in ("global", "admin", "data"):
        answer = signed_in(who).get(address("learners/{ann}/"))
        assert [row["code"] for row in answer.context["courses"]] == ["C1"]
    for who in ("legal", "send"):
        assert "courses" not in signed_in(who).get(address("learners/{ann}/")).context


def test_special_needs_are_shown_to_whom_the_api_shows_them(ann, world, signed_in, address):
    own = {"institution": world.home.institution}
    for name, year in (("low hearing", 2020), ("low grip", 2100)):
        category = SENDCategory.objects.create(**own, description=name, data={"disabled_instruments": [1, 2]})
        SENDLearner.objects.create(
            **own, learner=ann, category=category, expires_at=datetime(year, 5, 3, 9, 5, tzinfo=UTC)
        )
    for who in ("global", "admin", "send"):
        page = signed_in(who).get(address("learners/{ann}/")).text
        said = [strip_tags(item) for item in re.findall(r"<li><strong>low .*?</span>", page)]
        assert said == [
            "low sightfor good; with big fonts; without Keystroke dynamics",
            "low hearingran out 3 May 2020, 09:05 UTC; without Face recognition, Keystroke dynamics",
            "low gripuntil 3 May 2100, 09:05 UTC; without Face recognition, Keystroke dynamics",
        ]
    for who in ("legal", "data"):
        answer = signed_in(who).get(address("learners/{ann}/"))
        assert "needs" not in answer.context
        assert "low sight" not in answer.text
        assert "Special needs" not in answer.text


def test_reports_are_shown_to_who_sees_all_reports(ann, world, signed_in, address):
    link = address("courses/{course}/activities/{activity}/reports/{report}/")
    for who in ("global", "admin", "data"):
        answer = signed_in(who).get(address("learners/{ann}/"))
        assert [(row["name"], row["identity_level"]) for row in answer.context["reports"]] == [("Quiz", 2)]
        assert f'<a href="{link}">Quiz</a>' in answer.text
    for who in ("legal", "send"):
        answer = signed_in(who).get(address("learners/{ann}/"))
        assert "reports" not in answer.context
        assert "Quiz" not in answer.text


def test_person_who_is_no_learner(world, signed_in, address):
    assert signed_in("admin").get(address("learners/{teacher}/")).status_code == 404


def test_number_of_queries_does_not_grow(ann, world, signed_in, address):
    browser = signed_in("admin")

    def counted() -> int:
        browser.get(address("learners/{ann}/"))
        with CaptureQueriesContext(connection) as captured:
            browser.get(address("learners/{ann}/"))
        return len(captured)

    few = counted()
    fill(world, 40)
    assert counted() == few <= 12


def test_decisions_are_shown_to_whom_the_api_shows_them(ann, world, signed_in, address):
    for who in ("admin", "legal", "data"):
        page = signed_in(who).get(address("learners/{ann}/")).text
        section = page.partition("Decisions about consents")[2].partition("</section>")[0]
        words = " ".join(re.sub(r"<[^>]+>", " ", section).split())
        assert "1 Jan 2020, 00:00 UTC accepted 0.1.0 en by a link of Moodle 192.0.2.9 en 55555555" in words
        link = address("learners/{ann}/decisions/{decision}/")
        assert f'href="{link}"' in section
        shown = signed_in(who).get(link).text
        assert "Ann Home accepted it" in shown
        assert "<p>I once consented at home.</p>" in shown
    bob = address("learners/{bob}/decisions/{decision}/")
    assert signed_in("legal").get(bob).status_code == 404  # it is not his
    for who in ("global", "send"):
        assert "Decisions about consents" not in signed_in(who).get(address("learners/{ann}/")).text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "not recorded"),
        ({"added_by": "import"}, "an import"),
        ({"added_by": "person", "added_by_id": "teacher"}, "Teacher Home"),
        ({"added_by": "import", "added_by_id": "admin"}, "an import by Admin Home"),
        ({"added_by": "person", "added_by_id": 987654}, "somebody who is gone"),
        ({"added_by": "vle", "added_by_id": "vle"}, "the VLE Moodle"),
        ({"added_by": "vle", "added_by_id": 987654}, "a VLE that is gone"),
    ],
)
def test_courses_say_who_added_the_learner(values, text, ann, world, signed_in, address):
    keys = {"vle": world.home.vle.pk} | {name: person.pk for name, person in world.people.items()}
    if "added_by_id" in values:
        values = values | {"added_by_id": keys.get(values["added_by_id"], values["added_by_id"])}
    CourseLearner.objects.filter(learner=ann).update(added_at=WHEN, **values)
    page = signed_in("data").get(address("learners/{ann}/")).text
    assert f'<td role="cell" data-label="Added by"><span>{text}</span></td>' in page
    assert "3 May 2024, 09:05 UTC</time></span></td></tr></tbody>" in page
