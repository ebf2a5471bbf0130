"""Jobs: taking, doing, failing, parking. The fault of a process that dies is a job that stays taken."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline import jobs
from pipeline.jobs import enqueue, enqueue_for_provider
from pipeline.models import Job
from pipeline.running import PAUSES, TRIES, deliver_due, due, given_back, retry, run_due, take, taken_batch
from tests.pipeline.conftest import later


def test_equal_keys_are_one_call_in_batches_of_the_declared_size(works):
    works.declare("t.batched", batch=3)
    enqueue("t.batched", [1, 2, 1, 3, 4, 2])
    assert run_due() == 6
    assert works.calls == [("t.batched", [1, 2]), ("t.batched", [3, 4, 2])]
    assert not Job.objects.exists()
    assert run_due() == 0


def test_no_statement_about_taken_jobs_can_read_an_index_of_due_ones(works):
    """Such an index has an entry for each job that was done since the last vacuum."""
    works.declare("t.taken", batch=2)
    enqueue("t.taken", [1, 2])
    with CaptureQueriesContext(connection) as captured:
        run_due()
    about_taken = [query["sql"] for query in captured if '"id" IN (' in query["sql"]]
    assert len(about_taken) == 3  # taken, locked, deleted
    assert not [sql for sql in about_taken if '"parked_at" IS NULL' in sql]


def test_keys_are_told_as_they_were_given(works):
    works.declare("t.keys", batch=10)
    enqueue("t.keys", [7, "7b", [1, 2]])
    run_due()
    assert works.calls == [("t.keys", [7, "7b", [1, 2]])]


def test_a_broken_key_holds_up_no_other(works):
    works.declare("t.broken", batch=10)
    works.failing = {2}
    enqueue("t.broken", [1, 2, 3, 2])
    assert run_due() == 2
    assert works.calls[0] == ("t.broken", [1, 2, 3])
    assert works.calls[1:] == [("t.broken", [1]), ("t.broken", [2]), ("t.broken", [3])]
    rows = Job.objects.values_list("key", "tries", "error", "taken_at")
    assert [*rows] == [("2", 1, "ValueError: [2] cannot be done\nand more", None)] * 2
    assert run_due() == 0, "it has a pause"


def test_pauses_grow_until_the_job_is_parked_and_retried(works):
    works.declare("t.poison")
    works.failing = {1}
    enqueue("t.poison", [1])
    for pause in [*PAUSES, None]:
        run_due()
        row = Job.objects.get()
        if pause is None:
            break
        later(pause.total_seconds() - 1)
        assert run_due() == 0
        assert len(works.calls) == row.tries
        later(2)
    assert (row.tries, row.parked_at is not None, len(works.calls)) == (TRIES, True, TRIES)
    later(10**6)
    run_due()
    assert len(works.calls) == TRIES, "it is parked"
    works.failing = set()
    assert retry(Job.objects.filter(name="another")) == 0
    assert retry(Job.objects.all()) == 1
    assert run_due() == 1
    assert not Job.objects.exists()


def test_a_parked_key_does_not_stop_a_new_job_of_the_same_key(works):
    works.declare("t.again")
    Job.objects.create(name="t.again", key="1", arguments=1, parked_at=timezone.now(), tries=TRIES)
    enqueue("t.again", [1])
    assert run_due() == 1
    assert Job.objects.get().parked_at is not None


def test_a_job_whose_process_died_is_taken_again_after_its_time(works, settings):
    works.declare("t.died")
    enqueue("t.died", [1])
    (taken,) = taken_batch()
    assert run_due() == 0
    assert Job.objects.get().taken_at is not None
    later(settings.JOB_SECONDS - 1)
    assert run_due() == 0
    later(2)
    assert run_due() == 1
    assert taken.pk not in Job.objects.values_list("pk", flat=True)


def test_a_job_that_ends_its_process_each_time_is_parked(works, settings):
    works.declare("t.killer")
    enqueue("t.killer", [1])
    for _ in range(TRIES):
        assert taken_batch()
        later(settings.JOB_SECONDS + 1)
    assert taken_batch() == []
    row = Job.objects.get()
    assert (row.parked_at is not None, row.error) == (True, "Each process that did this has died.")


def test_a_job_that_ends_its_process_takes_no_others_with_it(works, settings):
    works.declare("t.batch", batch=10)
    enqueue("t.batch", [1, 2, 3])
    for _ in range(2):
        assert len(taken_batch()) == 3
        later(settings.JOB_SECONDS + 1)
    enqueue("t.batch", [4, 5])
    taken = [taken_batch() for _ in range(4)]
    assert sorted(len(each) for each in taken) == [1, 1, 1, 2]
    assert taken_batch() == []


def test_a_slow_process_does_not_do_what_another_one_has_taken_meanwhile(works, settings):
    works.declare("t.slow")
    enqueue("t.slow", [1])
    taking = taken_batch()
    later(settings.JOB_SECONDS + 1)
    from pipeline.running import _run

    assert taken_batch(), "another one"
    assert _run(jobs.WORKS["t.slow"], taking) == 0
    assert works.calls == []
    assert Job.objects.get().tries == 2


def test_what_a_handler_has_written_is_taken_back_when_it_fails(works):
    works.declare("t.half")
    works.meanwhile = lambda: enqueue("t.next", [5])
    works.failing = {1}
    enqueue("t.half", [1])
    run_due()
    assert [*Job.objects.values_list("name", flat=True)] == ["t.half"]
    works.failing = set()
    later(2)
    run_due()
    assert [*Job.objects.values_list("name", flat=True)] == ["t.next"]


def test_only_what_has_a_handler_is_taken_and_one_name_if_asked(works):
    works.declare("t.one")
    works.declare("t.two")
    enqueue("t.nobody", [1])
    enqueue("t.one", [1])
    enqueue("t.two", [1])
    assert run_due(name="t.nobody") == 0
    assert run_due(name="t.two") == 1
    assert run_due() == 1
    assert [name for name, _ in works.calls] == ["t.two", "t.one"]
    assert Job.objects.get().tries == 0


def test_no_more_batches_than_asked_for_and_none_after_the_end(works):
    works.declare("t.many")
    enqueue("t.many", range(5))
    assert run_due(most=2) == 2
    assert run_due(ended=lambda: True) == 0
    assert run_due(ended=lambda: len(works.calls) >= 4) == 2


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_clock_of_the_process_is_not_looked_at(works, monkeypatch, hours):
    works.declare("t.clock")
    works.failing = {2}
    wrong = time.time() + 3600 * hours
    monkeypatch.setattr(time, "time", lambda: wrong)
    monkeypatch.setattr(timezone, "now", lambda: datetime.fromtimestamp(wrong, tz=timezone.get_current_timezone()))
    enqueue("t.clock", [1, 2])
    assert run_due() == 1
    assert run_due() == 0
    later(2)
    works.failing = set()
    assert run_due() == 1


def test_errors_are_stored_shortened_and_without_what_postgresql_refuses(works):
    works.declare("t.long")
    enqueue("t.long", [1])

    def fail():
        raise RuntimeError("\0" * 10 + "x" * 5000)

    works.meanwhile = fail
    run_due()
    error = Job.objects.get().error
    assert error.startswith("RuntimeError: xxx")
    assert 1900 < len(error) <= 2000


def test_after_the_commit_the_process_is_woken(works, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            enqueue("t.wake", [1])
        assert not jobs.woken.is_set()
    assert jobs.woken.is_set()
    jobs.woken.clear()
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        enqueue("t.wake", [])
    assert callbacks == []


# Messages to providers.


def test_messages_to_providers_here_are_handed_over_and_others_stay(works):
    works.consume("tesla_here")
    enqueue_for_provider("tesla_here", "a.task", "1", "uuid", 1)
    enqueue_for_provider("tesla_elsewhere", "a.task", "2", "uuid", 2)
    assert deliver_due() == 1
    assert works.calls == [("a.task", ["uuid", 1])]
    row = Job.objects.get()
    assert (row.queue, row.tries) == ("tesla_elsewhere", 0)
    assert run_due() == 0


def test_a_message_that_fails_comes_again_after_a_pause(works):
    works.consume("tesla_here")
    works.failing = {1}
    enqueue_for_provider("tesla_here", "a.task", "1", 1)
    assert deliver_due() == 1
    row = Job.objects.get()
    assert (row.tries, row.error) == (1, "ValueError: not taken")
    assert deliver_due() == 0
    works.failing = set()
    later(2)
    assert deliver_due(most=1) == 1
    assert not Job.objects.exists()


def test_messages_that_could_not_be_carried_are_not_counted_as_tried(works):
    for number in range(3):
        enqueue_for_provider("q", "a.task", str(number), number)
    Job.objects.filter(key="2").update(tries=3)
    rows = take(due(queue="q"), 10)
    assert take(due(queue="q"), 10) == []
    given_back(rows, seconds=5)
    assert [*Job.objects.order_by("key").values_list("tries", "taken_at")] == [(0, None), (0, None), (3, None)]
    assert not due(queue="q").exists()
    later(6)
    assert due(queue="q").count() == 3


# At once.


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="it has one writer at a time")
def test_two_processes_take_different_jobs_and_do_each_once(works):
    works.declare("t.both", batch=5)
    enqueue("t.both", range(100))
    start = Barrier(2)

    def work() -> int:
        start.wait()
        try:
            return run_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        done = [each.result() for each in [pool.submit(work) for _ in range(2)]]
    assert sum(done) == 100
    assert min(done) > 0
    assert sorted(key for _, keys in works.calls for key in keys) == [*range(100)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="it has one writer at a time")
def test_a_job_that_another_process_has_locked_is_passed_over(works):
    works.declare("t.locked", batch=5)
    enqueue("t.locked", [1, 2])

    def rest() -> list[int]:
        try:
            return [row.arguments for row in taken_batch()]
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        Job.objects.select_for_update().get(key="1")
        assert pool.submit(rest).result(timeout=10) == [2]


def test_rows_of_many_jobs_are_taken_without_reading_those_of_others(works):
    """Each of the two questions has its index: 5,000 messages that nobody carries cost nothing."""
    if connection.vendor != "postgresql":
        pytest.skip("the plan is PostgreSQL's")
    Job.objects.bulk_create(Job(name="a.task", queue="tesla_far", key=str(n)) for n in range(5_000))
    works.declare("t.rare")
    enqueue("t.rare", [1])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pipeline_job")
    plans = [due(queue="", name="t.rare").explain(), due(queue="", name__in=["t.rare", "t.other"]).explain()]
    for plan in plans:
        assert "Seq Scan" not in plan
        assert "job_due" in plan


def test_time_that_passes_is_the_tests_own(works):
    enqueue("t.x", [1])
    before = Job.objects.get().due_at
    later(10)
    assert before - Job.objects.get().due_at == timedelta(seconds=10)
