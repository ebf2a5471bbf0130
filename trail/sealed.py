"""Texts that tell of people, sealed with keys that can be destroyed. Each key seals one text."""

import secrets
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = "sealed:"  # no JSON begins so
_NONCE = b"the only one"


def new_key() -> bytes:
    return secrets.token_bytes(32)


def seal(text: str, key: bytes) -> str:
    return MARK + b64encode(AESGCM(key).encrypt(_NONCE, text.encode(), None)).decode()


def opened(text: str, key: bytes | None) -> str | None:
    """The text; None if it is sealed and its key is gone."""
    if not text.startswith(MARK):
        return text
    if key is None:
        return None
    return AESGCM(bytes(key)).decrypt(_NONCE, b64decode(text.removeprefix(MARK)), None).decode()
