"""The numbers of an institution: right, of this institution alone, and only for whoever may read the lists behind."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from courses.models import Activity, Course
from institutions.models import InformedConsent
from learners.models import Learner, SENDCategory, SENDLearner
from reports.models import Report
from tests.contract.filling import fill
from tests.world import FUTURE, PAST

# What each role's overview shows.
SHOWN = {
    "global": {"courses", "consents", "people", "instructors", "needs", "levels", "by_course"},
    "admin": {"courses", "consents", "people", "instructors", "needs", "levels", "by_course"},
    "data": {"courses", "consents", "people", "instructors", "levels", "by_course"},
    "legal": {"consents", "people", "instructors"},
    "send": {"consents", "needs"},
}
PARTS = {"courses", "consents", "people", "instructors", "needs", "levels", "by_course"}


@pytest.mark.parametrize("who", SHOWN)
def test_each_role_sees_the_numbers_of_its_lists(who, world, signed_in, address):
    answer = signed_in(who).get(address(""))
    assert {part for part in PARTS if answer.context.get(part) is not None} == SHOWN[who]


def bars(answer, part: str) -> dict[str, int]:
    return {bar.label: bar.total for bar in answer.context[part]["chart"].bars}


def consent(home, version: str, valid_from=PAST) -> InformedConsent:
    major, minor, patch = map(int, version.split("."))
    return InformedConsent.objects.create(
        institution=home.institution, version=version, major=major, minor=minor, patch=patch, valid_from=valid_from
    )


def hold(home, name: str, accepted=None, rejected=None) -> None:
    Learner.objects.filter(user=home.people[name]).update(
        consent=accepted, consent_accepted=accepted and PAST, consent_rejected=rejected
    )


def test_learners_by_consent_status(world, signed_in, address):
    """The statuses of the contract, typed by hand: 2.0.1 is the current version."""
    home = world.home
    consent(home, "2.0.1")
    future = consent(home, "3.0.0", FUTURE)
    for name in ("cat", "dan", "fay", "gus"):
        home.learner(name)
    hold(home, "ann", home.consent)  # 1.0.0: outdated
    hold(home, "bob", home.newer_consent)  # 2.0.0: a patch behind
    hold(home, "cat", InformedConsent.objects.get(institution=home.institution, version="2.0.1"))
    hold(home, "dan", home.newer_consent, rejected=PAST)
    hold(home, "fay", home.consent, rejected=PAST + timedelta(days=1))
    hold(home, "gus", future)
    answer = signed_in("legal").get(address(""))
    assert bars(answer, "consents") == {
        "Valid": 1,
        "Valid, update available": 1,
        "Not given yet": 1,
        "Rejected": 2,
        "Accepted, but not valid yet": 1,
        "Outdated: must be accepted again": 1,
    }
    assert answer.context["consents"]["valid"] == 2
    assert "2 of 7 learners have a consent that allows data to be captured." in answer.text


def test_consent_managed_elsewhere(world, signed_in, address):
    hold(world.home, "ann", world.home.consent, rejected=PAST)
    world.home.institution.external_ic = True
    world.home.institution.save()
    assert bars(signed_in("admin").get(address("")), "consents") == {"Managed outside this service": 3}


def test_statuses_are_those_of_the_list(world, signed_in, address, as_):
    """The sum over the API's own answer."""
    fill(world, 30)
    found = as_("admin").get(f"/api/v2/institution/{world.home.institution.pk}/learner/?limit=1000").json()["results"]
    by_status: dict[str, int] = {}
    for row in found:
        by_status[row["ic_status"]] = by_status.get(row["ic_status"], 0) + 1
    words = {"VALID": "Valid", "NOT_VALID_MISSING": "Not given yet", "NOT_VALID_REJECTED": "Rejected",
             "NOT_VALID": "Outdated: must be accepted again"}  # fmt: skip
    shown = bars(signed_in("admin").get(address("")), "consents")
    assert shown == {words[status]: count for status, count in by_status.items()}


def test_courses_by_the_hour(world, signed_in, address):
    own = {"institution": world.home.institution, "vle": world.home.vle}
    now = timezone.now()
    dates = [(None, None), (PAST, None), (PAST, FUTURE), (None, FUTURE), (FUTURE, None), (FUTURE, FUTURE), (PAST, PAST),
             (None, PAST), (now - timedelta(days=1), now + timedelta(days=1))]  # fmt: skip
    Course.objects.bulk_create(
        Course(**own, vle_course_id=f"n{n}", code=f"N{n}", start=start, end=end) for n, (start, end) in enumerate(dates)
    )
    Activity.objects.create(**own, course=world.home.course, vle_activity_type="quiz", vle_activity_id="off")
    counts = signed_in("data").get(address("")).context["courses"]
    assert counts == {"courses": 11, "running": 7, "to_come": 2, "activities": 2, "enabled": 1}
    for state, number in (("running", 7), ("to_come", 2), ("over", 2)):
        listed = signed_in("data").get(address("courses/"), {"state": state})
        assert listed.context["table"].count == number
    for asked, number in (({}, 2), ({"enabled": "true"}, 1), ({"course": world.home.course.pk}, 2)):
        listed = signed_in("data").get(address("activities/"), asked).context["table"]
        assert listed.count == number
    assert address("courses/{course}/activities/{activity}/") in [line.address for line in listed.lines]


def test_reports_by_level(world, signed_in, address):
    """ann's report of the world is (2, 1, 1); the other institution's has the same levels and is not counted."""
    home = world.home
    other = Activity.objects.create(
        institution=home.institution, vle=home.vle, course=home.other_course, vle_activity_type="quiz",
        vle_activity_id="9",
    )  # fmt: skip
    for name, activity, levels in (
        ("bob", home.activity, (4, 0, 1)), ("eve", home.activity, (2, 3, 1)),
        ("bob", other, (4, 4, 4)), ("eve", other, (0, 0, 4)),
    ):  # fmt: skip
        Report.objects.create(
            institution=home.institution, activity=activity, learner=home.learners[name],
            **dict(zip(("identity_level", "content_level", "integrity_level"), levels, strict=True)),
        )  # fmt: skip
    answer = signed_in("data").get(address(""))
    found = answer.context["levels"]
    assert found["total"] == 5
    assert {bar.label: bar.counts for bar in found["chart"].bars} == {
        "Identity": (1, 0, 2, 0, 2), "Content": (2, 1, 0, 1, 1), "Integrity": (0, 3, 0, 0, 2),
    }  # fmt: skip
    by_course = [(bar.label, bar.counts) for bar in answer.context["by_course"].bars]
    assert by_course == [("C2", (0, 0, 0, 0, 2)), ("C1", (0, 0, 1, 1, 1))]
    place = f"{reverse('console:reports', args=[home.institution.pk])}?course={home.course.pk}"
    assert f'<th scope="row"><a href="{place}">C1</a></th><td>0</td><td>0</td>' in answer.text
    assert f'<td><a href="{place}&amp;highest=4">1<span class="unseen"> C1</span></a></td><td>3</td>' in answer.text
    assert numbers_linked(signed_in("data"), answer) == 13


def numbers_linked(browser, answer) -> int:
    """Follow each number of the charts of levels: the list has as many rows. How many numbers there are."""
    found = re.findall(r'<td><a href="([^"]+/reports/[^"]+)">([\d,]+)<', answer.text)
    counts = {unescape(link): int(number.replace(",", "")) for link, number in found}
    assert {link: browser.get(link).context["table"].count for link in counts} == counts
    return len(counts)


def test_learners_by_special_need(world, signed_in, address):
    """Only what holds at this moment; a learner in two categories is one learner."""
    home, soon = world.home, timezone.now() + timedelta(hours=1)
    own = {"institution": home.institution}
    deaf = SENDCategory.objects.create(**own, description="deaf", data={})
    SENDCategory.objects.create(**own, description="unused", data={})
    for name, category, ends in (
        ("ann", deaf, soon), ("bob", deaf, None), ("eve", deaf, PAST), ("eve", home.category, PAST),
    ):  # fmt: skip
        SENDLearner.objects.create(**own, learner=home.learners[name], category=category, expires_at=ends)
    answer = signed_in("send").get(address(""))
    assert bars(answer, "needs") == {"deaf": 2, "low sight": 1, "unused": 0}
    link = f"{address('learners/')}?send={deaf.pk}"
    assert link in answer.text
    assert link in signed_in("send").get(address(f"send/{deaf.pk}/")).text
    assert signed_in("send").get(link).context["table"].count == 2
    assert signed_in("data").get(link).context["table"].count == 3  # it is no filter there: all of them
    assert answer.context["needs"]["total"] == 2
    everybody = f"{address('learners/')}?is_send=true"
    assert f'<a href="{everybody}">2</a>' in answer.text
    assert signed_in("send").get(everybody).context["table"].count == 2
    assert "2 learners have special needs now" in answer.text


def test_categories_beyond_those_drawn_are_counted(world, signed_in, address):
    own = {"institution": world.home.institution}
    SENDCategory.objects.bulk_create(SENDCategory(**own, description=f"c{n:02}", data={}) for n in range(14))
    answer = signed_in("send").get(address(""))
    assert len(answer.context["needs"]["chart"].bars) == 12
    link = address("send/")
    assert f'<a href="{link}">3 further categories</a> are not drawn.' in answer.text


def test_numbers_of_people(world, signed_in, address):
    context = signed_in("admin").get(address("")).context
    assert (context["people"], context["instructors"]) == (10, 2)


def test_numbers_have_separators(world, signed_in, address):
    Course.objects.bulk_create(
        Course(institution=world.home.institution, vle=world.home.vle, vle_course_id=f"n{n}", code=f"N{n}")
        for n in range(1200)
    )
    assert ">1,202</a>" in signed_in("admin").get(address("")).text


def test_number_of_queries_does_not_grow(world, signed_in, address):
    browser = signed_in("admin")

    def counted() -> int:
        browser.get(address(""))
        with CaptureQueriesContext(connection) as captured:
            browser.get(address(""))
        return len(captured)

    fill(world, 1)
    few = counted()
    world.home.learner("zoe")
    for n in range(50):
        consent(world.home, f"5.{n}.0")
        world.home.learner(f"l{n}")
        hold(world.home, f"l{n}", InformedConsent.objects.get(institution=world.home.institution, version=f"5.{n}.0"))
    assert counted() == few <= 12


def test_every_number_of_a_chart_stands_in_its_table(world, signed_in, address):
    answer = signed_in("admin").get(address(""))
    chart = answer.context["consents"]["chart"]
    assert [(bar.label, bar.counts) for bar in chart.bars] == [("Not given yet", (0, 3))]
    learners = f"{address('learners/')}?ic_status=NOT_VALID_MISSING"
    row = f'<th scope="row"><a href="{learners}">Not given yet</a></th><td>0</td><td>3</td><td>3</td>'
    assert row in answer.text
    assert signed_in("admin").get(learners).context["table"].count == 3
    assert '<svg role="group"' in answer.text  # of links
    assert f'<title id="consent-title">{chart.title}</title>' in answer.text
