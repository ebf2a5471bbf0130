"""The migration of identifiers on the tables of the version before, filled: it changes spellings only, or nothing."""

import sqlite3
from contextlib import closing

import psycopg2
import pytest
from django.db import connection

from kernel.text import as_identifier, identifier_key
from tests.packaging.test_migrations import ROOT, SCHEMA, in_process, new, rows_in

__all__ = ["new"]
MIGRATE = "manage.py", "migrate", "--skip-checks", "-v0", "institutions", "0005"  # later ones take as long again
BEFORE = ROOT / "tests" / "packaging" / "before_identifiers.py"
TABLES = (
    "institutions_institution", "institutions_user", "institutions_vle", "learners_learner", "institutions_instructor",
    "courses_course", "courses_activity", "courses_courselearner",
)  # fmt: skip
NORMALISED = {
    "institutions_user": ("username", "email", "uid"),
    "courses_course": ("vle_course_id",),
    "courses_activity": ("vle_activity_type", "vle_activity_id"),
}


def rows_of(connect) -> dict[str, dict[int, dict]]:
    """{table: {key: {column: value}}}"""
    with closing(connect()) as database:
        return {table: {next(iter(row.values())): row for row in rows_in(database, table)} for table in TABLES}


def schema_of(connect) -> list:
    with closing(connect()) as database:
        cursor, found = database.cursor(), []
        for query in SCHEMA[connection.vendor]:
            cursor.execute(query)
            found += sorted(map(repr, cursor.fetchall()))
        return found


def test_the_migration_lists_what_would_be_lost_and_changes_only_spellings(db, new):
    url, connect = new
    in_process(url, str(BEFORE))
    before, schema = rows_of(connect), schema_of(connect)
    keys = {person["username"]: key for key, person in before["institutions_user"].items()}
    assert len(keys) > 1000

    def keys_of(*names: str) -> list[int]:
        return [keys[name.replace("_", "\u200b")] for name in names]

    refused = in_process(url, *MIGRATE, check=False)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    listed = [line.strip() for line in refused.stderr.splitlines() if line.startswith("  ")]
    assert sorted(listed) == sorted([
        f"people of institution 1 with one uid: {keys_of('ann', 'ann2', 'ann3')}",
        f"people of institution 1 with one username: {keys_of('twin', 'tw_in')}",
        f"people of institution 2 with one e-mail: {keys_of('late', 'later')}",
        f"uid is nothing but invisible characters, or too long: user {keys_of('nobody')[0]} of institution 2",
        "courses of VLE 1 of institution 1 with one id there: [1, 2]",
        "activities of VLE 1 of institution 1 with one type and id there: [1, 2]",
    ])  # fmt: skip
    assert "secret" not in refused.stderr  # of each name in it
    assert (rows_of(connect), schema_of(connect)) == (before, schema)

    lost = ("ann2", "ann3", "tw\u200bin", "later", "nobody")
    with closing(connect()) as database:
        cursor, mark = database.cursor(), "?" if isinstance(database, sqlite3.Connection) else "%s"
        for name in lost:
            cursor.execute(f"DELETE FROM institutions_user WHERE username = {mark}", (name,))
        cursor.execute("DELETE FROM courses_activity WHERE id = 2")
        cursor.execute("DELETE FROM courses_course WHERE id = 2")
        database.commit()
    before = rows_of(connect)

    done = in_process(url, *MIGRATE, check=False)
    assert done.returncode == 0, done.stderr
    after = rows_of(connect)
    for table, rows in before.items():
        for row in rows.values():
            for name in NORMALISED.get(table, ()):
                row[name] = row[name] and as_identifier(row[name])
            if table == "institutions_user":
                row["uid_key"], row["email_key"] = identifier_key(row["uid"]), row["email"] and row["email"].lower()
        assert after[table].keys() == rows.keys()
        for key, row in rows.items():
            assert {name: after[table][key][name] for name in row} == row
    spelt = after["institutions_user"][keys["e\u0301lo"]]
    assert (spelt["username"], spelt["uid"], spelt["uid_key"]) == ("\u00e9lo", "\u00c9lo@X.org", "\u00e9lo@x.org")
    with closing(connect()) as database:  # the constraints are there
        for column in ("username", "email_key", "uid_key"):
            of_ann = f"(SELECT {column} FROM institutions_user WHERE username = 'ann')"
            with pytest.raises((sqlite3.IntegrityError, psycopg2.IntegrityError)):
                database.cursor().execute(
                    f"UPDATE institutions_user SET {column} = {of_ann} WHERE username = '\u00e9lo'"
                )
            database.rollback()
