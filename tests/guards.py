"""The triggers that keep the trail as it is, lifted: for tests that empty all tables, or that do what nobody may."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations

TABLES = ("trail_line", "trail_link", "trail_head", "trail_cut")


@contextmanager
def lifted() -> Iterator[None]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'trail%kept%'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _, statement in triggers:
            cursor.execute(statement)


@contextmanager
def lifted_for_flushes() -> Iterator[None]:
    empty = BaseDatabaseOperations.execute_sql_flush

    def execute(self, statements) -> None:
        with lifted():
            empty(self, statements)

    with patch.object(BaseDatabaseOperations, "execute_sql_flush", execute):
        yield
