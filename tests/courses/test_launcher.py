"""/vle/{}/launcher/: tickets with which a VLE sends its people to a dashboard."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from courses.models import AssessmentSession
from institutions.models import VLE, Credential, Institution, User
from institutions.services.vles import vle_warnings
from signin.models import CallerSession, Launcher
from tests.conftest import client_of
from tests.contract.test_traps import stored
from tests.courses.sittings import ADDRESSES, url_of, vle_client

ASKED = {"vle_user_uid": "ann"}
LONG_ADDRESS = f"https://x.org/{2040 * 'x'}"
MOODLE = {"vle_user_uid": "ann", "target": "DASHBOARD", "ttl": 120, "session_id": None, "target_url": None}
CREATED = 6  # queries beside the one that finds the caller, at most


@pytest.fixture
def vle(world):
    return vle_client(world.home.vle)


@pytest.fixture
def url(world):
    return url_of(world.home.vle, "launcher")


@pytest.fixture
def post(vle, url):
    def send(status: int = 200, /, **body):
        answer = vle.post(url, body)
        assert answer.status_code == status, answer.content
        return answer.json()

    return send


def session_of(home, name: str = "ann") -> AssessmentSession:
    return AssessmentSession.objects.create(
        institution=home.institution, activity=home.activity, learner=home.learners[name]
    )


# Who may call.


def test_no_other_verb(vle, url):
    for verb in ("get", "put", "patch", "delete"):
        assert getattr(vle, verb)(url).status_code == 405
        assert getattr(APIClient(), verb)(url).status_code == 401


# A launcher.


@pytest.mark.parametrize("body", [ASKED, MOODLE, {**MOODLE, "target": None, "ttl": None, "target_url": ""}], ids=len)
def test_a_launcher_is_made_as_moodle_asks_for_it(world, post, body):
    answer = post(**body)
    assert list(answer) == ["id", "token", "url"]
    row = Launcher.objects.get()
    assert answer["id"] == row.pk
    assert re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", answer["token"])
    assert (row.user, row.vle, row.institution) == (world.people["ann"], world.home.vle, world.home.institution)
    assert (row.target, row.target_url, row.session, row.used_at) == (0, None, None, None)
    assert timedelta(minutes=119) < row.expires_at - row.created_at <= timedelta(minutes=120)
    assert answer["url"] == f"http://testserver/ui/auth/launcher?id={row.pk}&token={answer['token']}"


def test_it_is_exchanged_once_for_a_session_of_the_person(world, post):
    made = post(**ASKED)
    ticket = {"id": str(made["id"]), "token": made["token"]}
    answer = Client().post("/api/v2/auth/token", ticket, content_type="application/json")
    assert answer.status_code == 200
    session = CallerSession.objects.get(kind="launched")
    assert session.user == world.people["ann"]
    assert Client().post("/api/v2/auth/token", ticket, content_type="application/json").status_code == 401


def test_it_is_good_as_long_as_what_the_vle_asked_with(world, post):
    made, late = post(**ASKED), post(**ASKED)
    row = Launcher.objects.get(pk=made["id"])
    assert row.credential == Credential.objects.get(vle=world.home.vle)
    pair = APIClient().post("/api/v2/auth/token", {"id": made["id"], "token": made["token"]}).json()
    header = {"HTTP_AUTHORIZATION": f"JWT {pair['access_token']}"}
    assert APIClient().get("/api/v2/auth/profile", **header).status_code == 200
    vles = f"/api/v2/institution/{world.home.institution.pk}/vle/"
    rotated = client_of(world.people["admin"]).post(f"{vles}{world.home.vle.pk}/credentials/", {})
    assert rotated.status_code == 201
    assert APIClient().get("/api/v2/auth/profile", **header).status_code == 401
    assert APIClient().post("/api/v2/auth/token", {"id": late["id"], "token": late["token"]}).status_code == 401


def test_it_is_good_for_ttl_minutes(post):
    post(**ASKED, ttl="5")
    row = Launcher.objects.get()
    assert timedelta(minutes=4) < row.expires_at - row.created_at <= timedelta(minutes=5)


def test_nothing_of_the_token_is_stored_but_a_hash(post):
    made = post(**ASKED)
    assert made["token"] not in stored()
    assert post(**ASKED)["token"] != made["token"]


@pytest.mark.parametrize(
    "where", ["https://dash.example.org", "https://dash.example.org/tesla", "http://127.0.0.1:4200"]
)
def test_first_auth_of_the_address_is_behind_the_dashboard(post, settings, where):
    settings.DASHBOARD_URL = where
    made = post(**ASKED)
    before, _, after = made["url"].partition("auth")  # what VLE plugins do with it
    assert (before, after.startswith("/launcher?")) == (f"{where}/ui/", True)
    assert parse_qs(urlsplit(made["url"]).query) == {"id": [str(made["id"])], "token": [made["token"]]}


@pytest.mark.parametrize("address", ADDRESSES)
def test_target_address_is_kept(post, address):
    made = post(**ASKED, target_url=address)
    assert Launcher.objects.get().target_url == address
    assert "moodle" not in made["url"]  # the VLE's address is no part of any address here


# For whom.


@pytest.mark.parametrize("uid", ["nobody", "\u00e5nn", "root", "home-ann", "ann@away.example.org"])
def test_unknown_person_is_404_with_a_text(post, uid):
    assert post(404, vle_user_uid=uid) == "User not found"


def test_person_of_another_institution_is_as_unknown(world, post):
    world.away.person("only-there")
    assert post(404, vle_user_uid="only-there") == "User not found"
    post(**ASKED)
    assert Launcher.objects.get().user == world.home.people["ann"]


def test_global_admin_without_institution_and_people_without_uid_are_unknown(world, post):
    assert world.people["global"].uid == ""
    assert list(post(400, vle_user_uid="")) == ["vle_user_uid"]
    assert post(404, vle_user_uid=world.people["global"].username) == "User not found"


def test_deactivated_person_is_unknown(world, post):
    User.objects.filter(pk=world.people["ann"].pk).update(is_active=False)
    assert post(404, **ASKED) == "User not found"


def test_only_learners_are_sent_to_the_capture_api(post):
    post(**ASKED, target="LAPI")
    assert Launcher.objects.get().target == 1
    assert list(post(400, vle_user_uid="teacher", target="LAPI")) == ["target"]
    assert Launcher.objects.count() == 1


# For a session.


@pytest.mark.parametrize("kind", [int, str])
def test_session_of_the_person(world, post, kind):
    session = session_of(world.home)
    post(**ASKED, target="LAPI", session_id=kind(session.pk))
    assert Launcher.objects.get().session == session


def test_session_of_somebody_else_or_of_another_vle_is_unknown(world, post):
    home, second = world.home, VLE.objects.create(institution=world.home.institution, name="Second")
    Institution.objects.update(launcher_everywhere=True)
    foreign = session_of(world.away)
    for number in (session_of(home, "bob").pk, foreign.pk, 987654321, "0", 2**63):
        assert post(404, **ASKED, session_id=number) == {"detail": "Session not found"}
    answer = vle_client(second).post(url_of(second, "launcher"), {**ASKED, "session_id": session_of(home).pk})
    assert (answer.status_code, answer.json()) == (404, {"detail": "Session not found"})
    assert Launcher.objects.count() == 0


# Wrong values.


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("vle_user_uid", value) for value in (None, "", [], {}, True, "x" * 256, "\u0000")),
        *(("target", value) for value in ("dashboard", "lapi", "Dashboard", "", 0, 1, True, [], {})),
        *(("session_id", value) for value in ("x", "", 1.5, True, [], {})),
    ],
)  # fmt: skip
def test_wrong_values_are_400_under_their_name(post, name, value):
    assert list(post(400, **{**MOODLE, name: value})) == [name]
    assert Launcher.objects.count() == 0


@pytest.mark.parametrize("value", ["javascript:alert(1)", "x", "//x", "ftp://x.org", LONG_ADDRESS, [], {}])
def test_an_address_that_is_none_is_left_out(post, value):
    answer = post(**{**MOODLE, "target_url": value})
    assert [*answer["warnings"]] == ["target_url"]
    assert Launcher.objects.get().target_url is None


@pytest.mark.parametrize(
    ("value", "minutes"),
    [(0, 120), (-1, 120), (43_201, 43_200), ("", 120), ("x", 120), ([], 120), ({}, 120), (2**70, 43_200), (True, 120)],
)
def test_a_lifetime_that_is_none_is_the_usual_or_the_longest(post, value, minutes, world):
    cache.clear()  # it knows which warnings were kept lately
    answer = post(**{**MOODLE, "ttl": value})
    assert [*answer["warnings"]] == ["ttl"]
    launcher = Launcher.objects.get()
    assert round((launcher.expires_at - launcher.created_at).total_seconds()) == minutes * 60
    assert "ttl" in [warning.setting for warning in vle_warnings(vle_id=world.home.vle.pk)]


def test_person_must_be_named(post):
    assert post(400) == {"vle_user_uid": ["This field is required."]}


def test_number_of_queries(vle, url):
    vle.post(url, ASKED)
    with CaptureQueriesContext(connection) as captured:
        vle.post(url, ASKED)
    assert len(captured) - 1 <= CREATED
