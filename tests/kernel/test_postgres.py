"""Connections to PostgreSQL that have ended are made anew before a request uses them."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

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
