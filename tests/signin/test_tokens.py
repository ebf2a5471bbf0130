"""The format of tokens, their keys, and what does not pass for one."""

import base64
import json
import time

import jwt
import pytest
from rest_framework.test import APIClient

from signin import tokens
from signin.models import CallerSession
from tests.conftest import client_of, token_of
from tests.world import FUTURE, PAST

PROFILE = "/api/v2/auth/profile"


def get(token, word="JWT"):
    return APIClient().get(PROFILE, HTTP_AUTHORIZATION=f"{word} {token}")


def payload_of(token):
    """As clients in the field do it: plain base64, no padding repair."""
    return json.loads(base64.b64decode(token.split(".")[1], validate=True))


def signed(payload, kid="new1", secret="n" * 48, algorithm="HS256"):
    return jwt.encode(payload, secret, algorithm=algorithm, headers={"kid": kid})


@pytest.mark.parametrize("person", ["admin", "ann", "global"])
def test_payload_decodes_with_plain_base64(world, person):
    session = CallerSession.objects.create(
        kind="person", user=world.people[person], expires_at=FUTURE, pk=10 ** len(person)
    )
    for name, token in tokens.pair(session).items():
        segments = token.split(".")
        assert len(segments) == 3
        assert "=" not in token
        assert not set("-_") & set(segments[1])
        found = payload_of(token)
        assert set(found) == {"type", "kind", "sub", "sid", "iat", "exp"}
        assert found["type"] == name.removesuffix("_token")
        assert (found["sub"], found["sid"]) == (str(world.people[person].pk), session.pk)


def test_access_lives_fifteen_minutes_and_never_longer_than_its_session(world):
    session = CallerSession.objects.create(kind="person", user=world.people["admin"], expires_at=FUTURE)
    found = payload_of(tokens.pair(session)["access_token"])
    assert found["exp"] - found["iat"] == 15 * 60
    session.expires_at = PAST
    assert payload_of(tokens.pair(session)["access_token"])["exp"] == int(PAST.timestamp())


def test_both_words_are_accepted_before_a_token(world):
    token = token_of(world.people["admin"])
    for word in ("JWT", "Bearer", "jwt", "Jwt", "bearer", "BEARER"):
        assert get(token, word).status_code == 200


@pytest.mark.parametrize(
    "header", ["JWT", "JWT ", "JWT a b", "Basic YWRtaW46YWRtaW4=", "nonsense", "JWT a.b.c", "JWT \xff"]
)
def test_bad_headers_are_401(db, header):
    answer = APIClient().get(PROFILE, HTTP_AUTHORIZATION=header)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "JWT")


def test_a_key_taken_off_the_ring_ends_its_tokens(world, settings):
    settings.TOKEN_KEYS = {"old1": "o" * 48}
    old = token_of(world.people["admin"])
    settings.TOKEN_KEYS = {"new1": "n" * 48, "old1": "o" * 48}
    assert jwt.get_unverified_header(token_of(world.people["admin"]))["kid"] == "new1"
    assert get(old).status_code == 200
    settings.TOKEN_KEYS = {"new1": "n" * 48}
    assert get(old).status_code == 401


def test_forged_tokens_are_401(world, settings):
    good = token_of(world.people["admin"])
    claims = payload_of(good)
    later = {**claims, "exp": int(time.time()) + 999}
    header, _, signature = good.split(".")
    body = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "1"}).encode()).decode().rstrip("=")
    forged = {
        "other key of the ring": signed(claims, kid="old1"),
        "unknown key": signed(claims, kid="nobody"),
        "the Django secret": signed(claims, secret=settings.SECRET_KEY),
        "no key id": jwt.encode(claims, "n" * 48, algorithm="HS256"),
        "key id is no text": jwt.encode(claims, "n" * 48, algorithm="HS256", headers={"kid": "1"}),
        "other algorithm": signed(claims, algorithm="HS384"),
        "no algorithm": jwt.encode(claims, "", algorithm="none", headers={"kid": "new1"}),
        "changed payload": f"{header}.{body}.{signature}",
        "no signature": f"{header}.{body}.",
        "expired": signed({**claims, "exp": int(time.time()) - 1}),
        "no expiry": signed({k: v for k, v in claims.items() if k != "exp"}),
        "no subject": signed({k: v for k, v in later.items() if k != "sub"}),
        "no session": signed({k: v for k, v in later.items() if k != "sid"}),
        "session is text": signed({**later, "sid": "1 or 1=1"}),
        "other kind": signed({**later, "kind": "launched"}),
        "module kind": signed({**later, "kind": "vle"}),
        "session out of range": signed({**later, "sid": 2**70}),
        "session is a switch": signed({**later, "sid": True}),
        "unknown session": signed({**later, "sid": 987654}),
        "no type": signed({k: v for k, v in later.items() if k != "type"}),
        "refresh": signed({**later, "type": "refresh"}),
    }
    assert get(signed(later)).status_code == 200
    assert {name: get(token).status_code for name, token in forged.items()} == dict.fromkeys(forged, 401)


def test_a_refresh_token_is_no_access_token(world):
    session = CallerSession.objects.create(kind="person", user=world.people["admin"], expires_at=FUTURE)
    pair = tokens.pair(session)
    assert get(pair["access_token"]).status_code == 200
    assert get(pair["refresh_token"]).status_code == 401
    with pytest.raises(tokens.InvalidToken):
        tokens.AccessToken.even_expired(pair["refresh_token"])


@pytest.mark.parametrize(
    "change",
    [
        {"ended_at": PAST},
        {"expires_at": PAST},
        {"generation": 7},
    ],
)
def test_a_session_that_is_over_ends_its_tokens(world, change):
    client = client_of(world.people["admin"])
    assert client.get(PROFILE).status_code == 200
    CallerSession.objects.update(**change)
    assert client.get(PROFILE).status_code == 401


@pytest.mark.parametrize("change", [{"is_active": False}, {"login_allowed": False}, {"session_generation": 1}])
def test_a_person_who_may_no_longer_sign_in_is_out_at_once(world, change):
    admin = world.people["admin"]
    client = client_of(admin)
    assert client.get(PROFILE).status_code == 200
    type(admin).objects.filter(pk=admin.pk).update(**change)
    assert client.get(PROFILE).status_code == 401


def test_a_revoked_flag_works_at_once(world):
    admin = world.people["admin"]
    client, vles = client_of(admin), f"/api/v2/institution/{world.home.institution.pk}/vle/"
    assert client.get(vles).status_code == 200
    type(admin).objects.filter(pk=admin.pk).update(inst_admin=False)
    assert client.get(vles).status_code == 403
