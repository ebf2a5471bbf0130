"""/institution/{}/report/: reports of all courses, by where they are, their levels, contests and dates."""

from datetime import timedelta

import pytest
from django.utils import timezone

from courses.models import Activity
from reports.models import Report
from tests.world import PAST


@pytest.fixture
def reports(world):
    """ann's of the world (2, 1, 1), and two more, of which bob's in another course is contested."""
    home = world.home
    other = Activity.objects.create(
        institution=home.institution, vle=home.vle, course=home.other_course, vle_activity_type="quiz",
        vle_activity_id="9", name="Essay",
    )  # fmt: skip
    bob = Report.objects.create(
        institution=home.institution, activity=other, learner=home.learners["bob"], identity_level=4, content_level=3,
        contest={"state": "open", "is_final": False, "level": None, "deadline": None, "human_levels": {},
                 "set_aside": []},
    )  # fmt: skip
    eve = Report.objects.create(
        institution=home.institution, activity=home.activity, learner=home.learners["eve"], integrity_level=3
    )
    Report.objects.filter(pk=eve.pk).update(created_at=PAST, updated_at=PAST)
    return {"bob": bob, "eve": eve, "other": other}


@pytest.fixture
def get(world, as_):
    def read(query: str = "", who: str = "data", status: int = 200):
        answer = as_(who).get(f"/api/v2/institution/{world.home.institution.pk}/report/?{query}")
        assert answer.status_code == status, answer.content
        return answer.json()

    return read


def whose(body) -> list[str]:
    return [row["learner"]["uid"] for row in body["results"]]


def test_row_names_its_address(world, reports, get):
    row = get("learner=" + str(world.home.people["bob"].pk))["results"][0]
    home = world.home
    assert row["activity"] == {"id": reports["other"].pk, "name": "Essay", "type": "quiz"}
    assert row["course"] == {"id": home.other_course.pk, "code": "C2", "start": None}
    assert row["contest"]["state"] == "open"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("level__gte=3", ["bob", "eve"]), ("highest=4", ["bob"]), ("highest=3", ["eve"]), ("level=3", ["bob", "eve"]),
        ("integrity_level=3", ["eve"]), ("identity_level__gte=2", ["ann", "bob"]), ("contest=open", ["bob"]),
        ("contest=none", ["ann", "eve"]), ("contest=changed", []), ("search=BOB", ["bob"]), ("search=nobody", []),
        ("ordering=learner", ["ann", "bob", "eve"]), ("ordering=-identity_level&limit=2", ["bob", "ann"]),
        ("identity_level__gte=x", []), ("ordering=-learner&offset=2", ["ann"]), ("ordering=learner&offset=50", []),
        ("identity_level__lte=0&search=eve", ["eve"]),
    ],
)  # fmt: skip
def test_filters(query, found, reports, get):
    assert whose(get(query)) == found


def test_numbers_of_cut_pages(reports, get):
    assert [get(f"ordering=learner&limit=1&offset={offset}")["count"] for offset in (0, 2, 50)] == [3, 3, 3]
    assert get("identity_level__gte=x")["count"] == 0


def test_where_and_when(world, reports, get):
    home, away = world.home, world.away
    assert whose(get(f"course={home.other_course.pk}")) == ["bob"]
    assert whose(get(f"activity={home.activity.pk}")) == ["ann", "eve"]
    day = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert whose(get(f"updated_at__lte={day}")) == ["eve"]
    assert whose(get(f"created_at__gte={day}")) == ["ann", "bob"]
    for name, row in (("course", away.course), ("activity", away.activity), ("learner", away.learners["ann"])):
        assert [*get(f"{name}={row.pk}", status=400)] == [name]
    for wrong in ("contest=lost", "highest=7", "course=x", "updated_at__gte=soon"):
        assert [*get(wrong, status=400)] == [wrong.partition("=")[0]]


def test_looked_at(world, reports, get, as_):
    """By whom one asks for, after the last change, and with its reasons: a list is no look."""
    home = world.home
    course = f"/api/v2/institution/{home.institution.pk}/course/{home.course.pk}/"
    Report.objects.filter(pk=home.report.pk).update(updated_at=PAST)
    get(who="teacher")
    as_("teacher").get(f"{course}activity/{home.activity.pk}/report/")
    assert whose(get("looked_at=false", "teacher")) == ["ann", "eve"]
    assert as_("teacher").get(f"{course}activity/{home.activity.pk}/report/{home.report.pk}/").status_code == 200
    assert (whose(get("looked_at=false", "teacher")), whose(get("looked_at=true", "teacher"))) == (["eve"], ["ann"])
    assert whose(get("looked_at=true&level=2", "teacher")) == ["ann"]
    assert whose(get("looked_at=false", "data")) == ["ann", "bob", "eve"]
    Report.objects.filter(pk=home.report.pk).update(updated_at=timezone.now() + timedelta(seconds=1))
    assert whose(get("looked_at=true", "teacher")) == []
    assert [*get("looked_at=maybe", status=400)] == ["looked_at"]


def test_instructors_see_those_of_their_courses(world, reports, get, as_):
    assert whose(get(who="teacher")) == ["ann", "eve"]
    assert whose(get("ordering=learner", who="teacher")) == ["ann", "eve"]
    assert whose(get("search=bob", who="teacher")) == []
    address = f"/api/v2/institution/{world.home.institution.pk}/report/{reports['bob'].pk}/"
    assert as_("teacher").get(address).status_code == 404
    assert as_("data").get(address).json()["id"] == reports["bob"].pk
