"""Databases for server processes: each is a copy of one that was migrated once per test run."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from tests.migrated import migrated_database

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def database_copy(folder: Path, server: str) -> Iterator[str]:
    """The DATABASE_URL of a new database with all migrations applied; it is removed at the end."""
    url = urlsplit(migrated_database(server))
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


def _new_name() -> str:
    return f"tesla_servers_{os.getpid()}_{time.monotonic_ns()}"


def _sql(server: SplitResult, statement: str) -> None:
    import psycopg2

    connection = psycopg2.connect(server._replace(scheme="postgresql", path="/postgres").geturl())
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)
