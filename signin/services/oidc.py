"""People who sign in through the identity provider of their institution: OpenID Connect, code flow with PKCE.

Authlib does the flow and checks the claims, joserfc the signature. mozilla-django-oidc knows one provider, that of the
settings; django-allauth brings accounts of its own. Authlib's class for Django is not used: it takes the signature's
algorithms from the provider and lets another party's audience pass if `azp` names this one.

Nobody is created or gets rights from claims. Whoever is refused is not told why: unknown, deactivated, not staff.
"""

import logging
from collections.abc import Mapping
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from django.core.cache import cache
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from requests import RequestException, Response

from institutions.models import OIDCConnection, OIDCMatch, User
from institutions.services.oidc import is_safe_address, provider_admits
from kernel.domain import Unavailable
from kernel.text import as_identifier
from signin.services import Refused, Suspended
from signin.services.guarded import guard
from signin.suspension import is_suspended, suspension_text

logger = logging.getLogger(__name__)
# Keys of the provider alone sign: with the secret, which other services may know, nobody does.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
LEEWAY = 60  # seconds by which clocks differ
KEPT_SECONDS, FAILED_SECONDS = 300, 15  # what a provider says of itself, and that it does not answer
LONGEST = 255  # letters of a claim
# What answers that are not as they should be end in.
BROKEN = (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
Kept = dict[str, Any]


def connection_of(**named: Any) -> OIDCConnection | None:
    """The provider of an institution, by its acronym or id, while people may sign in through it."""
    return OIDCConnection.objects.filter(enabled=True, **named).select_related("institution").first()


def sign_in_begun(*, connection: OIDCConnection, returns_to: str) -> tuple[str, Kept]:
    """The provider's address to which the browser goes, and what its session keeps until it returns.

    Raises Unavailable if the provider does not answer as one.
    """
    client = _client(connection, returns_to)
    about = _about(connection, client)
    kept = {"connection": connection.pk, "returns_to": returns_to}
    kept |= {name: generate_token(48) for name in ("state", "nonce", "verifier")}
    address, _ = client.create_authorization_url(
        about["authorization_endpoint"], state=kept["state"], nonce=kept["nonce"], code_verifier=kept["verifier"]
    )
    return address, kept


def person_returned(*, connection: OIDCConnection, kept: Kept, code: str) -> User:
    """The person whom the provider names. Raises Refused, or Unavailable if the provider does not answer as one."""
    client = _client(connection, kept["returns_to"])
    about = _about(connection, client)
    try:
        claims = _claims(connection, client, about, kept, code)
    except RequestException as error:
        raise _unavailable(connection, error) from error
    except BROKEN as error:
        # Of the provider's answer only the kind of the failure: it may hold tokens.
        logger.warning("sign-in through provider %d of an institution: %s", connection.pk, type(error).__name__)
        raise Refused("The identity provider has not confirmed anybody.") from error
    return _person(connection, claims)


def _client(connection: OIDCConnection, returns_to: str) -> OAuth2Session:
    scope = "openid email" if connection.match == OIDCMatch.EMAIL else "openid profile"
    client = OAuth2Session(
        connection.client_id, connection.client_secret, scope=scope, redirect_uri=returns_to,
        code_challenge_method="S256",
    )  # fmt: skip
    guard(client)
    return client


def _about(connection: OIDCConnection, client: OAuth2Session) -> Mapping[str, Any]:
    """What the provider says of itself. Whoever opens the sign-in makes no request that was made just now."""
    key = f"oidc:{connection.pk}:{connection.updated_at.timestamp()}"
    about = cache.get(key)
    if about is None:
        try:
            about = _discovered(connection, client)
        except (RequestException, *BROKEN) as error:
            cache.set(key, {}, FAILED_SECONDS)
            raise _unavailable(connection, error) from error
        cache.set(key, about, KEPT_SECONDS)
    if not about:
        raise _unavailable(connection, None)
    methods = about.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if "client_secret_basic" not in methods:
        client.token_endpoint_auth_method = "client_secret_post"  # noqa: S105 - a method
    return about


def _discovered(connection: OIDCConnection, client: OAuth2Session) -> dict[str, Any]:
    about = _told(_got(client, f"{connection.issuer.rstrip('/')}/.well-known/openid-configuration"))
    if about.get("issuer") != connection.issuer:
        raise ValueError("the provider calls itself otherwise")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not is_safe_address(about[name]):
            raise ValueError(f"{name} is no https address")
    return about


def _claims(connection: OIDCConnection, client: OAuth2Session, about: Any, kept: Kept, code: str) -> Mapping[str, Any]:
    """The claims of the ID token, or those of the provider's userinfo if the token lacks the one that is compared."""
    token = client.fetch_token(
        about["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=kept["verifier"]
    )
    keys = KeySet.import_key_set(_told(_got(client, about["jwks_uri"])))  # type: ignore[arg-type] # what is none raises
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    signed = jwt.decode(token["id_token"], keys, registry=registry)
    wanted = {"iss": connection.issuer, "aud": connection.client_id}
    options: Any = {name: {"essential": True, "value": value} for name, value in wanted.items()}
    expected = {
        "nonce": kept["nonce"], "client_id": connection.client_id, "access_token": token.get("access_token"),
    }  # fmt: skip
    claims = CodeIDToken(signed.claims, signed.header, options, expected)
    claims.validate(leeway=LEEWAY)
    if connection.claim not in claims and is_safe_address(about.get("userinfo_endpoint") or ""):
        more = _told(client.get(about["userinfo_endpoint"]))
        if more.get("sub") != claims["sub"]:
            raise ValueError("the provider tells of somebody else")
        return more
    return claims


def _got(client: OAuth2Session, address: str) -> Response:
    return client.request("GET", address, withhold_token=True)


def _told(answer: Response) -> dict[str, Any]:
    answer.raise_for_status()
    told = answer.json()
    if not isinstance(told, dict):
        raise TypeError("the answer is no object")
    return told


def _person(connection: OIDCConnection, claims: Mapping[str, Any]) -> User:
    """Who has this claim in that institution, is active there, and is admitted.

    Raises Suspended if it is only that nobody of the institution is let in.
    """
    value = claims.get(connection.claim)
    is_text = isinstance(value, str) and len(value) <= LONGEST and value.isprintable() and bool(as_identifier(value))
    is_proven = connection.match != OIDCMatch.EMAIL or claims.get("email_verified") is True
    if not (is_text and is_proven):
        raise Refused("The identity provider has not confirmed anybody.")
    person = User.objects.filter(
        provider_admits("institution__oidc_connections"),
        institution__oidc_connections=connection.pk,
        is_active=True,
        **{connection.match: value},
    ).first()
    # The provider may tell apart what is one identifier here, such as ss and ß.
    if person is None or getattr(person, connection.match).lower() != as_identifier(str(value)).lower():
        raise Refused("Nobody whom the identity provider confirms may sign in here.")
    if is_suspended(connection.institution):
        raise Suspended(suspension_text(connection.institution, with_reason=person.inst_admin))
    return person


def _unavailable(connection: OIDCConnection, error: Exception | None) -> Unavailable:
    if error is not None:
        logger.warning("provider %d of an institution does not answer: %s", connection.pk, type(error).__name__)
    return Unavailable("The identity provider of the institution does not answer.", FAILED_SECONDS)
