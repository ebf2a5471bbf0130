"""Databases for server processes: each is a copy of one that was migrated once per test run."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def database_copy(folder: Path) -> Iterator[str]:
    """The DATABASE_URL of a new database with all migrations applied; it is removed at the end."""
    url = urlsplit(migrated_database(os.environ["DATABASE_URL"]))
    if url.scheme == "sqlite":
        copied = shutil.copy(url.path, folder / "service.sqlite3")
        yield f"sqlite:///{copied}"
        return
    name = _new_name()
    _sql(url, f'CREATE DATABASE "{name}" TEMPLATE "{url.path[1:]}"')
    try:
        yield url._replace(path=f"/{name}").geturl()
    finally:
        _sql(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@cache
def migrated_database(server: str) -> str:
    """The DATABASE_URL of a migrated database that nothing is connected to: a file, or one on this server."""
    given = urlsplit(server)
    if given.scheme == "sqlite":
        folder = Path(tempfile.mkdtemp(prefix="tesla-servers-"))
        atexit.register(shutil.rmtree, folder)
        url = f"sqlite:///{folder / 'migrated.sqlite3'}"
    else:
        name = _new_name()
        _sql(given, f'CREATE DATABASE "{name}"')
        atexit.register(_drop_if_running, given, name)
        url = given._replace(path=f"/{name}").geturl()
    command = [sys.executable, "manage.py", "migrate", "--no-input", "-v0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, check=True)
    return url


def _drop_if_running(server: SplitResult, name: str) -> None:
    import psycopg2

    with suppress(psycopg2.OperationalError):  # a server that was started for the tests is gone by now
        _sql(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _new_name() -> str:
    return f"tesla_servers_{os.getpid()}_{time.monotonic_ns()}"


def _sql(server: SplitResult, statement: str) -> None:
    import psycopg2

    connection = psycopg2.connect(server._replace(scheme="postgresql", path="/postgres").geturl())
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)
