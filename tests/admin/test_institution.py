"""Registering, changing and deleting institutions in Django's admin."""

import re

from rest_framework.test import APIClient

from institutions.models import Institution, User
from learners.models import ConsentDecision
from tests.world import PAST

ADD = "/admin/institutions/institution/add/"
BODY = {
    "acronym": "NEW",
    "name": "New University",
    "mail_domain": "",
    "allowed_domains": "",
    "email": "Boss@new.example.org",
    "username": "",
    "uid": "boss",
    "first_name": "Bo",
    "last_name": "Ss",
    "password1": "a-password-of-theirs-7",
    "password2": "a-password-of-theirs-7",
}


def signed_in(email: str, password: str) -> APIClient | None:
    client = APIClient()
    answer = client.post("/api/v2/auth/login", {"email": email, "password": password})
    if answer.status_code != 200:
        return None
    client.credentials(HTTP_AUTHORIZATION="JWT " + answer.json()["token"]["access_token"])
    return client


def test_institution_is_registered_with_an_administrator_who_can_work_at_once(root):
    answer = root.post(ADD, BODY, follow=True)
    institution = Institution.objects.get(acronym="NEW")
    text = answer.content.decode()
    assert "Next: Boss@new.example.org signs in at http://testserver/signin/" in text
    assert f"http://testserver/api/v2/institution/{institution.pk}/vle/" in text
    assert (institution.mail_domain, institution.allowed_domains) == (None, "")
    client = signed_in("boss@new.example.org", "a-password-of-theirs-7")
    assert client is not None
    answer = client.post(f"/api/v2/institution/{institution.pk}/vle/", {"type": 0, "name": "Moodle"})
    assert answer.status_code == 201


def test_without_a_password_nobody_can_sign_in_until_one_is_set(root):
    answer = root.post(ADD, BODY | {"password1": "", "password2": ""}, follow=True)
    assert "allow Boss@new.example.org to sign in and set a password" in answer.content.decode()
    person = User.objects.get(uid="boss")
    assert (person.inst_admin, person.login_allowed, person.has_usable_password()) == (True, False, False)
    body = {
        "username": person.username, "email": person.email, "first_name": "", "last_name": "", "uid": "boss",
        "locale": "", "is_active": "on", "login_allowed": "on", "inst_admin": "on",
        "password1": "a-later-password-8", "password2": "a-later-password-8",
    }  # fmt: skip
    assert root.post(f"/admin/institutions/user/{person.pk}/change/", body).status_code == 302
    assert signed_in("boss@new.example.org", "a-later-password-8") is not None


def refused(root, **changed: str) -> str:
    before = Institution.objects.count(), User.objects.count()
    answer = root.post(ADD, BODY | changed)
    assert answer.status_code == 200
    assert (Institution.objects.count(), User.objects.count()) == before
    return answer.content.decode()


def test_errors_are_shown_beside_their_fields_and_nothing_is_stored(world, root):
    assert "Institution with this Acronym already exists." in refused(root, acronym="HOME")
    assert "The two passwords are not the same." in refused(root, password2="something-else-5")
    assert "This password is entirely numeric." in refused(root, password1="12345678", password2="12345678")
    assert "does not accept addresses of this domain" in refused(root, mail_domain="other.example.org")
    assert "U+0007" in refused(root, acronym="N\x07W")
    assert "U+0007" in refused(root, first_name="N\x07W")
    assert "Enter a valid" in refused(root, mail_domain="not a domain!")
    assert "This field is required." in refused(root, uid="")
    assert "This field is required." in refused(root, email="")
    assert "Enter a valid username." in refused(root, username="a b")


def test_an_institution_is_changed(world, root):
    pk = world.home.institution.pk
    body = {"acronym": "HOME", "name": "Renamed", "mail_domain": "@x.org, y.org", "allow_learner_report": "on"}
    assert root.post(f"/admin/institutions/institution/{pk}/change/", body).status_code == 302
    found = Institution.objects.get(pk=pk)
    assert (found.name, found.mail_domain, found.allow_learner_report) == ("Renamed", "@x.org, y.org", True)
    answer = root.post(f"/admin/institutions/institution/{pk}/change/", body | {"acronym": "AWAY"})
    assert "already exists" in answer.content.decode()


def test_the_switch_launcher_admin_is_on_the_page(world, root):
    page, body = (
        f"/admin/institutions/institution/{world.home.institution.pk}/change/",
        {"acronym": "HOME", "name": "H"},
    )
    assert 'name="launcher_admin"' in root.get(page).content.decode()
    for sent, trusted in (({"launcher_admin": "on"}, True), ({}, False)):
        assert root.post(page, body | sent).status_code == 302
        assert Institution.objects.get(pk=world.home.institution.pk).launcher_admin is trusted


def test_an_institution_in_use_is_not_deleted_and_the_page_says_why(world, root):
    url = f"/admin/institutions/institution/{world.home.institution.pk}/delete/"
    for answer in (root.get(url), root.post(url, {"post": "yes"})):
        assert answer.status_code == 200
        text = answer.content.decode()
        assert "HOME: 2 courses" in text
        assert "HOME: 3 learners" in text
    body = {"action": "delete_selected", "_selected_action": [world.home.institution.pk], "post": "yes"}
    assert "HOME: 2 courses" in root.post("/admin/institutions/institution/", body).content.decode()
    assert Institution.objects.filter(acronym="HOME").exists()


def test_a_new_institution_is_deleted_with_its_administrator(root):
    root.post(ADD, BODY)
    institution = Institution.objects.get(acronym="NEW")
    url = f"/admin/institutions/institution/{institution.pk}/delete/"
    assert root.post(url, {"post": "yes"}).status_code == 302
    assert not Institution.objects.filter(acronym="NEW").exists()
    assert not User.objects.filter(uid="boss").exists()


def test_an_institution_with_consent_decisions_is_not_deleted(root):
    root.post(ADD, BODY)
    institution = Institution.objects.get(acronym="NEW")
    ConsentDecision.objects.create(
        institution=institution,
        learner_id="2f6a4b1e-0000-4000-8000-000000000000",
        decision="accepted",
        version="1.0.0",
        at=PAST,
    )
    url = f"/admin/institutions/institution/{institution.pk}/delete/"
    assert "NEW: 1 consent decision" in root.post(url, {"post": "yes"}).content.decode()
    assert Institution.objects.filter(acronym="NEW").exists()


def test_domains_to_return_to_are_checked_beside_the_field(root):
    answer = root.post(ADD, BODY | {"allowed_domains": "javascript:alert(1)"})
    assert answer.status_code == 200
    assert "Enter hosts separated by commas" in answer.content.decode()
    assert not Institution.objects.filter(acronym="NEW").exists()


def test_an_institution_is_suspended_with_a_reason_and_resumed_without(root):
    root.post(ADD, BODY)
    institution = Institution.objects.get(acronym="NEW")
    page = f"/admin/institutions/institution/{institution.pk}/change/"
    values = {"acronym": "NEW", "name": "New University", "mail_domain": "", "allowed_domains": ""}
    for reason, is_suspended in (("Not paid.", True), ("", False)):
        answer = root.post(page, values | {"suspension_reason": reason, **_state(root, page)})
        assert answer.status_code == 302, answer.content.decode()
        institution.refresh_from_db()
        assert (institution.suspension_reason, institution.suspended_at is not None) == (reason, is_suspended)


def _state(client, page: str) -> dict[str, str]:
    """The hidden fields of the form."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', client.get(page).content.decode())
    return dict(found)
