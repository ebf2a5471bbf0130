"""A suspended institution: nobody of it is let in, by whatever way, and everything is as before when it is resumed."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from institutions.models import Institution
from institutions.services.credentials import credential_issue
from institutions.services.institutions import institution_resume, institution_suspend
from kernel.caller import CallerKind
from kernel.domain import Invalid
from signin.callers import caller_named
from signin.services.launchers import launcher_create
from tests.courses.sittings import NEW, consented, enrolled, followed, url_of, vle_client
from tests.world import PASSWORD
from trail.models import Line

ADMIN = "/api/v2/admin/institution/"
REASON = "The contract has ended."


@pytest.fixture
def suspend(world):
    def done(is_suspended: bool = True) -> None:
        home = Institution.objects.get(pk=world.home.institution.pk)
        institution_suspend(institution=home, reason=REASON) if is_suspended else institution_resume(institution=home)

    return done


def login(email: str):
    return APIClient().post("/api/v2/auth/login", {"email": email, "password": PASSWORD}, format="json")


def test_a_reason_is_said(world):
    with pytest.raises(Invalid):
        institution_suspend(institution=world.home.institution, reason=" ")


def test_a_global_administrator_suspends_and_resumes(as_, world):
    root, home = as_("global"), f"{ADMIN}{world.home.institution.pk}/"
    assert root.post(f"{home}suspend/", {"reason": " "}, format="json").status_code == 400
    body = root.post(f"{home}suspend/", {"reason": REASON}, format="json").json()
    since = body["suspended_at"]
    assert (body["suspension_reason"], since is not None) == (REASON, True)
    assert root.post(f"{home}suspend/", {"reason": "Again."}, format="json").json()["suspended_at"] == since
    assert root.put(home, {"name": "N", "acronym": "HOME"}).json()["suspended_at"] == since
    assert root.post(f"{home}resume/", format="json").json()["suspended_at"] is None
    verbs = Line.objects.filter(resource="admin/institution").order_by("pk").values_list("verb", flat=True)
    assert [*verbs] == ["suspend", "suspend", "update", "resume"]


def test_people_are_told_and_administrators_why(world, as_, suspend):
    clients = {who: as_(who) for who in ("admin", "ann", "global")}
    url = f"/api/v2/institution/{world.home.institution.pk}/"
    suspend()
    answers = {who: client.get(url) for who, client in clients.items()}
    assert {who: answer.status_code for who, answer in answers.items()} == {"admin": 403, "ann": 403, "global": 200}
    assert REASON in answers["admin"].json()["detail"]
    assert "suspended" in answers["ann"].json()["detail"]
    assert REASON not in answers["ann"].json()["detail"]
    assert as_("stranger").get(f"/api/v2/institution/{world.away.institution.pk}/").status_code == 200
    suspend(False)
    assert {client.get(url).status_code for client in clients.values()} == {200}


def test_nobody_signs_in(world, suspend):
    admin = world.people["admin"]
    pair = login(admin.email).json()["token"]
    suspend()
    answer = login(admin.email)
    assert (answer.status_code, REASON in answer.json()["detail"]) == (401, True)
    wrong = APIClient().post("/api/v2/auth/login", {"email": admin.email, "password": "wrong"}, format="json")
    assert "suspended" not in wrong.json()["detail"]
    refreshed = APIClient().post("/api/v2/auth/token/refresh", {"token": pair}, format="json")
    assert (refreshed.status_code, "suspended" in refreshed.json()["detail"]) == (403, True)
    assert login(world.people["global"].email).status_code == 200


def test_pages_lead_to_the_sign_in_which_says_why(world, suspend):
    browser, form = Client(), {"email": world.people["admin"].email, "password": PASSWORD}
    assert browser.post("/signin/", form).status_code == 302
    assert browser.get("/console/", follow=True).status_code == 200
    suspend()
    assert browser.get("/console/")["Location"].startswith("/signin/")
    for accept in ("application/json", "text/html"):
        refused = browser.get("/api/v2/institution/", headers={"Accept": accept})
        assert (refused.status_code, REASON in refused.content.decode()) == (403, True)
        assert refused["Content-Type"].startswith(accept)
    answer = Client().post("/signin/", form)
    assert (answer.status_code, REASON in answer.content.decode()) == (403, True)


def test_programs_keep_what_they_have_and_try_again(world, suspend):
    """503 with Retry-After: the web plugin and VLEs lose nothing, and go on when it is resumed."""
    home = world.home
    consented(home, "bob")
    for instrument in (1, 2, 3, 4):
        enrolled(home.learners["bob"], instrument)
    credential, secret = credential_issue(vle=home.vle)
    role = {"role_id": str(credential.role_id), "secret_id": secret}
    vle = vle_client(home.vle)
    connector = vle.post(url_of(home.vle), NEW).json()["data"]["connector"]
    token = followed(connector.replace("connector.js", "data.json")).json()["token"]["access_token"]
    capture = APIClient()
    capture.credentials(HTTP_AUTHORIZATION=f"JWT {token}")
    path = f"/lapi/v1/verification/{home.institution.pk}/{home.learners['bob'].learner_id}/"
    launcher, ticket = launcher_create(vle=home.vle, person=world.people["bob"])
    suspend()
    answers = [
        vle.post(url_of(home.vle), NEW), capture.post(path, {}, format="json"), followed(connector),
        followed(connector.replace("connector.js", "data.json")),
    ]  # fmt: skip
    assert [(answer.status_code, answer["Retry-After"]) for answer in answers] == [(503, "300")] * 4
    signed = APIClient().post("/api/v2/auth/approle", role, format="json")
    assert (signed.status_code, "suspended" in signed.json()) == (401, True)
    launched = APIClient().post("/api/v2/auth/token", {"id": launcher.pk, "token": ticket}, format="json")
    assert (launched.status_code, "suspended" in launched.json()["detail"]) == (401, True)
    suspend(False)
    assert vle.post(url_of(home.vle), NEW).status_code == 200
    assert capture.post(path, {}, format="json").status_code == 400
    launched = APIClient().post("/api/v2/auth/token", {"id": launcher.pk, "token": ticket}, format="json")
    assert launched.status_code == 200


def test_links_to_files_open_nothing(world, suspend):
    home = world.home
    suspend()
    assert caller_named(CallerKind.PERSON, world.people["admin"].pk) is None
    credential_issue(vle=home.vle)
    assert caller_named(CallerKind.VLE, home.vle.pk) is None
    assert caller_named(CallerKind.GLOBAL_ADMIN, world.people["global"].pk) is not None


def test_an_account_elsewhere_with_the_same_password_signs_in(world, suspend):
    """Of one address the account whose institution is not suspended is meant."""
    ann = world.home.people["ann"]
    other = world.away.people["ann"]
    for person in (ann, other):
        person.email, person.login_allowed = "ann@both.example.org", True
        person.set_password(PASSWORD)
        person.save()
    suspend()
    token = login("ann@both.example.org").json()["token"]["access_token"]
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"JWT {token}")
    assert client.get("/api/v2/auth/profile").json()["id"] == other.pk
