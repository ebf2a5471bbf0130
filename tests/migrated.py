"""A database that is migrated once and then copied: for the tests, and for the servers that tests start.

SQLite: a file in var/tests. PostgreSQL: a template database beside the one of DATABASE_URL. Both have a digest of what
they were made from in their names, so that another state of the migrations makes another database.
"""

import fcntl
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import django
from django.apps import apps
from django.core.management import call_command
from django.core.management.commands.migrate import Command
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "var" / "tests"
# What migrations call: a change in one of these can make other tables of the same migrations.
CALLED = [ROOT / "kernel" / name for name in ("constraints.py", "fields.py", "text.py")]
FILES_AT_MOST = 4


def digest() -> str:
    folders = [(app.label, Path(app.path) / "migrations") for app in apps.get_app_configs()]
    files = [(label, file) for label, folder in folders for file in sorted(folder.glob("*.py"))]
    parts = [django.__version__, *(app.label for app in apps.get_app_configs())]
    parts += [f"{label}/{file.name}\n{file.read_text()}" for label, file in files]
    parts += [file.read_text() for file in CALLED]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def sqlite_file() -> Path:
    """The migrated SQLite file; made if it is not there."""
    file = FOLDER / f"migrated-{digest()}.sqlite3"
    with _one_at_a_time():
        if not file.exists():
            _make_room()
            unfinished = file.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            _migrate(str(unfinished))
            unfinished.replace(file)
    return file


def postgres_template() -> str:
    """The name of the migrated PostgreSQL database; made if it is not there."""
    family = f"test_{connection.settings_dict['NAME']}_migrated_"[:40]  # a name has at most 63 letters
    name = family + digest()
    with _one_at_a_time(), connection.creation._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [family])
        present = {row[0] for row in cursor.fetchall()}
        if name not in present:
            for older in present:
                cursor.execute(f'DROP DATABASE "{older}"')
            cursor.execute(f'CREATE DATABASE "{name}_unfinished"')
            _migrate(f"{name}_unfinished")
            cursor.execute(f'ALTER DATABASE "{name}_unfinished" RENAME TO "{name}"')
    return name


def use_copies() -> None:
    """The next test database that Django makes is a copy instead of being migrated."""
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = postgres_template()
        source = None
    else:
        source = sqlite_file()
    migrate = Command.handle

    def copy(self, *args, **options) -> None:
        Command.handle = migrate
        if source:
            connection.ensure_connection()
            with closing(sqlite3.connect(source)) as migrated:
                migrated.backup(connection.connection)

    Command.handle = copy


def _migrate(name: str) -> None:
    """Migrates the database of this name, which is empty."""
    connection.close()
    own, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
    try:
        call_command("migrate", verbosity=0, interactive=False)
        if connection.vendor == "sqlite":  # one file that can be copied, without a journal beside it
            connection.cursor().execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own


def _make_room() -> None:
    """Files of earlier states go, but for the latest: branches and mutants come back to theirs."""
    files = sorted(FOLDER.glob("migrated-*.sqlite3"), key=lambda file: file.stat().st_mtime)
    for file in files[: -FILES_AT_MOST + 1]:
        file.unlink()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """The first of several processes makes the database, the others wait for it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
