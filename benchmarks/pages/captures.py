"""What the floor does with a capture: the same checks, rows and file as the service, by hand."""

import os
import secrets
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.pages.shared import Object

ALLOWED = """
SELECT l.learner_id, a.enabled, a.course_id, s.closed_at IS NULL
       AND s.started_at + make_interval(mins => s.max_ttl) > statement_timestamp(), i.external_ic,
       ARRAY(SELECT t.instrument_id FROM courses_activityinstrument t JOIN institutions_instrument n
                 ON n.id = t.instrument_id WHERE t.activity_id = a.id AND t.active AND n.enabled),
       (SELECT count(*) FROM learners_sendlearner d WHERE d.learner_id = l.user_id)
  FROM learners_learner l JOIN institutions_institution i ON i.id = l.institution_id
  JOIN courses_activity a ON a.id = %(activity)s AND a.institution_id = l.institution_id
  JOIN courses_courselearner m ON m.course_id = a.course_id AND m.learner_id = l.user_id
  JOIN courses_assessmentsession s ON s.id = %(session)s AND s.activity_id = a.id AND s.learner_id = l.user_id
 WHERE l.user_id = %(me)s"""
LOCKED = """
SELECT a.enabled, s.closed_at IS NULL, i.external_ic
  FROM courses_assessmentsession s JOIN learners_learner l ON l.user_id = s.learner_id
  JOIN institutions_user u ON u.id = l.user_id JOIN institutions_institution i ON i.id = l.institution_id
  JOIN courses_activity a ON a.id = s.activity_id
 WHERE s.id = %(session)s FOR NO KEY UPDATE OF u FOR NO KEY UPDATE OF l FOR KEY SHARE OF a FOR NO KEY UPDATE OF s"""
FILE = """
INSERT INTO files_storedfile (created_at, updated_at, institution_id, owner_id, kind, media_type, size, sha256,
       storage_key)
VALUES (%(now)s, %(now)s, %(home)s, %(me)s, 'request', 'application/json', %(size)s, %(hash)s, %(key)s) RETURNING id"""
REQUEST = """
INSERT INTO reports_request (created_at, updated_at, institution_id, learner_id, activity_id, session_id, status,
       data_id)
VALUES (%(now)s, %(now)s, %(home)s, %(me)s, %(activity)s, %(session)s, 0, %(file)s) RETURNING id"""
INSTRUMENT = "INSERT INTO reports_request_instruments (request_id, instrument_id) VALUES (%(request)s, %(instrument)s)"
JOB = """
INSERT INTO pipeline_job (name, queue, key, arguments, tries, error)
VALUES ('reports.request', '', %(text)s, %(text)s, 0, '')"""
# Name and address of the learner are sealed, with a key that goes with the account.
LINE = """
INSERT INTO trail_entry (institution_id, actor_kind, actor_id, signed_in, signed_in_by, origin, request_id, verb,
       resource, row_key, person_id, details, actor_key, person_key)
VALUES (%(home)s, 'learner', %(me)s, 'learner session', NULL, %(origin)s, %(id)s, 'capture', 'lapi/verification',
        %(row)s, %(me)s, '{}', %(secret)s, NULL)"""
FILES = Path(os.environ.get("VAR_DIR") or "var") / "files"


def verification(
    database: Any, me: int, known: Object, home: int, session: int, path: list[str], body: Object
) -> Object:
    """`database` is a cursor; me, home and session are the caller's; the path ends in institution and learner.

    `known` are the caller's name and address.
    """
    one = _asker(database)
    values = {"me": me, "home": home, "session": session, "activity": body["activity_id"]}
    allowed = one(ALLOWED, values)
    learner, enabled, course, is_open, external, instruments, needs = allowed
    head, _, content = body["data"].partition(",")
    if (
        path != [str(home), str(learner)]
        or not (enabled and is_open and external and not needs)
        or body["learner_id"] != str(learner)
        or body["course_id"] != course
        or not {*body["instruments"]} <= {*instruments}
        or head != f"data:{body['metadata']['mimetype']};base64"
    ):
        raise ValueError("refused")
    a2b_base64(content, strict_mode=True)
    facts = {
        "learner_id": learner, "course_id": course, "activity_id": body["activity_id"], "session_id": session,
        "instruments": body["instruments"], "metadata": body["metadata"], "data": body["data"],
    }  # fmt: skip
    stored = orjson.dumps(facts)
    key = f"{home}/request/{uuid4()}.json"
    (FILES / key).parent.mkdir(parents=True, exist_ok=True)
    with (FILES / key).open("xb") as file:
        file.write(stored)
    database.execute("BEGIN")
    try:
        if one(LOCKED, values) != (True, True, True):
            raise ValueError("refused")
        now = datetime.now(UTC)
        values |= {"now": now, "size": len(stored), "hash": sha256(stored).hexdigest(), "key": key}
        values["file"] = one(FILE, values)[0]
        values["request"] = one(REQUEST, values)[0]
        for instrument in body["instruments"]:
            database.execute(INSTRUMENT, values | {"instrument": instrument})
        database.execute(JOB, {"text": str(values["request"])})
        database.execute(LINE, values | _line(known, f"{values['activity']}/{values['request']}"))
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
    return {"status": "OK", "path": f"{learner}/request/{values['request']}"}


def _line(known: Object, row: str) -> Object:
    secret = secrets.token_bytes(32)
    sealed = AESGCM(secret).encrypt(b"the only one", orjson.dumps(known), None)
    return {"origin": f"sealed:{b64encode(sealed).decode()}", "id": str(uuid4()), "row": row, "secret": secret}


def _asker(database: Any) -> Callable[[str, Object], tuple[Any, ...]]:
    def one(statement: str, values: Object) -> tuple[Any, ...]:
        database.execute(statement, values)
        return tuple(database.fetchone())

    return one
