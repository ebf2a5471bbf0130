"""A database that is migrated once and then copied: for the tests, and for the servers that tests start.

SQLite: a file in var/tests. PostgreSQL: a template database beside the one of DATABASE_URL. Both have a digest of what
they were made from in their names, so that another state of the migrations makes another database.
"""

import fcntl
import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import django
import psycopg2
from django.apps import apps
from django.core.management.commands.migrate import Command
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "var" / "tests"
# What migrations call: a change in one of these can make other tables of the same migrations.
CALLED = [ROOT / "kernel" / name for name in ("constraints.py", "fields.py", "migrating.py", "text.py")]
FILES_AT_MOST = 4


def migrated_database(server: str) -> str:
    """The DATABASE_URL of the migrated database on the server of this one: to be copied, not to be changed."""
    given = urlsplit(server)
    with _one_at_a_time():
        if given.scheme == "sqlite":
            return f"sqlite:///{_sqlite_file()}"
        return given._replace(path=f"/{_postgres_template(given)}").geturl()


def use_copy() -> None:
    """The next test database that Django makes is a copy instead of being migrated."""
    source = urlsplit(migrated_database(os.environ["DATABASE_URL"]))
    if source.scheme != "sqlite":
        connection.settings_dict["TEST"]["TEMPLATE"] = source.path[1:]
    migrate = Command.handle

    def copy(self, *args, **options) -> None:
        Command.handle = migrate
        if source.scheme == "sqlite":
            connection.ensure_connection()
            with closing(sqlite3.connect(source.path)) as migrated:
                migrated.backup(connection.connection)

    Command.handle = copy


def _digest() -> str:
    configs = list(apps.get_app_configs())
    files = [(app.label, file) for app in configs for file in sorted(Path(app.path).glob("migrations/*.py"))]
    parts = [django.__version__, *(app.label for app in configs), *(file.read_text() for file in CALLED)]
    parts += [f"{label}/{file.name}\n{file.read_text()}" for label, file in files]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _sqlite_file() -> Path:
    file = FOLDER / f"migrated-{_digest()}.sqlite3"
    if not file.exists():
        # Files of earlier states go, but for the latest: branches and mutants come back to theirs.
        others = sorted(FOLDER.glob("migrated-*.sqlite3"), key=lambda other: other.stat().st_mtime)
        for other in others[: -FILES_AT_MOST + 1]:
            other.unlink()
        unfinished = file.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        _migrate(f"sqlite:///{unfinished}")
        with closing(sqlite3.connect(unfinished)) as migrated:
            migrated.execute("PRAGMA journal_mode=DELETE")  # one file that can be copied, without a journal beside it
        unfinished.replace(file)
    return file


def _postgres_template(server: SplitResult) -> str:
    family = f"test_{server.path[1:]}_migrated_"[:40]  # a name has at most 63 letters
    name = family + _digest()
    with closing(psycopg2.connect(server._replace(path="/postgres").geturl())) as maintenance:
        maintenance.autocommit = True
        with maintenance.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [family])
            present = {row[0] for row in cursor.fetchall()}
            if name not in present:
                for other in present:
                    cursor.execute(f'DROP DATABASE "{other}"')
                cursor.execute(f'CREATE DATABASE "{name}_unfinished"')
                _migrate(server._replace(path=f"/{name}_unfinished").geturl())
                cursor.execute(f'ALTER DATABASE "{name}_unfinished" RENAME TO "{name}"')
    return name


def _migrate(url: str) -> None:
    """In a process of its own: Django's connection of this one is for the test database.

    Without Django's checks, a quarter of the time, which `make check` runs.
    """
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--skip-checks", "-v0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, check=True)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """The first of several processes makes the database, the others wait for it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
