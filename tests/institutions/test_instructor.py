"""/institution/{}/instructor/: who may, people who exist already, user names, and which accounts stay."""

import pytest

from courses.models import CourseInstructor
from institutions.models import Instructor, User
from learners.models import Learner
from tests.world import rewritten

KEYS = [
    "id", "username", "last_login", "first_name", "last_name", "email", "locale", "created_at", "updated_at", "uid",
    "inst_admin", "legal_admin", "send_admin", "data_admin",
]  # fmt: skip


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/instructor/"


@pytest.fixture
def row(world, url):
    return lambda name: f"{url}{world.people[name].pk}/"


@pytest.fixture
def plain(world):
    """plain("kim"): somebody without role, flag and password."""
    return lambda name, **values: world.home.person(name, login_allowed=False, **values)


def test_member_sees_only_the_own_row(as_, url):
    assert [row["uid"] for row in as_("teacher").get(url).json()["results"]] == ["teacher"]
    assert as_("member").get(url).json()["results"] == []


@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete"])
def test_others_are_unknown(verb, as_, url, world):
    """The other institution's instructors, and people who are no instructors."""
    for person in (world.away.people["teacher"], world.people["ann"]):
        answer = getattr(as_("admin"), verb)(f"{url}{person.pk}/", {"uid": "x"} if verb != "get" else None)
        assert answer.status_code == 404


def test_new_person_has_the_keys_in_order(as_, url, row):
    body = {"uid": "new", "first_name": "New", "last_name": None, "email": "New.One@X.org", "legal_admin": True}
    made = as_("admin").post(url, body)
    assert made.status_code == 201
    assert list(made.json()) == list(as_("admin").get(row("teacher")).json()) == KEYS
    assert made.json() | {"id": 0, "created_at": 0, "updated_at": 0} == {
        "id": 0, "username": "new.one@x.org", "last_login": None, "first_name": "New", "last_name": "",
        "email": "New.One@X.org", "locale": None, "created_at": 0, "updated_at": 0, "uid": "new", "inst_admin": False,
        "legal_admin": True, "send_admin": False, "data_admin": False,
    }  # fmt: skip
    person = User.objects.get(pk=made.json()["id"])
    assert (person.login_allowed, person.has_usable_password()) == (False, False)


def test_several_instructors_without_email(as_, url):
    """An earlier implementation gave them all the empty user name, which is unique: there could be one instructor."""
    names = [as_("admin").post(url, {"uid": uid}).json()["username"] for uid in ("a/b", "a:b", "ü1")]
    assert names == ["HOME-a-b", "HOME-a-b-2", "HOME-ü1"]


WRONG = [
    ("uid", None), ("uid", ""), ("uid", "x" * 256), ("uid", "teacher"), ("uid", []), ("uid", "a\x00"),
    ("email", "nobody"), ("email", "ANN@home.example.org"), ("email", 5),
    ("first_name", "x" * 151), ("last_name", ["x"]), ("locale", ["en"]), ("locale", {}),
    ("inst_admin", None), ("legal_admin", "x"), ("send_admin", []), ("data_admin", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda value: str(value)[:20])
def test_wrong_value_is_400_under_its_name(name, value, as_, url, row):
    body = {"uid": "new", name: value}
    for answer in (as_("admin").post(url, body), as_("admin").patch(row("visitor"), {name: value})):
        assert (answer.status_code, list(answer.json())) == (400, [name])
    assert Instructor.objects.filter(institution__acronym="HOME").count() == 2


def test_uid_is_required_on_post_and_put_alone(as_, url, row):
    for answer in (as_("admin").post(url, {}), as_("admin").put(row("teacher"), {})):
        assert (answer.status_code, list(answer.json())) == (400, ["uid"])
    assert as_("admin").patch(row("teacher"), {}).status_code == 200


def test_mail_domain_is_compared_whole(as_, url, row, world):
    world.home.institution.mail_domain = "x.org"
    world.home.institution.save()
    assert as_("admin").post(url, {"uid": "n1", "email": "n@not-x.org"}).json().keys() == {"email"}
    assert as_("admin").post(url, {"uid": "n1", "email": "n@X.org"}).status_code == 201
    assert as_("admin").patch(row("teacher"), {"email": "t@y.org"}).json().keys() == {"email"}


# Who is there already.


@pytest.mark.parametrize("flag", ["inst_admin", "legal_admin", "send_admin", "data_admin"])
def test_holder_of_a_flag_keeps_names_and_email(flag, as_, url, plain):
    person = plain("kim", **{flag: True})
    body = {"uid": "kim", "first_name": "X", "last_name": "Y", "email": "ann@home.example.org", "locale": "ca"}
    made = as_("admin").post(url, body)
    assert made.status_code == 201
    assert {name: made.json()[name] for name in ("id", "first_name", "last_name", "email", "locale")} == {
        "id": person.pk, "first_name": "Kim", "last_name": "Home", "email": "kim@home.example.org", "locale": "ca",
    }  # fmt: skip


def test_holder_of_a_password_keeps_names_and_email(as_, url, world):
    made = as_("admin").post(url, {"uid": "ann", "first_name": "X", "email": "x@x.org"}).json()
    assert (made["id"], made["first_name"]) == (world.people["ann"].pk, "Ann")
    assert (made["email"], made["username"]) == ("ann@home.example.org", "home-ann")
    assert Learner.objects.filter(pk=made["id"]).exists()


def test_plain_person_gets_role_names_and_email(as_, url, plain):
    person = plain("kim")
    made = as_("admin").post(url, {"uid": "kim", "first_name": "K", "email": "k@x.org", "send_admin": True})
    assert made.status_code == 201
    assert made.json().items() >= {
        "id": person.pk, "first_name": "K", "last_name": "Home", "email": "k@x.org", "username": "home-kim",
        "send_admin": True,
    }.items()  # fmt: skip


def test_role_twice_is_400_under_uid(as_, url):
    answer = as_("admin").post(url, {"uid": "teacher", "first_name": "X"})
    assert (answer.status_code, list(answer.json())) == (400, ["uid"])
    assert User.objects.get(username="home-teacher").first_name == "Teacher"


@pytest.mark.parametrize("email", ["ANN@home.example.org", " admin@home.example.org\u200b"])
def test_email_of_somebody_else_is_400_and_changes_no_account(email, as_, url, plain):
    plain("kim")
    for uid in ("new", "kim"):
        answer = as_("admin").post(url, {"uid": uid, "email": email})
        assert (answer.status_code, list(answer.json())) == (400, ["email"])
    assert Instructor.objects.filter(institution__acronym="HOME").count() == 2


def test_same_uid_in_the_other_institution_is_another_person(as_, url, world):
    rewritten(User.objects.filter(username="away-member"), uid="new")
    made = as_("admin").post(url, {"uid": "new"}).json()
    assert made["id"] != world.away.people["member"].pk
    assert not Instructor.objects.filter(pk=world.away.people["member"].pk).exists()


def test_promotion_cannot_demote_the_last_administrator(as_, url):
    assert as_("admin").post(url, {"uid": "admin", "inst_admin": False}).status_code == 409
    assert not Instructor.objects.filter(user__username="home-admin").exists()


def test_global_admin_at_home_is_not_writable(as_, url, world):
    root = world.people["global"]
    rewritten(User.objects.filter(pk=root.pk), institution=world.home.institution, uid="root")
    assert as_("admin").post(url, {"uid": "root"}).status_code == 403
    Instructor.objects.create(user_id=root.pk, institution=world.home.institution)
    assert as_("admin").patch(f"{url}{root.pk}/", {"locale": "ca"}).status_code == 403
    assert as_("admin").delete(f"{url}{root.pk}/").status_code == 403
    assert as_("admin").get(f"{url}{root.pk}/").status_code == 200


# Changing and deleting.


def test_put_resets_nothing_that_it_leaves_out(as_, row):
    User.objects.filter(username="home-teacher").update(locale="ca", data_admin=True)
    before = as_("admin").get(row("teacher")).json()
    after = as_("admin").put(row("teacher"), {"uid": "teacher"}).json()
    assert after | {"updated_at": ""} == before | {"updated_at": ""}


def test_username_is_never_rewritten(as_, row):
    changed = as_("admin").patch(row("teacher"), {"uid": "t2", "email": "t2@x.org", "username": "t2"}).json()
    assert (changed["uid"], changed["email"], changed["username"]) == ("t2", "t2@x.org", "home-teacher")


def test_last_administrator_who_teaches_stays(as_, url, world):
    Instructor.objects.create(user=world.people["admin"], institution=world.home.institution)
    path = f"{url}{world.people['admin'].pk}/"
    assert as_("admin").patch(path, {"inst_admin": False}).status_code == 409
    assert as_("admin").delete(path).status_code == 204
    assert as_("admin").get(url).status_code == 200


def test_account_goes_with_the_last_role(as_, url, world):
    made = as_("admin").post(url, {"uid": "new"}).json()["id"]
    CourseInstructor.objects.create(institution=world.home.institution, course=world.home.course, instructor_id=made)
    assert as_("admin").delete(f"{url}{made}/").status_code == 204
    assert not User.objects.filter(pk=made).exists()
    assert world.home.course.instructors.count() == 1


@pytest.mark.parametrize(("flags", "stays"), [({"legal_admin": True}, True), ({"login_allowed": True}, False)])
def test_account_stays_with_a_flag_and_not_for_a_sign_in(flags, stays, as_, url):
    made = as_("admin").post(url, {"uid": "new"}).json()["id"]
    User.objects.filter(pk=made).update(**flags)
    assert as_("admin").delete(f"{url}{made}/").status_code == 204
    assert as_("admin").get(f"{url}{made}/").status_code == 404
    assert User.objects.filter(pk=made).exists() == stays


def test_account_stays_with_the_other_role(as_, url, world):
    as_("admin").post(url, {"uid": "ann"})
    assert as_("admin").delete(f"{url}{world.people['ann'].pk}/").status_code == 204
    assert Learner.objects.filter(pk=world.people["ann"].pk).exists()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("search=visitor", ["visitor"]),
        ("search=HOME-t", ["teacher"]),
        ("search=teacher@home", ["teacher"]),
        ("search=away", []),
        ("ordering=-username", ["visitor", "teacher"]),
        ("ordering=first_name,nonsense", ["teacher", "visitor"]),
        ("uid=teacher", ["teacher", "visitor"]),
    ],
)
def test_lists(query, expected, as_, url):
    assert [row["uid"] for row in as_("admin").get(f"{url}?{query}").json()["results"]] == expected
