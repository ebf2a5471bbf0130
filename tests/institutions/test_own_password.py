"""The own password is changed by whoever shows the present one, and wrong ones are counted."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from institutions.models import Instructor, User
from rights.models import Correction
from signin.models import CallerSession, SignInCounter
from tests.conftest import client_of
from tests.world import PASSWORD

NEW = "another-long-word-3"
BODY = {"password": NEW, "password2": NEW}


@pytest.fixture(params=["user", "profile", "admin-tree"])
def change(request, world):
    """change(current_password=...): the answer to a change of the own password, at each address that has one."""
    person = world.people["global" if request.param == "admin-tree" else "admin"]
    client = client_of(person)

    def send(**more):
        if request.param == "admin-tree":
            return client.patch(f"/api/v2/admin/user/{person.pk}/", BODY | more)
        url = f"/api/v2/institution/{world.home.institution.pk}/user/{person.pk}/"
        return client.patch(url, BODY | more) if request.param == "user" else client.post(f"{url}profile/", BODY | more)

    send.person = person
    return send


def has(person, password: str) -> bool:
    return User.objects.get(pk=person.pk).check_password(password)


@pytest.mark.parametrize("more", [{}, {"current_password": None}, {"current_password": "wrong"}])
def test_without_the_present_password_nothing_changes(change, more):
    answer = change(**more)
    assert (answer.status_code, list(answer.json())) == (400, ["current_password"])
    assert has(change.person, PASSWORD)


def test_the_present_password_changes_it_and_is_in_no_answer(change):
    answer = change(current_password=PASSWORD)
    assert answer.status_code == 200
    assert "current_password" not in answer.json()
    assert has(change.person, NEW)


def test_wrong_ones_are_counted_and_sign_in_is_not_locked(change, client):
    answers = [change(current_password=f"wrong {number}").status_code for number in range(10)]
    assert answers == [400] * 10
    locked = change(current_password=PASSWORD)
    assert (locked.status_code, 0 < int(locked["Retry-After"]) <= 30) == (429, True)
    assert has(change.person, PASSWORD)
    signed = client.post("/api/v2/auth/login", {"email": change.person.email, "password": PASSWORD})
    assert signed.status_code == 200
    SignInCounter.objects.update(last_failure_at=timezone.now() - timedelta(seconds=31))
    assert change(current_password=PASSWORD).status_code == 200


@pytest.mark.parametrize("change", ["user", "admin-tree"], indirect=True)
def test_the_own_address_needs_it_as_links_for_passwords_go_there(change):
    new, as_it_is = "new@home.example.org", change.person.email.upper()
    body = dict.fromkeys(BODY)
    assert list(change(**body, email=new).json()) == ["current_password"]
    assert change(**body, email=as_it_is).status_code == 200
    answer = change(**body, email=new, current_password=PASSWORD)
    assert (answer.status_code, answer.json()["email"]) == (200, new)
    assert has(change.person, PASSWORD)


def test_it_is_not_changed_around_the_account(world, as_):
    """A role has the same address, and so has a correction that is asked for."""
    home, admin = f"/api/v2/institution/{world.home.institution.pk}/", world.people["admin"]
    pair = {"institution": world.home.institution}
    Instructor.objects.create(**pair, user=admin)
    assert as_("admin").patch(f"{home}instructor/{admin.pk}/", {"email": "new@home.example.org"}).status_code == 403
    assert as_("admin").patch(f"{home}instructor/{admin.pk}/", {"email": admin.email}).status_code == 200
    asked = Correction.objects.create(**pair, person=admin, field="email", wanted="new@home.example.org")
    assert as_("admin").post(f"{home}correction/{asked.pk}/accept/").status_code == 403
    assert User.objects.get(pk=admin.pk).email == admin.email


def test_other_peoples_passwords_need_none(world):
    ann = world.people["ann"]
    url = f"/api/v2/institution/{world.home.institution.pk}/user/{ann.pk}/"
    assert client_of(world.people["admin"]).patch(url, BODY).status_code == 200
    assert has(ann, NEW)


def test_a_new_person_needs_none(world):
    url = f"/api/v2/institution/{world.home.institution.pk}/user/"
    body = BODY | {"username": "zoe", "uid": "zoe", "email": "zoe@home.example.org", "current_password": "x"}
    assert client_of(world.people["admin"]).post(url, body).status_code == 201


def test_dashboards_that_do_not_ask_serve_who_has_just_signed_in(change, settings):
    settings.LEGACY_DASHBOARD = True
    CallerSession.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    answer = change()
    assert (answer.status_code, list(answer.json())) == (400, ["current_password"])
    assert "sign in again" in answer.json()["current_password"][0]
    assert change(current_password="wrong").status_code == 400
    CallerSession.objects.update(created_at=timezone.now() - timedelta(minutes=4), address="192.0.2.1")
    assert [change(current_password="wrong").status_code, change().status_code] == [400, 400]  # it came from elsewhere
    assert has(change.person, PASSWORD)
    CallerSession.objects.update(address="127.0.0.1")
    assert change().status_code == 200
    assert has(change.person, NEW)


def test_django_has_no_page_of_its_own_for_it(world):
    browser, root = Client(), world.people["global"]
    assert browser.post("/signin/", {"email": root.email, "password": PASSWORD}).status_code == 302
    body = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    answer = browser.post("/admin/password_change/", body)
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/institutions/user/{root.pk}/change/")
    assert has(root, PASSWORD)


def test_the_admin_page_counts_wrong_ones(world):
    browser, root = Client(), world.people["global"]
    assert browser.post("/signin/", {"email": root.email, "password": PASSWORD}).status_code == 302
    page = f"/admin/institutions/user/{root.pk}/change/"
    body = {
        "username": root.username, "email": root.email, "is_staff": "on", "is_active": "on", "password1": NEW,
        "password2": NEW, "current_password": "wrong",
    }  # fmt: skip
    texts = [browser.post(page, body).text for _ in range(11)]
    assert all("This is not the present password." in text for text in texts[:10])
    assert "Too many failed attempts." in texts[10]
    assert has(root, PASSWORD)


def test_the_admin_page_asks_for_it_where_the_own_address_changes(world):
    browser, root = Client(), world.people["global"]
    assert browser.post("/signin/", {"email": root.email, "password": PASSWORD}).status_code == 302
    page = f"/admin/institutions/user/{root.pk}/change/"
    body = {"username": root.username, "email": "new@example.org", "is_staff": "on", "is_active": "on"}
    assert "The present password is needed." in browser.post(page, body).text
    assert User.objects.get(pk=root.pk).email == root.email
    assert browser.post(page, body | {"current_password": PASSWORD}).status_code == 302
    assert User.objects.get(pk=root.pk).email == "new@example.org"
