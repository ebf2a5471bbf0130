"""/signin/oidc/: a provider that signs tokens in this process, as a good one and as bad ones do."""

import base64
import hashlib
import json
import time
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from django.core.cache import cache
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from joserfc.jws import JWSRegistry
from requests import ConnectTimeout, Response

from institutions.models import Institution, OIDCConnection, User
from kernel.http.browser import SESSION_KEY
from learners.models import ConsentDecision
from signin.models import CallerSession
from signin.oidc import REFUSED
from signin.services import guarded
from tests.conftest import client_of
from tests.world import PASSWORD, rewritten
from trail.models import Line

ISSUER = "https://login.home.example.org"
KEY, STRANGE = ECKey.generate_key("P-256", {"kid": "1"}), ECKey.generate_key("P-256", {"kid": "1"})
SECRET = OctKey.import_key("provided-secret-of-32-characters")
START = "/signin/oidc/HOME/"


def _unsigned(claims):
    parts = ({"alg": "none", "kid": "1"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


class Provider:
    """What it answers; a test changes what it needs."""

    def __init__(self) -> None:
        self.claims = {"email": "admin@home.example.org", "email_verified": True, "sub": "7"}
        self.key, self.alg, self.sign = KEY, "ES256", None
        self.about: dict = {}
        self.userinfo: dict | None = None
        self.asked: dict[str, str] = {}
        self.requests: list[str] = []
        self.broken: dict[str, bytes | Exception] = {}

    def send(self, request, **_):
        path = urlsplit(request.url).path
        self.requests.append(path)
        answer = Response()
        answer.status_code, answer.url, answer.request = 200, request.url, request
        body = (
            self.broken.get(path)
            or json.dumps(
                getattr(self, path.strip("/").replace("/", "_").replace("-", "_").replace(".", ""))(request)
            ).encode()
        )
        if isinstance(body, Exception):
            raise body
        answer._content = body
        return answer

    def well_known_openid_configuration(self, request):
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        more = {"userinfo_endpoint": f"{ISSUER}/userinfo", "id_token_signing_alg_values_supported": ["none", "HS256"]}
        return {"issuer": ISSUER} | {name: f"{ISSUER}/{path}" for name, path in ends.items()} | more | self.about

    def jwks(self, request):
        return {"keys": [KEY.as_dict(private=False)]}

    def token(self, request):
        sent = dict(parse_qsl(request.body if isinstance(request.body, str) else request.body.decode()))
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.asked["code_challenge"]
        assert base64.b64decode(request.headers["Authorization"].split()[1]) == b"tesla:provided-secret"
        assert sent["redirect_uri"] == self.asked["redirect_uri"]
        assert sent["code"] == "c1"
        now = int(time.time())
        basics = {"iss": ISSUER, "aud": "tesla", "iat": now, "exp": now + 60, "nonce": self.asked["nonce"]}
        claims = {name: value for name, value in (basics | self.claims).items() if value is not None}
        if self.sign is not None:
            return {"access_token": "a", "token_type": "Bearer", "id_token": self.sign(claims)}
        registry = JWSRegistry(algorithms=[self.alg])
        signed = jwt.encode({"alg": self.alg, "kid": "1"}, claims, self.key, registry=registry)
        return {"access_token": "a", "token_type": "Bearer", "id_token": signed}

    def userinfo(self, request):
        raise AssertionError


@pytest.fixture
def provider(monkeypatch):
    cache.clear()
    stub = Provider()
    monkeypatch.setattr(guarded._Adapter, "send", lambda _, request, **more: stub.send(request, **more))
    return stub


def begun(browser, provider, start=START, **query):
    answer = browser.get(start, query)
    assert answer.status_code == 302, answer.text
    assert answer["Location"].startswith(f"{ISSUER}/authorize?")
    provider.asked = {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}
    return provider.asked


def returned(browser, asked, **other):
    return browser.get(urlsplit(asked["redirect_uri"]).path, {"code": "c1", "state": asked["state"], **other})


def suspend(institution):
    Institution.objects.filter(pk=institution.pk).update(suspended_at=timezone.now(), suspension_reason="Unpaid.")


def signed_in_through(browser, provider, **query):
    return returned(browser, begun(browser, provider, **query))


def test_staff_sign_in_as_with_a_password(world, visitor, provider):
    visitor.session.save()
    asked = begun(visitor, provider, next="/console/")
    before = visitor.cookies["sessionid"].value
    assert (asked["code_challenge_method"], asked["scope"]) == ("S256", "openid email")
    assert asked["redirect_uri"] == f"http://testserver/signin/oidc/{world.home.institution.pk}/callback/"
    answer = returned(visitor, asked)
    assert (answer.status_code, answer["Location"]) == (302, "/console/")
    assert visitor.cookies["sessionid"].value != before
    session = CallerSession.objects.get(pk=visitor.session[SESSION_KEY])
    assert (session.user_id, session.oidc_id) == (world.people["admin"].pk, world.home.oidc.pk)
    assert visitor.session.get_expiry_date() == session.expires_at
    assert visitor.get("/api/v2/institution/", {"format": "json"}).json()["count"] == 1
    line = Line.objects.get(verb="sign-in")
    assert (line.signed_in, line.actor_id, line.institution_id) == ("OIDC", session.user_id, world.home.institution.pk)
    assert returned(visitor, asked).status_code == 403  # the same answer of the provider a second time


@pytest.mark.parametrize(
    "change",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "another"}},
        {"claims": {"aud": ["another", "third"], "azp": "tesla"}},
        {"claims": {"iss": "https://login.away.example.org"}},
        {"claims": {"exp": 1_000_000_000, "iat": 999_999_000}},
        {"claims": {"exp": None}},
        {"key": STRANGE},
        {"key": SECRET, "alg": "HS256"},
        {"sign": _unsigned},
        {"sign": lambda _: "nonsense"},
        {"claims": {"email_verified": False}},
        {"claims": {"email_verified": "true"}},
        {"claims": {"email_verified": None}},
        {"claims": {"email": ["admin@home.example.org"]}},
        {"claims": {"email": "admin@home.example.org\x00"}},
        {"claims": {"email": "nobody@home.example.org"}},
        {"claims": {"email": "member@home.example.org"}},  # no staff
        {"claims": {"email": "admin@away.example.org"}},  # of another institution
        {"claims": {"email": "root@example.org"}},
        {"broken": {"/token": b'{"error": "invalid_grant"}'}},
        {"broken": {"/token": b"[" * 9}},
        {"broken": {"/jwks": b'{"keys": [{"kty": "EC"}]}'}},
        {"broken": {"/jwks": b"[]"}},
    ],
)  # fmt: skip
def test_whoever_is_refused_is_told_the_same(world, visitor, provider, change):
    for name, value in change.items():
        setattr(provider, name, provider.claims | value if name == "claims" else value)
    answer = signed_in_through(visitor, provider)
    assert answer.status_code == 403
    assert REFUSED in answer.text
    assert not CallerSession.objects.exists()
    line = Line.objects.get(verb="sign-in failed")
    assert (line.institution_id, line.person_id, line.details) == (world.home.institution.pk, None, "{}")


def test_people_of_a_suspended_institution_are_told(world, visitor, provider):
    suspend(world.home.institution)
    answer = signed_in_through(visitor, provider)
    assert (answer.status_code, "is suspended" in answer.text) == (403, True)
    assert not CallerSession.objects.exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": True}])
def test_person_who_may_not_is_refused(world, visitor, provider, change):
    User.objects.filter(pk=world.people["admin"].pk).update(**change)
    assert signed_in_through(visitor, provider).status_code == 403


def test_everybody_signs_in_where_the_institution_says_so(world, visitor, provider):
    OIDCConnection.objects.update(everybody=True)
    User.objects.filter(pk=world.people["member"].pk).update(login_allowed=False)
    provider.claims["email"] = "member@home.example.org"
    assert signed_in_through(visitor, provider).status_code == 302
    assert visitor.get("/api/v2/institution/").status_code == 200


def test_consent_is_recorded_as_given_that_way(world, visitor, provider):
    OIDCConnection.objects.update(everybody=True)
    provider.claims["email"] = "bob@home.example.org"
    signed_in_through(visitor, provider)
    visitor.get("/signin/")
    headers = {"X-CSRFToken": visitor.cookies["csrftoken"].value, "accept": "application/json"}
    bob = world.people["bob"].pk
    path = f"/api/v2/institution/{world.home.institution.pk}/learner/{bob}/ic/"
    answer = visitor.post(path, {"version": "2.0.0"}, content_type="application/json", headers=headers)
    assert answer.status_code == 201, answer.text
    assert ConsentDecision.objects.get(learner_id=world.people["bob"].learner.learner_id).signed_in == "oidc"


@pytest.mark.parametrize(("claim", "status"), [("teacher", 302), ("stranger", 403), ("\u200b", 403), ("", 403)])
def test_uid_is_compared_with_the_claim_of_the_userinfo(world, visitor, provider, claim, status):
    OIDCConnection.objects.update(match="uid", claim="staff_id")
    provider.userinfo = lambda request: {"sub": "7", "staff_id": claim}
    assert signed_in_through(visitor, provider).status_code == status
    assert provider.asked["scope"] == "openid profile"


def test_userinfo_of_somebody_else_is_refused(world, visitor, provider):
    OIDCConnection.objects.update(match="uid", claim="staff_id")
    provider.userinfo = lambda request: {"sub": "8", "staff_id": "admin"}
    assert signed_in_through(visitor, provider).status_code == 403


def test_what_the_provider_tells_apart_is_not_one_person(world, visitor, provider):
    OIDCConnection.objects.update(match="uid", claim="staff_id")
    rewritten(User.objects.filter(pk=world.people["admin"].pk), uid="strauss")
    provider.claims["staff_id"] = "strauß"
    assert signed_in_through(visitor, provider).status_code == 403


@pytest.mark.parametrize("other", [{"state": "x"}, {"state": ""}, {"state": "ä"}])
def test_state_of_another_browser_is_refused(world, visitor, provider, other):
    asked = begun(visitor, provider)
    assert returned(visitor, asked, **other).status_code == 403
    assert returned(visitor, asked).status_code == 403  # it is used once
    assert "/token" not in provider.requests
    assert not Line.objects.filter(verb="sign-in failed").exists()


def test_answer_for_another_institution_is_refused(world, visitor, provider):
    asked = begun(visitor, provider)
    other = f"/signin/oidc/{world.away.institution.pk}/callback/"
    assert visitor.get(other, {"code": "c1", "state": asked["state"]}).status_code == 403


@pytest.mark.parametrize("other", [{"iss": "https://login.away.example.org"}, {"code": ""}])
def test_answer_of_another_provider_or_none_is_refused(world, visitor, provider, other):
    assert returned(visitor, begun(visitor, provider), **other).status_code == 403
    assert "/token" not in provider.requests


@pytest.mark.parametrize("elsewhere", ["https://evil.example.org/", "//evil.example.org/", "/\\evil.example.org"])
def test_next_leads_to_no_other_host(world, visitor, provider, elsewhere):
    assert signed_in_through(visitor, provider, next=elsewhere)["Location"] == "/"


@pytest.mark.parametrize(
    "change",
    [
        {"broken": {"/.well-known/openid-configuration": ConnectTimeout()}},
        {"broken": {"/.well-known/openid-configuration": b"[]"}},
        {"broken": {"/.well-known/openid-configuration": b"<html>"}},
        {"about": {"issuer": "https://login.away.example.org"}},
        {"about": {"authorization_endpoint": "javascript:alert(1)"}},
        {"about": {"token_endpoint": "http://login.home.example.org/token"}},
        {"about": {"jwks_uri": None}},
    ],
)
def test_provider_that_does_not_work_is_told_on_a_page(world, visitor, provider, change):
    for name, value in change.items():
        setattr(provider, name, value)
    for _ in range(2):
        answer = visitor.get(START)
        assert (answer.status_code, answer["Retry-After"]) == (503, "15")
        assert "does not answer" in answer.text
    assert len(provider.requests) == 1  # whoever asks again soon makes no request


def test_provider_that_goes_away_meanwhile_is_told_too(world, visitor, provider):
    provider.broken = {"/token": ConnectTimeout()}
    assert signed_in_through(visitor, provider).status_code == 503
    assert Line.objects.filter(verb="sign-in failed").count() == 1


def test_secret_is_in_the_body_where_the_provider_wants_it(world, visitor, provider, monkeypatch):
    provider.about = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    sent = []
    monkeypatch.setattr(provider, "token", lambda request: sent.append(str(request.body)) or {})
    assert signed_in_through(visitor, provider).status_code == 403
    assert "client_secret=provided-secret" in sent[0]


def test_failures_of_a_place_are_counted(world, visitor, provider, settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 1
    provider.claims["email"] = "nobody@home.example.org"
    asked = begun(visitor, provider)
    visitor.session.save()
    assert returned(visitor, asked).status_code == 403
    answer = visitor.get(START)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60


def test_failures_that_come_together_are_counted(world, visitor, provider, settings):
    """Two were begun before the first has failed."""
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 1
    provider.claims["email"] = "nobody@home.example.org"
    other = type(visitor)()
    first, second = begun(visitor, provider), begun(other, provider)
    provider.asked = first
    assert returned(visitor, first).status_code == 403
    assert returned(other, second).status_code == 429


@pytest.mark.parametrize(
    "change",
    [
        lambda world: OIDCConnection.objects.update(enabled=False),
        lambda world: OIDCConnection.objects.filter(pk=world.home.oidc.pk).delete(),
        lambda world: User.objects.filter(uid="admin").update(inst_admin=False),  # staff no more
        lambda world: User.objects.filter(pk=world.people["admin"].pk).update(is_staff=True),
    ],
)
def test_session_ends_with_what_it_stands_on(world, visitor, provider, change):
    signed_in_through(visitor, provider)
    change(world)
    assert visitor.get("/api/v2/institution/").status_code == 401


def test_own_password_is_not_changed_from_such_a_session(world, visitor, provider):
    """Whoever finds that browser could guess the present one; the right one does not help either."""
    signed_in_through(visitor, provider)
    page = visitor.get("/signin/password/")
    assert (page.status_code, "<form method" in page.text) == (403, False)
    assert visitor.get("/signin/").status_code == 200
    token = visitor.cookies["csrftoken"].value
    new = {"password": "verylongsecret1", "password2": "verylongsecret1", "current_password": PASSWORD}
    path = f"/api/v2/institution/{world.home.institution.pk}/user/{world.people['admin'].pk}/"
    headers = {"X-CSRFToken": token, "accept": "application/json"}
    answer = visitor.patch(path, new, content_type="application/json", headers=headers)
    assert (answer.status_code, "through your institution" in answer.text) == (403, True)
    more = {"content_type": "application/json", "headers": headers}
    assert visitor.post(f"{path}profile/", new, **more).status_code == 403
    assert visitor.patch(path, {"locale": "ca"}, **more).status_code == 200
    profile = visitor.get("/api/v2/auth/profile", headers={"accept": "application/json"}).json()
    assert profile["login_allowed"] is False  # dashboards hide the form


def test_old_dashboards_get_no_password_from_such_a_session(world, visitor, provider, settings):
    settings.LEGACY_DASHBOARD = True
    signed_in_through(visitor, provider)
    visitor.get("/signin/")
    path = f"/api/v2/institution/{world.home.institution.pk}/user/{world.people['admin'].pk}/"
    headers = {"X-CSRFToken": visitor.cookies["csrftoken"].value, "accept": "application/json"}
    new = {"password": "verylongsecret1", "password2": "verylongsecret1"}
    assert visitor.patch(path, new, content_type="application/json", headers=headers).status_code == 403


def test_institution_is_chosen_by_its_short_name(world, visitor):
    assert '"/signin/oidc/?next=%2Fconsole%2F"' in visitor.get("/signin/", {"next": "/console/"}).text
    page = visitor.get("/signin/oidc/", {"institution": "HOME", "next": "/console/"})
    assert f'href="{START}?next=%2Fconsole%2F"' in page.text
    assert "<form" not in page.text  # whose policy would stop the way to another host
    OIDCConnection.objects.update(enabled=False)
    assert "/signin/oidc/" not in visitor.get("/signin/").text
    for name in ("HOME", "NOBODY", "a\x00b"):
        assert visitor.get("/signin/oidc/", {"institution": name}).status_code == 404
    for path in (START, "/signin/oidc/NOBODY/", "/signin/oidc/a%00b/"):
        assert visitor.get(path).status_code == 404


def test_links_to_files_work_for_those_without_a_password(world):
    """See signin.callers.caller_named: a link names a person, and no session."""
    from kernel.caller import CallerKind
    from signin.callers import caller_named

    teacher = world.people["teacher"].pk
    User.objects.filter(pk=teacher).update(login_allowed=False)
    assert caller_named(CallerKind.PERSON, teacher) is not None
    OIDCConnection.objects.update(enabled=False)
    assert caller_named(CallerKind.PERSON, teacher) is None


# The API of the connection: tests/contract/resources/oidc.py declares it.


def path_of(world, connection: bool = True) -> str:
    path = f"/api/v2/institution/{world.home.institution.pk}/oidc/"
    return f"{path}{world.home.oidc.pk}/" if connection else path


NEW = {"issuer": "https://login.example.org", "client_id": "trust", "client_secret": "another-secret"}


def test_institution_has_one_connection(world, as_):
    answer = as_("admin").post(path_of(world, connection=False), NEW)
    assert answer.status_code == 400
    assert OIDCConnection.objects.filter(institution=world.home.institution).count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"client_secret": None}, "client_secret"),
        *(
            ({"issuer": issuer}, "issuer")
            for issuer in (
                "http://login.example.org", "https://", "https://a:0", "https://a:x", "https://me@login.example.org",
                "https://login.example.org/?a=b", "https://login.example.org/#a", "http://127.0.0.1:9400", "https://[",
                "https://a b.example.org", "file:///etc/passwd",
            )
        ),
        ({"match": "uid"}, "claim"),
        ({"claim": "upn"}, "claim"),
        ({"match": "uid", "claim": "a b"}, "claim"),
        ({"match": "password"}, "match"),
    ],
)  # fmt: skip
def test_wrong_value_is_told_at_its_field(world, as_, change, field):
    OIDCConnection.objects.filter(institution=world.home.institution).delete()
    body = {name: value for name, value in (NEW | change).items() if value is not None}
    answer = as_("admin").post(path_of(world, connection=False), body)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not OIDCConnection.objects.filter(institution=world.home.institution).exists()


def test_secret_is_kept_encrypted_and_goes_to_no_other_issuer(world, as_):
    admin, path = as_("admin"), path_of(world)
    assert admin.patch(path, {"client_id": "other"}).status_code == 200
    answer = admin.patch(path, {"issuer": "https://evil.example.org"})
    assert (answer.status_code, list(answer.json())) == (400, ["client_secret"])
    assert OIDCConnection.objects.get(pk=world.home.oidc.pk).client_secret == "provided-secret"
    assert "secret" not in admin.get(path).text
    changed = admin.patch(path, {"issuer": "https://new.example.org", "client_secret": "newer-secret"})
    assert changed.status_code == 200
    assert OIDCConnection.objects.get(pk=world.home.oidc.pk).client_secret == "newer-secret"
    lines = list(Line.objects.filter(verb="update", resource="institution/oidc").values_list("details", flat=True))
    assert len(lines) == 2
    assert "client_secret" in lines[1]
    assert "newer-secret" not in "".join(lines)


def test_other_institutions_administrator_has_no_way_to_it(world):
    assert client_of(world.away.people["admin"]).get(path_of(world)).status_code == 404
