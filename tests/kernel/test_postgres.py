"""Connections to PostgreSQL that have ended are made anew before a request uses them; long statements are ended, and
those that are run again and again are planned once.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, connections, models, transaction
from django.test.utils import CaptureQueriesContext

from institutions.models import User
from kernel.fast.prepared import Prepared
from kernel.postgres.plans import RUNS, Plans
from kernel.repeats import is_lost, is_slow
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


@pytest.fixture
def planned(db) -> Iterator[Plans]:
    """The test's connection, which has prepared nothing."""

    def begin() -> Plans:
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
        own: Any = connections["default"]
        own.plans = Plans(own)
        return own.plans

    yield begin()
    begin()


def statement(of: str = "uid") -> Prepared:
    """Answers itself, too, as the server has got it."""
    query = models.expressions.RawSQL("current_query()", ())
    return Prepared(lambda key: User.objects.filter(**{of: key}).values_list("uid", query), "key")


def test_a_statement_is_planned_once_and_takes_other_values(planned, world):
    found = statement()
    runs = [found(key=name).first() for name in ("ann", "bob", "ann' OR '1'='1", "%s", "bob", "ann")]
    assert [row and row[0] for row in runs] == ["ann", "bob", None, None, "bob", "ann"]
    assert [row[1].startswith("EXECUTE") for row in runs if row] == [False, False, True, True]
    assert len(planned.names) == 1


def test_lists_and_what_is_watched_are_sent_as_they_are(planned, world, settings):
    of_list = statement("uid__any_of")
    assert not any(of_list(key=["ann"]).first()[1].startswith("EXECUTE") for _ in range(RUNS + 2))
    found = statement()
    settings.DATABASE_PLANS = False
    assert not any(found(key="ann").first()[1].startswith("EXECUTE") for _ in range(RUNS + 2))
    settings.DATABASE_PLANS = True
    with connection.execute_wrapper(lambda run, *statement: run(*statement)):
        assert not any(found(key="ann").first()[1].startswith("EXECUTE") for _ in range(RUNS + 2))
    with CaptureQueriesContext(connection):
        assert not any(found(key="ann").first()[1].startswith("EXECUTE") for _ in range(RUNS + 2))
    assert planned.names == {}


@pytest.mark.parametrize("inside", [True, False])
def test_what_cannot_be_planned_runs_as_it_is(planned, transactional_db, inside):
    echo = Prepared(
        lambda key: User.objects.annotate(told=models.expressions.RawSQL("num_nulls(%s)", (key,))).values_list("told"),
        "key",
    )
    User.objects.create(username="one", uid="one")
    with transaction.atomic() if inside else nullcontext():
        assert [[*echo(key=1)] for _ in range(RUNS + 3)] == [[(0,)]] * (RUNS + 3)
    assert [*planned.names.values()] == [""]


def test_a_plan_that_a_migration_has_made_stale_is_made_again(planned, world):
    found = Prepared(lambda key: User.objects.filter(uid=key).values_list("locale"), "key")
    runs = [found(key="ann").first() for _ in range(RUNS + 1)]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE institutions_user ALTER COLUMN locale TYPE varchar(11)")
    with pytest.raises(OperationalError) as raised, transaction.atomic():
        found(key="ann").first()
    assert is_lost(raised.value)  # so the request is repeated
    assert [found(key="ann").first() for _ in range(RUNS + 1)] == runs


def test_a_plan_that_is_gone_is_made_again(planned, world):
    found = statement()
    for _ in range(RUNS + 1):
        found(key="ann").first()
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    with pytest.raises(DatabaseError), transaction.atomic():
        found(key="ann").first()
    assert [found(key="ann").first()[1].startswith("EXECUTE") for _ in range(RUNS + 1)][-1]


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


@pytest.mark.parametrize(("options", "cost"), [("", "1.1"), ("-c random_page_cost=3", "3")])
def test_plans_are_for_short_statements_unless_the_operator_has_chosen(other, options, cost):
    other.close()
    other.settings_dict = other.settings_dict | {"OPTIONS": {"options": options}}
    other.connect()
    with other.cursor() as cursor:
        cursor.execute("SELECT current_setting('jit'), current_setting('random_page_cost')")
        assert cursor.fetchone() == ("off", cost)
