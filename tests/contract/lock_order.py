"""Do the statements of a request lock rows in the order of kernel/locks.py? Asked of what it sends to PostgreSQL.

Statements tell of tables and not of rows, so a table that is locked once counts as locked. What an UPDATE refers to is
left out, because PostgreSQL checks a reference only when its value has changed.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey, Model

from institutions.models import Institution
from kernel.locks import ORDER, place_of

LAST = len(ORDER)
JOBS = "pipeline_job"  # locked before all others, or alone: rule 5
TABLES: dict[str, type[Model]] = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
_LOCK = re.compile(r'\bFOR (UPDATE|NO KEY UPDATE|SHARE|KEY SHARE)( OF (\w+|"\w+")(, (\w+|"\w+"))*)?')
_SOURCE = re.compile(r'(?:FROM|JOIN) "(\w+)"(?: (T\d+|U\d+))?')
_CHANGE = re.compile(r'(?:WITH .*?\) )?(?:UPDATE|DELETE FROM) "(\w+)"', re.DOTALL)
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
        if table == JOBS:
            return
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
