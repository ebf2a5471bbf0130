"""People."""

from typing import Any

import orjson

from benchmarks.pages.shared import Call, Object, Records, Rows, Sql, page
from learners import arithmetic

PERSON = """u.id, u.username, u.last_login, u.first_name, u.last_name, u.uid, u.email, u.locale, u.created_at,
            u.updated_at, u.inst_admin, u.legal_admin, u.send_admin, u.data_admin"""
USERS = Sql(f"{PERSON}, u.login_allowed", "institutions_user u", "u.institution_id = %(home)s", "u.id")


def users(call: Call, is_list: bool) -> Rows:
    records = USERS(call, is_list)
    return page(
        records,
        [
            {
                "id": id, "username": username, "last_login": login, "first_name": first, "last_name": last, "uid": uid,
                "email": email or "", "locale": locale, "created_at": created, "updated_at": updated,
                "inst_admin": admin, "legal_admin": legal, "send_admin": send, "data_admin": data,
                "login_allowed": allowed,
            }
            for _, id, username, login, first, last, uid, email, locale, created, updated, admin, legal, send, data,
            allowed in records
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
    records = INSTRUCTORS(call, is_list)
    return page(
        records,
        [
            {
                "id": id, "username": username, "last_login": login, "first_name": first, "last_name": last,
                "email": email or "", "locale": locale, "created_at": created, "updated_at": updated, "uid": uid,
                "inst_admin": admin, "legal_admin": legal, "send_admin": send, "data_admin": data,
            }
            for _, id, username, login, first, last, uid, email, locale, created, updated, admin, legal, send, data
            in records
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
    return of_learners(call, (LEARNERS if call.inst_admin else MY_LEARNERS)(call, is_list))


def of_learners(call: Call, records: Records) -> Rows:
    institution, external = call.institution._asdict(), call.institution.external_ic
    rows = []
    for (
        _, accepted, rejected, pseudonym, joined, version, major, minor, patch, early, current, assigned, allowed, id,
        username, login, first, last, uid, email, locale, created, updated, admin, legal, send, data,
    ) in records:  # fmt: skip
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
    return page(records, rows)


# The page is cut before anything is joined: a planner that joins first reads half of all learners.
MEMBERS = """
SELECT m.count, {learner}
  FROM (SELECT {count}, learner_id FROM courses_courselearner
         WHERE course_id = %(first)s AND institution_id = %(home)s {page}) m
  JOIN learners_learner l ON l.user_id = m.learner_id JOIN institutions_user u ON u.id = m.learner_id
  LEFT JOIN institutions_informedconsent c ON c.id = l.consent_id ORDER BY m.learner_id"""
MEMBER_PAGE = MEMBERS.format(
    learner=LEARNER,
    count="""(SELECT count(*) FROM courses_courselearner WHERE course_id = %(first)s AND institution_id = %(home)s)""",
    page="ORDER BY learner_id LIMIT %(limit)s OFFSET %(offset)s",
)
MEMBER = MEMBERS.format(learner=LEARNER, count="1 AS count", page="AND learner_id = %(id)s")
FLAGS = ("inst_admin", "legal_admin", "send_admin", "data_admin")


def course_learners(call: Call, is_list: bool) -> Rows:
    count, rows = of_learners(call, call.run(MEMBER_PAGE if is_list else MEMBER))
    for row in rows:
        for flag in FLAGS:
            del row[flag]
    return count, rows


COURSE_INSTRUCTORS = Sql(
    "u.id, u.username, u.uid, u.first_name, u.last_name, u.email, u.created_at, u.updated_at",
    "courses_courseinstructor m JOIN institutions_user u ON u.id = m.instructor_id",
    "m.course_id = %(first)s AND m.institution_id = %(home)s",
    "m.instructor_id",
    count="courses_courseinstructor m",
)


def course_instructors(call: Call, is_list: bool) -> Rows:
    records = COURSE_INSTRUCTORS(call, is_list)
    return page(
        records,
        [
            {
                "id": id, "username": username, "uid": uid, "first_name": first, "last_name": last,
                "email": email or "", "created_at": created, "updated_at": updated,
            }
            for _, id, username, uid, first, last, email, created, updated in records
        ],
    )  # fmt: skip


# What each enabled provider knows of the learner: its model, and samples that no model uses or that are under way.
ENROLMENT = f"""
SELECT (SELECT json_agg(json_build_array(p.id, p.instrument_id, e.percentage, e.can_analyse, s.pending, s.open)
                        ORDER BY p.id)::text
          FROM institutions_provider p
          LEFT JOIN learners_enrolment e ON e.provider_id = p.id AND e.learner_id = %(first)s
          LEFT JOIN (
              SELECT v.provider_id, count(*) FILTER (WHERE v.status IN (0, 4)) AS open,
                     sum(v.contribution) FILTER (WHERE v.status = 1 AND NOT EXISTS (
                         SELECT FROM learners_enrolment m
                           JOIN learners_enrolment_model_samples u ON u.enrolment_id = m.id
                          WHERE m.learner_id = %(first)s AND m.provider_id = v.provider_id
                            AND u.enrolmentsample_id = v.sample_id)) AS pending
                FROM learners_enrolmentsamplevalidation v JOIN learners_enrolmentsample k ON k.id = v.sample_id
               WHERE k.learner_id = %(first)s GROUP BY v.provider_id
          ) s ON s.provider_id = p.id
         WHERE p.enabled AND p.instrument_id IS NOT NULL),
       {LEARNER}
  FROM {LEARNING} WHERE l.institution_id = %(home)s AND l.user_id = %(first)s"""


def enrolment(call: Call) -> Object:
    records = call.run(ENROLMENT)
    _, (learner,) = of_learners(call, records)
    known = orjson.loads(records[0][0] or "[]")
    status = arithmetic.enrolment_status(
        [arithmetic.Provider(provider, instrument) for provider, instrument, *_ in known],
        [
            arithmetic.Enrolment(provider, percentage, able)
            for provider, _, percentage, able, _, _ in known
            if percentage is not None
        ],
        {provider: pending for provider, _, _, _, pending, _ in known},
        {provider: number for provider, _, _, _, _, number in known if number},
    )
    return learner | {"enrolment_status": status}


CATEGORY = "k.id, k.data::text, k.description, k.created_at, k.updated_at, k.extra_time, k.allowances::text"
CATEGORIES = Sql(CATEGORY, "learners_sendcategory k", "k.institution_id = %(home)s", "k.id")
ASSIGNMENTS = Sql(
    f"s.id, s.expires_at, {CATEGORY}",
    "learners_sendlearner s JOIN learners_sendcategory k ON k.id = s.category_id",
    "s.learner_id = %(first)s AND s.institution_id = %(home)s",
    "s.id",
    count="learners_sendlearner s",
)


def category(institution: Object, *columns: Any) -> Object:
    id, data, description, created, updated, extra_time, allowances = columns
    needs = orjson.loads(data)
    return {
        "id": id, "institution": institution, "description": description, "created_at": created, "updated_at": updated,
        "data": {
            "enabled_options": needs.get("enabled_options") or [],
            "disabled_instruments": needs.get("disabled_instruments") or [],
        },
        "extra_time": extra_time, "allowances": orjson.loads(allowances),
    }  # fmt: skip


def categories(call: Call, is_list: bool) -> Rows:
    records, institution = CATEGORIES(call, is_list), call.institution._asdict()
    return page(records, [category(institution, *columns) for _, *columns in records])


def assignments(call: Call, is_list: bool) -> Rows:
    records, institution = ASSIGNMENTS(call, is_list), call.institution._asdict()
    return page(
        records,
        [
            {"id": id, "expires_at": expires, "category": columns[0], "info": category(institution, *columns)}
            for _, id, expires, *columns in records
        ],
    )
