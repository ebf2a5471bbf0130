"""POST /api/v2/auth/approle: what modules send and read (docs/plugin-author.md), and what ends their sessions."""

import json
from datetime import timedelta

import pytest
from celery import Celery
from django.utils import timezone
from rest_framework.test import APIClient

from institutions.models import VLE, Credential, Instrument, Provider
from institutions.services.credentials import credential_issue, credentials_end
from institutions.services.vles import vle_create, vle_credentials_rotate, vle_delete
from signin.models import CallerSession, SignInCounter
from tests.conftest import client_of
from tests.signin.test_tokens import payload_of
from tests.world import PAST, rewritten

APPROLE, REFRESH, LOGOUT = "/api/v2/auth/approle", "/api/v2/auth/token/refresh", "/api/v2/auth/logout"
INSTITUTIONS = "/api/v2/institution/"
BROKER = "amqp://workers:broker-secret@broker.example.org:5672/providers"


def sign_in(credentials, **extra):
    body = {"role_id": credentials["role_id"], "secret_id": credentials["secret_id"]}
    return APIClient().post(APPROLE, body, **extra)


@pytest.fixture
def moodle(world):
    """A VLE with its credentials in clear."""
    values = {"name": "Plugged", "url": "https://plugged.example.org", "client_id": "client-7"}
    return vle_create(institution=world.home.institution, **values)


@pytest.fixture
def provider(world):
    values = {
        "name": "Faces", "acronym": "faces", "version": "1.2", "queue": "tesla_faces", "description": "Compares faces",
        "url": "https://faces.example.org", "alert_below": "0.3", "warning_below": "0.5", "image": "faces:1.2",
        "service_port": 8080, "options": {"strict": True}, "enabled": True,
    }  # fmt: skip
    made = Provider.objects.create(instrument=Instrument.objects.get(acronym="fr"), **values)
    credential, secret = credential_issue(provider=made)
    return made, {"role_id": str(credential.role_id), "secret_id": secret}


def status_with(pair) -> int:
    """403 for a live module in the institution's tree, 401 for one that has no session any more."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"JWT {pair['access_token']}")
    return client.get(INSTITUTIONS).status_code


def refreshed(pair):
    header = {"HTTP_AUTHORIZATION": f"JWT {pair['refresh_token']}"}
    return APIClient().post(REFRESH, {"token": pair["access_token"]}, **header)


def test_a_vle_is_answered_what_its_plugin_reads(moodle, world):
    vle, credentials = moodle
    institution = world.home.institution
    answer = sign_in(credentials)
    assert answer.status_code == 200
    told = answer.json()
    assert list(told.pop("token")) == ["access_token", "refresh_token"]
    assert told["vle"].pop("created_at").endswith("Z")
    assert told["vle"].pop("updated_at").endswith("Z")
    assert told == {
        "module": f"vle_{vle.pk:03}",
        "description": "Plugged",
        "config": {"TESLA_DOMAIN": "testserver"},
        "apps": [],
        "services": {},
        "domain": "testserver",
        "vle_name": "Plugged",
        "vle_id": vle.pk,
        "vle_url": "https://plugged.example.org",
        "institution_acronym": "HOME",
        "institution_id": institution.pk,
        "type": "vle",
        "pk": vle.pk,
        "vle": {
            "id": vle.pk,
            "name": "Plugged",
            "type": 0,
            "url": "https://plugged.example.org",
            "lti": {
                "consumer_key": credentials["consumer_key"],
                "auth_login_url": "https://plugged.example.org/mod/lti/auth.php",
                "auth_token_url": "https://plugged.example.org/mod/lti/token.php",
                "key_set_url": "https://plugged.example.org/mod/lti/certs.php",
            },
            "client_id": "client-7",
            "institution": institution.pk,
        },
    }


def test_numbers_of_modules_have_three_digits_at_least(world):
    taken = {*VLE.objects.values_list("pk", flat=True)}
    digit = min({*range(1, 10)} - taken)
    for number, name in ((digit, f"vle_00{digit}"), (700_001, "vle_700001")):
        vle = VLE.objects.create(pk=number, institution=world.home.institution, name=name)
        credential, secret = credential_issue(vle=vle)
        assert sign_in({"role_id": str(credential.role_id), "secret_id": secret}).json()["module"] == name


def test_a_vle_learns_no_secret_but_its_tokens(moodle, settings):
    settings.PROVIDER_BROKER_URL = BROKER
    vle, credentials = moodle
    text = sign_in(credentials).content.decode()
    hashed = Credential.objects.get(vle=vle).secret_hash
    for secret in (credentials["consumer_secret"], credentials["secret_id"], vle.lti_secret, hashed, "broker"):
        assert secret not in text
    assert "secret" not in text.lower()


def test_a_provider_is_answered_what_its_worker_reads(provider, settings):
    settings.PROVIDER_BROKER_URL = BROKER
    made, credentials = provider
    answer = sign_in(credentials)
    assert answer.status_code == 200
    told = answer.json()
    assert list(told.pop("token")) == ["access_token", "refresh_token"]
    assert told["provider"].pop("created_at").endswith("Z")
    assert told["provider"].pop("updated_at").endswith("Z")
    assert told == {
        "module": f"provider_{made.pk:03}",
        "description": "Compares faces",
        "config": {"TESLA_DOMAIN": "testserver", "CELERY_TASK_ACKS_LATE": True, "CELERY_BROKER_URL": BROKER},
        "apps": [],
        "services": {},
        "domain": "testserver",
        "provider_name": "Faces",
        "provider_id": made.pk,
        "provider_acronym": "faces",
        "provider_queue": "tesla_faces",
        "instrument_id": 1,
        "type": "provider",
        "pk": made.pk,
        "provider": {
            "id": made.pk,
            "instrument": 1,
            "name": "Faces",
            "acronym": "faces",
            "description": "Compares faces",
            "url": "https://faces.example.org",
            "version": "1.2",
            "queue": "tesla_faces",
            "enabled": True,
            "allow_validation": False,
            "validation_active": False,
            "alert_below": 0.3,
            "warning_below": 0.5,
            "inverted_polarity": False,
            "image": "faces:1.2",
            "has_service": False,
            "service_port": 8080,
            "options_schema": None,
            "options": {"strict": True},
        },
    }


def test_without_a_broker_a_provider_is_told_of_none(provider, settings):
    settings.PROVIDER_BROKER_URL = ""
    made, credentials = provider
    nothing = dict.fromkeys(("instrument", "description", "alert_below", "warning_below", "url"))
    rewritten(Provider.objects.filter(pk=made.pk), **nothing)
    told = sign_in(credentials).json()
    assert told["config"] == {"TESLA_DOMAIN": "testserver", "CELERY_TASK_ACKS_LATE": True}
    assert (told["instrument_id"], told["description"], told["provider"]["alert_below"]) == (None, None, None)


def test_on_redis_no_message_is_given_to_another_worker_before_the_longest_task_has_ended(provider, settings):
    settings.PROVIDER_BROKER_URL = "rediss://:secret@broker.example.org/0"
    made, credentials = provider
    for minutes, seconds in ((60, 5 * 3600), (600, 10 * 3600)):
        Instrument.objects.filter(pk=made.instrument_id).update(timeout_minutes=minutes)
        app = Celery("provider")
        app.config_from_object(sign_in(credentials).json()["config"], namespace="CELERY")  # as the SDK does
        assert app.conf.broker_transport_options == {"visibility_timeout": seconds}
        assert app.conf.task_acks_late
    settings.PROVIDER_BROKER_URL, settings.BROKER_URL = "", "redis://broker.example.org/0"
    assert "CELERY_BROKER_TRANSPORT_OPTIONS" in sign_in(credentials).json()["config"]


@pytest.mark.parametrize("path", ["", "/tesla"])
def test_the_domain_is_the_public_address(moodle, provider, settings, path):
    settings.PUBLIC_URL = f"https://trust.example.org:8443{path}"
    for _, credentials in (moodle, provider):
        told = sign_in(credentials).json()
        assert (told["domain"], told["config"]["TESLA_DOMAIN"]) == ("trust.example.org:8443", "trust.example.org:8443")


def test_the_sign_in_is_recorded_at_the_credential_and_opens_a_session_of_it(moodle, provider):
    for _, credentials in (moodle, provider):
        credential = Credential.objects.get(role_id=credentials["role_id"])
        assert credential.last_used_at is None
        told = sign_in(credentials, REMOTE_ADDR="198.51.100.9").json()
        credential.refresh_from_db()
        assert abs(credential.last_used_at - timezone.now()) < timedelta(minutes=1)
        session = CallerSession.objects.get(credential=credential)
        assert (session.kind, session.address, session.user) == (told["type"], "198.51.100.9", None)
        assert status_with(told["token"]) == 403


def test_access_lives_fifteen_minutes_and_the_session_two_hours(moodle, provider):
    for _, credentials in (moodle, provider):
        told = sign_in(credentials).json()
        access, refresh = (payload_of(told["token"][f"{name}_token"]) for name in ("access", "refresh"))
        assert access["exp"] - access["iat"] == 15 * 60
        assert abs(refresh["exp"] - refresh["iat"] - 120 * 60) <= 1
        assert (access["kind"], access["sub"]) == (told["type"], str(told["pk"]))


def test_a_refused_sign_in_looks_the_same_whatever_is_wrong(moodle, provider, world):
    _, credentials = moodle
    wrong = {
        "secret": {**credentials, "secret_id": "x" * 43},
        "secret of another": {**credentials, "secret_id": provider[1]["secret_id"]},
        "secret in other letters": {**credentials, "secret_id": credentials["secret_id"].swapcase()},
        "secret with a blank": {**credentials, "secret_id": credentials["secret_id"] + " "},
        "hash for secret": {**credentials, "secret_id": Credential.objects.get(vle=moodle[0]).secret_hash},
        "unknown role": {**credentials, "role_id": "0b9d4c6e-0000-4000-8000-000000000000"},
        "no role": {**credentials, "role_id": "admin@home.example.org"},
        "number for role": {**credentials, "role_id": str(moodle[0].pk)},
    }
    for name, body in wrong.items():
        answer = sign_in(body)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "JWT"), name
        assert answer.content == b'"Invalid credentials"', name
    assert not CallerSession.objects.exists()
    assert not Credential.objects.exclude(last_used_at=None).exists()


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["role_id", "secret_id"]),
        ({"role_id": "x"}, ["secret_id"]),
        ({"role_id": None, "secret_id": "x"}, ["role_id"]),
        ({"role_id": "", "secret_id": ""}, ["role_id", "secret_id"]),
        ({"role_id": ["x"], "secret_id": {"a": 1}}, ["role_id", "secret_id"]),
        ({"role_id": "x" * 256, "secret_id": "x" * 256}, ["role_id", "secret_id"]),
        ({"role_id": "a\x00b", "secret_id": "a\x00b"}, ["role_id", "secret_id"]),
        ([1], ["non_field_errors"]),
    ],
)
def test_malformed_sign_ins_are_400_under_the_field(db, body, fields):
    answer = APIClient().post(APPROLE, body)
    assert (answer.status_code, list(answer.json())) == (400, fields)
    assert not SignInCounter.objects.exists()


def test_only_post_is_answered_in_json_or_as_a_form(moodle):
    _, credentials = moodle
    for method in ("get", "put", "patch", "delete"):
        assert getattr(APIClient(), method)(APPROLE).status_code == 405
    body = {name: credentials[name] for name in ("role_id", "secret_id")}
    assert APIClient().post(APPROLE, body, format="multipart").status_code == 200
    assert APIClient().post(APPROLE, "<x/>", content_type="text/xml").status_code == 415
    assert APIClient().post(APPROLE, "{", content_type="application/json").status_code == 400


@pytest.mark.parametrize("path", ["/api/v2/auth/approle", "/api/v2/auth/approle/", "//api/v2/auth/approle"])
def test_every_form_of_the_path_is_answered_directly(moodle, path):
    body = json.dumps({name: moodle[1][name] for name in ("role_id", "secret_id")})
    headers = {"content_type": "application/json", "HTTP_ACCEPT": "*/*", "HTTP_USER_AGENT": "TeSLA-PHP-SDK-v1"}
    # PATH_INFO: the test client itself takes what follows two slashes for a host
    answer = APIClient().generic("POST", "/", body, PATH_INFO=path, **headers)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer["Cache-Control"] == "no-store"


def test_an_old_token_in_the_header_does_not_disturb(moodle):
    assert sign_in(moodle[1], HTTP_AUTHORIZATION="JWT old.old.old").status_code == 200


def refused(credentials, **extra) -> int:
    return sign_in({**credentials, "secret_id": "wrong"}, **extra).status_code


def test_after_ten_failures_of_a_role_an_address_has_to_wait(moodle, provider):
    _, credentials = moodle
    assert {refused(credentials) for _ in range(10)} == {401}
    locked = sign_in({**credentials, "secret_id": "wrong"})
    assert locked.status_code == 429
    assert 0 < int(locked["Retry-After"]) <= 15 * 60
    assert not CallerSession.objects.exists()
    assert refused(provider[1]) == 401  # another role from the same place
    assert refused(credentials, REMOTE_ADDR="198.51.100.7") == 401  # the same role from elsewhere
    SignInCounter.objects.update(last_failure_at=timezone.now() - timedelta(seconds=31))
    assert refused(credentials) == 401
    longer = sign_in({**credentials, "secret_id": "wrong"})
    assert 30 < int(longer["Retry-After"]) <= 60


def test_failures_of_a_role_are_counted_over_all_addresses(moodle, provider, settings):
    settings.SIGN_IN_FAILURES_PER_ROLE = 12
    _, credentials = moodle
    places = [{"REMOTE_ADDR": f"198.51.{number}.7"} for number in range(14)]
    assert [refused(credentials, **place) for place in places] == [401] * 12 + [429] * 2
    locked = sign_in({**credentials, "secret_id": "wrong"}, REMOTE_ADDR="203.0.113.7")
    assert (locked.status_code, 0 < int(locked["Retry-After"]) <= 15 * 60) == (429, True)
    assert refused(provider[1], **places[0]) == 401
    assert sign_in(credentials).status_code == 200  # its secret cannot be guessed


def test_the_right_secret_is_heard_however_many_were_wrong(moodle, settings):
    """Who knows a role cannot lock its VLE out, and who typed a wrong secret need not wait with the right one."""
    settings.SIGN_IN_FAILURES = settings.SIGN_IN_FAILURES_PER_ADDRESS = settings.SIGN_IN_FAILURES_PER_ROLE = 1
    assert [refused(moodle[1]) for _ in range(3)] == [401, 429, 429]
    assert sign_in(moodle[1]).status_code == 200
    assert refused(moodle[1]) == 429


def test_revoked_secrets_are_counted_like_wrong_ones(moodle, settings):
    settings.SIGN_IN_FAILURES = 2
    vle, old = moodle
    vle_credentials_rotate(vle=vle, overlap_minutes=0)
    assert [sign_in(old).status_code for _ in range(3)] == [401, 401, 429]


def test_all_ways_to_write_a_role_are_one_role(moodle):
    _, credentials = moodle
    role = credentials["role_id"]
    forms = [role, role.upper(), role.replace("-", ""), f"{{{role}}}", f"urn:uuid:{role}"]
    assert {sign_in({**credentials, "role_id": form}).status_code for form in forms} == {200}
    assert {refused({"role_id": forms[number % 5]}) for number in range(10)} == {401}
    assert {refused({"role_id": form}) for form in forms} == {429}


def test_many_failures_lock_an_address_out_of_all_roles_but_not_of_passwords(moodle, settings, world):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 20
    assert {refused({"role_id": f"unknown-{number}"}) for number in range(20)} == {401}
    assert refused(moodle[1]) == 429
    assert refused(moodle[1], REMOTE_ADDR="198.51.100.7") == 401
    body = {"email": world.people["admin"].email, "password": "correct-horse-9-battery"}
    assert APIClient().post("/api/v2/auth/login", body).status_code == 200


def test_roles_that_do_not_exist_leave_no_more_rows_than_an_address_may_fail(db, settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 3
    roles = [f"0b9d4c6e-0000-4000-8000-00000000000{number}" for number in range(9)]
    assert [refused({"role_id": role}) for role in roles] == [401] * 3 + [429] * 6
    assert SignInCounter.objects.count() == 1 + 2 * 3  # the address; each role, and the role from there


def test_sign_ins_that_succeed_count_for_nothing(moodle, settings):
    """Every page of a VLE may sign in anew."""
    settings.SIGN_IN_FAILURES = settings.SIGN_IN_FAILURES_PER_ADDRESS = 2
    assert {sign_in(moodle[1]).status_code for _ in range(5)} == {200}
    assert not SignInCounter.objects.exists()
    sign_in({**moodle[1], "secret_id": "wrong"})
    assert {sign_in(moodle[1]).status_code for _ in range(5)} == {200}
    assert {counter.failures for counter in SignInCounter.objects.all()} == {1}


# What ends a module's sessions.


def test_a_rotation_without_overlap_ends_credential_and_sessions_at_once(moodle):
    vle, old = moodle
    pair = sign_in(old).json()["token"]
    assert refreshed(pair).status_code == 200
    new = vle_credentials_rotate(vle=vle, overlap_minutes=0)
    assert (status_with(pair), refreshed(pair).status_code, sign_in(old).status_code) == (401, 403, 401)
    assert status_with(sign_in(new).json()["token"]) == 403


def test_old_and_new_credentials_work_until_the_overlap_ends(moodle):
    vle, old = moodle
    pair = sign_in(old).json()["token"]
    new = vle_credentials_rotate(vle=vle, overlap_minutes=30)
    assert (status_with(pair), refreshed(pair).status_code, sign_in(old).status_code) == (403, 200, 200)
    assert sign_in(new).status_code == 200
    Credential.objects.exclude(expires_at=None).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert (status_with(pair), refreshed(pair).status_code, sign_in(old).status_code) == (401, 403, 401)
    assert sign_in(new).status_code == 200


@pytest.mark.parametrize("values", [{"revoked_at": PAST}, {"expires_at": PAST}])
def test_a_provider_whose_credential_has_ended_is_out(provider, values):
    made, credentials = provider
    pair = sign_in(credentials).json()["token"]
    other, secret = credential_issue(provider=made)
    Credential.objects.filter(role_id=credentials["role_id"]).update(**values)
    assert (status_with(pair), refreshed(pair).status_code, sign_in(credentials).status_code) == (401, 403, 401)
    assert sign_in({"role_id": str(other.role_id), "secret_id": secret}).status_code == 200


def test_a_deleted_vle_signs_in_no_more(moodle):
    vle, credentials = moodle
    pair = sign_in(credentials).json()["token"]
    vle_delete(vle=vle)
    assert (status_with(pair), refreshed(pair).status_code, sign_in(credentials).status_code) == (401, 403, 401)


def test_a_deleted_provider_signs_in_no_more(provider):
    made, credentials = provider
    pair = sign_in(credentials).json()["token"]
    made.delete()
    assert (status_with(pair), refreshed(pair).status_code, sign_in(credentials).status_code) == (401, 403, 401)


def test_logout_ends_one_session_of_a_module_and_no_other(moodle, provider):
    for _, credentials in (moodle, provider):
        first, second = (sign_in(credentials).json()["token"] for _ in range(2))
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"JWT {first['access_token']}")
        assert client.delete(LOGOUT).status_code == 204
        assert (status_with(first), refreshed(first).status_code) == (401, 403)
        assert (status_with(second), refreshed(second).status_code) == (403, 200)


def test_a_refresh_hands_back_the_same_refresh_token(moodle):
    pair = sign_in(moodle[1]).json()["token"]
    new = refreshed(pair).json()["token"]
    assert new["refresh_token"] == pair["refresh_token"]
    assert status_with(new) == 403


# Issuing and ending, for both kinds of modules.


def test_credentials_of_one_module_end_and_those_of_others_stay(moodle, provider, world):
    vle, _ = moodle
    made, _ = provider
    beside, _ = credential_issue(vle=world.away.vle)
    credentials_end(provider=made)
    assert [c.revoked_at is None for c in Credential.objects.order_by("pk")] == [True, False, True]
    credentials_end(vle=vle, overlap_minutes=10)
    ends = Credential.objects.get(vle=vle).expires_at
    assert abs(ends - timezone.now() - timedelta(minutes=10)) < timedelta(minutes=1)
    beside.refresh_from_db()
    assert (beside.revoked_at, beside.expires_at) == (None, None)
    assert Credential.objects.get(provider=made).expires_at is None


def test_credentials_issued_through_the_api_open_a_session(world):
    vles = f"{INSTITUTIONS}{world.home.institution.pk}/vle/"
    made = client_of(world.people["admin"]).post(vles, {"type": 0, "name": "Through the API"}).json()
    told = sign_in(made["credentials"]).json()
    assert (told["vle_id"], told["institution_id"]) == (made["id"], world.home.institution.pk)
