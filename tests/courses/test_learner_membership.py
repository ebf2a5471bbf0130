"""/institution/{}/learner/{}/membership/: which courses a learner is in, and who made it so."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from courses.models import CourseInstructor, CourseLearner
from institutions.models import User
from tests.conftest import client_of
from tests.lines import details_of
from tests.pages.conftest import signed_in, visitor
from tests.world import rewritten
from trail.models import Line

__all__ = ["signed_in", "visitor"]

NEW = {"uid": "n1", "first_name": "New", "last_name": "Pupil", "email": "new@example.org"}


@pytest.fixture
def memberships(world):
    def of(who: str, home=None) -> str:
        home = home or world.home
        return f"/api/v2/institution/{home.institution.pk}/learner/{home.people[who].pk}/membership/"

    return of


@pytest.fixture
def course(world) -> str:
    return f"/api/v2/institution/{world.home.institution.pk}/course/{world.home.course.pk}/"


def test_learner_sees_which_instructor_did_it(as_, memberships, course, world):
    before = timezone.now() - timedelta(seconds=1)
    assert as_("teacher").post(f"{course}learner/", {"uid": "eve"}).status_code == 201
    (row,) = as_("eve").get(memberships("eve")).json()["results"]
    assert list(row) == ["id", "course", "added_by", "added_at"]
    assert row["course"] == {
        "id": world.home.course.pk, "code": "C1", "description": "First course", "start": None, "end": None,
    }  # fmt: skip
    assert row["added_by"] == {"kind": "person", "id": world.people["teacher"].pk, "name": "Teacher Home"}
    link = CourseLearner.objects.get(learner=world.people["eve"].pk)
    assert before < link.added_at < timezone.now()
    assert as_("eve").get(f"{memberships('eve')}{row['id']}/").json() == row


def test_the_trail_tells_of_the_link_and_not_of_the_account(as_, course, signed_in, world):
    eve = world.people["eve"]
    as_("teacher").post(f"{course}learner/", {"uid": "eve"})
    page = signed_in("eve").get("/me/").text
    assert "First course" in page
    assert "Teacher Home" in page
    as_("teacher").delete(f"{course}learner/{eve.pk}/")
    told = as_("eve").get("/api/v2/me/trail/", {"ordering": "id"}).json()["results"]
    assert [
        (row["told"]["who"], row["told"]["did"], row["told"]["what"], row["told"]["changed"])
        for row in told
        if row["told"]["who"] != "you"
    ] == [
        ("instructor", "put you into", "a course, as a learner", []),
        ("instructor", "took you out of", "a course, as a learner", []),
    ]
    lines = Line.objects.filter(person_id=eve.pk, verb__in=("create", "delete")).order_by("pk")
    key = world.home.course.pk
    assert [details_of(row) for row in lines] == [{"course": [None, key]}, {"course": [key, None]}]


def test_who_was_first_is_recorded(as_, memberships, course, world):
    """Adding again answers 201 and changes nothing: also where a VLE names the same learner with each page view."""
    as_("teacher").post(f"{course}learner/", {"uid": "eve"})
    as_("admin").post(f"{course}learner/", {"uid": "eve"})
    vle = f"/api/v2/vle/{world.home.vle.pk}/course/{world.home.course.pk}/learner/"
    assert as_("vle").post(vle, NEW | {"uid": "eve"}).status_code == 201
    (row,) = as_("eve").get(memberships("eve")).json()["results"]
    assert row["added_by"]["id"] == world.people["teacher"].pk


@pytest.mark.parametrize("kind", ["learner", "instructor"])
def test_vle_did_it(kind, as_, world):
    url = f"/api/v2/vle/{world.home.vle.pk}/course/{world.home.course.pk}/{kind}/"
    assert as_("vle").post(url, NEW).status_code == 201
    links = {"learner": CourseLearner, "instructor": CourseInstructor}[kind].objects
    link = links.get(**{f"{kind}__user__uid": "n1"})
    assert (link.added_by, link.added_by_id) == ("vle", world.home.vle.pk)


def test_learner_sees_which_vle_did_it(as_, memberships, world):
    url = f"/api/v2/vle/{world.home.vle.pk}/course/{world.home.course.pk}/learner/"
    as_("vle").post(url, {"uid": "eve", "first_name": "Eve", "last_name": "Home", "email": "eve@home.example.org"})
    (row,) = as_("eve").get(memberships("eve")).json()["results"]
    assert row["added_by"] == {"kind": "vle", "id": world.home.vle.pk, "name": "Moodle"}


def test_replacing_is_adding(as_, memberships, course, world):
    bob = world.people["bob"].pk
    assert as_("admin").patch(f"{course}learner/{bob}/", {"uid": "eve"}).status_code == 200
    (row,) = as_("eve").get(memberships("eve")).json()["results"]
    assert row["added_by"] == {"kind": "person", "id": world.people["admin"].pk, "name": "Admin Home"}
    as_("admin").patch(f"{course}learner/{world.people['eve'].pk}/", {"uid": "eve"})
    assert as_("bob").get(memberships("bob")).json()["count"] == 0


def test_import_did_it(as_, memberships, world, tmp_path):
    table = tmp_path / "people.csv"
    table.write_text("uid,role,vle,course\neve,learner,Moodle,c1\n")
    call_command("import_csv", str(table), "--institution", "HOME", stdout=io.StringIO())
    (row,) = as_("eve").get(memberships("eve")).json()["results"]
    assert row["added_by"] == {"kind": "import", "id": None, "name": None}


def test_membership_from_before_says_nothing(as_, memberships):
    (row,) = as_("ann").get(memberships("ann")).json()["results"]
    assert (row["added_by"], row["added_at"]) == (None, None)


def test_whoever_is_gone_or_of_elsewhere_has_no_name(as_, memberships, world):
    """The ids are no foreign keys: one of another institution must not give away a name."""
    link = CourseLearner.objects.filter(learner=world.people["ann"].pk)
    for kind, key in (
        ("person", world.away.people["teacher"].pk), ("person", 987654), ("person", world.people["global"].pk),
        ("vle", world.away.vle.pk), ("vle", 987654),
    ):  # fmt: skip
        link.update(added_by=kind, added_by_id=key)
        (row,) = as_("ann").get(memberships("ann")).json()["results"]
        assert row["added_by"] == {"kind": kind, "id": key, "name": None}


def test_person_without_names_is_called_by_the_username(as_, memberships, course, world):
    rewritten(User.objects.filter(pk=world.people["teacher"].pk), first_name="", last_name="")
    as_("teacher").post(f"{course}learner/", {"uid": "eve"})
    (row,) = as_("eve").get(memberships("eve")).json()["results"]
    assert row["added_by"]["name"] == "home-teacher"


def test_memberships_of_others_are_unknown(as_, memberships, world):
    away = world.away
    there = memberships("ann", away)
    (row,) = client_of(away.people["ann"]).get(there).json()["results"]
    assert as_("ann").get(f"{memberships('ann')}{row['id']}/").status_code == 404
    assert as_("admin").get(f"{memberships('ann')}{row['id']}/").status_code == 404
    assert as_("admin").get(there).status_code == 404
    assert as_("bob").get(memberships("ann")).status_code == 403
