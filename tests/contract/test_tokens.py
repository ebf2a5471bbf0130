"""Which tokens open the tree, and for whom: everything else is 401 with WWW-Authenticate, or 403 for other kinds."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import jwt
import pytest
from django.conf import settings
from django.utils import timezone

from institutions.models import Credential, User
from signin import tokens
from signin.models import CallerSession
from tests.conftest import token_of
from tests.contract.calls import BASE, CALLS, name_of, request, send, url_of
from tests.contract.conftest import client_of_session, client_with

READS = "1.2"


def session_of(person, **values) -> CallerSession:
    ends = timezone.now() + timedelta(hours=1)
    values = {"kind": "person", "generation": person.session_generation, "expires_at": ends} | values
    return CallerSession.objects.create(user=person, **values)


def status_with(token: str, world, scheme: str = "JWT") -> int:
    answer = send(client_with(token, scheme), CALLS[READS], world)
    if answer.status_code == 401:
        assert answer["WWW-Authenticate"] == "JWT"
        assert answer.json()["detail"]
    return answer.status_code


@pytest.fixture
def admin_pair(world):
    return tokens.pair(session_of(world.people["admin"]))


def claims_of(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def resigned(claims: dict, secret: str | None = None, kid: object = "new1", algorithm: str = "HS256") -> str:
    """Another token with a signature that is good for `secret`, by hand: whatever the header says."""
    secret = settings.TOKEN_KEYS["new1"] if secret is None else secret
    head = {"alg": algorithm, "typ": "JWT"} | ({} if kid is None else {"kid": kid})
    text = f"{_segment(head)}.{_segment(claims)}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    signature = hmac.new(secret.encode(), text.encode(), digest).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_access_token_opens(admin_pair, world):
    assert status_with(admin_pair["access_token"], world) == 200
    assert status_with(admin_pair["access_token"], world, "Bearer") == 200


@pytest.mark.parametrize("scheme", ["Token", "Basic", "jwtx", ""])
def test_other_schemes_are_no_credentials(scheme, admin_pair, world):
    assert status_with(admin_pair["access_token"], world, scheme) == 401


def test_header_without_token_or_with_two_is_401(admin_pair, world):
    assert status_with("", world) == 401
    assert status_with(f"{admin_pair['access_token']} {admin_pair['access_token']}", world) == 401


def test_refresh_token_is_no_access_token(admin_pair, world):
    assert status_with(admin_pair["refresh_token"], world) == 401


def test_expired_access_token_is_401(admin_pair, world):
    claims = claims_of(admin_pair["access_token"])
    assert status_with(resigned(claims), world) == 200
    assert status_with(resigned(claims | {"exp": int(timezone.now().timestamp()) - 1}), world) == 401


def test_token_without_expiry_or_subject_is_401(admin_pair, world):
    claims = claims_of(admin_pair["access_token"])
    for missing in ("exp", "sub", "sid", "kind", "type"):
        token = resigned({name: value for name, value in claims.items() if name != missing})
        assert status_with(token, world) == 401, missing


def test_token_of_an_ended_session_is_401(world):
    session = session_of(world.people["admin"])
    token = tokens.pair(session)["access_token"]
    assert status_with(token, world) == 200
    CallerSession.objects.filter(pk=session.pk).update(ended_at=timezone.now())
    assert status_with(token, world) == 401


def test_token_of_an_expired_session_is_401_though_the_token_is_young(world):
    session = session_of(world.people["admin"])
    token = tokens.pair(session)["access_token"]
    CallerSession.objects.filter(pk=session.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert status_with(token, world) == 401


def test_token_of_a_deleted_session_is_401(world):
    session = session_of(world.people["admin"])
    token = tokens.pair(session)["access_token"]
    session.delete()
    assert status_with(token, world) == 401


def test_token_of_a_deactivated_person_is_401(world):
    token = token_of(world.people["admin"])
    User.objects.filter(pk=world.people["admin"].pk).update(is_active=False)
    assert status_with(token, world) == 401


def test_token_of_an_older_generation_is_401(world):
    token = token_of(world.people["admin"])
    User.objects.filter(pk=world.people["admin"].pk).update(session_generation=1)
    assert status_with(token, world) == 401


def test_person_token_needs_login_allowed_and_launched_does_not(world):
    person, launched = token_of(world.people["ann"]), token_of(world.people["ann"], "launched")
    User.objects.filter(pk=world.people["ann"].pk).update(login_allowed=False)
    assert status_with(person, world) == 401
    assert status_with(launched, world) == 200


def test_unknown_key_id_is_401(admin_pair, world):
    claims = claims_of(admin_pair["access_token"])
    for kid in ("unknown", "", None, 1, ["new1"]):
        assert status_with(resigned(claims, kid=kid), world) == 401, kid
    assert status_with(resigned(claims, secret="z" * 64), world) == 401


def test_every_key_of_the_ring_verifies(admin_pair, world):
    claims = claims_of(admin_pair["access_token"])
    assert status_with(resigned(claims, secret=settings.TOKEN_KEYS["old1"], kid="old1"), world) == 200
    assert status_with(resigned(claims, secret=settings.TOKEN_KEYS["old1"], kid="new1"), world) == 401


def test_algorithm_none_is_401(admin_pair, world):
    claims = claims_of(admin_pair["access_token"])
    for alg in ("none", "None", "NONE", "nOnE"):
        head = {"alg": alg, "typ": "JWT", "kid": "new1"}
        for signature in ("", admin_pair["access_token"].rpartition(".")[2]):
            assert status_with(_joined(head, claims, signature), world) == 401


def test_other_algorithms_are_401(admin_pair, world):
    claims = claims_of(admin_pair["access_token"])
    for algorithm in ("HS384", "HS512"):
        assert status_with(resigned(claims, algorithm=algorithm), world) == 401


def _segment(value: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _joined(head: dict, claims: dict, signature: str) -> str:
    return f"{_segment(head)}.{_segment(claims)}.{signature}"


def test_tampered_payload_is_401(world):
    """Another person's session in one's own token: the claim is signed."""
    mine, theirs = session_of(world.people["bob"], kind="launched"), session_of(world.people["admin"])
    head, payload, signature = tokens.pair(mine)["access_token"].split(".")
    claims = json.loads(base64.b64decode(payload))
    for change in ({"sid": theirs.pk}, {"sub": str(world.people["admin"].pk)}, {"kind": "person"}, {"exp": 2**40}):
        assert status_with(f"{head}.{_segment(claims | change)}.{signature}", world) == 401, change
    for other in ("", "AAAA", signature[:-4], signature[::-1]):
        assert status_with(f"{head}.{payload}.{other}", world) == 401


@pytest.mark.parametrize(
    "token",
    ["x", "x.y.z", "..", "null", "é.é.é", "a" * 5000, "eyJhbGciOiJIUzI1NiJ9.bm90IGpzb24.AAAA", "eyJhbGciOiJIUzI1NiJ9"],
)
def test_what_is_no_token_is_401(token, world):
    assert status_with(token.encode().decode("latin-1"), world) == 401


@pytest.mark.parametrize("sid", [None, 1.5, -1, 0, 2**70, [1], {"a": 1}])
def test_signed_token_with_a_strange_session_is_401(sid, admin_pair, world):
    claims = claims_of(admin_pair["access_token"])
    assert status_with(resigned(claims | {"sid": sid}), world) == 401


@pytest.mark.parametrize("kind", ["vle", "provider", "learner", "launched", "admin", "", None, 1, "nobody"])
def test_kind_of_the_token_must_be_the_sessions(kind, admin_pair, world):
    claims = claims_of(admin_pair["access_token"])
    assert status_with(resigned(claims | {"kind": kind}), world) == 401


def test_token_says_nothing_about_rights(admin_pair, world):
    assert sorted(claims_of(admin_pair["access_token"])) == ["exp", "iat", "kind", "sid", "sub", "type"]


def test_rights_in_a_token_are_ignored(world):
    """Even a signed claim gives nothing: rights are in the database."""
    claims = claims_of(token_of(world.people["ann"], "launched"))
    token = resigned(claims | {"inst_admin": True, "is_staff": True, "scope": ["*"], "group": "admin"})
    assert request(client_with(token), "get", url_of(CALLS["2.1"], world)).status_code == 403


# Kinds of callers that are no people, and people who come from a VLE.


@pytest.mark.parametrize("number", list(CALLS), ids=name_of)
@pytest.mark.parametrize("kind", ["vle", "provider", "session"])
def test_modules_and_learner_sessions_are_403_in_the_whole_tree(kind, number, caller, world):
    client = caller(kind)
    assert send(client, CALLS[number], world).status_code == 403
    away = request(client, CALLS[number].method, url_of(CALLS[number], world, i=world.away.institution.pk))
    assert away.status_code == 403


FLAGS = ("inst_admin", "legal_admin", "data_admin", "send_admin", "is_staff")
# A launched person with every flag there is: what is left is what a member, an instructor or a learner may.
LAUNCHED = {
    "2.1": (403, 403, 403), "2.2": (403, 403, 403), "6.2": (403, 403, 403), "3.delete": (403, 403, 403),
    "10.2": (403, 403, 403), "10.6": (403, 403, 403), "1.4": (403, 403, 403), "12.2": (403, 403, 403),
    "3.2": (404, 200, 200), "12.3": (403, 200, 200), "10.3": (404, 404, 200), "12.8": (403, 403, 201),
    "6.4": (200, 200, 200), "11.3": (404, 200, 404),
}  # fmt: skip


@pytest.mark.parametrize("number", list(LAUNCHED), ids=name_of)
@pytest.mark.parametrize(("column", "who"), [(0, "admin"), (1, "teacher"), (2, "ann")])
def test_launched_person_acts_only_as_instructor_or_learner(number, column, who, caller, world):
    User.objects.filter(pk=world.people[who].pk).update(**dict.fromkeys(FLAGS, True))
    assert send(caller(f"{who} launched"), CALLS[number], world).status_code == LAUNCHED[number][column]


def test_launched_global_admin_is_a_stranger_everywhere(caller, world):
    client = caller("global launched")
    assert request(client, "get", url_of(CALLS["1.2"], world)).status_code == 404
    assert request(client, "get", BASE).status_code in (403, 404)


def test_launched_person_sees_only_the_own_row_of_users(caller, world):
    User.objects.filter(pk=world.people["ann"].pk).update(inst_admin=True, data_admin=True)
    rows = send(caller("ann launched"), CALLS["10.1"], world).json()["results"]
    assert [row["uid"] for row in rows] == ["ann"]


def test_credential_that_is_revoked_or_past_its_overlap_is_401(world):
    for values in ({"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}):
        credential = Credential.objects.create(vle=world.home.vle, secret_hash="x" * 64)
        client = client_of_session(kind="vle", credential=credential)
        assert request(client, "get", BASE).status_code == 403
        Credential.objects.filter(pk=credential.pk).update(**values)
        assert request(client, "get", BASE).status_code == 401
