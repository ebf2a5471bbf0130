"""What all pages have in common.

A function takes the call and whether it is a list; it returns the count and the rows of the page; for a detail any
count and at most one row. Ids of the address are text, and stay text in the statements.
"""

import os
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import digest
from typing import Any, NamedTuple

Object = dict[str, Any]
Rows = tuple[int, list[Object]]
Records = list[tuple[Any, ...]]


class Institution(NamedTuple):
    id: int
    acronym: str
    name: str
    external_ic: bool
    mail_domain: str | None
    disable_vle_learner_creation: bool
    disable_vle_instructor_creation: bool
    disable_vle_user_creation: bool
    allow_learner_report: bool
    allow_learner_audit: bool
    allow_valid_audit: bool
    created_at: datetime
    updated_at: datetime
    allowed_domains: str


@dataclass(slots=True)
class Call:
    execute: Callable[..., None]
    fetch: Callable[[], Records]
    institution: Institution
    id: int
    staff: bool
    inst_admin: bool
    legal_admin: bool
    data_admin: bool
    send_admin: bool
    instructor: bool
    learner: bool
    ids: list[str]
    limit: int
    offset: int
    files: str

    def run(self, statement: str) -> Records:
        """The statement may use the ids of the address: %(first)s is the first one after the institution's."""
        values: dict[str, Any] = dict(zip(("institution", "first", "second", "third"), self.ids, strict=False))
        values |= {"home": self.institution.id, "me": self.id, "limit": self.limit, "offset": self.offset}
        self.execute(statement, values | {"id": self.ids[-1]} if self.ids else values)
        return self.fetch()


class Sql:
    """The statements of a list, whose first column is the count, and of a detail."""

    def __init__(self, columns: str, rows: str, where: str, key: str, *, order: str = "", count: str = "") -> None:
        counted = f"(SELECT count(*) FROM {count or rows} WHERE {where})"
        self.list = f"""SELECT {counted}, {columns} FROM {rows} WHERE {where}
                         ORDER BY {order or key} LIMIT %(limit)s OFFSET %(offset)s"""
        self.one = f"SELECT 1, {columns} FROM {rows} WHERE {where} AND {key} = %(id)s"

    def __call__(self, call: Call, is_list: bool) -> Records:
        return call.run(self.list if is_list else self.one)


def page(records: Records, rows: list[Object]) -> Rows:
    return (records[0][0] if records else 0), rows


# Links to files: signed as the service signs them, byte for byte.

SECRET = next(iter(os.environ.get("TOKEN_KEYS", "").split(","))).partition(":")[2]
LINK_KEY = sha256(b"files.linkssigner" + SECRET.encode()).digest()
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
EVIDENCE_SECONDS = int(os.environ.get("EVIDENCE_URL_SECONDS") or 300)
CONSENT_PDF_SECONDS = int(os.environ.get("CONSENT_PDF_URL_SECONDS") or 86400)


def base62(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number, 62)
        text = DIGITS[rest] + text
    return text or "0"


def links(call: Call, seconds: int) -> Callable[..., str]:
    expires = int(time.time() + seconds) // 60 * 60
    behind, files = f"-person-{base62(call.id)}-{base62(expires)}", call.files

    def link(key: int, name: str, what: str = "") -> str:
        """To a file or, with `what`, to what is made of the row of this id."""
        payload = (f"{what}-" if what else "") + base62(key) + behind
        signed = digest(LINK_KEY, f"{payload}/{name}".encode(), "sha256")
        return f"{files}{payload}.{urlsafe_b64encode(signed).rstrip(b'=').decode()}/{name}"

    return link
