"""Connections to PostgreSQL that have ended are made anew before a request uses them, and end what takes too long."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection

from kernel.repeats import is_slow
from tesla_api.wsgi import checked

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL")


@pytest.fixture
def other(db) -> Iterator[Any]:
    """A connection of another process, which was used a moment ago."""
    made = connection.copy()
    backend(made)
    made.close_if_unusable_or_obsolete()  # a request begins
    yield made
    made.close()


def backend(of: Any) -> int:
    with of.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def test_a_connection_in_use_is_kept_without_a_round_trip(other, monkeypatch):
    monkeypatch.setattr(other, "is_usable", None)
    before = other.connection
    assert backend(other)
    assert other.connection is before


def test_one_that_the_server_has_ended_is_noticed_at_once(other):
    pid = other.connection.get_backend_pid()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        for _ in range(500):
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid])
            if cursor.fetchone() is None:
                break
            time.sleep(0.01)
    assert backend(other) != pid


def test_one_that_is_closed_is_no_error(other):
    pid = other.connection.get_backend_pid()
    other.connection.close()
    assert backend(other) != pid


def in_a_thread(work: Callable[[], Any]) -> Any:
    """With a connection of its own."""

    def connected() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(connected).result()


def limit_of() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return cursor.fetchone()[0]


def test_a_statement_of_a_web_request_is_ended_and_others_are_not(django_db_blocker, settings):
    settings.STATEMENT_SECONDS = 1
    seen: list[str] = []

    def sleeping(environ: Any, start: Any) -> list[bytes]:
        seen.append(limit_of())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")
        return []

    with django_db_blocker.unblock():
        with pytest.raises(OperationalError) as ended:
            in_a_thread(lambda: checked(sleeping)({}, None))
        assert is_slow(ended.value)
        assert seen == ["1s"]
        assert in_a_thread(limit_of) == "0"  # background work beside it
        settings.STATEMENT_SECONDS = 0
        assert in_a_thread(lambda: checked(lambda *_: limit_of())({}, None)) == "0"
