"""Which tokens open the tree, and for whom: everything else is 401 with WWW-Authenticate, or 403 for other kinds."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from uuid import UUID

import jwt
import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from courses.models import AssessmentSession
from institutions.models import VLE, Credential, Provider, User
from institutions.services.credentials import credential_issue
from signin import tokens
from signin.models import CallerSession, Launcher, Target
from signin.services.launchers import launcher_create
from signin.services.sessions import learner_session_open
from tesla_api.tree import TREE
from tests.conftest import token_of
from tests.contract.calls import BASE, CALLS, request, send, url_of
from tests.contract.conftest import client_of_session, client_with
from tests.world import PASSWORD

READS = "institution.read"


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
    assert request(client_with(token), "get", url_of(CALLS["vle.list"], world)).status_code == 403


# People who come from a VLE. (Callers that are no people: test_access.py.)


FLAGS = ("inst_admin", "legal_admin", "data_admin", "send_admin", "is_staff")
# A launched person with every flag there is: what is left is what a member, an instructor or a learner may.
LAUNCHED = {
    "vle.list": (403, 403, 403),
    "vle.create": (403, 403, 403),
    "ic.create": (403, 403, 403),
    "course.delete": (403, 403, 403),
    "user.create": (403, 403, 403),
    "user.delete": (403, 403, 403),
    "institution.patch": (403, 403, 403),
    "learner.create": (403, 403, 403),
    "course.read": (404, 200, 200),
    "learner.read": (403, 200, 200),
    "user.read": (404, 404, 200),
    "learner.accept": (403, 403, 201),
    "ic.read": (200, 200, 200),
    "instructor.read": (404, 200, 404),
}


@pytest.mark.parametrize("name", list(LAUNCHED))
@pytest.mark.parametrize(("column", "who"), [(0, "admin"), (1, "teacher"), (2, "ann")])
def test_launched_person_acts_only_as_instructor_or_learner(name, column, who, caller, world):
    User.objects.filter(pk=world.people[who].pk).update(**dict.fromkeys(FLAGS, True))
    assert send(caller(f"{who} launched"), CALLS[name], world).status_code == LAUNCHED[name][column]


def test_launched_global_admin_is_a_stranger_everywhere(caller, world):
    client = caller("global launched")
    assert request(client, "get", url_of(CALLS["institution.read"], world)).status_code == 404
    assert request(client, "get", BASE).status_code in (403, 404)


def test_launched_person_sees_only_the_own_row_of_users(caller, world):
    User.objects.filter(pk=world.people["ann"].pk).update(inst_admin=True, data_admin=True)
    rows = send(caller("ann launched"), CALLS["user.list"], world).json()["results"]
    assert [row["uid"] for row in rows] == ["ann"]


def test_credential_that_is_revoked_or_past_its_overlap_is_401(world):
    for values in ({"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}):
        credential = Credential.objects.create(vle=world.home.vle, secret_hash="x" * 64)
        client = client_of_session(kind="vle", credential=credential)
        assert request(client, "get", BASE).status_code == 403
        Credential.objects.filter(pk=credential.pk).update(**values)
        assert request(client, "get", BASE).status_code == 401


# Every kind of caller, signed in its own way, and everything that must end its tokens.

AUTH = "/api/v2/auth/"
PAIRS_IN = {
    "person": lambda w: _entered("login", {"email": w.people["admin"].email, "password": PASSWORD})["token"],
    "admin": lambda w: _entered("login", {"email": w.people["global"].email, "password": PASSWORD})["token"],
    "launched": lambda w: _launched(w, Target.DASHBOARD),
    "learner": lambda w: _launched(w, Target.LAPI),
    "vle": lambda w: _module(vle=w.home.vle),
    "provider": lambda w: _module(
        provider=Provider.objects.get_or_create(acronym="p", name="P", version="1", queue="p", instrument_id=1)[0]
    ),
}
KINDS = [*PAIRS_IN]
ALIVE = {"person": 200, "admin": 200, "launched": 200, "learner": 403, "vle": 403, "provider": 403}
MINUTES = {"person": 1440, "admin": 60, "launched": 120, "learner": 120, "vle": 120, "provider": 120}
# Whom the tree admits, by the first word of the URL.
ADMITTED = {
    "institution": {"person", "admin", "launched"}, "vle": {"vle"}, "provider": {"provider"}, "admin": {"admin"},
    "me": {"person", "admin", "launched"},
}  # fmt: skip
_ended = timezone.now() - timedelta(days=1)
ENDS_OF_SESSIONS = {
    "the session has ended": lambda w: CallerSession.objects.update(ended_at=_ended),
    "the session has expired": lambda w: CallerSession.objects.update(expires_at=_ended),
    "the session is gone": lambda w: CallerSession.objects.all().delete(),
}
ENDS_OF_PEOPLE = {
    "the person is deactivated": lambda w: User.objects.update(is_active=False),
    "the person has another password": lambda w: User.objects.update(session_generation=9),
    "the person is gone": lambda w: User.objects.filter(pk__in=CallerSession.objects.values("user")).delete(),
}
ENDS_OF_PASSWORDS = {
    "signing in is not allowed any more": lambda w: User.objects.update(login_allowed=False, is_staff=False),
}
ENDS_OF_LAUNCHES = {
    "the VLE is gone": lambda w: VLE.objects.all().delete(),
    "the launcher is gone": lambda w: Launcher.objects.all().delete(),
}
ENDS_OF_SITTINGS = {"the sitting is gone": lambda w: AssessmentSession.objects.all().delete()}
ENDS_OF_MODULES = {
    "the credential is revoked": lambda w: Credential.objects.update(revoked_at=_ended),
    "the overlap is over": lambda w: Credential.objects.update(expires_at=_ended),
    "the credential is gone": lambda w: Credential.objects.all().delete(),
}
ENDS = {
    "person": ENDS_OF_SESSIONS | ENDS_OF_PEOPLE | ENDS_OF_PASSWORDS,
    "admin": ENDS_OF_SESSIONS | ENDS_OF_PEOPLE | ENDS_OF_PASSWORDS,
    "launched": ENDS_OF_SESSIONS | ENDS_OF_PEOPLE | ENDS_OF_LAUNCHES,
    "learner": ENDS_OF_SESSIONS | ENDS_OF_PEOPLE | ENDS_OF_LAUNCHES | ENDS_OF_SITTINGS,
    "vle": ENDS_OF_SESSIONS | ENDS_OF_MODULES | {"the VLE is gone": lambda w: VLE.objects.all().delete()},
    "provider": ENDS_OF_SESSIONS | ENDS_OF_MODULES | {"it is gone": lambda w: Provider.objects.all().delete()},
}


def _entered(door: str, body: dict) -> dict:
    answer = APIClient().post(f"{AUTH}{door}", body)
    assert answer.status_code == 200, answer.content
    return answer.json()


def _module(**of) -> dict:
    credential, secret = credential_issue(**of)
    return _entered("approle", {"role_id": str(credential.role_id), "secret_id": secret})["token"]


def _launched(world, target: Target) -> dict:
    sitting = None
    if target == Target.LAPI:
        sitting = AssessmentSession.objects.create(
            institution=world.home.institution, activity=world.home.activity, learner=world.home.learners["ann"]
        )
    launcher, token = launcher_create(vle=world.home.vle, person=world.people["ann"], target=target, session=sitting)
    return _entered("token", {"id": launcher.pk, "token": token})


@pytest.fixture
def pair_of(world):
    """pair_of("vle"): the tokens of a caller of that kind, who has just come in."""
    return lambda kind: PAIRS_IN[kind](world)


def probe(token: str) -> int:
    """401 if the token has no caller; any other status if it has."""
    return client_with(token).get(BASE).status_code


def refreshes(pair: dict) -> list[int]:
    """What the three forms of a refresh answer."""
    url, header = f"{AUTH}token/refresh", {"HTTP_AUTHORIZATION": f"JWT {pair['refresh_token']}"}
    return [
        APIClient().post(url, {"token": pair["access_token"]}, **header).status_code,
        APIClient().post(url, {"token": pair}).status_code,
        APIClient().post(url, {"refresh_token": pair["refresh_token"]}).status_code,
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_lifetimes_of_each_kind(kind, pair_of):
    pair = pair_of(kind)
    access, refresh = claims_of(pair["access_token"]), claims_of(pair["refresh_token"])
    assert access["exp"] - access["iat"] == 15 * 60
    assert abs(refresh["exp"] - refresh["iat"] - MINUTES[kind] * 60) <= 1
    claimed = {"admin": "person"}.get(kind, kind)  # being a global administrator is a right, which no token says
    assert access["kind"] == refresh["kind"] == claimed


def test_session_of_a_sitting_lives_as_long_as_the_sitting_may_take(world):
    ends = timezone.now() + timedelta(minutes=360)
    refresh = claims_of(tokens.pair(learner_session_open(person=world.people["ann"], expires_at=ends))["refresh_token"])
    assert refresh["exp"] == int(ends.timestamp())


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_refreshed_until_its_session_ends(kind, pair_of):
    pair = pair_of(kind)
    assert (probe(pair["access_token"]), refreshes(pair)) == (ALIVE[kind], [200, 200, 200])
    old = pair | {"access_token": resigned(claims_of(pair["access_token"]) | {"exp": 1})}
    assert (probe(old["access_token"]), refreshes(old)) == (401, [200, 200, 200])
    over = pair | {"refresh_token": resigned(claims_of(pair["refresh_token"]) | {"exp": 1})}
    assert refreshes(over) == [403, 403, 403]


@pytest.mark.parametrize(("kind", "end"), [(kind, end) for kind in KINDS for end in ENDS[kind]])
def test_what_ends_a_session_ends_its_tokens_at_once(kind, end, pair_of, world):
    pair = pair_of(kind)
    ENDS[kind][end](world)
    assert (probe(pair["access_token"]), refreshes(pair)) == (401, [403, 403, 403])
    assert client_with(pair["access_token"]).delete(f"{AUTH}logout").status_code == 401


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_can_sign_out_and_its_tokens_cannot_be_used_again(kind, pair_of):
    pair, beside = pair_of(kind), pair_of("person")
    assert client_with(pair["access_token"]).delete(f"{AUTH}logout").status_code == 204
    assert (probe(pair["access_token"]), refreshes(pair)) == (401, [403, 403, 403])
    assert (probe(beside["access_token"]), refreshes(beside)) == (200, [200, 200, 200])


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_takes_one_token_for_the_other(kind, pair_of):
    pair = pair_of(kind)
    swapped = {"access_token": pair["refresh_token"], "refresh_token": pair["access_token"]}
    assert (probe(pair["refresh_token"]), refreshes(swapped)) == (401, [403, 403, 403])


@pytest.mark.parametrize("other", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_is_refreshed_with_the_access_token_of_another_session(kind, other, pair_of):
    pair, anothers = pair_of(kind), pair_of(other)
    mixed = pair | {"access_token": anothers["access_token"]}
    assert refreshes(mixed)[:2] == [403, 403]


@pytest.mark.parametrize("kind", KINDS)
def test_forged_claims_open_nothing_for_any_kind(kind, pair_of, world):
    pair = pair_of(kind)
    victim = session_of(world.people["admin"])
    forged = [
        {"sid": victim.pk}, {"sub": str(world.people["admin"].pk)}, {"exp": 2**40}, {"type": "refresh"},
        *({"kind": name} for name in {*ALIVE} - {claims_of(pair["access_token"])["kind"]}),
    ]  # fmt: skip
    for change in forged:
        bad = {}
        for name, token in pair.items():
            head, _, signature = token.split(".")
            bad[name] = f"{head}.{_segment(claims_of(token) | change)}.{signature}"
        assert probe(bad["access_token"]) == 401, change
        assert refreshes(pair | {"access_token": bad["access_token"]})[:2] == [403, 403], change
        assert refreshes(pair | {"refresh_token": bad["refresh_token"]}) == [403, 403, 403], change
    assert (probe(pair["access_token"]), refreshes(pair)) == (ALIVE[kind], [200, 200, 200])


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_lives_on_with_an_older_key_until_that_leaves_the_ring(kind, pair_of, settings):
    pair = pair_of(kind)
    settings.TOKEN_KEYS = {"next1": "x" * 48, **settings.TOKEN_KEYS}
    assert (probe(pair["access_token"]), refreshes(pair)) == (ALIVE[kind], [200, 200, 200])
    new = APIClient().post(f"{AUTH}token/refresh", {"token": pair}).json()["token"]
    assert jwt.get_unverified_header(new["access_token"])["kid"] == "next1"
    assert new["refresh_token"] == pair["refresh_token"]
    settings.TOKEN_KEYS = {"next1": "x" * 48}
    assert (probe(pair["access_token"]), refreshes(pair)) == (401, [403, 403, 403])
    assert probe(new["access_token"]) == ALIVE[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_403_where_it_is_not_admitted(kind, pair_of):
    """Whatever the method, and whether or not there is such a row."""
    client = client_with(pair_of(kind)["access_token"])
    closed = [resource for resource in TREE if kind not in ADMITTED[resource.root]]
    for resource in closed:
        detail = "/api/v2/" + resource.url.replace("{language}", "en")
        for kwarg in resource.kwargs:
            detail = detail.replace(f"{{{kwarg}}}", str(UUID(int=1)) if kwarg.endswith("_uuid") else "1")
        for method in ("get", "post", "put", "patch", "delete"):
            assert request(client, method, detail, None if method == "get" else {}).status_code == 403, detail
            if method in ("get", "post"):
                above = detail.rstrip("/").rpartition("/")[0] + "/"
                assert request(client, method, above, None if method == "get" else {}).status_code == 403, above


@pytest.mark.parametrize("kind", KINDS)
def test_profile_is_for_people(kind, pair_of):
    profile = client_with(pair_of(kind)["access_token"]).get(f"{AUTH}profile")
    assert profile.status_code == (200 if kind in {"person", "admin", "launched"} else 403)
