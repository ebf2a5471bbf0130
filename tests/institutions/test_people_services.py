"""The services of people: rules for every caller, and what happens in races."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from files.models import Kind, StoredFile
from files.services import file_store
from institutions.models import Institution, Instructor, User
from institutions.services import people
from kernel.domain import Conflict, Forbidden, Invalid, Unknown
from learners.models import Learner
from signin.models import CallerSession
from tests.world import rewritten

NEW = "brand-new-77-Pencil"


def errors_of(call, **values) -> set[str]:
    with pytest.raises(ValidationError) as raised:
        call(**values)
    return set(raised.value.message_dict)


@pytest.fixture
def home(world) -> Institution:
    return world.home.institution


# Values, without a serializer in front.


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"username": ""}, {"username"}),
        ({"username": "a b"}, {"username"}),
        ({"username": "x" * 151}, {"username"}),
        ({"username": "home-ann"}, {"username"}),
        ({"uid": ""}, {"uid"}),
        ({"uid": "x" * 256}, {"uid"}),
        ({"uid": "a\nb"}, {"uid"}),
        ({"uid": "ann"}, {"uid"}),
        ({"email": "nobody"}, {"email"}),
        ({"email": "ſ@x.org"}, {"email"}),
        ({"email": "BOB@home.example.org"}, {"email"}),
        ({"first_name": "a\x00"}, {"first_name"}),
        ({"last_name": "x" * 151}, {"last_name"}),
        ({"inst_admin": None}, {"inst_admin"}),
        ({"password": "short"}, {"password"}),
        ({"email": "x", "locale": "?", "uid": "a\tb"}, {"email", "uid"}),
        ({"email": "BOB@home.example.org", "uid": "ann"}, {"email", "uid"}),
    ],
)
def test_all_wrong_values_are_reported_by_name(values, names, home):
    values = {"username": "zoe", "uid": "z1"} | values
    assert errors_of(people.person_create, institution=home, **values) == names
    assert not User.objects.filter(username="zoe").exists()


def test_missing_texts_are_stored_as_the_columns_want_them(home):
    made = people.person_create(institution=home, uid="z", first_name=None, last_name=None, email="", username="ﬀ")
    assert (made.first_name, made.last_name, made.email, made.username) == ("", "", None, "ff")


def test_person_without_institution_needs_a_username(db):
    assert errors_of(people.person_create, institution=None, email="g@x.org") == {"username"}
    made = people.person_create(institution=None, username="g", email="g@x.org", is_staff=True, password=NEW)
    assert (made.is_staff, made.login_allowed, made.check_password(NEW)) == (True, True, True)


def test_global_admin_needs_no_login_allowed_for_a_password(world):
    changed = people.person_update(person=world.people["global"], password=NEW)
    assert (changed.check_password(NEW), changed.login_allowed) == (True, False)


def test_who_may_not_change_everything_allows_nobody_to_sign_in(world):
    User.objects.filter(pk=world.people["ann"].pk).update(login_allowed=False)
    ann = world.people["ann"]
    assert errors_of(people.person_update, person=ann, may={"locale", "password"}, password=NEW) == {"password"}
    changed = people.person_update(person=ann, password=NEW)
    assert (changed.login_allowed, changed.check_password(NEW)) == (True, True)


def test_institution_only_flags_need_an_institution(world):
    assert errors_of(people.person_update, person=world.people["global"], inst_admin=True) == {"inst_admin"}


# User names.


@pytest.mark.parametrize(
    ("acronym", "uid", "email", "expected"),
    [
        ("UX", "7", "Kim@X.org", "kim@x.org"),
        ("UX", "7", None, "UX-7"),
        ("UX", "7", "", "UX-7"),
        ("UX", "7", "o'hara@x.org", "UX-7"),
        ("UX", "7", f"{'a' * 64}@{'b' * 60}.{'c' * 60}.org", "UX-7"),
        ("UX", "7", "taken@x.org", "UX-7"),
        ("Open University", "a b/c", None, "Open-University-a-b-c"),
        ("UX", "!!", None, "UX--"),
        ("UX", "ﬀ", None, "UX-ff"),
        ("x" * 255, "7", None, "x" * 150),
        ("UX", "9", None, "UX-9-3"),
    ],
)
def test_username_of_a_new_person(acronym, uid, email, expected, home):
    for taken in ("taken@x.org", "UX-9", "UX-9-2"):
        people.person_create(institution=home, username=taken, uid=taken)
    home.acronym = acronym
    made = people.person_create(institution=home, uid=uid, email=email)
    made.full_clean()
    assert made.username == expected


def test_cut_usernames_stay_different(home):
    home.acronym = "x" * 200
    made = [people.person_create(institution=home, uid=str(number)).username for number in range(3)]
    assert made == ["x" * 150, "x" * 148 + "-2", "x" * 148 + "-3"]


# Lost races: every check has passed, and the database refuses.


@pytest.fixture
def unchecked(monkeypatch):
    monkeypatch.setattr(people, "refuse_malformed", lambda *_: None)
    monkeypatch.setattr(people, "refuse_taken", lambda *_: None)


@pytest.mark.parametrize(
    ("values", "name"),
    [({"uid": "ann"}, "uid"), ({"email": "ANN@home.example.org"}, "email"), ({"username": "home-ann"}, "username")],
)
def test_lost_race_is_wrong_under_its_name(values, name, home, world, unchecked):
    with pytest.raises(Invalid) as raised:
        people.person_create(institution=home, **({"uid": "z", "username": "zoe"} | values))
    assert list(raised.value.fields) == [name]
    with pytest.raises(Invalid) as raised:
        people.person_update(person=world.people["bob"], **values)
    assert list(raised.value.fields) == [name]
    with pytest.raises(Invalid) as raised:  # with a made user name, too
        people.person_create(institution=home, **({"uid": "z"} | values))
    assert list(raised.value.fields) == [name]


def test_somebody_faster_with_a_made_username_costs_only_the_next_one(home, monkeypatch):
    monkeypatch.setattr(people, "usernames", lambda *_: iter(["home-ann", "home-bob", "free"]))
    assert people.person_create(institution=home, uid="z").username == "free"


def test_other_violations_are_not_called_taken(home, unchecked):
    with pytest.raises(IntegrityError):
        people.person_create(institution=home, uid="", username="zoe")


# Changes.


def test_only_differences_count_as_changes(world):
    ann = world.people["ann"]
    people.person_update(person=ann, may={"locale"}, first_name="Ann", email="ann@home.example.org", locale="ca")
    with pytest.raises(Forbidden, match="email, first_name"):
        people.person_update(person=ann, may={"locale"}, first_name="X", email=None, locale="es")
    with pytest.raises(Forbidden, match="password"):
        people.person_update(person=ann, may={"locale"}, password=NEW)
    ann.refresh_from_db()
    assert (ann.locale, ann.first_name) == ("ca", "Ann")


def test_change_builds_on_what_is_stored_and_not_on_a_stale_object(world):
    stale = User.objects.get(pk=world.people["ann"].pk)
    people.person_update(person=world.people["ann"], first_name="Anna")
    people.person_update(person=stale, last_name="Other")
    stored = User.objects.get(pk=stale.pk)
    assert (stored.first_name, stored.last_name) == ("Anna", "Other")


@pytest.mark.parametrize(
    ("change", "ended"),
    [
        ({"password": NEW}, True),
        ({"is_active": False}, True),
        ({"login_allowed": False}, True),
        ({"login_allowed": True}, False),
        ({"is_active": True}, False),
        ({"data_admin": True, "email": "x@x.org", "username": "x"}, False),
    ],
)
def test_what_ends_all_sessions(change, ended, world):
    changed = people.person_update(person=world.people["ann"], **change)
    assert (changed.session_generation == 1) is ended


def test_person_who_is_gone_is_unknown(world):
    gone = world.people["member"]
    people.person_delete(person=User.objects.get(pk=gone.pk))
    for call in (people.person_update, people.person_delete, people.instructor_add):
        with pytest.raises(Unknown):
            call(person=gone)


# The last administrator.


@pytest.mark.parametrize(
    "change", [{"inst_admin": False}, {"login_allowed": False}, {"is_active": False}, {"email": None}]
)
def test_last_administrator_can_neither_be_demoted_nor_disabled(change, world):
    with pytest.raises(Conflict):
        people.person_update(person=world.people["admin"], **change)
    assert User.objects.filter(
        pk=world.people["admin"].pk, inst_admin=True, login_allowed=True, is_active=True, email="admin@home.example.org"
    ).exists()


def test_last_administrator_cannot_be_deleted(world):
    with pytest.raises(Conflict):
        people.person_delete(person=world.people["admin"])
    second = world.home.person("second", inst_admin=True)
    people.person_delete(person=world.people["admin"])
    with pytest.raises(Conflict):
        people.person_delete(person=second)


UNABLE = [{"login_allowed": False}, {"email": None}, {"password": UNUSABLE_PASSWORD_PREFIX}, {"is_active": False}]


@pytest.mark.parametrize("lack", UNABLE, ids=str)
def test_administrator_who_cannot_sign_in_is_not_the_last(lack, world):
    idle = world.home.person("idle", inst_admin=True)
    rewritten(User.objects.filter(pk=idle.pk), **lack)
    with pytest.raises(Conflict):  # and replaces nobody
        people.person_update(person=world.people["admin"], email=None)
    with pytest.raises(Conflict):
        people.person_delete(person=world.people["admin"])
    people.person_update(person=idle, inst_admin=False)
    people.person_delete(person=idle)


@pytest.mark.parametrize("lack", UNABLE, ids=str)
def test_where_no_administrator_can_sign_in_everything_can_be_changed(lack, world):
    admin = world.people["admin"]
    rewritten(User.objects.filter(pk=admin.pk), **lack)
    people.person_update(person=admin, first_name="Other", email="other@home.example.org")
    rewritten(User.objects.filter(pk=admin.pk), **lack)
    people.person_update(person=admin, inst_admin=False)
    people.person_update(person=admin, inst_admin=True)
    people.person_delete(person=admin)


def test_stale_administrator_is_still_the_last(world):
    stale = User.objects.get(pk=world.people["admin"].pk)
    other = world.home.person("second", inst_admin=True)
    people.person_update(person=other, inst_admin=False)
    with pytest.raises(Conflict):
        people.person_update(person=stale, inst_admin=False)


# Roles.


def test_role_is_given_once(world):
    for _ in range(2):
        instructor = people.instructor_add(person=world.people["member"])
    assert (instructor.pk, instructor.institution_id) == (world.people["member"].pk, world.home.institution.pk)


def test_person_of_both_roles_loses_one(world):
    ann = world.people["ann"]
    people.instructor_add(person=ann)
    people.role_delete(person=ann, role=people.LEARNER)
    assert Instructor.objects.filter(pk=ann.pk).exists()
    assert not Learner.objects.filter(pk=ann.pk).exists()
    people.role_delete(person=User.objects.get(pk=ann.pk), role=people.INSTRUCTOR)
    assert not User.objects.filter(pk=ann.pk).exists()


def test_a_role_that_is_gone_already_is_no_error(world):
    people.role_delete(person=world.people["admin"], role=people.LEARNER)
    assert User.objects.filter(pk=world.people["admin"].pk).exists()


def test_files_of_a_person_go_with_learning_and_not_with_teaching(world):
    ann = world.people["ann"]
    people.instructor_add(person=ann)
    file_store(
        institution=world.home.institution, owner=ann, kind=Kind.SAMPLE, media_type="text/plain", content=[b"x"],
        extension="txt",
    )  # fmt: skip
    people.role_delete(person=ann, role=people.INSTRUCTOR)
    assert StoredFile.objects.filter(owner=ann).exists()
    people.person_delete(person=ann)
    assert not StoredFile.objects.exists()


# What people change of themselves.


def session_of(person, generation=0):
    ends = timezone.now() + timedelta(hours=1)
    return CallerSession.objects.create(kind="person", user=person, generation=generation, expires_at=ends)


def test_only_the_session_that_changes_the_password_survives(world):
    ann, bob = world.people["ann"], world.people["bob"]
    here, other, his = session_of(ann), session_of(ann), session_of(bob)
    changed = people.person_update(person=ann, may={"password"}, session_id=here.pk, password="brand-new-77-Pencil")
    assert changed.session_generation == 1
    assert [CallerSession.objects.get(pk=row.pk).generation for row in (here, other, his)] == [1, 0, 0]


def test_a_session_that_ended_meanwhile_or_is_anothers_does_not_go_on(world):
    ann = world.people["ann"]
    his, ended = session_of(world.people["bob"], generation=1), session_of(ann)
    User.objects.filter(pk=ann.pk).update(session_generation=1)  # somebody set a new password in this moment
    for session, generation in ((his, 1), (ended, 0)):
        people.person_update(person=ann, may={"password"}, session_id=session.pk, password="brand-new-77-Pencil")
        session.refresh_from_db()
        assert session.generation == generation
    people.person_update(person=ann, may={"password"}, session_id=None, password="brand-new-77-Pencil")
    assert User.objects.get(pk=ann.pk).session_generation == 4


def test_a_new_language_leaves_all_sessions_alone(world):
    session = session_of(world.people["ann"])
    people.person_update(person=world.people["ann"], may={"locale"}, session_id=session.pk, locale="ca")
    session.refresh_from_db()
    assert (session.generation, User.objects.get(pk=world.people["ann"].pk).session_generation) == (0, 0)


def test_a_profile_holds_only_what_may_be_changed(world):
    with pytest.raises(Forbidden):
        people.person_update(person=world.people["ann"], may={"locale"}, session_id=None, password="brand-new-77-Pen")
