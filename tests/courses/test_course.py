"""/institution/{}/course/: own courses, all courses, and who may delete one."""

import pytest

from courses.models import Activity, Course, CourseInstructor, CourseLearner
from institutions.models import Instructor
from learners.models import Learner


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
