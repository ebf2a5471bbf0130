"""People in Django's admin: the rules of people hold there too."""

import pytest
from django.conf import settings

from files.models import Kind, StoredFile
from files.services import file_store, store
from institutions.models import User
from learners.models import Learner
from tests.admin.conftest import browser_of
from tests.admin.test_institution import signed_in
from tests.world import PASSWORD

USERS = "/admin/institutions/user/"


def body_of(person: User, **changed: object) -> dict[str, object]:
    """The form as the page sends it when nothing is touched, with changes; False leaves a box unticked."""
    texts = ("username", "email", "first_name", "last_name", "uid", "locale")
    boxes = ("is_active", "login_allowed", "is_staff", "inst_admin", "legal_admin", "send_admin", "data_admin")
    body = {name: getattr(person, name) or "" for name in texts} | {"password1": "", "password2": ""}
    body |= {name: "on" for name in boxes if getattr(person, name)}
    body |= changed
    return {name: value for name, value in body.items() if value is not False}


def test_a_person_is_added_with_a_password(world, root):
    body = {
        "institution": world.home.institution.pk, "username": "", "email": "new@home.example.org", "first_name": "N",
        "last_name": "", "uid": "n1", "locale": "", "legal_admin": "on",
        "password1": "quite-some-words-1", "password2": "quite-some-words-1",
    }  # fmt: skip
    assert root.post(f"{USERS}add/", body).status_code == 302
    person = User.objects.get(uid="n1")
    assert (person.username, person.legal_admin, person.is_staff) == ("new@home.example.org", True, False)
    assert signed_in("new@home.example.org", "quite-some-words-1") is not None


def test_a_global_administrator_is_added_without_institution(root):
    body = {
        "institution": "", "username": "second", "email": "second@example.org", "first_name": "", "last_name": "",
        "uid": "", "locale": "", "is_staff": "on", "password1": "quite-some-words-1", "password2": "quite-some-words-1",
    }  # fmt: skip
    assert "needs a username" in root.post(f"{USERS}add/", body | {"username": ""}).content.decode()
    assert root.post(f"{USERS}add/", body | {"inst_admin": "on"}).status_code == 200
    assert root.post(f"{USERS}add/", body).status_code == 302
    client = signed_in("second@example.org", "quite-some-words-1")
    assert client is not None
    assert client.get("/api/v2/auth/profile").json()["roles"] == ["GLOBAL_ADMIN"]


def test_a_form_sent_unchanged_changes_nothing(world, root):
    person = world.people["admin"]
    before = User.objects.filter(pk=person.pk).values("password", "session_generation", "email", "uid").get()
    assert root.post(f"{USERS}{person.pk}/change/", body_of(person)).status_code == 302
    assert User.objects.filter(pk=person.pk).values("password", "session_generation", "email", "uid").get() == before


def test_a_new_password_ends_the_sessions(world, root, as_):
    client, person = as_("admin"), world.people["admin"]
    body = body_of(person, password1="another-long-word-3", password2="another-long-word-3")
    assert root.post(f"{USERS}{person.pk}/change/", body).status_code == 302
    assert client.get("/api/v2/auth/profile").status_code == 401
    assert signed_in(person.email, PASSWORD) is None
    assert signed_in(person.email, "another-long-word-3") is not None


def test_the_last_administrator_cannot_be_removed(world, root):
    person = world.people["admin"]
    for box in ("inst_admin", "login_allowed", "is_active"):
        answer = root.post(f"{USERS}{person.pk}/change/", body_of(person, **{box: False}))
        assert answer.status_code == 200
        assert "last administrator" in answer.content.decode()
    answer = root.post(f"{USERS}{person.pk}/delete/", {"post": "yes"}, follow=True)
    assert "last administrator" in answer.content.decode()
    body = {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"}
    assert "last administrator" in root.post(USERS, body, follow=True).content.decode()
    found = User.objects.get(pk=person.pk)
    assert (found.inst_admin, found.login_allowed, found.is_active) == (True, True, True)


def test_nobody_locks_themselves_out(world, root):
    person = world.people["global"]
    for box in ("is_staff", "is_active"):
        answer = root.post(f"{USERS}{person.pk}/change/", body_of(person, **{box: False}))
        assert "You cannot take this from yourself." in answer.content.decode()
    assert "your own account" in root.post(f"{USERS}{person.pk}/delete/", {"post": "yes"}).content.decode()
    assert User.objects.get(pk=person.pk).is_staff


def test_errors_are_shown_beside_their_fields(world, root):
    person = world.people["legal"]
    url = f"{USERS}{person.pk}/change/"
    for changed, text in (
        ({"email": "ADMIN@home.example.org"}, "already taken"),
        ({"uid": "admin"}, "already taken"),
        ({"uid": ""}, "needs a uid"),
        ({"username": "home-admin"}, "already taken"),
        ({"first_name": "a\x01"}, "U+0001"),
        ({"email": "x"}, "Enter a valid email address."),
        ({"password1": "a-long-password-4", "password2": ""}, "not the same"),
    ):
        answer = root.post(url, body_of(person, **changed))
        assert answer.status_code == 200
        assert text in answer.content.decode(), changed
    assert User.objects.get(pk=person.pk).uid == "legal"


@pytest.mark.parametrize(("locale", "stored"), [("ca_valencia", "ca"), ("??", None), ("", None)])
def test_a_locale_keeps_nobody_out(world, root, locale, stored):
    person = world.people["legal"]
    assert root.post(f"{USERS}{person.pk}/change/", body_of(person, locale=locale)).status_code == 302
    assert User.objects.get(pk=person.pk).locale == stored


@pytest.mark.django_db(transaction=True)
def test_own_new_password_keeps_this_browser_signed_in(world, root):
    person, elsewhere = world.people["global"], browser_of(world.people["global"])
    body = body_of(person, password1="another-long-word-3", password2="another-long-word-3")
    assert "The present password is needed." in root.post(f"{USERS}{person.pk}/change/", body).text
    body["current_password"] = PASSWORD
    before = root.cookies[settings.SESSION_COOKIE_NAME].value
    assert root.post(f"{USERS}{person.pk}/change/", body).status_code == 302
    assert root.get(USERS).status_code == 200
    assert root.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert elsewhere.get(USERS).status_code == 302


def test_a_deleted_learner_leaves_no_file(world, root, django_capture_on_commit_callbacks):
    person = world.people["ann"]
    file = file_store(
        institution=world.home.institution,
        owner=person,
        kind=Kind.SAMPLE,
        media_type="text/plain",
        content=[b"a face"],
        extension="txt",
    )
    learner = Learner.objects.get(user=person)
    learner.samples.create(institution=world.home.institution, data=file)
    assert store().exists(file.storage_key)
    with django_capture_on_commit_callbacks(execute=True):
        assert root.post(f"{USERS}{person.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=person.pk).exists()
    assert not StoredFile.objects.filter(pk=file.pk).exists()
    assert not store().exists(file.storage_key)
