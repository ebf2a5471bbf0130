"""A VLE renames a member by PUT of a new uid: if it alone has brought the person, and nobody has the uid."""

import pytest

from courses.models import Course, CourseInstructor, CourseLearner
from institutions.models import VLE, FormerUid, OIDCConnection, OIDCMatch, User
from institutions.services import people, rosters
from tests.conftest import client_of_vle
from tests.world import rewritten

KINDS = {"learner": CourseLearner, "instructor": CourseInstructor}
each_kind = pytest.mark.parametrize("kind", KINDS)
PERSON = {"uid": "old@x.org", "first_name": "New", "last_name": "Person", "email": "old@x.org"}


@pytest.fixture
def url(world):
    return lambda kind, course=None: (
        f"/api/v2/vle/{world.home.vle.pk}/course/{(course or world.home.course).pk}/{kind}/"
    )


@pytest.fixture
def brought(as_, url):
    """brought("learner"): the address of somebody whom the VLE has made, and the person, who cannot sign in."""
    OIDCConnection.objects.update(enabled=False)

    def made(kind: str) -> tuple[str, User]:
        key = as_("vle").post(url(kind), PERSON, format="json").json()["id"]
        return f"{url(kind)}{key}/", User.objects.get(pk=key)

    return made


@pytest.fixture
def sister(world) -> tuple:
    """Another VLE of the institution, with a course: a client, and the address of the course's members."""
    home = world.home.institution
    vle = VLE.objects.create(institution=home, name="Sister")
    course = Course.objects.create(institution=home, vle=vle, vle_course_id="1", code="S")
    return client_of_vle(vle), f"/api/v2/vle/{vle.pk}/course/{course.pk}/"


def renamed(client, at: str, method: str = "put", uid: str = "new@x.org"):
    return getattr(client, method)(at, PERSON | {"uid": uid} if method == "put" else {"uid": uid}, format="json")


def is_refused(client, at: str) -> bool:
    before = list(User.objects.order_by("pk").values())
    answer = renamed(client, at)
    assert (answer.status_code, list(answer.json())) == (400, ["uid"]), answer.content
    assert list(User.objects.order_by("pk").values()) == before
    return True


@each_kind
@pytest.mark.parametrize("method", ["put", "patch"])
def test_person_of_this_vle_alone_gets_the_new_uid(kind, method, as_, brought, url):
    at, person = brought(kind)
    answer = renamed(as_("vle"), at, method)
    assert answer.status_code == 200, answer.content
    assert (answer.status_code, answer.json()["id"], answer.json()["uid"]) == (200, person.pk, "new@x.org")
    assert answer.json()["username"] == "old@x.org"
    again = as_("vle").post(url(kind), PERSON | {"uid": "new@x.org"}, format="json")
    assert again.json()["id"] == person.pk
    assert renamed(as_("vle"), at, uid="newer@x.org").status_code == 200
    assert KINDS[kind].objects.filter(course__vle__name="Moodle", **{kind: person.pk}).count() == 1
    assert not FormerUid.objects.exists()  # the VLE itself knows the new one


@each_kind
def test_another_spelling_is_no_new_name(kind, as_, brought):
    at, person = brought(kind)
    assert renamed(as_("vle"), at, uid=" OLD@x.org\u200b").status_code == 200
    person.refresh_from_db()
    assert person.uid == "old@x.org"


@each_kind
def test_uid_that_somebody_has_is_refused(kind, as_, brought, world):
    at, _ = brought(kind)
    rewritten(User.objects.filter(pk=world.people["member"].pk), uid="new@x.org")
    assert is_refused(as_("vle"), at)


@each_kind
def test_uid_of_another_institutions_person_is_free(kind, as_, brought, world):
    at, _ = brought(kind)
    rewritten(User.objects.filter(pk=world.away.people["member"].pk), uid="new@x.org")
    assert renamed(as_("vle"), at).status_code == 200
    assert User.objects.get(pk=world.away.people["member"].pk).uid == "new@x.org"


@each_kind
def test_people_of_before_are_not_renamed(kind, as_, url, world):
    name = {"learner": "ann", "instructor": "teacher"}[kind]
    User.objects.filter(pk=world.people[name].pk).update(login_allowed=False, password="!")
    assert is_refused(as_("vle"), f"{url(kind)}{world.people[name].pk}/")


@each_kind
def test_person_whom_another_vle_brought_too_is_not_renamed(kind, as_, brought, sister):
    at, person = brought(kind)
    client, base = sister
    assert client.post(f"{base}{kind}/", PERSON, format="json").status_code == 201
    assert is_refused(as_("vle"), at)
    assert is_refused(client, f"{base}{kind}/{person.pk}/")
    assert client.delete(f"{base}{kind}/{person.pk}/").status_code == 204
    assert is_refused(as_("vle"), at)


@each_kind
def test_person_in_a_course_of_another_vle_is_not_renamed(kind, as_, brought, sister, world):
    """However the person got there."""
    at, person = brought(kind)
    there = {"institution": world.home.institution, "course_id": int(sister[1].split("/")[6])}
    KINDS[kind].objects.create(**there, **{f"{kind}_id": person.pk})
    assert User.objects.get(pk=person.pk).brought_by_vle == world.home.vle.pk
    assert is_refused(as_("vle"), at)


@pytest.mark.parametrize(
    "change",
    [
        {"inst_admin": True},
        {"send_admin": True},
        {"login_allowed": True},
        {"password": "md5$x$y"},
        {"uid": "o@x.org"},
        {},
    ],
    ids=str,
)
def test_person_of_the_institution_is_not_renamed(change, as_, brought):
    """Who has rights or may sign in, also with the identity provider, and who got the uid from an administrator."""
    at, person = brought("learner")
    if not change:
        OIDCConnection.objects.update(enabled=True, everybody=True, match=OIDCMatch.UID, claim="sub")
    elif "uid" in change:
        people.person_update(person=person, **change)
    else:
        User.objects.filter(pk=person.pk).update(**change)
    assert is_refused(as_("vle"), at)


def test_person_whom_an_administrator_gave_a_role_is_not_renamed(as_, brought, world):
    at, _ = brought("learner")
    there = f"/api/v2/institution/{world.home.institution.pk}/instructor/"
    assert as_("admin").post(there, {"uid": "old@x.org"}, format="json").status_code == 201
    assert is_refused(as_("vle"), at)


@pytest.mark.parametrize("by", ["admin", "teacher"])
@pytest.mark.parametrize("method", ["post", "put"])
def test_person_whom_somebody_added_by_the_uid_is_not_renamed(by, method, as_, brought, world):
    """Into another course of the same VLE, also in the place of somebody else."""
    at, _ = brought("learner")
    there = f"/api/v2/institution/{world.home.institution.pk}/course/{world.home.other_course.pk}/learner/"
    world.home.join(world.home.other_course, "teacher", "bob")
    path = there if method == "post" else f"{there}{world.people['bob'].pk}/"
    answer = getattr(as_(by), method)(path, {"uid": "OLD@x.org"}, format="json")
    assert answer.status_code in (200, 201), answer.content
    assert is_refused(as_("vle"), at)


@pytest.mark.parametrize(
    "path", ["institution/{home}/user/{pk}/", "institution/{home}/learner/{pk}/", "admin/user/{pk}/"]
)
@pytest.mark.parametrize("name", ["uid", "email"])
def test_person_whom_an_administrator_identified_is_not_renamed(path, name, as_, brought, world):
    at, person = brought("learner")
    at_home = as_("global" if path.startswith("admin") else "admin")
    url = "/api/v2/" + path.format(home=world.home.institution.pk, pk=person.pk)
    assert at_home.patch(url, {name: PERSON[name]}, format="json").status_code == 200
    assert renamed(as_("vle"), at, uid="newer@x.org").status_code == 200  # nothing was changed
    assert at_home.patch(url, {name: "other@home.example.org"}, format="json").status_code == 200
    assert is_refused(as_("vle"), at)


def test_person_whose_email_the_vle_changes_is_still_its_own(as_, brought, url):
    at, person = brought("learner")
    for email, uid in (("a@x.org", "old@x.org"), ("b@x.org", "new@x.org"), ("c@x.org", "new@x.org")):
        assert as_("vle").put(at, PERSON | {"uid": uid, "email": email}, format="json").status_code == 200
        person.refresh_from_db()
        assert (person.uid, person.email, person.brought_by_vle) == (uid, email, int(at.split("/")[4]))
    assert as_("vle").post(url("learner"), PERSON | {"uid": "new@x.org", "email": "d@x.org"}).status_code in (200, 201)
    assert renamed(as_("vle"), at, uid="newest@x.org").status_code == 200


def test_person_of_a_list_of_participants_is_not_renamed(as_, brought, world):
    at, _ = brought("learner")
    rosters.people_listed(institution=world.home.institution, uids=["OLD@x.org", "ann"])
    assert is_refused(as_("vle"), at)
