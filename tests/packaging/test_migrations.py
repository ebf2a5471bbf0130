"""All migrations, on rows of the version before, in processes of their own: other tests have copies (migrated.py)."""

import json
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
from tests.packaging import before_consent_texts

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


# rows_before.json: what the version with these migrations had stored of the world of tests/attack, and of some people
# and ids as VLEs send them: {table: columns and rows}.
BEFORE = {
    "institutions": "0002", "files": "0002", "signin": "0001", "learners": "0001", "courses": "0002", "reports": "0001",
}  # fmt: skip
# {table.column: {before: after}} of the values that migrations change.
CHANGED: dict[str, dict[Any, Any]] = {
    "institutions_user.username": {f"u{number}e\u0301": f"u{number}\u00e9" for number in range(3)},
    "institutions_user.uid": {" padded\u200b ": "padded", "e\u0301lodie": "\u00e9lodie"},
    "courses_course.vle_course_id": {" cafe\u0301 ": "caf\u00e9"},
    "courses_activity.vle_activity_id": {"\u200b77": "77"},
    "learners_consentdecision.address": {"192.0.2.1": None},  # of somebody who is gone
}
GONE = {"reports_report.data_id", "reports_reportinstrument.audit_data_id"}  # columns
MOVED = {"files_fileread", "institutions_administrationrecord"}  # tables whose rows are lines of the trail
ERASED = {"report", "report_audit", "session"}  # kinds of files


def test_migrations_make_what_the_tests_have_copies_of_and_keep_what_is_stored(db, new):
    """From nothing to the version before, which is filled, and from there to this one: once, as it takes long."""
    url, connect = new
    stored = json.loads((Path(__file__).parent / "rows_before.json").read_text())
    _manage(url, *(f"call_command('migrate', {app!r}, {name!r}, verbosity=0)" for app, name in BEFORE.items()))
    with closing(connect()) as database:
        _insert(database, stored)
    in_process(url, "-c", before_consent_texts.FILL)
    with closing(connect()) as database:
        before = {table: rows_in(database, table) for table in stored.keys() - MOVED}
    _manage(url, "call_command('migrate', verbosity=0)")
    with closing(connect()) as database:
        after = {table: rows_in(database, table) for table in before}
        assert len(rows_in(database, "trail_line")) == sum(len(stored[table]["rows"]) for table in MOVED)
        _compare_with_copies(database.cursor())
    assert json.loads(in_process(url, "-c", before_consent_texts.READ).stdout) == before_consent_texts.found()
    gone = {f"{table}.{column}" for table, rows in before.items() for column in rows[0].keys() - after[table][0].keys()}
    assert gone == GONE
    changed: dict[str, dict[Any, Any]] = {}
    erased = [row["storage_key"] for row in before["files_storedfile"] if row["kind"] in ERASED]
    before["files_storedfile"] = [row for row in before["files_storedfile"] if row["kind"] not in ERASED]
    assert erased
    assert {row["storage_key"] for row in after["files_pendingerasure"]} >= {*erased}
    _counted(after)
    for table, rows in before.items():
        assert len(after[table]) >= len(rows)
        for old, new_row in zip(rows, after[table], strict=False):
            for column in old.keys() & new_row.keys():
                if old[column] != new_row[column]:
                    changed.setdefault(f"{table}.{column}", {})[old[column]] = new_row[column]
    assert changed == CHANGED


def _counted(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Reports keep their values, and what they were computed from is counted in them."""
    detail = next(
        row for row in rows["reports_reportinstrument"] if row["report_id"] == 1 and row["instrument_id"] == 2
    )
    counters = ("total_count", "closed_count", "processed_count", "result_sum", "ok_codes", "alert_codes")
    assert [detail[name] for name in counters] == [2, 2, 2, 1_150_000_000, 2, 0]
    result = next(row for row in rows["reports_requestresult"] if row["id"] == 1)
    assert [result[name] for name in ("counted_status", "counted_result", "counted_code")] == [1, 900_000_000, 1]
    assert {row["counted_status"] for row in rows["reports_requestresult"]} >= {0, 1}


def _compare_with_copies(there) -> None:
    with _tested() as here:
        for query in SCHEMA[connection.vendor] + ROWS:
            here.execute(query)
            there.execute(query)
            tested, rows = here.fetchall(), there.fetchall()
            assert rows, query
            assert query in SCHEMA[connection.vendor] or {*map(repr, tested)} <= {*map(repr, rows)}, query
            assert query in ROWS or sorted(rows, key=repr) == sorted(tested, key=repr), query


def in_process(url: str, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Python with this command line, in a process of its own: this one's connection is for the test database."""
    environment = os.environ | {
        "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tesla_api.settings", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def _manage(url: str, *calls: str) -> None:
    lines = ["import django", "django.setup()", "from django.core.management import call_command", *calls]
    in_process(url, "-c", "\n".join(lines))


def _insert(database, rows_before: dict[str, dict[str, list]]) -> None:
    cursor, mark = database.cursor(), "?" if connection.vendor == "sqlite" else "%s"
    for table, part in rows_before.items():  # keys are checked at the end: rows refer to later ones
        names, marks = ", ".join(f'"{name}"' for name in part["columns"]), ", ".join([mark] * len(part["columns"]))
        cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', part["rows"])
        if connection.vendor == "postgresql" and "id" in part["columns"]:  # what migrations insert comes after these
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM \"{table}\"")
    database.commit()


def rows_in(database, table: str) -> list[dict[str, Any]]:
    """In the order of the first column."""
    cursor = database.cursor()
    cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
