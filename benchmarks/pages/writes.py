"""What the floor writes: the same rows, under the same constraints and locks, as one transaction written by hand.

It writes valid bodies only: a violated constraint or a missing row is a bare error.
"""

from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

import orjson

from benchmarks.pages import courses, people
from benchmarks.pages.shared import Call, Object
from learners import arithmetic

USER = """
INSERT INTO institutions_user (created_at, updated_at, password, username, email, email_key, first_name, last_name,
       is_staff, is_active, institution_id, uid, uid_key, login_allowed, inst_admin, legal_admin, send_admin,
       data_admin, session_generation, search_text)
VALUES (%(now)s, %(now)s, %(password)s, %(username)s, %(email)s, lower(%(email)s), %(first_name)s, %(last_name)s,
        false, true, %(home)s, %(uid)s, lower(%(uid)s), false, false, false, false, false, 0,
        lower(concat_ws(' ', %(username)s, %(first_name)s, %(last_name)s, %(email)s, %(uid)s)))
    ON CONFLICT DO NOTHING RETURNING id"""
LEARNER = """
INSERT INTO learners_learner (user_id, institution_id, learner_id, joined_at)
VALUES (%(id)s, %(home)s, %(pseudonym)s, %(now)s) ON CONFLICT DO NOTHING RETURNING user_id"""
MEMBER = """
SELECT u.id, u.first_name, u.last_name, u.email, u.login_allowed, m.id FROM institutions_user u
  LEFT JOIN learners_learner l ON l.user_id = u.id
  LEFT JOIN courses_courselearner m ON m.learner_id = l.user_id AND m.course_id = %(course)s
 WHERE u.institution_id = %(home)s AND u.uid_key = lower(%(uid)s)"""
COURSE = "SELECT 1 FROM courses_course WHERE id = %(course)s AND vle_id = %(vle)s"
COURSE_LOCKED = "SELECT id FROM courses_course WHERE id = %(course)s AND institution_id = %(home)s FOR NO KEY UPDATE"
LINK = """
INSERT INTO courses_courselearner (institution_id, course_id, learner_id) VALUES (%(home)s, %(course)s, %(id)s)
    ON CONFLICT DO NOTHING"""
NOT_OF_VLES = ("institution", "login_allowed")  # keys that the answer to a VLE lacks


@contextmanager
def transaction(call: Call):
    call.execute("BEGIN")
    try:
        yield
    except BaseException:
        call.execute("ROLLBACK")
        raise
    call.execute("COMMIT")


def one(call: Call, statement: str, **values: Any) -> tuple[Any, ...] | None:
    call.execute(statement, values | {"home": call.institution.id})
    records = call.fetch()
    return records[0] if records else None


def _person(call: Call, body: Object) -> int:
    """A new person who is a learner."""
    values = body | {"username": body["email"].lower(), "password": f"!{token_urlsafe(30)}", "now": datetime.now(UTC)}
    (id,) = one(call, USER, **values)  # type: ignore[misc] # it is new
    one(call, LEARNER, id=id, pseudonym=str(uuid4()), now=values["now"])
    return id


def learner_created(call: Call, body: Object) -> Object:
    with transaction(call):
        locked = (
            "SELECT id FROM institutions_user WHERE institution_id = %(home)s AND uid_key = lower(%(uid)s) FOR UPDATE"
        )
        one(call, locked, uid=body["uid"])
        call.ids.append(str(_person(call, body)))
        _, (row,) = people.learners(call, False)
    return row


def learner_changed(call: Call, body: Object) -> Object:
    with transaction(call):
        one(
            call,
            """SELECT u.*, l.* FROM learners_learner l JOIN institutions_user u ON u.id = l.user_id
                WHERE l.institution_id = %(home)s AND l.user_id = %(id)s FOR UPDATE OF u, l""",
            id=call.ids[-1],
        )
        call.execute(
            """UPDATE institutions_user SET first_name = %(name)s, updated_at = %(now)s,
                search_text = lower(concat_ws(' ', username, %(name)s, last_name, email, uid)) WHERE id = %(id)s""",
            {"name": body["first_name"], "now": datetime.now(UTC), "id": call.ids[-1]},
        )
        _, (row,) = people.learners(call, False)
    return row


def group_changed(call: Call, body: Object) -> Object:
    with transaction(call):
        one(
            call,
            """SELECT g.* FROM courses_coursegroup g JOIN institutions_institution i ON i.id = g.institution_id
                WHERE g.institution_id = %(home)s AND g.id = %(id)s FOR NO KEY UPDATE OF i, g""",
            id=call.ids[-1],
        )
        call.execute(
            """UPDATE courses_coursegroup SET description = %(text)s, updated_at = %(now)s,
                search_text = lower(concat_ws(' ', name, %(text)s)) WHERE id = %(id)s""",
            {"text": body["description"], "now": datetime.now(UTC), "id": call.ids[-1]},
        )
        _, (row,) = courses.groups(call, False)
    return row


def member_registered(call: Call, body: Object) -> Object:
    vle, course = call.ids
    one(call, COURSE, vle=vle, course=course)
    known = one(call, MEMBER, course=course, uid=body["uid"])
    if known is None:
        with transaction(call):
            id = _person(call, body)
            one(call, COURSE_LOCKED, course=course)
            call.execute(LINK, {"home": call.institution.id, "course": course, "id": id})
            return _member(call, id)
    id, first, last, email, allowed, link = known
    if link is None or not (allowed or (first, last, email) == (body["first_name"], body["last_name"], body["email"])):
        raise ValueError("this body changes a member: only unchanged ones are measured")
    return _member(call, id)


def _member(call: Call, id: int) -> Object:
    call.ids = [str(call.institution.id), str(id)]
    row = people.enrolment(call)
    return {name: value for name, value in row.items() if name not in NOT_OF_VLES}


ACTIVITY = """
SELECT a.id, a.course_id, a.enabled, t.instrument_id, t.active, t.alternative_to_id, t.id, i.enabled,
       i.requires_enrolment
  FROM courses_activity a LEFT JOIN courses_activityinstrument t ON t.activity_id = a.id
  LEFT JOIN institutions_instrument i ON i.id = t.instrument_id
 WHERE a.vle_id = %(vle)s AND a.vle_activity_type = %(type)s AND a.vle_activity_id = %(activity)s ORDER BY t.id"""
LEARNER_LOCKED = """
SELECT l.user_id, u.session_generation FROM learners_learner l JOIN institutions_user u ON u.id = l.user_id
 WHERE l.institution_id = %(home)s AND u.uid_key = lower(%(uid)s) FOR NO KEY UPDATE OF u, l"""
ATTENDING = """
SELECT 1 FROM courses_courselearner m JOIN institutions_user u ON u.id = m.learner_id
 WHERE m.course_id = %(course)s AND m.learner_id = %(id)s AND u.is_active"""
SESSION = """
INSERT INTO courses_assessmentsession (created_at, updated_at, institution_id, activity_id, learner_id, started_at,
       max_ttl, options)
VALUES (%(now)s, %(now)s, %(home)s, %(activity)s, %(learner)s, %(now)s, 360, %(options)s) RETURNING id"""
SIGNED_IN = """
INSERT INTO signin_callersession (kind, user_id, assessment_session_id, generation, created_at, expires_at)
VALUES ('learner', %(learner)s, %(session)s, %(generation)s, %(now)s, %(ends)s) RETURNING id"""
OPTIONS = orjson.dumps({"redirect_reject_url": None, "reject_message": None}).decode()


def session_opened(call: Call, body: Object) -> Object:
    """Without the two links of the answer, which are signed."""
    call.execute(ACTIVITY, {"vle": call.ids[0], "type": body["vle_activity_type"], "activity": body["vle_activity_id"]})
    used = call.fetch()
    activity, course, is_enabled = used[0][:3]
    with transaction(call):
        learner, generation = one(call, LEARNER_LOCKED, uid=body["vle_learner_uid"])  # type: ignore[misc]
        if one(call, ATTENDING, course=course, id=learner) is None:
            raise ValueError("not in the course")
        row = _member(call, learner)
        rows = [arithmetic.ActivityInstrument(t[6], t[3], t[4], t[5], t[7]) for t in used if t[6] is not None]
        applying = arithmetic.learner_instruments(rows, row["send"]["send"]["disabled_instruments"])
        needs = {t[3]: t[8] for t in used}
        missing = arithmetic.enrolment_missing(
            row["enrolment_status"],
            [arithmetic.Instrument(t.instrument_id, needs[t.instrument_id]) for t in applying],
            activity_id=activity, learner_id=learner, activity_enabled=is_enabled,
        )  # fmt: skip
        if missing["missing_enrolments"] or not row["ic_status"].startswith("VALID"):
            raise ValueError("not ready")
        now = datetime.now(UTC)
        values = {"learner": learner, "generation": generation, "now": now, "ends": now + timedelta(minutes=360)}
        (session,) = one(call, SESSION, activity=activity, options=OPTIONS, **values)  # type: ignore[misc]
        one(call, SIGNED_IN, session=session, **values)
    return {
        "id": session, "data": {"id": session, "session": session, "connector": "", "data": ""}, "started_at": now,
        "checked_at": None, "closed_at": None, "auto_closed": None, "activity": activity, "learner": learner,
        "warnings": {},
    }  # fmt: skip


# By method and the words of the address.
WRITES: dict[tuple[str, str], Callable[[Call, Object], Object]] = {
    ("POST", "institution/learner"): learner_created,
    ("PATCH", "institution/learner"): learner_changed,
    ("PATCH", "institution/group"): group_changed,
    ("POST", "vle/course/learner"): member_registered,
    ("POST", "vle/assessment"): session_opened,
}
