"""Who came and went, and who tried: lines of sign-ins, failures and sign-outs. Other lines that no resource writes."""

import json
from io import StringIO
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from rest_framework.test import APIClient

from institutions.models import User
from institutions.services.vles import vle_credentials_rotate
from kernel.recording import Origin, acting, command, origin
from signin.models import Target
from signin.services.launchers import launcher_create
from signin.services.sessions import session_end, session_open
from tests.conftest import client_of
from tests.lines import details_of, origin_of
from trail.models import Key, Line

PASSWORD = "correct horse 9"
LOGIN, APPROLE = "/api/v2/auth/login", "/api/v2/auth/approle"


@pytest.fixture
def admin(world):
    person = world.people["admin"]
    person.set_password(PASSWORD)
    person.login_allowed = True
    person.save()
    return person


def lines() -> list[tuple]:
    columns = ("verb", "resource", "institution_id", "actor_kind", "actor_id", "person_id", "signed_in")
    return [*Line.objects.order_by("pk").values_list(*columns)]


def test_a_password(admin):
    home = admin.institution_id
    assert APIClient().post(LOGIN, {"email": admin.email, "password": "wrong"}).status_code == 401
    answer = APIClient().post(LOGIN, {"email": admin.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"JWT {answer.json()['token']['access_token']}")
    assert client.delete("/api/v2/auth/logout").status_code == 204
    assert lines() == [
        ("sign-in failed", "auth", home, "", None, admin.pk, ""),
        ("sign-in", "auth", home, "person", admin.pk, admin.pk, "password"),
        ("sign-out", "auth", home, "person", admin.pk, admin.pk, "password"),
    ]
    failed, signed_in, _ = Line.objects.order_by("pk")
    assert origin_of(signed_in) == {"name": admin.username, "address": "192.0.2.7"}
    assert "127.0.0.1" not in failed.origin
    assert origin_of(failed)["address"] == "127.0.0.1"
    assert {*Key.objects.values_list("person_id", flat=True)} == {admin.pk}


def test_an_account_that_is_not_there(db):
    assert APIClient().post(LOGIN, {"email": "nobody@example.org", "password": "wrong"}).status_code == 401
    assert lines() == [("sign-in failed", "auth", 0, "", None, None, "")]
    assert "nobody" not in Line.objects.get().origin


def test_a_failure_that_cannot_be_written_down_is_answered(admin, caplog):
    with patch("signin.services.people.record", side_effect=DatabaseError):
        assert APIClient().post(LOGIN, {"email": admin.email, "password": "wrong"}).status_code == 401
    assert "not in the trail" in caplog.text


def test_waits_do_not_fill_the_trail(admin, settings):
    settings.SIGN_IN_FAILURES = 2
    answers = [APIClient().post(LOGIN, {"email": admin.email, "password": "wrong"}).status_code for _ in range(4)]
    assert answers == [401, 401, 429, 429]
    assert Line.objects.count() == 2


def test_a_browser(admin, client):
    client.post("/signin/", {"email": admin.email, "password": PASSWORD})
    client.post("/signout/")
    assert [line[0] for line in lines()] == ["sign-in", "sign-out"]
    assert {line[4] for line in lines()} == {admin.pk}


def test_a_vle_and_a_provider(world):
    issued = vle_credentials_rotate(vle=world.home.vle, overlap_minutes=0)
    body = {"role_id": issued["role_id"], "secret_id": issued["secret_id"]}
    assert APIClient().post(APPROLE, body).status_code == 200
    assert APIClient().post(APPROLE, body | {"secret_id": "wrong"}).status_code == 401
    vle = world.home.vle
    assert lines() == [
        ("sign-in", "auth", vle.institution_id, "vle", vle.pk, None, "approle"),
        ("sign-in failed", "auth", 0, "", None, None, ""),
    ]
    assert Line.objects.latest("pk").row_key == issued["role_id"]


@pytest.mark.parametrize(("target", "how"), [(Target.DASHBOARD, "launcher"), (Target.LAPI, "learner session")])
def test_a_launcher(world, target, how):
    ann, vle = world.people["ann"], world.home.vle
    launcher, token = launcher_create(vle=vle, person=ann, target=target)
    assert APIClient().post("/api/v2/auth/token", {"id": launcher.pk, "token": token}).status_code == 200
    line = Line.objects.get()
    assert (line.verb, line.actor_id, line.signed_in, line.signed_in_by) == ("sign-in", ann.pk, how, vle.pk)


def test_pages_of_global_administrators(world, client):
    root = world.people["global"]
    root.set_password(PASSWORD)
    root.save()
    client.post("/signin/", {"email": root.email, "password": PASSWORD})
    page = f"/admin/institutions/institution/{world.home.institution.pk}/change/"
    form = client.get(page).context["adminform"].form
    values = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    body = {name: value for name, value in values.items() if value is not False} | {"name": "Another name"}
    assert client.post(page, body).status_code == 302
    line = Line.objects.latest("pk")
    assert (line.verb, line.resource) == ("update", "pages/institutions/institution")
    assert (line.institution_id, line.actor_kind, line.actor_id) == (world.home.institution.pk, "admin", root.pk)
    assert json.loads(line.details)["name"][1] == "Another name"


def test_commands(world):
    before = origin()
    call_command("register_vle", institution="HOME", name="By command", stdout=StringIO())
    line = Line.objects.get()
    assert (line.verb, line.resource, line.actor_kind) == ("create", "institution/vle", "command")
    assert json.loads(line.origin)["name"] == "register_vle"
    assert origin() == before


def test_commands_of_django_and_commands_in_commands(db):
    name = {"username": "second", "email": "second@example.org", "interactive": False}
    with patch.dict("os.environ", DJANGO_SUPERUSER_PASSWORD=PASSWORD):
        call_command("createsuperuser", stdout=StringIO(), **name)
        with acting(command("outer")):
            call_command("createsuperuser", stdout=StringIO(), **name | {"username": "third", "email": "t@example.org"})
    first, second = Line.objects.order_by("pk")
    assert (first.verb, first.resource, first.institution_id) == ("create", "admin/user", 0)
    assert [origin_of(line)["name"] for line in (first, second)] == ["createsuperuser", "outer"]
    person = User.objects.get(username="second")
    assert (first.person_id, first.row_key) == (person.pk, str(person.pk))
    details = details_of(first)
    assert (details["username"], details["password"], details["is_staff"]) == (
        [None, "second"], [None, None], [None, True],
    )  # fmt: skip
    assert "second" not in first.details


def test_a_request_has_one_number_and_its_own_caller(world):
    path = f"/api/v2/institution/{world.home.institution.pk}/group/"
    with acting(Origin("person", 77, request_id="other")):
        for name in ("admin", "data"):
            client_of(world.people[name]).post(path, {"name": name})
    lines = list(Line.objects.filter(verb="create").order_by("pk"))
    assert [line.actor_id for line in lines] == [world.people[name].pk for name in ("admin", "data")]
    assert len({line.request_id for line in lines} | {"other"}) == 3


def test_a_session_ends_once(admin):
    session = session_open(person=admin, address=None)
    for _ in range(2):
        session_end(session_id=session.pk, institution_id=admin.institution_id, person_id=admin.pk)
    assert [line[0] for line in lines()].count("sign-out") == 1
