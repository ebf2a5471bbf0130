"""Links to files: /files/<token>/<file name>.

The token contains the ids of file and caller and the expiry; its signature covers these and the file name. A link needs
no header, so it works in an <a>, an <img> and a PDF viewer. It is valid for one caller and a short time, and when it is
followed the caller's rights are checked again.

Format of a token: <file id>-<caller kind>-<caller id>-<expiry>.<signature>, numbers in base 62. Whom a VLE has sent has
its id behind the kind: launched_5. A link to what is no
stored file (see contents.py) has a word for what it is before the id, which then is that of a row: report_made-<id>-...
"""

import re
import time
from dataclasses import dataclass
from urllib.parse import unquote

from django.conf import settings
from django.core.signing import BadSignature, Signer, b62_decode, b62_encode, b64_encode
from django.utils.crypto import salted_hmac

from kernel.caller import Caller, CallerKind
from kernel.states import Momentary

MINUTE = 60
SALT = "files.links"
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*\.[0-9a-z]+")
_ID = "([0-9A-Za-z]{1,11})"
_TOKEN = re.compile(rf"(?:([a-z_]{{1,20}})-)?{_ID}-([a-z]+)(?:_{_ID})?-{_ID}-([0-9A-Za-z]{{1,8}})")


@dataclass(frozen=True)
class Link:
    file_id: int  # or that of a row
    kind: CallerKind
    caller_id: int
    expires: int  # seconds since 1970
    what: str | None = None  # if it is no stored file
    sent_by: int | None = None  # the VLE that had sent the caller

    @property
    def seconds_left(self) -> int:
        return self.expires - int(time.time())


def signer(salt: str) -> Signer:
    """Signs with the keys of the tokens but another salt, so that no token can be used as a link or the reverse."""
    first, *others = settings.TOKEN_KEYS.values()
    return Signer(key=first, sep=".", salt=salt, fallback_keys=[*others])


class Links:
    """links(file_id, "consent-en.pdf") makes a link. One object is made per response, as it may call it per row."""

    def __init__(self, *, base: str, caller: Caller, seconds: int) -> None:
        self.base, keys = base, signer(SALT)
        # The part of Signer.signature() that is the same for every value: a page may have thousands of links.
        self.hmac = salted_hmac(f"{SALT}signer", "", keys.key, algorithm=keys.algorithm)
        expiry = _expiry(seconds)
        kind = caller.kind.value if caller.sent_by is None else f"{caller.kind.value}_{b62_encode(caller.sent_by)}"
        self.reader = f"{kind}-{b62_encode(caller.id)}"
        self.caller = f"{self.reader}-{b62_encode(expiry)}"
        self.good_until = expiry - seconds // 2

    def __call__(self, file_id: int, name: str, what: str | None = None) -> Momentary:
        """With `what` a link to something else than a stored file, made of or inside the row of this id."""
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a plain file name.")
        prefix = f"{what}-" if what else ""
        payload = f"{prefix}{b62_encode(file_id)}-{self.caller}"
        signature = self.hmac.copy()
        signature.update(_signed(payload, name).encode())
        url = f"{self.base}{payload}.{b64_encode(signature.digest()).decode()}/{name}"
        stands_for = f"{prefix}{file_id}/{name} for {self.reader}"
        return Momentary(url, stands_for, self.good_until)


def _signed(payload: str, name: str) -> str:
    return f"{payload}/{name}"


def _expiry(seconds: int) -> int:
    """At most `seconds` from now, and the same for a whole minute: equal links let browsers cache files."""
    step = MINUTE if seconds >= 2 * MINUTE else 1
    return int(time.time() + seconds) // step * step


def link_read(token: str, name: str) -> Link | None:
    """The content of a link, also of an expired one; None when the signature is not valid."""
    payload, _, signature = token.rpartition(".")
    match = _TOKEN.fullmatch(payload)
    if match is None:
        return None
    try:
        # The file name is a part of what is signed, but not of the token.
        signer(SALT).unsign(f"{_signed(payload, name)}.{signature}")
        what, file_id, kind, sent_by, caller_id, expires = match.groups()
        vle = None if sent_by is None else b62_decode(sent_by)
        return Link(b62_decode(file_id), CallerKind(kind), b62_decode(caller_id), b62_decode(expires), what, vle)
    except (BadSignature, ValueError):
        return None


def url_read(url: str) -> Link | None:
    """The same for a whole URL, whatever host it names."""
    *_, folder, token, name = ["", "", *re.sub(r"[?#].*", "", url, flags=re.DOTALL).split("/")]
    return link_read(unquote(token), unquote(name)) if folder == "files" else None


def evidence_links(view) -> Links:
    """For Computed(..., per_request=evidence_links): links to data captured from learners and to data derived of it."""
    return _links(view, settings.EVIDENCE_URL_SECONDS)


def evidence_links_of(request, caller: Caller) -> Links:
    """The same in what is made for a link of this caller."""
    return Links(base=request.build_absolute_uri("/files/"), caller=caller, seconds=settings.EVIDENCE_URL_SECONDS)


def consent_pdf_links(view) -> Links:
    """For Computed(..., per_request=consent_pdf_links)."""
    return _links(view, settings.CONSENT_PDF_URL_SECONDS)


def _links(view, seconds: int) -> Links:
    return Links(base=view.request.build_absolute_uri("/files/"), caller=view.caller, seconds=seconds)
