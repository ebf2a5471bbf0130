"""/institution/{}/course/: own courses, all courses, and who may delete one."""

from datetime import UTC, datetime

import pytest

from courses.models import Activity, Course, CourseInstructor, CourseLearner
from institutions.models import Instructor
from learners.models import Learner
from tests.world import rewritten


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/course/"


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("global", ["C1", "C2"]),
        ("admin", ["C1", "C2"]),
        ("data", ["C1", "C2"]),
        ("legal", []),
        ("send", []),
        ("member", []),
        ("teacher", ["C1"]),
        ("visitor", ["C2"]),
        ("ann", ["C1"]),
        ("eve", []),
    ],
)
def test_who_sees_which_courses(as_, url, name, codes):
    assert [row["code"] for row in as_(name).get(url).json()["results"]] == codes


def test_legal_and_send_admins_see_courses_they_belong_to(as_, url, world):
    legal = world.people["legal"]
    CourseInstructor.objects.create(
        institution=world.home.institution,
        course=world.home.course,
        instructor=Instructor.objects.create(user=legal, institution=world.home.institution),
    )
    assert [row["code"] for row in as_("legal").get(url).json()["results"]] == ["C1"]


def test_roles_of_the_caller_and_enabled_activities(as_, url, world):
    rows = {row["code"]: row for row in as_("admin").get(url).json()["results"]}
    assert (rows["C1"]["user_roles"], rows["C1"]["enabled"]) == ([], True)
    assert (rows["C2"]["user_roles"], rows["C2"]["enabled"]) == ([], False)
    Activity.objects.update(enabled=False)
    teacher = world.people["teacher"]
    CourseLearner.objects.create(
        institution=world.home.institution,
        course=world.home.course,
        learner=Learner.objects.create(user=teacher, institution=world.home.institution),
    )
    row = as_("teacher").get(f"{url}{world.home.course.pk}/").json()
    assert (row["user_roles"], row["enabled"]) == (["LEARNER", "INSTRUCTOR"], False)
    assert as_("ann").get(url).json()["results"][0]["user_roles"] == ["LEARNER"]


def test_courses_by_what_the_caller_is_in_them(as_, url, world):
    home = world.home
    home.teach("ann", home.other_course)
    found = {
        role: [row["code"] for row in as_("ann").get(url, {"user_roles": role}).json()["results"]]
        for role in ("LEARNER", "INSTRUCTOR", "")
    }
    assert found == {"LEARNER": ["C1"], "INSTRUCTOR": ["C2"], "": ["C1", "C2"]}
    assert as_("admin").get(url, {"user_roles": "INSTRUCTOR"}).json()["count"] == 0
    assert [*as_("ann").get(url, {"user_roles": "ADMIN"}).json()] == ["user_roles"]


def test_the_vle_of_a_course_names_its_type_and_institution(as_, url, world):
    vle = as_("ann").get(url).json()["results"][0]["vle"]
    assert list(vle) == ["id", "type", "name", "url", "client_id", "institution"]
    assert (vle["id"], vle["type"], vle["institution"]["id"]) == (
        world.home.vle.pk,
        "MOODLE",
        world.home.institution.pk,
    )


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("admin", 204),
        ("data", 204),
        ("global", 403),
        ("legal", 403),
        ("send", 403),
        ("teacher", 403),
        ("ann", 403),
        ("member", 403),
        ("stranger", 404),
    ],
)
def test_who_may_delete_a_course(as_, url, world, name, status):
    assert as_(name).delete(f"{url}{world.home.course.pk}/").status_code == status
    assert Course.objects.filter(pk=world.home.course.pk).exists() == (status != 204)
    assert Learner.objects.count() == 6  # its people stay


def test_courses_are_not_written_here(as_, url, world):
    assert as_("admin").post(url, {}).status_code == 405
    assert as_("admin").put(f"{url}{world.home.course.pk}/", {}).status_code == 405


def test_courses_of_another_institution_are_not_there(as_, url, world):
    for name in ("admin", "global"):
        assert as_(name).get(f"{url}{world.away.course.pk}/").status_code == 404
    assert as_("data").delete(f"{url}{world.away.course.pk}/").status_code == 404
    assert as_("global").get(url, {"search": "C1"}).json()["count"] == 1


# What dashboards type into the boxes above the columns.


@pytest.fixture
def dated(world):
    for home, code in ((world.home, "Law-7"), (world.away, "Law-8")):
        span = {"start": datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC), "end": datetime(2032, 3, 4, tzinfo=UTC)}
        rewritten(Course.objects.filter(pk=home.course.pk), code=code, **span)


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({"code": "law"}, ["Law-7"]),
        ({"code": " LAW-7 "}, ["Law-7"]),
        ({"code": "Law-8"}, []),
        ({"code": "2"}, ["C2"]),
        ({"start": "2031-02-03"}, ["Law-7"]),
        ({"start": "2031-02-03T04:05:06Z"}, ["Law-7"]),
        ({"start": "2031-02-03T05:00:00+01:00/2031-02-04T04:59:59.999999+01:00"}, ["Law-7"]),
        ({"start": "2031-02-03T06:00:00+01:00/2031-02-04T05:59:59.999999+01:00"}, []),
        ({"start": "2031-02-03T05:05:06+01:00"}, ["Law-7"]),
        ({"start": "2031-02-04"}, []),
        ({"start": "2032-03-04"}, []),
        ({"end": "2032-03-04"}, ["Law-7"]),
        ({"end": "2032-03-04T00:00:01Z"}, []),
        ({"end": "2031-02-03"}, []),
        ({"start": "2031-02-03", "end": "2032-03-04", "code": "7"}, ["Law-7"]),
        ({"start": "2031-02-03", "code": "C2"}, []),
        ({"id": "", "code": "", "start": "", "end": ""}, ["Law-7", "C2"]),
    ],
)
def test_column_boxes_find_courses(query, codes, dated, as_, url):
    assert [row["code"] for row in as_("admin").get(url, query).json()["results"]] == codes


def test_column_box_finds_by_id_in_the_own_institution_and_own_courses(as_, url, world):
    for name, pk, codes in (
        ("admin", world.home.course.pk, ["C1"]),
        ("admin", world.away.course.pk, []),
        ("global", world.away.course.pk, []),
        ("teacher", world.home.course.pk, ["C1"]),
        ("teacher", world.home.other_course.pk, []),
    ):
        assert [row["code"] for row in as_(name).get(url, {"id": pk}).json()["results"]] == codes


@pytest.mark.parametrize("name", ["id", "code", "start", "end"])
@pytest.mark.parametrize(
    "value",
    ["x", "-1", "1e3", "1.5", "9" * 30, "\0", "a\nb", "2031", "2031-99-99", "0001-01-01T00:00:00+14:00", "😀", "[]"],
)
def test_column_boxes_never_fail(name, value, dated, as_, url):
    answer = as_("admin").get(url, {name: value})
    assert (answer.status_code, answer.json()["count"]) == (200, 0)
