"""The digests of a chain, and the signatures of its heads and cuts."""

import hashlib
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db.models import DateTimeField, Func

from trail.models import Cut, Line

START = "0" * 64  # before the first line
# All columns but the transaction, which a restored database counts anew.
COLUMNS = tuple(field.attname for field in Line._meta.concrete_fields if field.attname != "written_in")


class Readable(Func):
    """An instant, or the last one that Python knows in every zone: a line may come from a clock that is wrong.

    It could not be read else, and nothing behind it would be sealed.
    """

    template = "LEAST(%(expressions)s, '9999-12-30 00:00:00+00')"
    output_field = DateTimeField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Instants are texts there."""
        is_read = "CASE substr(%(expressions)s, 5, 1) WHEN '-' THEN %(expressions)s ELSE '9999-12-30 00:00:00' END"
        return self.as_sql(compiler, connection, template=is_read, **context)


# Of lines, in the order of COLUMNS.
VALUES = tuple(Readable("written_at") if name == "written_at" else name for name in COLUMNS)


def digest(previous: str, line: Sequence[Any]) -> str:
    """Of these values of COLUMNS behind the digest before."""
    values = {name: _plain(value) for name, value in zip(COLUMNS, line, strict=True)}
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def _plain(value: Any) -> Any:
    return instant(value) if isinstance(value, datetime) else value


def instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def head_text(institution_id: int, position: int, digest: str, signed_at: datetime) -> str:
    """What is signed."""
    return json.dumps([institution_id, position, digest, instant(signed_at)], separators=(",", ":"))


def cut_text(cut: Cut) -> str:
    """What is signed. It begins with a word, where that of a head has a number."""
    values = [
        "cut", cut.institution_id, cut.first_position, cut.position, cut.digest, instant(cut.first_at),
        instant(cut.last_at), cut.heads, cut.days, cut.by, instant(cut.made_at),
    ]  # fmt: skip
    return json.dumps(values, separators=(",", ":"))


def heads_digest(signatures: Iterable[str]) -> str:
    """Of all heads of the lines that are cut, by their signatures: none can be taken from them or put to them."""
    return hashlib.sha256("\n".join(sorted(signatures)).encode()).hexdigest()


def sign(text: str) -> tuple[str, str]:
    """The name of the key, and the signature."""
    name, key = next(iter(_keys(*_settings()).items()))
    return name, key.sign(text.encode()).hex()


def is_signed(text: str, key_name: str, signature: str) -> bool:
    """Whether this is the signature of a key that the settings have."""
    key = _keys(*_settings()).get(key_name)
    try:
        if key is not None:
            key.public_key().verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return key is not None


def public_keys() -> dict[str, str]:
    """{name: Ed25519 public key in hexadecimal digits}, the one that signs first."""
    return {name: key.public_key().public_bytes_raw().hex() for name, key in _keys(*_settings()).items()}


def _settings() -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(settings.TRAIL_KEYS), tuple(settings.ENCRYPTION_KEYS)


@lru_cache(maxsize=2)
def _keys(own: tuple[str, ...], encryption_keys: tuple[str, ...]) -> dict[str, Ed25519PrivateKey]:
    """By name. Without keys of its own the trail has some that are derived from those of encryption."""
    secrets = [urlsafe_b64decode(key) for key in own] or [
        HKDF(SHA256(), 32, salt=None, info=b"heads of the trail").derive(urlsafe_b64decode(key))
        for key in encryption_keys
    ]
    keys = [Ed25519PrivateKey.from_private_bytes(secret) for secret in secrets]
    return {hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()[:16]: key for key in keys}
