"""Every write locks rows in the order of kernel/locks.py: asked of the statements that it sends to PostgreSQL.

Statements tell of tables and not of rows, so a table that is locked once counts as locked. What an UPDATE refers to is
left out, because PostgreSQL checks a reference only when its value has changed.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey, Model
from rest_framework.test import APIClient

from institutions.models import Institution
from institutions.services.vles import vle_credentials_rotate
from kernel.locks import ORDER, place_of
from signin.services.launchers import launcher_create
from tests.contract.test_write_budgets import WRITES, Sent
from tests.world import PASSWORD, World

LAST = len(ORDER)
TABLES: dict[str, type[Model]] = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
_LOCK = re.compile(r'\bFOR (UPDATE|NO KEY UPDATE|SHARE|KEY SHARE)( OF (\w+|"\w+")(, (\w+|"\w+"))*)?')
_SOURCE = re.compile(r'(?:FROM|JOIN) "(\w+)"(?: (T\d+|U\d+))?')
_CHANGE = re.compile(r'(?:UPDATE|DELETE FROM) "(\w+)"')
_INSERT = re.compile(r'INSERT INTO "(\w+)" \(([^)]*)\)')


class Order:
    """Follows the statements of one request; `faults` are locks that come too late."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.locked_tables: set[str] = set()
        self._begin()

    def _begin(self) -> None:
        self.depth, self.highest = 0, -1
        self.held: set[str] = set()  # tables with rows that this transaction has locked or made
        self.references: set[str] = set()  # tables that its new rows refer to, checked at the end

    def __call__(self, execute, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if not (sql.startswith("UPDATE") and context["cursor"].rowcount == 0):
            self.follow(sql, params)
        return result

    def follow(self, sql: str, params: Any) -> None:
        if sql.startswith("SAVEPOINT"):
            self.depth += 1
        elif sql.startswith(("RELEASE", "ROLLBACK")):
            self.depth -= 1
        elif inserted := _INSERT.match(sql):
            self.held.add(inserted[1])
            self.references |= references_of(inserted[1], re.findall(r"\w+", inserted[2]), params or ())
        else:
            for table in locked_by(sql):
                self._lock(table)
        if self.depth == 0:
            self._end()

    def _lock(self, table: str) -> None:
        self.locked_tables.add(table)
        place = place_of(TABLES[table])
        if table not in self.held and place < self.highest:
            self.faults.append(f"{table} is locked after {self._last()}")
        self.held.add(table)
        self.highest = max(self.highest, place)

    def _end(self) -> None:
        """New rows lock what they refer to, which conflicts with deletes only. An institution that has anything is
        never deleted."""
        for table in self.references - self.held:
            if place_of(TABLES[table]) < self.highest and TABLES[table] is not Institution:
                self.faults.append(f"{table} is referred to after the lock of {self._last()}")
        self._begin()

    def _last(self) -> str:
        return ORDER[self.highest] if self.highest < LAST else "what hangs from others"


def locked_by(sql: str) -> Iterator[str]:
    """The tables that a statement locks, in their order."""
    if changed := _CHANGE.match(sql):
        yield changed[1]
    aliases = {alias or table: table for table, alias in _SOURCE.findall(sql)}
    for lock in _LOCK.finditer(sql):
        named = re.findall(r"\w+", lock[2].removeprefix(" OF ")) if lock[2] else [_SOURCE.search(sql)[1]]
        yield from (aliases[name] for name in named)


def references_of(table: str, columns: Sequence[str], params: Sequence[Any]) -> set[str]:
    """Tables of ORDER to which new rows refer that are inserted with these values."""
    keys = {f.column: f for f in TABLES[table]._meta.concrete_fields if isinstance(f, ForeignKey)}
    found = set()
    for at, column in enumerate(columns):
        values = params[at :: len(columns)]
        values = values[0] if len(values) == 1 and isinstance(values[0], list) else values
        if column in keys and any(value is not None for value in values):
            found.add(keys[column].related_model._meta.db_table)
    return {name for name in found if place_of(TABLES[name]) < LAST}


@contextmanager
def followed() -> Iterator[Order]:
    order = Order()
    with connection.execute_wrapper(order):
        yield order


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


ALL = WRITES | {"launcher.use": _launcher, "auth.login": _login, "auth.approle": _approle}
postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite locks no rows")


@postgresql
@pytest.mark.parametrize("name", ALL)
def test_a_write_locks_in_the_order(name, caller, world):
    send = ALL[name](caller, world)
    with followed() as order:
        answer = send()
    assert answer.status_code in (200, 201, 204), answer.content
    assert order.faults == []


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
    assert [place_of(apps.get_model(label)) for label in ORDER] == list(range(LAST))
