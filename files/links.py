"""Links to files: /files/<token>/<plain name>. The token names file, caller and expiry, and is signed with the name.

A link needs no header, so it works in an <a>, an <img> or a PDF viewer; it is good for one caller and a short time, and
what that caller may read is asked again when it is followed. A token: <file>-<kind>-<caller>-<expiry>.<signature>, the
numbers in base 62, the kind a word of CallerKind.
"""

import re
import time
from dataclasses import dataclass
from urllib.parse import unquote

from django.conf import settings
from django.core.signing import BadSignature, Signer, b62_decode, b62_encode, b64_encode
from django.utils.crypto import salted_hmac

from kernel.caller import Caller, CallerKind

MINUTE = 60
SALT = "files.links"
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*\.[0-9a-z]+")
_TOKEN = re.compile(r"([0-9A-Za-z]{1,11})-([a-z]+)-([0-9A-Za-z]{1,11})-([0-9A-Za-z]{1,8})")


@dataclass(frozen=True)
class Link:
    file_id: int
    kind: CallerKind
    caller_id: int
    expires: int  # seconds since 1970

    @property
    def seconds_left(self) -> int:
        return self.expires - int(time.time())


def signer(salt: str) -> Signer:
    """The keys of the tokens, another salt: neither a token is a link nor a link a token."""
    first, *others = settings.TOKEN_KEYS.values()
    return Signer(key=first, sep=".", salt=salt, fallback_keys=[*others])


class Links:
    """Makes the links of one answer: links(file_id, "consent-en.pdf"). Asked once per page, called once per row."""

    def __init__(self, *, base: str, caller: Caller, seconds: int) -> None:
        self.base, keys = base, signer(SALT)
        # What Signer.signature() begins with for each value anew: a page has links by the thousand.
        self.begun = salted_hmac(f"{SALT}signer", "", keys.key, algorithm=keys.algorithm)
        self.caller = f"{caller.kind.value}-{b62_encode(caller.id)}-{b62_encode(_expiry(seconds))}"

    def __call__(self, file_id: int, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no plain name.")
        payload = f"{b62_encode(file_id)}-{self.caller}"
        signature = self.begun.copy()
        signature.update(_signed(payload, name).encode())
        return f"{self.base}{payload}.{b64_encode(signature.digest()).decode()}/{name}"


def _signed(payload: str, name: str) -> str:
    return f"{payload}/{name}"


def _expiry(seconds: int) -> int:
    """At most `seconds` from now, and the same for a whole minute: browsers find again what they have."""
    step = MINUTE if seconds >= 2 * MINUTE else 1
    return int(time.time() + seconds) // step * step


def link_read(token: str, name: str) -> Link | None:
    """What a link says, expired or not; None when we did not make it so."""
    payload, _, signature = token.rpartition(".")
    found = _TOKEN.fullmatch(payload)
    if found is None:
        return None
    try:
        # Not unsign(): the name is signed but not repeated in the token.
        signer(SALT).unsign(f"{_signed(payload, name)}.{signature}")
        file_id, kind, caller_id, expires = found.groups()
        return Link(b62_decode(file_id), CallerKind(kind), b62_decode(caller_id), b62_decode(expires))
    except (BadSignature, ValueError):
        return None


def url_read(url: str) -> Link | None:
    """The same for a whole URL, whatever host it names."""
    *_, folder, token, name = ["", "", *re.sub(r"[?#].*", "", url, flags=re.DOTALL).split("/")]
    return link_read(unquote(token), unquote(name)) if folder == "files" else None


def evidence_links(view) -> Links:
    """For Computed(..., given=evidence_links): links to what was captured from learners or made of it."""
    return _links(view, settings.EVIDENCE_URL_SECONDS)


def consent_pdf_links(view) -> Links:
    """For Computed(..., given=consent_pdf_links)."""
    return _links(view, settings.CONSENT_PDF_URL_SECONDS)


def _links(view, seconds: int) -> Links:
    return Links(base=view.request.build_absolute_uri("/files/"), caller=view.caller, seconds=seconds)
