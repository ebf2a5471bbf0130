"""/institution/{}/group/{}/course/: which courses are in a group."""

from datetime import UTC, datetime

import pytest

from courses.models import Course, CourseGroup, GroupCourse
from courses.services import groups
from kernel.domain import Invalid, Unknown
from tests.world import rewritten

START = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture
def group(world):
    """A group of the institution with C1 in it; the other institution has one just like it."""
    for home in (world.home, world.away):
        GroupCourse.objects.get_or_create(institution=home.institution, group=home.group, course=home.course)
    return world.home.group


@pytest.fixture
def url(world, group):
    return f"/api/v2/institution/{world.home.institution.pk}/group/{group.pk}/course/"


@pytest.fixture
def admin(as_):
    return as_("admin")


def codes(group) -> list[str]:
    return sorted(GroupCourse.objects.filter(group=group).values_list("course__code", flat=True))


def test_everybody_sees_all_courses_of_a_group(as_, url, group, world):
    groups.group_course_add(group=group, course=world.home.other_course)
    for who in ("member", "eve", "visitor"):
        assert [row["code"] for row in as_(who).get(url).json()["results"]] == ["C1", "C2"]


def test_course_is_added_once_however_often_it_is_sent(admin, url, group, world):
    course = world.home.other_course
    for identity in (course.pk, str(course.pk), course.pk):
        answer = admin.post(url, {"id": identity, "code": "ignored"}, format="json")
        assert answer.status_code == 201
        row = answer.json()
        assert list(row) == [
            "id", "vle_id", "vle_course_id", "code", "description", "start", "end", "created_at", "updated_at",
        ]  # fmt: skip
        assert (row["id"], row["vle_id"], row["code"]) == (course.pk, world.home.vle.pk, "C2")
        assert (row["description"], row["start"], row["end"]) == (None, None, None)
    assert codes(group) == ["C1", "C2"]
    course.refresh_from_db()
    assert course.code == "C2"


@pytest.mark.parametrize("value", [0, -1, 987654, 2**63])
def test_unknown_course_is_404(value, admin, url, group, world):
    for answer in (
        admin.post(url, {"id": value}, format="json"),
        admin.put(f"{url}{world.home.course.pk}/", {"id": value}, format="json"),
        admin.patch(f"{url}{world.home.course.pk}/", {"id": value}, format="json"),
    ):
        assert answer.status_code == 404
    assert codes(group) == ["C1"]


@pytest.mark.parametrize("value", [None, "", "abc", 1.5, True, [], {}, "1e3", 10**40])
def test_what_is_no_id_is_400(value, admin, url, group, world):
    for answer in (
        admin.post(url, {"id": value}, format="json"),
        admin.put(f"{url}{world.home.course.pk}/", {"id": value}, format="json"),
        admin.patch(f"{url}{world.home.course.pk}/", {"id": value}, format="json"),
    ):
        assert (answer.status_code, list(answer.json())) == (400, ["id"])
    assert codes(group) == ["C1"]


def test_id_is_required_but_for_patch(admin, url, group, world):
    where = f"{url}{world.home.course.pk}/"
    for answer in (admin.post(url, {}, format="json"), admin.put(where, {}, format="json")):
        assert (answer.status_code, list(answer.json())) == (400, ["id"])
    answer = admin.patch(where, {}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (200, "C1")


@pytest.mark.parametrize("method", ["put", "patch"])
def test_same_id_is_no_change_and_another_one_swaps(method, admin, url, group, world):
    """An earlier implementation tried to change the primary key, which was 500."""
    where = f"{url}{world.home.course.pk}/"
    before = GroupCourse.objects.get(group=group).pk
    answer = getattr(admin, method)(where, {"id": world.home.course.pk}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (200, "C1")
    answer = getattr(admin, method)(where, {"id": world.home.other_course.pk}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (200, "C2")
    assert codes(group) == ["C2"]
    assert GroupCourse.objects.get(group=group).pk == before
    assert admin.get(where).status_code == 404
    assert list(Course.objects.filter(institution=world.home.institution).values_list("code", flat=True)) == [
        "C1",
        "C2",
    ]


@pytest.mark.parametrize("method", ["put", "patch"])
def test_swap_for_a_course_that_is_there_already_is_400(method, admin, url, group, world):
    groups.group_course_add(group=group, course=world.home.other_course)
    answer = getattr(admin, method)(f"{url}{world.home.course.pk}/", {"id": world.home.other_course.pk}, format="json")
    assert (answer.status_code, list(answer.json())) == (400, ["id"])
    assert codes(group) == ["C1", "C2"]


def test_delete_removes_the_membership_only(admin, url, group, world):
    other = CourseGroup.objects.create(institution=world.home.institution, name="Other")
    groups.group_course_add(group=other, course=world.home.course)
    where = f"{url}{world.home.course.pk}/"
    assert admin.delete(where).status_code == 204
    assert (codes(group), codes(other), codes(world.away.group)) == ([], ["C1"], ["C1"])
    assert Course.objects.filter(pk=world.home.course.pk).exists()
    for answer in (admin.get(where), admin.delete(where), admin.put(where, {"id": 1}, format="json")):
        assert answer.status_code == 404
    assert admin.get(url).json()["count"] == 0


# Tenants and the chain.


def test_course_of_another_institution_is_unknown(as_, url, group, world):
    """An earlier implementation took ids of other institutions: courses into groups, categories and learners into
    special needs, activities and alternatives of any activity.
    """
    theirs = world.away.course.pk
    for who in ("admin", "data"):
        client = as_(who)
        assert client.post(url, {"id": theirs}, format="json").status_code == 404
        assert client.put(f"{url}{world.home.course.pk}/", {"id": theirs}, format="json").status_code == 404
        for method in ("get", "put", "patch", "delete"):
            extra = {"data": {"id": world.home.course.pk}, "format": "json"} if method in ("put", "patch") else {}
            assert getattr(client, method)(f"{url}{theirs}/", **extra).status_code == 404
    assert (codes(group), GroupCourse.objects.filter(group=group, course=theirs).count()) == (["C1"], 0)


@pytest.mark.parametrize("who", ["admin", "data", "global", "member"])
def test_group_of_another_institution_and_an_unknown_one_are_404(who, as_, url, group, world):
    client = as_(who)
    home = f"/api/v2/institution/{world.home.institution.pk}/group/"
    for pk in (world.away.group.pk, 987654):
        assert client.get(f"{home}{pk}/course/").status_code == 404
        assert client.post(f"{home}{pk}/course/", {"id": world.home.course.pk}, format="json").status_code == 404
        for course in (world.home.course.pk, world.away.course.pk):
            assert client.get(f"{home}{pk}/course/{course}/").status_code == 404
            assert client.delete(f"{home}{pk}/course/{course}/").status_code == 404
    assert codes(world.away.group) == ["C1"]


def test_service_refuses_strangers_and_what_is_gone(group, world):
    membership = GroupCourse.objects.get(group=group)
    for call in (
        lambda: groups.group_course_add(group=group, course=world.away.course),
        lambda: groups.group_course_swap(membership=membership, course=world.away.course),
        lambda: groups.group_course_add(group=CourseGroup(pk=987654), course=world.home.course),
    ):
        with pytest.raises(Unknown):
            call()
    stale = GroupCourse.objects.get(group=group)
    groups.group_course_add(group=group, course=world.home.other_course)
    with pytest.raises(Invalid):
        groups.group_course_swap(membership=stale, course=world.home.other_course)
    assert codes(group) == ["C1", "C2"]


# Filters.


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({"code": "Law-7"}, ["Law-7"]),
        ({"code": "law"}, []),
        ({"vle_course_id": "c1"}, ["Law-7"]),
        ({"vle_course_id": "c"}, []),
        ({"description": "First course"}, ["Law-7"]),
        ({"description": "First"}, []),
        ({"start": "2031-02-03T04:05:06Z"}, ["Law-7"]),
        ({"start": "2031-02-03T05:05:06+01:00"}, ["Law-7"]),
        ({"start": "2031-02-03T04:05:07Z"}, []),
        ({"end": "2031-02-03T04:05:06Z"}, []),
        ({"end": "2032-01-01T00:00:00Z", "code": "Law-7"}, ["Law-7"]),
        ({"code": "", "start": "", "vle_id": ""}, ["Law-7", "C2"]),
        ({"vle_id": 987654}, []),
        ({"search": "LAW"}, ["Law-7"]),
        ({"search": "first law"}, ["Law-7"]),
        ({"search": "c2"}, ["C2"]),
        ({"ordering": "-id"}, ["C2", "Law-7"]),
        ({"ordering": "-start"}, ["Law-7", "C2"]),
        ({"nope": "1", "institution": "1"}, ["Law-7", "C2"]),
    ],
)
def test_filters(query, codes, admin, url, group, world):
    groups.group_course_add(group=group, course=world.home.other_course)
    for home in (world.home, world.away):
        rewritten(
            Course.objects.filter(pk=home.course.pk), code="Law-7", start=START, end=datetime(2032, 1, 1, tzinfo=UTC)
        )
    assert [row["code"] for row in admin.get(url, query).json()["results"]] == codes


def test_filter_by_vle(admin, url, world):
    assert admin.get(url, {"vle_id": world.home.vle.pk}).json()["count"] == 1
    assert admin.get(url, {"vle_id": world.away.vle.pk}).json()["count"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vle_id", "abc"),
        ("vle_id", "1.5"),
        ("start", "soon"),
        ("end", "2031-99-99"),
        ("code", "\0"),
        ("vle_id", str(2**63)),
        ("vle_id", str(-(2**63) - 1)),
        ("vle_id", "9" * 30),
        ("start", "0001-01-01T00:00:00+14:00"),
        ("end", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_bad_value_of_a_filter_is_400_under_its_name(name, value, admin, url):
    answer = admin.get(url, {name: value})
    assert (answer.status_code, list(answer.json())) == (400, [name])
