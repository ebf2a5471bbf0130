"""Tokens: each is the signed id of a session. Roles are never in a token, they are read from the database.

Format: three unpadded base64 segments. Header {"alg": "HS256", "kid": key's name, "typ": "JWT"}; payload
{"type": "access" | "refresh", "kind": caller kind, "sub": subject's id as text, "sid": session id, "iat", "exp":
seconds}. The payload is ASCII JSON, padded with blanks to a multiple of three bytes: existing clients decode it with
plain base64, which accepts neither missing padding nor the characters - and _.
"""

import json
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken, TokenError
from rest_framework_simplejwt.tokens import Token
from rest_framework_simplejwt.utils import aware_utcnow, datetime_to_epoch

ALGORITHM = "HS256"


class InvalidToken(Exception):  # noqa: N818 - an outcome
    """The text is not a valid token of the expected type."""


@lru_cache(maxsize=64)
def _key_name(header: bytes) -> object:
    """The name of the key in a token's header. All tokens of one key have the same header, so parsing is cached."""
    return jwt.get_unverified_header(header + b".e30.").get("kid")


class KeyRing(TokenBackend):
    """Signs with the first key of TOKEN_KEYS and verifies with the key that the token names, if it is one of them."""

    def __init__(self) -> None:
        super().__init__(ALGORITHM)

    def encode(self, payload: dict[str, Any]) -> str:
        name, secret = next(iter(settings.TOKEN_KEYS.items()))
        text = json.dumps(payload, separators=(",", ":")).encode("ascii")
        text += b" " * (-len(text) % 3)
        return jwt.api_jws.encode(text, secret, algorithm=ALGORITHM, headers={"kid": name})

    def decode(self, token, verify: bool = True, *, expired: bool = False) -> dict[str, Any]:
        """The payload of a token with a valid signature. With `expired` also of an expired token.

        Raises TokenBackendError; there is no way to read an unverified payload.
        """
        try:
            name = _key_name(token.partition(b".")[0] if isinstance(token, bytes) else token.partition(".")[0].encode())
            secret = settings.TOKEN_KEYS.get(name) if isinstance(name, str) else None
            if secret is None:
                raise TokenBackendError("Token is signed with an unknown key")
            return jwt.decode(
                token,
                secret,
                algorithms=[ALGORITHM],
                options={"require": ["exp", "sub"], "verify_exp": not expired, "verify_iat": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise TokenBackendExpiredToken("Token is expired") from error
        except (jwt.InvalidTokenError, UnicodeError) as error:
            raise TokenBackendError("Token is invalid") from error


_RING = KeyRing()


class SessionToken(Token):
    """A token of a session; see the subclasses for the two types."""

    lifetime = timedelta(0)  # not used: for_session sets the expiry of each token

    def get_token_backend(self) -> KeyRing:
        return _RING

    def set_jti(self) -> None:
        """No token id: tokens are revoked by ending their session."""

    @classmethod
    def for_session(cls, session, ends: datetime) -> "SessionToken":
        token = cls()
        token["kind"] = session.kind
        token["sub"] = str(session.subject_id)
        token["sid"] = session.pk
        token["exp"] = datetime_to_epoch(min(ends, session.expires_at))
        return token

    @classmethod
    def read(cls, raw: str) -> dict[str, Any]:
        """The payload of a valid, unexpired token of this type. Raises InvalidToken."""
        try:
            return cls(raw).payload  # type: ignore[arg-type] # it is the raw text
        except TokenError as error:
            raise InvalidToken(str(error)) from error

    @classmethod
    def even_expired(cls, raw: str) -> dict[str, Any]:
        """The payload of a token of this type with a valid signature, also of an expired one. Raises InvalidToken."""
        try:
            payload = _RING.decode(raw, expired=True)
        except TokenBackendError as error:
            raise InvalidToken(str(error)) from error
        if payload.get("type") != cls.token_type:
            raise InvalidToken("Token has wrong type")
        return payload


class AccessToken(SessionToken):
    token_type = "access"  # noqa: S105 - the name of a type, not a secret


class RefreshToken(SessionToken):
    token_type = "refresh"  # noqa: S105


def pair(session, refresh: str | None = None) -> dict[str, str]:
    """{"access_token", "refresh_token"} of a session. A given refresh token, already checked, is returned as it is."""
    access = AccessToken.for_session(session, aware_utcnow() + settings.ACCESS_TOKEN_LIFETIME)
    return {
        "access_token": str(access),
        "refresh_token": refresh or str(RefreshToken.for_session(session, session.expires_at)),
    }
