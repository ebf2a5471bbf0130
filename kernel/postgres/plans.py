"""Statements that a connection has prepared: PostgreSQL plans them once instead of at every run.

Planning a statement with five joins takes longer than running it. So one that this connection has run a few times is
prepared: its values become parameters, its constants stay. A connection lives for some minutes (DATABASE_CONN_MAX_AGE),
and so do its plans at most; PostgreSQL makes them anew when a table has been changed or analysed.

A statement runs as it is where somebody reads what is sent (DEBUG, tests of statements), and with lists, whose lengths
a plan has to know. DATABASE_PLANS=0 is for poolers that give each transaction another connection.
"""

from typing import Any, Protocol

from django.conf import settings
from django.db import DatabaseError, NotSupportedError, OperationalError, ProgrammingError
from psycopg2.extensions import AsIs

RUNS = 2  # before a statement is prepared: many are run once by a connection


class Statement(Protocol):
    sql: str
    params: list[tuple[bool, Any]]  # (whether it is a value of the run, constant)


class Plans:
    """Of one connection."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.runs: dict[Statement, int] = {}
        self.names: dict[Statement, str] = {}  # empty: it cannot be prepared
        self.made = 0

    def execute(self, cursor: Any, statement: Statement, values: list[Any]) -> None:
        """Run the statement with the values of all its parameters."""
        name = self._name(cursor, statement, values)
        if not name:
            cursor.execute(statement.sql, values)
            return
        own = [value for value, (is_value, _) in zip(values, statement.params, strict=True) if is_value]
        try:
            cursor.execute(f"EXECUTE {name}({', '.join(['%s'] * len(own))})" if own else f"EXECUTE {name}", own)
        except NotSupportedError as error:
            self._forget(statement)
            raise OperationalError(*error.args) from error.__cause__  # a column has changed: the request is repeated
        except DatabaseError:
            self._forget(statement)  # perhaps the plan is not there: another connection behind a pooler
            raise

    def _name(self, cursor: Any, statement: Statement, values: list[Any]) -> str:
        is_watched = self.connection.queries_logged or self.connection.execute_wrappers
        if is_watched or not settings.DATABASE_PLANS or any(type(value) is list for value in values):
            return ""
        name = self.names.get(statement)
        if name is None:
            runs = self.runs[statement] = self.runs.get(statement, 0) + 1
            name = self._prepared(cursor, statement) if runs > RUNS else ""
        return name

    def _prepared(self, cursor: Any, statement: Statement) -> str:
        """Its name; empty where PostgreSQL cannot tell the type of a value."""
        places = iter(range(1, len(statement.params) + 1))
        marks = [AsIs(f"${next(places)}") if is_value else constant for is_value, constant in statement.params]
        self.made += 1
        name, text = f"plan_{self.made}", cursor.cursor.mogrify(statement.sql, marks).decode()
        before = self.connection.savepoint()  # an error must not end the transaction of the caller
        try:
            cursor.execute(f"PREPARE {name} AS {text}")
        except ProgrammingError:
            name = ""
            if before:
                self.connection.savepoint_rollback(before)
        if before:
            self.connection.savepoint_commit(before)
        self.names[statement] = name
        return name

    def _forget(self, statement: Statement) -> None:
        self.names.pop(statement, None)
        self.runs.pop(statement, None)
