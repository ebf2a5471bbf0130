"""All migrations from nothing, in a process of their own: every other test begins with a copy (tests/migrated.py)."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.db import connection

from tests.migrated import migrated_database

ROOT = Path(__file__).resolve().parents[2]
# Every table, column, index and constraint, as the database itself tells them.
SCHEMA = {
    "sqlite": ["SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"],
    "postgresql": [
        """SELECT tablename, attname, atttypid::regtype::text, attnotnull, attidentity
        FROM pg_attribute JOIN pg_tables ON attrelid::regclass::text = tablename""",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint",
        "SELECT tablename, indexname, indexdef FROM pg_indexes",
    ],
}
# What every installation has.
ROWS = [
    "SELECT app, name FROM django_migrations",
    "SELECT id, acronym, queue, enabled FROM institutions_instrument",
    "SELECT code_id, locale, message FROM institutions_messagelocale",
    "SELECT route, roles, enabled FROM institutions_uioption",
    "SELECT app_label, model, codename FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id",
]
Query = Callable[[str], list]


@pytest.fixture
def new(tmp_path) -> Iterator[tuple[str, Callable[[], sqlite3.Connection]]]:
    """The URL of an empty database, and a way into it without Django."""
    if connection.vendor == "sqlite":
        file = tmp_path / "new.sqlite3"
        yield f"sqlite:///{file}", lambda: sqlite3.connect(file)
        return
    values = connection.get_connection_params()
    name = f"{connection.settings_dict['NAME']}_new"
    account = f"{values['user']}:{values.get('password', '')}@{values['host']}:{values.get('port', 5432)}"
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"postgres://{account}/{name}", lambda: psycopg2.connect(f"postgresql://{account}/{name}")
        finally:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _tested() -> Iterator[Any]:
    """A cursor in what the tests have copies of. On SQLite the file itself: a test of constraints remakes a table."""
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            yield cursor
        return
    with closing(sqlite3.connect(urlsplit(migrated_database("sqlite://")).path)) as file:
        yield file.cursor()


def test_migrations_from_nothing_make_what_the_tests_have_copies_of(db, new):
    url, connect = new
    command = [sys.executable, "manage.py", "migrate", "--no-input", "-v0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, check=True)

    with _tested() as here, closing(connect()) as other:
        there = other.cursor()
        for query in SCHEMA[connection.vendor] + ROWS:
            here.execute(query)
            there.execute(query)
            rows = there.fetchall()
            assert rows, query
            assert sorted(rows, key=repr) == sorted(here.fetchall(), key=repr), query
