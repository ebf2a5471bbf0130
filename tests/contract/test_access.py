"""Who may do what: the matrix lines of the declarations, typed by hand, against every operation of the service.

The rows that are asked for: the course of teacher, bob and ann; the user and learner ann; the instructor teacher.
visitor teaches another course, stranger is admin of the other institution.
"""

import pytest
from django.db import connection

from institutions.models import Institution, User
from tests.conftest import client_of
from tests.contract.calls import CALLS, body_of, ids_of, names, request, send, url_of
from tests.contract.conftest import undone
from tests.contract.desk import stand
from tests.world import rewritten

REFUSALS = (401, 403, 404)
CHANGES = ("INSERT", "UPDATE", "DELETE")


class Watched:
    """Which statements change rows, as a wrapper of all statements."""

    def __init__(self) -> None:
        self.changes: list[str] = []

    def __call__(self, execute, sql, params, many, context):
        if sql.lstrip().upper().startswith(CHANGES):
            self.changes.append(sql)
        return execute(sql, params, many, context)


@pytest.mark.parametrize("name", CALLS)
def test_matrix(name, caller, world):
    """Everybody's answer to one operation; who is refused has changed nothing."""
    call, wrong = CALLS[name], []
    if call.resource.root == "provider":
        stand(world)  # once, not for each caller
    for who, status in call.answers.items():
        with undone():
            client, watched = caller(who), Watched()
            if call.before is not None:
                call.before(world)
            url, body = url_of(call, world), body_of(call, world)
            with connection.execute_wrapper(watched):
                answer = request(client, call.method, url, body)
            if answer.status_code != status:
                wrong.append(f"{who}: {answer.status_code}, not {status}: {answer.content[:200]!r}")
            elif status in REFUSALS:
                assert list(answer.json()) == ["detail"], who
                assert answer.get("WWW-Authenticate") == ("JWT" if status == 401 else None), who
                assert watched.changes == [], who
            elif call.resource.root == "lapi" and call.method == "post" and isinstance(answer.json(), dict):
                is_refused = who in call.resource.refused_for_good.get(call.verb, ())
                assert answer.json()["status"] == ("ERROR" if is_refused else "OK"), who
                assert not (is_refused and watched.changes), who
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call.is_list and call.resource.sees])
def test_role_sees_exactly_these_rows(name, caller, world):
    resource = CALLS[name].resource
    for who, rows in resource.sees.items():
        body = send(caller(who), CALLS[name], world).json()
        assert [row[resource.shown] for row in body["results"]] == list(rows), who
        assert body["count"] == len(rows), who


OF_COURSES = (
    "course_instructor", "course_learner", "activity", "activity_instrument", "report", "request", "audit",
)  # fmt: skip


@pytest.mark.parametrize("name", [n for n in names("institution") if CALLS[n].resource.name in OF_COURSES])
def test_learner_of_no_course_is_refused_below_every_course(name, caller, world):
    assert send(caller("eve"), CALLS[name], world).status_code == 403


# allow_learner_report and allow_learner_audit -> operation -> the statuses of ann, bob, eve (in no course) and member.
OF_REPORTS = ("report.list", "report.read", "request.list", "request.read", "audit.list", "audit.read")
SWITCHED = {
    (True, False): {
        "report.list": (200, 200, 403, 403), "report.read": (200, 404, 403, 403),
        "request.list": (200, 404, 403, 403), "request.read": (200, 404, 403, 403),
        "audit.list": (403, 403, 403, 403), "audit.read": (403, 403, 403, 403),
    },
    (False, True): dict.fromkeys(OF_REPORTS, (403, 403, 403, 403)),
    (True, True): {
        "report.list": (200, 200, 403, 403), "report.read": (200, 404, 403, 403),
        "request.list": (200, 404, 403, 403), "request.read": (200, 404, 403, 403),
        "audit.list": (200, 404, 403, 403), "audit.read": (200, 404, 403, 403),
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("report", "audit", "operation", "statuses"),
    [
        pytest.param(*switches, operation, statuses, id=f"{operation}-{switches}")
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
    if operation == "report.list":
        assert send(caller("bob"), CALLS[operation], world).json().get("count", 0) == 0  # the only report is ann's


# Special needs: what must be provided is told to those who must provide it, and nothing else.

READS = [name for name, call in CALLS.items() if call.method == "get"]
NEED = {"is_send": True, "send": {"enabled_options": ["big_fonts"], "disabled_instruments": [2]}}


@pytest.mark.parametrize("name", READS)
def test_name_of_a_special_need_is_told_only_to_who_gives_it_and_has_it(name, caller, world):
    """What is answered to whoever is refused, test_matrix looks at."""
    call, told = CALLS[name], set()
    for who in ("teacher", "visitor", "bob", "member", "legal", "data", "vle", "admin", "send", "global", "ann"):
        if call.answers.get(who, 403) in REFUSALS:
            continue
        for media_type in ("application/json", "text/html"):
            if media_type == "text/html" and not name.startswith(("learner.", "course_learner.", "report.")):
                continue
            if (
                world.home.category.description.encode()
                in send(caller(who), call, world, HTTP_ACCEPT=media_type).getvalue()
            ):
                told.add(who)
    everybody = {"admin", "send", "global", "ann"}
    allowed = {"send": everybody, "learner_send": everybody, "me_held": {"ann"}}
    assert told <= allowed.get(name.partition(".")[0], set())


@pytest.mark.parametrize("name", ["learner.read", "course_learner.read", "vle_learner.read", "vle_participant.read"])
def test_instructors_and_vles_are_told_what_to_provide(name, caller, world):
    who = "vle" if name.startswith("vle") else "teacher"
    assert send(caller(who), CALLS[name], world).json()["send"] == NEED
    for query in ("search=low+sight", "ordering=send", "send__category__description=low+sight"):
        list_url = url_of(CALLS[name.replace("read", "list")], world)
        uids = [row["uid"] for row in caller(who).get(f"{list_url}?{query}").json()["results"]]
        assert uids == ([] if query.startswith("search") else ["ann", "bob"])


# Rights add up.


def test_learner_and_data_admin_has_both_rights(caller, world):
    User.objects.filter(pk=world.people["ann"].pk).update(data_admin=True)
    client = caller("ann")
    assert send(client, CALLS["learner.accept"], world).status_code == 201  # of the learner
    rows = send(client, CALLS["learner.list"], world).json()["results"]
    assert [row["uid"] for row in rows] == ["ann", "bob", "eve"]  # of the data admin
    assert send(client, CALLS["course.delete"], world).status_code == 204


def test_legal_and_data_admin_has_both_rights(caller, world):
    User.objects.filter(pk=world.people["legal"].pk).update(data_admin=True)
    client = caller("legal")
    assert send(client, CALLS["ic.create"], world).status_code == 201
    assert send(client, CALLS["course.delete"], world).status_code == 204
    assert send(client, CALLS["vle.list"], world).status_code == 403  # and no third


def test_learner_who_also_teaches_sees_own_and_taught(caller, world):
    """eve attends nothing, and teaches the course of ann and bob."""
    world.home.teach("eve", world.home.course)
    rows = send(caller("eve"), CALLS["learner.list"], world).json()["results"]
    assert [row["uid"] for row in rows] == ["ann", "bob", "eve"]


def test_several_ways_to_see_a_row_show_it_once(caller, world):
    """ann attends the course, teaches it, and her teacher teaches her twice."""
    world.home.teach("ann", world.home.course)
    world.home.join(world.home.other_course, "ann", "teacher")
    assert [row["code"] for row in send(caller("ann"), CALLS["course.list"], world).json()["results"]] == ["C1", "C2"]
    assert send(caller("ann"), CALLS["course.list"], world).json()["results"][0]["user_roles"] == [
        "LEARNER",
        "INSTRUCTOR",
    ]
    body = send(caller("teacher"), CALLS["learner.list"], world).json()
    assert [row["uid"] for row in body["results"]] == ["ann", "bob"]
    assert body["count"] == 2


def test_global_admin_of_an_institution_is_also_its_member(caller, world):
    """Whoever belongs to the institution is MEM too: the own row can be changed, another's cannot."""
    root = world.people["global"]
    rewritten(User.objects.filter(pk=root.pk), institution=world.home.institution, uid="root", inst_admin=True)
    client = caller("global")
    assert send(client, CALLS["vle.create"], world).status_code == 201  # an administrator's right at home
    away = {"i": world.away.institution.pk}
    assert request(client, "get", url_of(CALLS["vle.list"], world, **away)).status_code == 200
    assert (
        request(client, "post", url_of(CALLS["vle.list"], world, **away), CALLS["vle.create"].body).status_code == 403
    )


# What is taken from the database is gone at the very next request of the same session.


@pytest.mark.parametrize(
    ("who", "flag", "operation", "before", "after"),
    [
        ("admin", "inst_admin", "vle.list", 200, 403),
        ("legal", "legal_admin", "ic.create", 201, 403),
        ("data", "data_admin", "learner.patch", 200, 403),
        ("data", "data_admin", "course.read", 200, 404),
        ("send", "send_admin", "learner.list", 200, 403),
        ("global", "is_staff", "institution.read", 200, 401),  # a person who may not sign in
    ],
)
def test_revoked_flag_works_on_the_next_request(who, flag, operation, before, after, caller, world):
    client = caller(who)
    assert send(client, CALLS[operation], world).status_code == before
    User.objects.filter(pk=world.people[who].pk).update(**{flag: False, "login_allowed": flag != "is_staff"})
    assert send(client, CALLS[operation], world).status_code == after


def test_granted_flag_works_on_the_next_request(caller, world):
    client = caller("member")
    assert send(client, CALLS["vle.list"], world).status_code == 403
    User.objects.filter(pk=world.people["member"].pk).update(inst_admin=True)
    assert send(client, CALLS["vle.list"], world).status_code == 200


def test_person_who_leaves_a_course_sees_it_no_more(caller, world):
    client = caller("bob")
    assert send(client, CALLS["course.read"], world).status_code == 200
    world.home.course.learners.through.objects.filter(learner=world.people["bob"].pk).delete()
    assert send(client, CALLS["course.read"], world).status_code == 404


def test_removed_teacher_sees_the_learners_no_more(caller, world):
    client = caller("teacher")
    assert send(client, CALLS["learner.read"], world).status_code == 200
    world.home.course.instructors.through.objects.filter(instructor=world.people["teacher"].pk).delete()
    assert send(client, CALLS["learner.read"], world).status_code == 404


# Tenants.

BELOW = [
    name for name in names("institution") if not CALLS[name].resource.is_shared and "{i}/" in CALLS[name].path_above
]


WHOLE_LISTS = [name for name in BELOW if CALLS[name].is_list and not CALLS[name].resource.parents]
READERS = [(name, who) for name in WHOLE_LISTS for who in ("admin", "global") if CALLS[name].answers[who] == 200]


@pytest.mark.parametrize(("name", "who"), READERS)
def test_list_has_no_row_of_another_institution(name, who, caller, world):
    rows = caller(who).get(f"{url_of(CALLS[name], world)}?limit=1000").json()["results"]
    url = url_of(CALLS[name], world, i=world.away.institution.pk)
    theirs = client_of(world.away.people["admin"]).get(f"{url}?limit=1000").json()["results"]
    assert len(theirs) == len(rows) > 0
    own, others = ({row["id"] for row in answer if not row.get("is_global")} for answer in (rows, theirs))
    assert own.isdisjoint(others)
    assert min(len(own), len(others)) > 0


def answered(client, call, world, **other) -> int:
    with undone():
        return request(client, call.method, url_of(call, world, **other), body_of(call, world)).status_code


@pytest.mark.parametrize("name", [name for name in BELOW if CALLS[name].is_of_row or CALLS[name].resource.parents])
def test_row_of_another_institution_is_not_here(name, caller, world):
    """The own institution in the path, the other one's row behind it: 404 for every verb."""
    call = CALLS[name]
    foreign = ids_of(world, world.away) | {"i": world.home.institution.pk}
    assert answered(caller(call.by), call, world, **foreign) == 404
    # Global administrators may enter every institution. The parent is looked up before the right is checked.
    expected = 404 if call.answers["global"] != 403 or call.resource.parents else 403
    assert answered(caller("global"), call, world, i=world.away.institution.pk) == expected


@pytest.mark.parametrize("name", [name for name in names("institution") if "{i}" in CALLS[name].path])
def test_another_institution_in_the_path_is_404_for_the_own_row(name, caller, world):
    call, away = CALLS[name], world.away.institution.pk
    assert {who: answered(caller(who), call, world, i=away) for who in ("admin", "ann")} == {"admin": 404, "ann": 404}
    modules = ("vle", "provider", "session")
    assert {who: answered(caller(who), call, world, i=away) for who in modules} == dict.fromkeys(modules, 403)
