"""Courses, their groups and activities."""

import orjson

from benchmarks.pages.shared import Call, Rows, Sql, page

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
    records = (COURSES if call.inst_admin else MY_COURSES)(call, is_list)
    institution = call.institution._asdict()
    return page(
        records,
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
            created, updated, enabled in records
        ],
    )  # fmt: skip


GROUPS = Sql(
    "id, parent_id, name, description, created_at, updated_at",
    "courses_coursegroup",
    "institution_id = %(home)s",
    "id",
)


def groups(call: Call, is_list: bool) -> Rows:
    records, institution = GROUPS(call, is_list), call.institution._asdict()
    return page(
        records,
        [
            {
                "id": id, "institution": institution, "parent": parent, "name": name, "description": description,
                "created_at": created, "updated_at": updated,
            }
            for _, id, parent, name, description, created, updated in records
        ],
    )  # fmt: skip


GROUP_COURSES = Sql(
    """c.id, c.vle_id, c.vle_course_id, c.code, c.description, c.start, c."end", c.created_at, c.updated_at""",
    "courses_groupcourse m JOIN courses_course c ON c.id = m.course_id",
    "m.group_id = %(first)s AND m.institution_id = %(home)s",
    "m.course_id",
    count="courses_groupcourse m",
)


def group_courses(call: Call, is_list: bool) -> Rows:
    records = GROUP_COURSES(call, is_list)
    return page(
        records,
        [
            {
                "id": id, "vle_id": vle, "vle_course_id": vle_course, "code": code, "description": description,
                "start": start, "end": end, "created_at": created, "updated_at": updated,
            }
            for _, id, vle, vle_course, code, description, start, end, created, updated in records
        ],
    )  # fmt: skip


ACTIVITIES = Sql(
    """id, vle_activity_type, vle_activity_id, name, start, "end", description, enabled, conf, created_at, updated_at,
       course_id, vle_id""",
    "courses_activity",
    "course_id = %(first)s AND institution_id = %(home)s",
    "id",
)


def activities(call: Call, is_list: bool) -> Rows:
    records = ACTIVITIES(call, is_list)
    return page(
        records,
        [
            {
                "id": id, "vle_activity_type": kind, "vle_activity_id": vle_activity, "name": name, "start": start,
                "end": end, "description": description, "enabled": enabled, "conf": conf, "created_at": created,
                "updated_at": updated, "course_id": course, "vle_id": vle,
            }
            for _, id, kind, vle_activity, name, start, end, description, enabled, conf, created, updated, course, vle
            in records
        ],
    )  # fmt: skip


USED = Sql(
    """x.id, x.options, x.active, x.created_at, x.updated_at, x.alternative_to_id, i.id, i.name, i.acronym, i.queue,
       i.enabled, i.requires_enrolment, i.description, i.identity, i.originality, i.authorship, i.integrity,
       i.options_schema::text, i.created_at, i.updated_at""",
    """courses_activityinstrument x JOIN courses_activity a ON a.id = x.activity_id
       JOIN institutions_instrument i ON i.id = x.instrument_id""",
    "a.id = %(second)s AND a.course_id = %(first)s AND a.institution_id = %(home)s",
    "x.id",
    count="courses_activityinstrument x JOIN courses_activity a ON a.id = x.activity_id",
)


def used(call: Call, is_list: bool) -> Rows:
    records = USED(call, is_list)
    return page(
        records,
        [
            {
                "id": id, "options": options, "active": active, "created_at": created, "updated_at": updated,
                "alternative_to": alternative, "instrument_id": instrument,
                "instrument": {
                    "id": instrument, "name": name, "acronym": acronym, "queue": queue, "enabled": enabled,
                    "requires_enrolment": enrolment, "description": description, "identity": identity,
                    "originality": originality, "authorship": authorship, "integrity": integrity,
                    "options_schema": None if schema is None else orjson.dumps(orjson.loads(schema)).decode(),
                    "created_at": instrument_created, "updated_at": instrument_updated,
                },
            }
            for _, id, options, active, created, updated, alternative, instrument, name, acronym, queue, enabled,
            enrolment, description, identity, originality, authorship, integrity, schema,
            instrument_created, instrument_updated in records
        ],
    )  # fmt: skip
