"""What the floor reads: for each word of the tree one SQL statement, and how its rows look in JSON.

A function is given the call and whether a list is asked for; it answers the count and the rows of the page, or any
count and at most one row. Ids of the address are text and go into the statements as such.
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

import orjson

Object = dict[str, Any]
Rows = tuple[int, list[Object]]


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
    fetch: Callable[[], list[tuple[Any, ...]]]
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


class Sql:
    """The statements of a list, whose first column is the count, and of a detail."""

    def __init__(self, columns: str, rows: str, where: str, key: str, *, order: str = "", count: str = "") -> None:
        counted = f"(SELECT count(*) FROM {count or rows} WHERE {where})"
        self.list = f"""SELECT {counted}, {columns} FROM {rows} WHERE {where}
                         ORDER BY {order or key} LIMIT %(limit)s OFFSET %(offset)s"""
        self.one = f"SELECT 1, {columns} FROM {rows} WHERE {where} AND {key} = %(id)s"

    def __call__(self, call: Call, is_list: bool) -> list[tuple[Any, ...]]:
        values: dict[str, Any] = dict(zip(("id", "first", "second", "third", "fourth"), call.ids, strict=False))
        values |= {"home": call.institution.id, "me": call.id, "limit": call.limit, "offset": call.offset}
        if not is_list:
            values["id"] = call.ids[-1]
        call.execute(self.list if is_list else self.one, values)
        return call.fetch()


def page(found: list[tuple[Any, ...]], rows: list[Object]) -> Rows:
    return (found[0][0] if found else 0), rows


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


def links(call: Call, seconds: int) -> Callable[[int, str], str]:
    expires = int(time.time() + seconds) // 60 * 60
    behind, files = f"-person-{base62(call.id)}-{base62(expires)}", call.files

    def link(file: int, name: str) -> str:
        payload = base62(file) + behind
        signed = digest(LINK_KEY, f"{payload}/{name}".encode(), "sha256")
        return f"{files}{payload}.{urlsafe_b64encode(signed).rstrip(b'=').decode()}/{name}"

    return link


# Institutions and what belongs to them.

INSTITUTIONS = Sql(
    ", ".join(f"i.{name}" for name in Institution._fields),
    "institutions_institution i",
    "i.id = %(home)s",
    "i.id",
    order="i.created_at, i.id",
)


def institutions(call: Call, is_list: bool) -> Rows:
    found = INSTITUTIONS(call, is_list)
    return page(found, [Institution(*row[1:])._asdict() for row in found])


VLES = Sql(
    "id, type, lti, lti <> '{}'::jsonb, name, url, client_id",
    "institutions_vle",
    "institution_id = %(home)s",
    "id",
)


def vles(call: Call, is_list: bool) -> Rows:
    found = VLES(call, is_list)
    return page(
        found,
        [
            {
                "id": id, "type": kind, "lti": lti if filled else None, "name": name, "credentials": None, "url": url,
                "client_id": client,
            }
            for _, id, kind, lti, filled, name, url, client in found
        ],
    )  # fmt: skip


CONSENTS = Sql(
    "id, version, valid_from, created_at, updated_at",
    "institutions_informedconsent",
    "institution_id = %(home)s",
    "id",
)


def consents(call: Call, is_list: bool) -> Rows:
    found, institution = CONSENTS(call, is_list), call.institution._asdict()
    return page(
        found,
        [
            {
                "id": id, "institution": institution, "version": version, "valid_from": valid_from,
                "created_at": created, "updated_at": updated,
            }
            for _, id, version, valid_from, created, updated in found
        ],
    )  # fmt: skip


DOCUMENTS = Sql(
    """c.id, c.version, c.valid_from, c.created_at, c.updated_at,
       d.id, d.language, d.html, d.pdf_id, d.created_at, d.updated_at""",
    "institutions_informedconsentdocument d JOIN institutions_informedconsent c ON c.id = d.consent_id",
    "c.id = %(first)s AND c.institution_id = %(home)s",
    "lower(d.language)",
    order="d.id",
)


def documents(call: Call, is_list: bool) -> Rows:
    if not is_list:
        call.ids[-1] = call.ids[-1].lower()
    found = DOCUMENTS(call, is_list)
    if not found:
        return 0, []
    _, id, version, valid_from, created, updated, *_ = found[0]
    link = links(call, CONSENT_PDF_SECONDS)
    consent = {
        "id": id, "institution": call.institution._asdict(), "version": version, "valid_from": valid_from,
        "created_at": created, "updated_at": updated,
    }  # fmt: skip
    return page(
        found,
        [
            {
                "id": id, "consent": consent, "language": language, "html": html,
                "pdf": None if pdf is None else link(pdf, f"consent-{language}.pdf"), "created_at": created,
                "updated_at": updated,
            }
            for _, _, _, _, _, _, id, language, html, pdf, created, updated in found
        ],
    )  # fmt: skip


INSTRUMENTS = Sql(
    """id, options_schema, name, acronym, queue, enabled, requires_enrolment, description, identity, originality,
       authorship, integrity, created_at, updated_at""",
    "institutions_instrument",
    "enabled",
    "id",
    order="acronym, id",
)


def instruments(call: Call, is_list: bool) -> Rows:
    found = INSTRUMENTS(call, is_list)
    return page(
        found,
        [
            {
                "id": id, "options_schema": schema, "name": name, "acronym": acronym, "queue": queue,
                "enabled": enabled, "requires_enrolment": enrolment, "description": description, "identity": identity,
                "originality": originality, "authorship": authorship, "integrity": integrity, "created_at": created,
                "updated_at": updated,
            }
            for _, id, schema, name, acronym, queue, enabled, enrolment, description, identity, originality, authorship,
            integrity, created, updated in found
        ],
    )  # fmt: skip


# People.

PERSON = """u.id, u.username, u.last_login, u.first_name, u.last_name, u.uid, u.email, u.locale, u.created_at,
            u.updated_at, u.inst_admin, u.legal_admin, u.send_admin, u.data_admin"""
USERS = Sql(f"{PERSON}, u.login_allowed", "institutions_user u", "u.institution_id = %(home)s", "u.id")


def users(call: Call, is_list: bool) -> Rows:
    found = USERS(call, is_list)
    return page(
        found,
        [
            {
                "id": id, "username": username, "last_login": login, "first_name": first, "last_name": last, "uid": uid,
                "email": email or "", "locale": locale, "created_at": created, "updated_at": updated,
                "inst_admin": admin, "legal_admin": legal, "send_admin": send, "data_admin": data,
                "login_allowed": allowed,
            }
            for _, id, username, login, first, last, uid, email, locale, created, updated, admin, legal, send, data,
            allowed in found
        ],
    )  # fmt: skip


INSTRUCTORS = Sql(
    PERSON,
    "institutions_instructor i JOIN institutions_user u ON u.id = i.user_id",
    "i.institution_id = %(home)s",
    "i.user_id",
    count="institutions_instructor i",
)


def instructors(call: Call, is_list: bool) -> Rows:
    found = INSTRUCTORS(call, is_list)
    return page(
        found,
        [
            {
                "id": id, "username": username, "last_login": login, "first_name": first, "last_name": last,
                "email": email or "", "locale": locale, "created_at": created, "updated_at": updated, "uid": uid,
                "inst_admin": admin, "legal_admin": legal, "send_admin": send, "data_admin": data,
            }
            for _, id, username, login, first, last, uid, email, locale, created, updated, admin, legal, send, data
            in found
        ],
    )  # fmt: skip


# The learner's own columns, what the accepted consent is worth beside the current one, and the special needs.
LEARNER = f"""
    l.consent_accepted, l.consent_rejected, l.learner_id, l.joined_at, c.version, c.major, c.minor, c.patch,
    c.valid_from > statement_timestamp(),
    (SELECT ARRAY[v.major, v.minor, v.patch] FROM institutions_informedconsent v
      WHERE v.institution_id = %(home)s AND v.valid_from <= statement_timestamp()
      ORDER BY v.major DESC, v.minor DESC, v.patch DESC LIMIT 1),
    (SELECT json_agg(k.data)::text FROM learners_sendlearner s JOIN learners_sendcategory k ON k.id = s.category_id
      WHERE s.learner_id = l.user_id AND (s.expires_at IS NULL OR s.expires_at >= statement_timestamp())),
    u.login_allowed, {PERSON}"""
LEARNING = """learners_learner l JOIN institutions_user u ON u.id = l.user_id
              LEFT JOIN institutions_informedconsent c ON c.id = l.consent_id"""
LEARNERS = Sql(LEARNER, LEARNING, "l.institution_id = %(home)s", "l.user_id", count="learners_learner l")
MY_LEARNERS = Sql(
    LEARNER,
    LEARNING,
    """l.institution_id = %(home)s AND l.user_id IN
       (SELECT m.learner_id FROM courses_courselearner m JOIN courses_courseinstructor t ON t.course_id = m.course_id
         WHERE t.instructor_id = %(me)s)""",
    "l.user_id",
    count="learners_learner l",
)
NO_SEND = {"is_send": False, "send": {"enabled_options": [], "disabled_instruments": []}}


def send_of(assigned: str | None) -> Object:
    """All assignments merged."""
    if assigned is None:
        return NO_SEND
    options, instruments = set(), set()
    for data in orjson.loads(assigned):
        options.update(data.get("enabled_options", ()))
        instruments.update(data.get("disabled_instruments", ()))
    return {"is_send": True, "send": {"enabled_options": sorted(options), "disabled_instruments": sorted(instruments)}}


def worth(version: list[int], early: bool, current: list[int] | None) -> str:
    """Of an accepted consent."""
    if early:
        return "NOT_VALID_YET"
    if version == current:
        return "VALID"
    return "VALID_NEED_UPDATE" if current and version[:2] == current[:2] else "NOT_VALID"


def learners(call: Call, is_list: bool) -> Rows:
    found = (LEARNERS if call.inst_admin else MY_LEARNERS)(call, is_list)
    institution, external = call.institution._asdict(), call.institution.external_ic
    rows = []
    for (
        _, accepted, rejected, pseudonym, joined, version, major, minor, patch, early, current, assigned, allowed, id,
        username, login, first, last, uid, email, locale, created, updated, admin, legal, send, data,
    ) in found:  # fmt: skip
        status = None if version is None else worth([major, minor, patch], early, current)
        if external:
            ic_status = "VALID_EXTERNAL"
        else:
            ic_status = "NOT_VALID_REJECTED" if rejected else status or "NOT_VALID_MISSING"
        rows.append(
            {
                "id": id, "institution": institution, "username": username,
                "consent": None if version is None else {"version": version, "status": status},
                "consent_accepted": accepted, "consent_rejected": rejected, "learner_id": pseudonym,
                "last_login": login, "send": send_of(assigned), "email": email or "", "ic_status": ic_status,
                "login_allowed": allowed, "first_name": first, "last_name": last, "locale": locale,
                "created_at": created, "updated_at": updated, "uid": uid, "inst_admin": admin, "legal_admin": legal,
                "send_admin": send, "data_admin": data, "joined_at": joined,
            }
        )  # fmt: skip
    return page(found, rows)


# Courses.

VLE_TYPES = {0: "MOODLE"}
COURSE = """
    v.id, v.type, v.name, v.url, v.client_id, c.id, c.vle_course_id, c.code, c.description, c.start, c."end",
    EXISTS (SELECT FROM courses_courselearner m WHERE m.course_id = c.id AND m.learner_id = %(me)s),
    EXISTS (SELECT FROM courses_courseinstructor m WHERE m.course_id = c.id AND m.instructor_id = %(me)s),
    c.created_at, c.updated_at, EXISTS (SELECT FROM courses_activity a WHERE a.course_id = c.id AND a.enabled)"""
COURSES = Sql(
    COURSE,
    "courses_course c JOIN institutions_vle v ON v.id = c.vle_id",
    "c.institution_id = %(home)s",
    "c.id",
    count="courses_course c",
)
MY_COURSES = Sql(
    COURSE,
    "courses_course c JOIN institutions_vle v ON v.id = c.vle_id",
    """c.institution_id = %(home)s AND c.id IN
       (SELECT course_id FROM courses_courselearner WHERE learner_id = %(me)s
         UNION SELECT course_id FROM courses_courseinstructor WHERE instructor_id = %(me)s)""",
    "c.id",
    count="courses_course c",
)
ROLES = {
    (False, False): [],
    (True, False): ["LEARNER"],
    (False, True): ["INSTRUCTOR"],
    (True, True): ["LEARNER", "INSTRUCTOR"],
}


def courses(call: Call, is_list: bool) -> Rows:
    found = (COURSES if call.inst_admin else MY_COURSES)(call, is_list)
    institution = call.institution._asdict()
    return page(
        found,
        [
            {
                "id": id,
                "vle": {
                    "id": vle, "type": VLE_TYPES[kind], "name": name, "url": url, "client_id": client,
                    "institution": institution,
                },
                "vle_course_id": vle_course, "code": code, "description": description, "start": start, "end": end,
                "user_roles": ROLES[learner, instructor], "created_at": created, "updated_at": updated,
                "enabled": enabled,
            }
            for _, vle, kind, name, url, client, id, vle_course, code, description, start, end, learner, instructor,
            created, updated, enabled in found
        ],
    )  # fmt: skip


PAGES: dict[str, Callable[[Call, bool], Rows]] = {
    "institution": institutions,
    "institution/vle": vles,
    "institution/course": courses,
    "institution/ic": consents,
    "institution/ic/document": documents,
    "institution/instrument": instruments,
    "institution/user": users,
    "institution/instructor": instructors,
    "institution/learner": learners,
}
