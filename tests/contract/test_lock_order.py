"""Writes that are no operations of the API lock rows in the order, too; the others are in test_write_budgets.py."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from rest_framework.test import APIClient

from courses.imports.jobs import import_check, import_run, import_steps, import_upload
from institutions.models import User
from institutions.services.vles import vle_credentials_rotate
from kernel.locks import ORDER, place_of
from signin.services.launchers import launcher_create
from tests.contract.lock_order import Order, followed
from tests.contract.test_write_budgets import Sent
from tests.world import PASSWORD, World


def _launcher(caller, world: World) -> Sent:
    """A ticket of an assessment session is used."""
    home, client = world.home, caller("vle")
    learner = home.people["ann"]
    session = learner.learner.sessions.create(institution=home.institution, activity=home.activity)
    ticket, token = launcher_create(vle=home.vle, person=learner, session=session, target=1)
    return lambda: client.post("/api/v2/auth/token", {"id": ticket.pk, "token": token}, format="json")


def _login(caller, world: World) -> Sent:
    body = {"email": world.people["admin"].email, "password": PASSWORD}
    return lambda: APIClient().post("/api/v2/auth/login", body, format="json")


def _approle(caller, world: World) -> Sent:
    issued = vle_credentials_rotate(vle=world.home.vle, overlap_minutes=0)
    body = {name: issued[name] for name in ("role_id", "secret_id")}
    return lambda: APIClient().post("/api/v2/auth/approle", body, format="json")


WRITES = {"launcher.use": _launcher, "auth.login": _login, "auth.approle": _approle}
postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks no rows")


@postgresql
@pytest.mark.parametrize("name", WRITES)
def test_a_write_locks_in_the_order(name, caller, world):
    send = WRITES[name](caller, world)
    with followed() as order:
        answer = send()
    assert answer.status_code in (200, 201, 204), answer.content
    assert order.faults == []


@postgresql
def test_an_import_locks_in_the_order(world, tmp_path):
    home, file = world.home, tmp_path / "people.csv"
    rows = ["uid,first_name,role,vle,course", "new,Neo,both,Moodle,c1", "ann,Anna,both,Moodle,c2", "bob,Bo,both,,"]
    file.write_text("\n".join(rows))
    User.objects.filter(uid__in=("ann", "bob")).update(login_allowed=False, password="!")
    job = import_upload(institution=home.institution, path=file, name=file.name)
    import_check(job=job, mapping=job.mapping, vle="", clears=False)
    import_steps(job=job, seconds=9)
    job.refresh_from_db()
    import_run(job=job, by_id=home.people["admin"].pk, version=job.version)
    with followed() as order:
        import_steps(job=job, seconds=9)
    assert order.faults == []
    assert {"institutions_user", "learners_learner", "courses_course"} <= order.locked_tables


def faults(*statements: tuple[str, Sequence[Any]] | str) -> list[str]:
    order = Order()
    for statement in ('SAVEPOINT "s"', *statements, 'RELEASE SAVEPOINT "s"'):
        order.follow(*((statement, ()) if isinstance(statement, str) else statement))
    return order.faults


LOCK_SESSION = """SELECT "courses_assessmentsession"."id" FROM "courses_assessmentsession"
    INNER JOIN "courses_activity" T2 ON (T2."id" = 1)
    FOR KEY SHARE OF T2 FOR NO KEY UPDATE OF "courses_assessmentsession"
"""
NEW_ACTIVITY = 'INSERT INTO "courses_activity" ("course_id", "vle_id", "name") VALUES (%s, %s, %s) RETURNING "id"'


def test_faults_are_noticed():
    assert faults('UPDATE "institutions_user" SET "x" = 1', LOCK_SESSION, 'DELETE FROM "signin_launcher" WHERE 1') == []
    assert faults(LOCK_SESSION, 'UPDATE "courses_activity" SET "name" = 1', LOCK_SESSION) == []
    late = faults(LOCK_SESSION, 'SELECT "institutions_user"."id" FROM "institutions_user" WHERE 1 FOR UPDATE')
    assert late == ["institutions_user is locked after courses.AssessmentSession"]
    late = faults('DELETE FROM "signin_launcher" WHERE 1', 'DELETE FROM "courses_course" WHERE 1')
    assert late == ["courses_course is locked after what hangs from others"]
    assert faults('UPDATE "courses_course" SET "code" = 1', (NEW_ACTIVITY, (1, None, "x"))) == []
    late = faults('UPDATE "courses_course" SET "code" = 1', (NEW_ACTIVITY, (1, 1, "x")))
    assert late == ["institutions_vle is referred to after the lock of courses.Course"]
    many = NEW_ACTIVITY.replace("VALUES (%s, %s, %s)", "(SELECT * FROM UNNEST((%s)::bigint[], (%s)::bigint[], (%s)))")
    assert faults('UPDATE "courses_course" SET "code" = 1', (many, ([1, 1], [None, None], ["x", "y"]))) == []
    assert faults('UPDATE "courses_course" SET "code" = 1', (many, ([1, 1], [None, 1], ["x", "y"]))) == late
    apart = ('DELETE FROM "courses_course" WHERE 1', 'RELEASE SAVEPOINT "s"', 'SAVEPOINT "t"')
    assert faults(*apart, 'UPDATE "institutions_user" SET "x" = 1') == []


def test_the_order_names_tables_once():
    assert [place_of(apps.get_model(label)) for label in ORDER] == list(range(len(ORDER)))
