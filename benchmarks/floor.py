"""The floor: the API written by hand, as a bare WSGI application with psycopg2 and orjson.

The service's own token check and the same caller query, then one SQL statement for each address that is read (pages),
its rows as JSON; writes are transactions of a few statements (pages/writes.py). It answers what the service answers;
that it does is compared before anything is measured. What the service does beside that - any error but a bare one,
filters, search, orderings, forms, pages for people - is not here.
"""

import os
from threading import local
from typing import Any
from urllib.parse import parse_qs

import django
import orjson
import psycopg2
from psycopg2.extras import register_default_json, register_default_jsonb

django.setup()  # the token check asks the settings for its keys

from benchmarks.pages import OTHERS, PAGES  # noqa: E402
from benchmarks.pages.captures import verification  # noqa: E402
from benchmarks.pages.shared import Call, Institution  # noqa: E402
from benchmarks.pages.writes import WRITES  # noqa: E402
from signin.tokens import AccessToken, InvalidToken  # noqa: E402

CALLER = """
SELECT s.kind, s.user_id, u.username, u.is_staff, u.login_allowed, s.assessment_session_id, u.inst_admin, u.legal_admin,
       u.data_admin, u.send_admin, t.user_id IS NOT NULL, l.user_id IS NOT NULL, i.id, i.acronym, i.name, i.external_ic,
       i.mail_domain, i.disable_vle_learner_creation, i.disable_vle_instructor_creation, i.disable_vle_user_creation,
       i.allow_learner_report, i.allow_learner_audit, i.allow_valid_audit, i.created_at, i.updated_at,
       i.allowed_domains, i.launcher_admin, i.launcher_everywhere
  FROM signin_callersession s
  LEFT JOIN institutions_user u ON u.id = s.user_id
  LEFT JOIN learners_learner l ON l.user_id = u.id
  LEFT JOIN institutions_instructor t ON t.user_id = u.id
  LEFT JOIN institutions_institution i ON i.id = u.institution_id
 WHERE s.id = %s AND s.ended_at IS NULL AND s.expires_at > statement_timestamp()
   AND (u.login_allowed OR u.is_staff OR s.kind <> 'person') AND s.generation = u.session_generation AND u.is_active
"""
VLE = """
SELECT s.kind, v.id, i.id, i.acronym, i.name, i.external_ic, i.mail_domain, i.disable_vle_learner_creation,
       i.disable_vle_instructor_creation, i.disable_vle_user_creation, i.allow_learner_report, i.allow_learner_audit,
       i.allow_valid_audit, i.created_at, i.updated_at, i.allowed_domains
  FROM signin_callersession s JOIN institutions_credential c ON c.id = s.credential_id
  JOIN institutions_vle v ON v.id = c.vle_id JOIN institutions_institution i ON i.id = v.institution_id
 WHERE s.id = %s AND s.ended_at IS NULL AND s.expires_at > statement_timestamp() AND c.revoked_at IS NULL
   AND (c.expires_at IS NULL OR c.expires_at > statement_timestamp())
"""
LARGEST_PAGE = 1000
here = local()


class Refused(Exception):  # noqa: N818 - an answer
    def __init__(self, status: str) -> None:
        self.status = status


def cursor() -> Any:
    """Of this thread's own connection, which stays open."""
    if "cursor" not in here.__dict__:
        connection = psycopg2.connect(os.environ["DATABASE_URL"], options="-c timezone=UTC")
        connection.autocommit = True
        # JSON goes from the database to the answer as the text it is.
        register_default_json(connection, loads=orjson.Fragment)
        register_default_jsonb(connection, loads=orjson.Fragment)
        here.connection, here.cursor = connection, connection.cursor()
    return here.cursor


def claims(header: str) -> dict[str, Any]:
    """The service's own check, word for word."""
    scheme, _, token = header.partition(" ")
    if scheme not in ("JWT", "Bearer"):
        raise Refused("401 Unauthorized")
    try:
        return AccessToken.read(token)
    except InvalidToken as error:
        raise Refused("401 Unauthorized") from error


def positive(words: dict[str, list[str]], name: str, otherwise: int) -> int:
    text = words.get(name, ("",))[-1]
    return int(text) if text.isdecimal() else otherwise


def page(environ: dict[str, Any], call: Call, count: int, rows: list[Any]) -> dict[str, Any]:
    address = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{environ['PATH_INFO']}?limit={call.limit}"
    before, after = max(call.offset - call.limit, 0), call.offset + call.limit
    return {
        "count": count,
        "next": f"{address}&offset={after}" if after < count else None,
        "previous": (f"{address}&offset={before}" if before else address) if call.offset else None,
        "results": rows,
    }


def answer(environ: dict[str, Any]) -> Any:
    token_claims = claims(environ.get("HTTP_AUTHORIZATION", ""))
    database = cursor()
    database.execute(VLE if token_claims["kind"] == "vle" else CALLER, (token_claims["sid"],))
    row = database.fetchone()
    if row is None or row[0] != token_claims["kind"]:
        raise Refused("401 Unauthorized")
    words = environ["PATH_INFO"].split("/")[3:-1]
    if words[0] == "verification" and row[0] == "learner":
        body = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        known = {"name": row[2], "address": environ["REMOTE_ADDR"]}
        return verification(database, row[1], known, row[12], row[5], words[1:], body)
    names, ids = words[::2], words[1::2]
    if token_claims["kind"] == "vle":
        institution, holds = Institution(*row[2:]), (False,) * 7
    else:
        institution, holds = Institution(*row[12:-2]), (row[3], *row[6:12])
    root = "vle" if token_claims["kind"] == "vle" else "institution"
    if names[0] != root or (ids and ids[0] != str(row[1] if root == "vle" else institution.id)):
        raise Refused("404 Not Found")
    is_list = len(names) > len(ids)
    query = parse_qs(environ["QUERY_STRING"])
    staff, inst_admin, legal_admin, data_admin, send_admin, instructor, learner = holds
    call = Call(
        execute=database.execute, fetch=database.fetchall, institution=institution, id=row[1], staff=staff,
        inst_admin=inst_admin, legal_admin=legal_admin, data_admin=data_admin, send_admin=send_admin,
        instructor=instructor, learner=learner, ids=ids,
        limit=min(positive(query, "limit", 10), LARGEST_PAGE) if is_list else 1,
        offset=positive(query, "offset", 0) if is_list else 0,
        files=f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}/files/",
    )  # fmt: skip
    if environ["REQUEST_METHOD"] != "GET":
        body = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        return WRITES[environ["REQUEST_METHOD"], "/".join(names)](call, body)
    if words[-1] in OTHERS:
        return OTHERS[words[-1]](call)
    count, rows = PAGES["/".join(names)](call, is_list)
    if is_list:
        return page(environ, call, count, rows)
    if not rows:
        raise Refused("404 Not Found")
    return rows[0]


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    if environ["PATH_INFO"] == "/hello":
        status, body = "200 OK", b'"hello"'
    else:
        try:
            status, body = "200 OK", orjson.dumps(answer(environ), option=orjson.OPT_UTC_Z)
        except Refused as refused:
            status, body = refused.status, b"{}"
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
