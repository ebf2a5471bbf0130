"""/institution/{}/course/{}/instructor/ and /learner/: links by uid; nobody is renamed, created or deleted."""

import pytest

from courses.models import CourseInstructor, CourseLearner
from institutions.models import Instructor, User
from learners.models import Learner, SENDLearner
from tests.conftest import client_of
from tests.world import rewritten

KINDS = {"instructor": ("teacher", "visitor"), "learner": ("ann", "eve")}  # in the course, and not
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def url(world):
    def of(kind: str, *names: str) -> str:
        home = world.home
        tail = "".join(f"{home.people[name].pk}/" for name in names)
        return f"/api/v2/institution/{home.institution.pk}/course/{home.course.pk}/{kind}/{tail}"

    return of


def uids(client, url: str) -> list[str]:
    return [row["uid"] for row in client.get(url).json()["results"]]


@each_kind
@pytest.mark.parametrize("who", ["admin", "teacher"])
def test_existing_role_is_linked_and_a_second_post_changes_nothing(kind, who, as_, url):
    """An earlier implementation answered every POST of a member with 500."""
    inside, outside = KINDS[kind]
    before = uids(as_("admin"), url(kind))
    for _ in range(2):
        answer = as_(who).post(url(kind), {"uid": outside})
        assert (answer.status_code, answer.json()["uid"]) == (201, outside)
    assert sorted(uids(as_("admin"), url(kind))) == sorted([*before, outside])
    assert as_(who).post(url(kind), {"uid": inside}).status_code == 201


@each_kind
def test_plain_person_is_given_the_role_by_an_administrator_alone(kind, as_, url, world):
    assert as_("teacher").post(url(kind), {"uid": "member"}).status_code == 404
    person = world.people["member"]
    assert not hasattr(User.objects.get(pk=person.pk), kind)
    answer = as_("admin").post(url(kind), {"uid": "member"})
    assert (answer.status_code, answer.json()["id"]) == (201, person.pk)
    assert hasattr(User.objects.get(pk=person.pk), kind)
    person.refresh_from_db()
    assert (person.username, person.first_name, person.login_allowed) == ("home-member", "Member", True)


def test_instructor_makes_no_instructor_of_a_learner_and_no_learner_of_an_instructor(as_, url, world):
    assert as_("teacher").post(url("instructor"), {"uid": "ann"}).status_code == 404
    assert as_("teacher").post(url("learner"), {"uid": "visitor"}).status_code == 404
    assert not Instructor.objects.filter(user=world.people["ann"]).exists()
    assert not Learner.objects.filter(user=world.people["visitor"]).exists()


@each_kind
def test_global_administrators_account_is_given_no_role(kind, as_, url, world):
    rewritten(User.objects.filter(pk=world.people["global"].pk), institution=world.home.institution, uid="root")
    assert as_("admin").post(url(kind), {"uid": "root"}).status_code == 403


@each_kind
@pytest.mark.parametrize("who", ["admin", "teacher"])
@pytest.mark.parametrize(
    "body", [{"uid": "nobody"}, {"uid": ""}, {"uid": None}, {}, {"uid": ["ann"]}, {"uid": "a\x00b"}]
)
def test_unknown_or_no_uid_is_400_under_uid(kind, who, body, as_, url):
    before = uids(as_("admin"), url(kind))
    answer = as_(who).post(url(kind), body)
    assert (answer.status_code, list(answer.json())) == (400, ["uid"])
    assert uids(as_("admin"), url(kind)) == before


@each_kind
def test_person_of_another_institution_is_unknown(kind, as_, url, world):
    rewritten(User.objects.filter(pk=world.away.people["member"].pk), uid="only-there")
    answer = as_("admin").post(url(kind), {"uid": "only-there"})
    assert (answer.status_code, list(answer.json())) == (400, ["uid"])
    # A uid that exists in both institutions is the own institution's person.
    assert as_("admin").post(url(kind), {"uid": "member"}).json()["id"] == world.people["member"].pk


@each_kind
@pytest.mark.parametrize("method", ["put", "patch"])
def test_same_uid_changes_nothing(kind, method, as_, url, world):
    inside, _ = KINDS[kind]
    before = User.objects.values().get(pk=world.people[inside].pk)
    body = {"uid": inside, "first_name": "Other", "email": "other@example.org", "inst_admin": True}
    answer = getattr(as_("teacher"), method)(url(kind, inside), body)
    assert (answer.status_code, answer.json()["uid"]) == (200, inside)
    assert User.objects.values().get(pk=world.people[inside].pk) == before


@each_kind
@pytest.mark.parametrize("method", ["put", "patch"])
def test_other_uid_replaces_the_link_and_renames_nobody(kind, method, as_, url, world):
    """An earlier implementation renamed the account instead: an instructor could do that to colleagues."""
    inside, outside = KINDS[kind]
    answer = getattr(as_("admin"), method)(url(kind, inside), {"uid": outside})
    assert (answer.status_code, answer.json()["id"]) == (200, world.people[outside].pk)
    assert outside in uids(as_("admin"), url(kind))
    assert inside not in uids(as_("admin"), url(kind))
    assert {p.pk: p.uid for p in User.objects.all()} == {p.pk: p.uid for p in [*all_people(world)]}
    assert as_("admin").get(url(kind, inside)).status_code == 404


def all_people(world):
    return [*world.home.people.values(), *world.away.people.values(), world.people["global"]]


@each_kind
def test_replacing_by_who_is_there_or_by_nobody_is_400(kind, as_, url, world):
    inside, outside = KINDS[kind]
    assert as_("admin").post(url(kind), {"uid": outside}).status_code == 201
    for uid in (outside, "nobody", ""):
        answer = as_("admin").put(url(kind, inside), {"uid": uid})
        assert (answer.status_code, list(answer.json())) == (400, ["uid"]), uid
    assert as_("admin").put(url(kind, inside), {}).json() == {"uid": ["This field is required."]}
    assert as_("admin").patch(url(kind, inside), {}).status_code == 200
    assert {inside, outside} <= set(uids(as_("admin"), url(kind)))


@each_kind
def test_replacing_by_a_plain_person_is_for_administrators(kind, as_, url):
    inside, _ = KINDS[kind]
    assert as_("teacher").put(url(kind, inside), {"uid": "member"}).status_code == 404
    assert inside in uids(as_("admin"), url(kind))
    assert as_("admin").put(url(kind, inside), {"uid": "member"}).status_code == 200


@each_kind
@pytest.mark.parametrize("who", ["admin", "teacher"])
def test_delete_unlinks_and_the_person_stays_with_everything(kind, who, as_, url, world):
    """An earlier implementation deleted the person, with all data, who left a course."""
    inside, _ = KINDS[kind]
    assert as_(who).delete(url(kind, inside)).status_code == 204
    assert inside not in uids(as_("admin"), url(kind))
    person = User.objects.get(pk=world.people[inside].pk)
    assert hasattr(person, kind)
    if kind == "learner":
        assert SENDLearner.objects.filter(learner=person.pk).exists()
    assert as_("admin").delete(url(kind, inside)).status_code == 404
    links = CourseInstructor if kind == "instructor" else CourseLearner
    assert links.objects.filter(course=world.away.course).exists()


def test_instructor_who_leaves_by_the_own_hand_may_do_no_more(as_, url):
    assert as_("teacher").delete(url("instructor", "teacher")).status_code == 204
    assert as_("teacher").get(url("learner")).status_code == 403


def test_instructors_need_not_be_learners_nor_learners_instructors(as_, url, world):
    """Who is both has two links, and loses one at a time."""
    world.home.teach("ann", world.home.course)
    assert uids(as_("admin"), url("instructor")) == ["teacher", "ann"]
    assert as_("admin").delete(url("learner", "ann")).status_code == 204
    assert uids(as_("admin"), url("instructor")) == ["teacher", "ann"]
    assert uids(as_("admin"), url("learner")) == ["bob"]


def test_learner_is_shown_with_consent_and_special_needs(as_, url, world):
    row = as_("teacher").get(url("learner", "ann")).json()
    assert row["send"] == {"is_send": True, "send": {"enabled_options": ["big_fonts"], "disabled_instruments": [2]}}
    assert row["ic_status"] == "NOT_VALID_MISSING"
    assert row["institution"]["acronym"] == "HOME"
    world.home.institution.external_ic = True
    world.home.institution.save()
    assert as_("teacher").get(url("learner")).json()["results"][0]["ic_status"] == "VALID_EXTERNAL"
    SENDLearner.objects.all().delete()
    assert as_("teacher").get(url("learner", "ann")).json()["send"]["is_send"] is False


def test_launched_administrator_acts_as_instructor_alone(as_, url, world):
    """A launched administrator gives no roles, whatever flags the account has."""
    world.home.teach("admin", world.home.course)
    client = client_of(world.people["admin"], "launched")
    assert client.post(url("learner"), {"uid": "member"}).status_code == 404
    assert client.post(url("learner"), {"uid": "eve"}).status_code == 201


@each_kind
def test_pages_count_everybody_of_this_course_and_nobody_else(kind, as_, url, world):
    CourseInstructor.objects.create(
        institution=world.home.institution, course=world.home.course, instructor_id=world.home.people["visitor"].pk
    )
    whole = as_("admin").get(f"{url(kind)}?limit=100").json()
    there = {"instructor": CourseInstructor, "learner": CourseLearner}[kind].objects.filter(course=world.home.course)
    assert whole["count"] == len(whole["results"]) == there.count() > 1
    ids = [row["id"] for row in whole["results"]]
    assert ids == sorted(ids)
    pages = [as_("admin").get(f"{url(kind)}?limit=1&offset={n}").json() for n in range(len(ids) + 1)]
    assert [page["count"] for page in pages] == [len(ids)] * (len(ids) + 1)
    assert [[row["id"] for row in page["results"]] for page in pages] == [[id] for id in ids] + [[]]
    assert as_("teacher").get(url(kind)).json()["count"] == len(ids)
