"""Who may do what: the table A3 of the contract, typed by hand, against every operation.

The rows that are asked for: the course of teacher, bob and ann; the user and learner ann; the instructor teacher.
visitor teaches another course, stranger is admin of the other institution.
"""

import pytest

from institutions.models import Institution, User
from tests.conftest import client_of
from tests.contract.calls import BASE, CALLS, DEEPER, RIGHT_CALLER, ids_of, name_of, request, send, url_of

WHO = (
    "global", "admin", "legal", "data", "send", "teacher", "bob", "ann", "member", "visitor", "stranger", "anonymous",
)  # fmt: skip
MATRIX = {
    # operation      GA  ADM  LEG  DAT  SND   CI   CL  LRN  MEM visitor stranger anonymous
    "1.1":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 401),
    "1.2":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "1.3":          (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "1.4":          (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "2.1":          (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "2.2":          (403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "2.3":          (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "2.4":          (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "2.5":          (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "2.6":          (403, 204, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "2.credentials": (403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "3.1":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "3.2":          (200, 200, 404, 200, 404, 200, 200, 200, 404, 404, 404, 401),
    "3.delete":     (403, 204, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
    "4.1":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "4.2":          (403, 201, 403, 201, 403, 403, 403, 403, 403, 403, 404, 401),
    "4.3":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "4.4":          (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
    "4.5":          (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
    "4.6":          (403, 204, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
    "5.1":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "5.2":          (403, 201, 403, 201, 403, 403, 403, 403, 403, 403, 404, 401),
    "5.3":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "5.4":          (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
    "5.5":          (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
    "5.6":          (403, 204, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
    "6.1":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "6.2":          (403, 201, 201, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "6.3":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "6.4":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "6.5":          (403, 200, 200, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "6.6":          (403, 200, 200, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "6.7":          (403, 204, 204, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "7.1":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "7.2":          (403, 201, 201, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "7.3":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "7.4":          (403, 200, 200, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "7.5":          (403, 200, 200, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "7.6":          (403, 204, 204, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "8.1":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "8.2":          (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "9.1":          (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "9.2":          (403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "9.3":          (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "9.4":          (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "9.5":          (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "9.6":          (403, 204, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    # 10: whoever belongs to the institution reads and updates the own row (ann's is asked for), and no other
    "10.1":         (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "10.2":         (403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "10.3":         (200, 200, 200, 200, 404, 404, 404, 200, 404, 404, 404, 401),
    "10.4":         (403, 200, 404, 200, 404, 404, 404, 200, 404, 404, 404, 401),
    "10.5":         (403, 200, 404, 200, 404, 404, 404, 200, 404, 404, 404, 401),
    "10.6":         (403, 204, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
    "10.profile":   (403, 404, 404, 404, 404, 404, 404, 200, 404, 404, 404, 401),
    "10.activities": (200, 200, 404, 200, 404, 404, 404, 200, 404, 404, 404, 401),
    "11.1":         (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    "11.2":         (403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "11.3":         (200, 200, 200, 200, 404, 200, 404, 404, 404, 404, 404, 401),
    "11.4":         (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "11.5":         (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "11.6":         (403, 204, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "12.1":         (200, 200, 200, 200, 200, 200, 200, 200, 403, 200, 404, 401),
    "12.2":         (403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    "12.3":         (200, 200, 200, 200, 200, 200, 404, 200, 403, 404, 404, 401),
    "12.4":         (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
    "12.5":         (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
    "12.6":         (403, 204, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
    "12.7":         (403, 200, 200, 200, 403, 200, 404, 200, 403, 404, 404, 401),
    "12.erase":     (403, 403, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
    "12.8":         (403, 403, 403, 403, 403, 403, 404, 201, 403, 403, 404, 401),
    "12.9":         (403, 403, 403, 403, 403, 403, 404, 204, 403, 403, 404, 401),
    # 15, 16: the learners of the course read its instructors, and of its learners only themselves
    "15.1":         (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
    "15.2":         (403, 201, 403, 403, 403, 201, 403, 403, 403, 403, 404, 401),
    "15.3":         (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
    "15.4":         (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
    "15.5":         (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
    "15.6":         (403, 204, 403, 403, 403, 204, 403, 403, 403, 403, 404, 401),
    "16.1":         (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
    "16.2":         (403, 201, 403, 403, 403, 201, 403, 403, 403, 403, 404, 401),
    "16.3":         (200, 200, 403, 200, 403, 200, 404, 200, 403, 403, 404, 401),
    "16.4":         (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
    "16.5":         (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
    "16.6":         (403, 204, 403, 403, 403, 204, 403, 403, 403, 403, 404, 401),
    "17.1":         (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
    "17.2":         (403, 201, 403, 403, 403, 201, 403, 403, 403, 403, 404, 401),
    "17.3":         (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
    "17.4":         (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
    "17.5":         (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
    "17.6":         (403, 204, 403, 204, 403, 204, 403, 403, 403, 403, 404, 401),
    "18.1":         (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
    "18.2":         (403, 201, 403, 403, 403, 201, 403, 403, 403, 403, 404, 401),
    "18.3":         (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
    "18.4":         (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
    "18.5":         (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
    "18.6":         (403, 204, 403, 403, 403, 204, 403, 403, 403, 403, 404, 401),
    "13.1":         (200, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
    "13.2":         (403, 201, 403, 403, 201, 403, 403, 403, 403, 403, 404, 401),
    "13.3":         (200, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
    "13.4":         (403, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
    "13.5":         (403, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
    "13.6":         (403, 204, 403, 403, 204, 403, 403, 403, 403, 403, 404, 401),
    # 14: the learner of the path is a parent: to another learner's assignments bob has no right at all
    "14.1":         (200, 200, 403, 403, 200, 403, 403, 200, 403, 403, 404, 401),
    "14.2":         (403, 201, 403, 403, 201, 403, 403, 403, 403, 403, 404, 401),
    "14.3":         (200, 200, 403, 403, 200, 403, 403, 200, 403, 403, 404, 401),
    "14.4":         (403, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
    "14.5":         (403, 200, 403, 403, 200, 403, 403, 403, 403, 403, 404, 401),
    "14.6":         (403, 204, 403, 403, 204, 403, 403, 403, 403, 403, 404, 401),
    # 19, 20, 21: ann's report; learners while the institution's switches are off (on: SWITCHED)
    "19.1":         (200, 200, 403, 200, 403, 200, 403, 403, 403, 403, 404, 401),
    "19.2":         (200, 200, 403, 200, 403, 200, 403, 403, 403, 403, 404, 401),
    "20.1":         (200, 200, 403, 200, 403, 200, 403, 403, 403, 403, 404, 401),
    "20.2":         (200, 200, 403, 200, 403, 200, 403, 403, 403, 403, 404, 401),
    "21.1":         (200, 200, 403, 200, 403, 200, 403, 403, 403, 403, 404, 401),
    "21.2":         (200, 200, 403, 200, 403, 200, 403, 403, 403, 403, 404, 401),
}  # fmt: skip
CASES = [
    pytest.param(operation, who, status, id=f"{name_of(operation)}-{who}")
    for operation, statuses in MATRIX.items()
    for who, status in zip(WHO, statuses, strict=True)
]


def test_matrix_has_every_operation():
    assert set(MATRIX) == set(CALLS)


@pytest.mark.parametrize(("operation", "who", "status"), CASES)
def test_matrix(operation, who, status, caller, world):
    answer = send(caller(who), CALLS[operation], world)
    assert answer.status_code == status, answer.content
    if status == 401:
        assert answer["WWW-Authenticate"] == "JWT"
    if status in (401, 403, 404):
        assert list(answer.json()) == ["detail"]


# Operation -> who -> the names of the rows that are seen, where a role sees only some.
HOME_PEOPLE = ["admin", "legal", "data", "send", "member", "teacher", "visitor", "ann", "bob", "eve"]
SEEN = {
    "3.1": {
        **{name: ["C1", "C2"] for name in ("global", "admin", "data")},
        **{name: [] for name in ("legal", "send", "member", "eve")},
        **{name: ["C1"] for name in ("teacher", "bob", "ann")},
        "visitor": ["C2"],
    },
    "10.1": {
        **dict.fromkeys(("global", "admin", "legal", "data"), HOME_PEOPLE),
        **{name: [name] for name in ("send", "teacher", "bob", "ann", "member", "visitor")},
    },
    "11.1": {
        **{name: ["teacher", "visitor"] for name in ("global", "admin", "legal", "data")},
        **{name: [] for name in ("send", "bob", "ann", "member")},
        "teacher": ["teacher"],
        "visitor": ["visitor"],
    },
    "12.1": {
        **{name: ["ann", "bob", "eve"] for name in ("global", "admin", "legal", "data", "send")},
        "teacher": ["ann", "bob"],
        "visitor": [],
        **{name: [name] for name in ("ann", "bob", "eve")},
    },
    "15.1": {name: ["teacher"] for name in ("global", "admin", "data", "teacher", "bob", "ann")},
    "16.1": {
        **{name: ["ann", "bob"] for name in ("global", "admin", "data", "teacher")},
        **{name: [name] for name in ("ann", "bob")},
    },
}
COURSES = {"15", "16", "17", "18"}  # what hangs from a course
SHOWN = {"3.1": "code", "10.1": "uid", "11.1": "uid", "12.1": "uid", "15.1": "uid", "16.1": "uid"}


@pytest.mark.parametrize(
    ("operation", "who", "seen"),
    [
        pytest.param(operation, who, seen, id=f"{name_of(operation)}-{who}")
        for operation, callers in SEEN.items()
        for who, seen in callers.items()
    ],
)
def test_role_sees_exactly_these_rows(operation, who, seen, caller, world):
    answer = send(caller(who), CALLS[operation], world)
    body = answer.json()
    assert [row[SHOWN[operation]] for row in body["results"]] == seen
    assert body["count"] == len(seen)


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("global", ["HOME", "AWAY"]),
        ("admin", ["HOME"]),
        ("member", ["HOME"]),
        ("ann", ["HOME"]),
        ("stranger", ["AWAY"]),
    ],
)
def test_list_of_institutions_shows_own_and_global_admin_all(who, seen, caller, world):
    body = send(caller(who), CALLS["1.1"], world).json()
    assert [row["acronym"] for row in body["results"]] == seen


@pytest.mark.parametrize("operation", [n for n in CALLS if n.split(".")[0] in COURSES], ids=name_of)
def test_learner_of_no_course_is_refused_below_every_course(operation, caller, world):
    assert send(caller("eve"), CALLS[operation], world).status_code == 403


# allow_learner_report and allow_learner_audit -> operation -> what ann, bob, eve (in no course) and member are told.
SWITCHED = {
    (True, False): {
        "19.1": (200, 200, 403, 403), "19.2": (200, 404, 403, 403),
        "20.1": (200, 404, 403, 403), "20.2": (200, 404, 403, 403),
        "21.1": (403, 403, 403, 403), "21.2": (403, 403, 403, 403),
    },
    (False, True): dict.fromkeys(("19.1", "19.2", "20.1", "20.2", "21.1", "21.2"), (403, 403, 403, 403)),
    (True, True): {
        "19.1": (200, 200, 403, 403), "19.2": (200, 404, 403, 403),
        "20.1": (200, 404, 403, 403), "20.2": (200, 404, 403, 403),
        "21.1": (200, 404, 403, 403), "21.2": (200, 404, 403, 403),
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("report", "audit", "operation", "statuses"),
    [
        pytest.param(*switches, operation, statuses, id=f"{name_of(operation)}-{switches}")
        for switches, table in SWITCHED.items()
        for operation, statuses in table.items()
    ],
)
def test_learners_read_what_the_institution_allows(report, audit, operation, statuses, caller, world):
    allowed = {"allow_learner_report": report, "allow_learner_audit": audit}
    Institution.objects.filter(pk=world.home.institution.pk).update(**allowed)
    Institution.objects.filter(pk=world.away.institution.pk).update(**dict.fromkeys(allowed, True))
    for who, status in zip(("ann", "bob", "eve", "member"), statuses, strict=True):
        assert send(caller(who), CALLS[operation], world).status_code == status, who
    if operation == "19.1":
        assert send(caller("bob"), CALLS[operation], world).json().get("count", 0) == 0  # the only report is ann's


# Rights add up.


def test_learner_and_data_admin_has_both_rights(caller, world):
    User.objects.filter(pk=world.people["ann"].pk).update(data_admin=True)
    client = caller("ann")
    assert send(client, CALLS["12.8"], world).status_code == 201  # of the learner
    rows = send(client, CALLS["12.1"], world).json()["results"]
    assert [row["uid"] for row in rows] == ["ann", "bob", "eve"]  # of the data admin
    assert send(client, CALLS["3.delete"], world).status_code == 204


def test_legal_and_data_admin_has_both_rights(caller, world):
    User.objects.filter(pk=world.people["legal"].pk).update(data_admin=True)
    client = caller("legal")
    assert send(client, CALLS["6.2"], world).status_code == 201
    assert send(client, CALLS["3.delete"], world).status_code == 204
    assert send(client, CALLS["2.1"], world).status_code == 403  # and no third


def test_learner_who_also_teaches_sees_own_and_taught(caller, world):
    """eve attends nothing, and teaches the course of ann and bob."""
    world.home.teach("eve", world.home.course)
    rows = send(caller("eve"), CALLS["12.1"], world).json()["results"]
    assert [row["uid"] for row in rows] == ["ann", "bob", "eve"]


def test_several_ways_to_see_a_row_show_it_once(caller, world):
    """ann attends the course, teaches it, and her teacher teaches her twice."""
    world.home.teach("ann", world.home.course)
    world.home.join(world.home.other_course, "ann", "teacher")
    assert [row["code"] for row in send(caller("ann"), CALLS["3.1"], world).json()["results"]] == ["C1", "C2"]
    assert send(caller("ann"), CALLS["3.1"], world).json()["results"][0]["user_roles"] == ["LEARNER", "INSTRUCTOR"]
    body = send(caller("teacher"), CALLS["12.1"], world).json()
    assert [row["uid"] for row in body["results"]] == ["ann", "bob"]
    assert body["count"] == 2


def test_global_admin_of_an_institution_is_also_its_member(caller, world):
    """Whoever belongs to the institution is MEM too: the own row can be changed, another's cannot."""
    root = world.people["global"]
    User.objects.filter(pk=root.pk).update(institution=world.home.institution, uid="root", inst_admin=True)
    client = caller("global")
    assert send(client, CALLS["2.2"], world).status_code == 201  # an administrator's right at home
    away = {"i": world.away.institution.pk}
    assert request(client, "get", url_of(CALLS["2.1"], world, **away)).status_code == 200
    assert request(client, "post", url_of(CALLS["2.1"], world, **away), CALLS["2.2"].body).status_code == 403


# What is taken from the database is gone at the very next request of the same session.


@pytest.mark.parametrize(
    ("who", "flag", "operation", "before", "after"),
    [
        ("admin", "inst_admin", "2.1", 200, 403),
        ("legal", "legal_admin", "6.2", 201, 403),
        ("data", "data_admin", "12.5", 200, 403),
        ("data", "data_admin", "3.2", 200, 404),
        ("send", "send_admin", "12.1", 200, 403),
        ("global", "is_staff", "1.2", 200, 401),  # a person who may not sign in
    ],
)
def test_revoked_flag_works_on_the_next_request(who, flag, operation, before, after, caller, world):
    client = caller(who)
    assert send(client, CALLS[operation], world).status_code == before
    User.objects.filter(pk=world.people[who].pk).update(**{flag: False, "login_allowed": flag != "is_staff"})
    assert send(client, CALLS[operation], world).status_code == after


def test_granted_flag_works_on_the_next_request(caller, world):
    client = caller("member")
    assert send(client, CALLS["2.1"], world).status_code == 403
    User.objects.filter(pk=world.people["member"].pk).update(inst_admin=True)
    assert send(client, CALLS["2.1"], world).status_code == 200


def test_person_who_leaves_a_course_sees_it_no_more(caller, world):
    client = caller("bob")
    assert send(client, CALLS["3.2"], world).status_code == 200
    world.home.course.learners.through.objects.filter(learner=world.people["bob"].pk).delete()
    assert send(client, CALLS["3.2"], world).status_code == 404


def test_removed_teacher_sees_the_learners_no_more(caller, world):
    client = caller("teacher")
    assert send(client, CALLS["12.3"], world).status_code == 200
    world.home.course.instructors.through.objects.filter(instructor=world.people["teacher"].pk).delete()
    assert send(client, CALLS["12.3"], world).status_code == 404


# Tenants.

INSIDE = [n for n in CALLS if n.split(".")[0] not in ("1", "8")]  # instruments are everybody's
LISTS = [n for n in INSIDE if CALLS[n].path.count("{") == 1 and CALLS[n].method == "get" and n != "6.3"]
BELOW = [n for n in INSIDE if CALLS[n].path.count("{") > 1]


@pytest.mark.parametrize("operation", LISTS, ids=name_of)
@pytest.mark.parametrize("who", ["admin", "global"])
def test_list_has_no_row_of_another_institution(operation, who, caller, world):
    rows = caller(who).get(f"{url_of(CALLS[operation], world)}?limit=1000").json()["results"]
    url = url_of(CALLS[operation], world, i=world.away.institution.pk)
    theirs = client_of(world.away.people["admin"]).get(f"{url}?limit=1000").json()["results"]
    assert len(theirs) == len(rows) > 0
    own, others = ({row["id"] for row in found if not row.get("is_global")} for found in (rows, theirs))
    assert own.isdisjoint(others)
    assert min(len(own), len(others)) > 0


@pytest.mark.parametrize("operation", BELOW, ids=name_of)
def test_row_of_another_institution_is_not_here(operation, caller, world):
    """The own institution in the path, the other one's row behind it: 404 for every verb."""
    call = CALLS[operation]
    who = RIGHT_CALLER.get(operation, "admin")
    url = BASE + call.path.format(**(ids_of(world, world.away) | {"i": world.home.institution.pk}))
    assert request(caller(who), call.method, url, call.body).status_code == 404


@pytest.mark.parametrize("operation", INSIDE, ids=name_of)
@pytest.mark.parametrize("who", ["admin", "ann"])
def test_other_institution_in_the_path_is_404_for_the_own_row(operation, who, caller, world):
    call = CALLS[operation]
    answer = request(caller(who), call.method, url_of(call, world, i=world.away.institution.pk), call.body)
    assert answer.status_code == 404


@pytest.mark.parametrize("operation", BELOW, ids=name_of)
def test_global_admin_does_not_find_a_row_under_another_institution(operation, caller, world):
    """GA may enter every institution. What has a parent there has it looked for before the right."""
    call = CALLS[operation]
    answer = request(caller("global"), call.method, url_of(call, world, i=world.away.institution.pk), call.body)
    may = MATRIX[operation][WHO.index("global")] != 403
    assert answer.status_code == (404 if may or operation.split(".")[0] in DEEPER else 403)
