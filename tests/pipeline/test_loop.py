"""The loop of a process, without a process: its steps, its pauses, and turns."""

import time
from types import SimpleNamespace

import pytest
from django.db import OperationalError

from pipeline import jobs, loop, turns, watch
from pipeline.jobs import enqueue, enqueue_for_provider, periodic
from pipeline.models import Job, Turn
from tests.pipeline.conftest import later


@pytest.fixture
def looped(works, monkeypatch):
    """looped(step, ...) runs the steps until one stops the loop; answers the loop and the pauses that it made.

    The connection is the test's: it is not closed.
    """
    closed = []
    monkeypatch.setattr(loop, "LOOK", 1.0)  # tests of processes have another one
    monkeypatch.setattr(loop, "connections", SimpleNamespace(close_all=lambda: closed.append(1)))
    monkeypatch.setattr(loop, "close_old_connections", lambda: None)

    def run(*steps):
        made = loop.Loop([])
        made.steps = [lambda ended, step=step: step(made) for step in steps]
        pauses, wait = [], made.stopping.wait
        monkeypatch.setattr(made.stopping, "wait", lambda seconds: pauses.append(seconds) or wait(0))
        made.run()
        return made, pauses, closed

    return run


def test_a_round_that_did_something_is_followed_by_another_at_once(looped, monkeypatch):
    monkeypatch.setattr(loop, "LOOK", 30.0)
    rounds = iter([2, 1, 0])

    def step(made):
        did = next(rounds)
        if not did:
            made.stop()
        return did

    begun = time.monotonic()
    looped(step)
    assert time.monotonic() - begun < 5
    assert next(rounds, None) is None


def test_a_commit_wakes_the_loop(looped, monkeypatch):
    monkeypatch.setattr(loop, "LOOK", 30.0)
    rounds = []

    def step(made):
        rounds.append(1)
        if len(rounds) == 1:
            jobs.wake()  # while it looks: it may have been too late for this round
        else:
            made.stop()
        return 0

    begun = time.monotonic()
    looped(step)
    assert time.monotonic() - begun < 5
    assert len(rounds) == 2


def test_a_broken_database_is_waited_for_with_growing_pauses(looped, caplog):
    rounds = []

    def step(made):
        rounds.append(1)
        if len(rounds) < 8:
            raise OperationalError("the server is away")
        if len(rounds) == 9:
            raise OperationalError("again")
        if len(rounds) == 10:
            made.stop()
        return 1

    _, pauses, closed = looped(step)
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 1]
    assert len(closed) == len(pauses) + 1
    assert len([record for record in caplog.records if record.exc_info]) == 2, "one trace for each time"


def test_without_a_broker_a_process_does_everything(works, settings):
    settings.BROKER_URL = ""
    works.declare("t.own")
    works.consume("tesla_here")
    called = []
    periodic("t.often", seconds=10)(lambda: called.append(1))
    enqueue("t.own", [1])
    enqueue_for_provider("tesla_here", "a.task", "1", 2)
    did = [step(lambda: False) for step in loop.steps(serving=True)]
    assert did == [1, 1, 0]
    assert (works.calls, called) == ([("t.own", [1]), ("a.task", [2])], [1])
    assert not Job.objects.exists()


def test_beside_a_broker_a_server_only_publishes(works, settings):
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    named = [[type(step).__name__ for step in loop.steps(serving=serving)] for serving in (True, False)]
    assert named == [["Relay"], ["Relay", "Periodics"]]


def test_the_servers_thread_can_be_switched_off(settings):
    settings.PIPELINE_IN_SERVER = False
    assert loop.thread_of_server() is None


# About every so many seconds.


def test_several_processes_do_it_once_in_its_time(works):
    called = []
    periodic("t.often", seconds=10)(lambda: called.append(1))
    processes = [loop.Periodics() for _ in range(3)]
    for _ in range(2):
        for process in processes:
            process(lambda: False)
    assert len(called) == 1
    later(9)
    processes[1](lambda: False)
    assert len(called) == 1
    later(2)
    for process in processes:
        process(lambda: False)
    assert len(called) == 2


def test_one_that_fails_stops_no_other_and_comes_again(works):
    called = []

    def fail():
        called.append("failing")
        raise ValueError("no")

    periodic("t.failing", seconds=5)(fail)
    periodic("t.good", seconds=5)(lambda: called.append("good"))
    process = loop.Periodics()
    process(lambda: False)
    later(6)
    process(lambda: False)
    assert sorted(called) == ["failing", "failing", "good", "good"]
    later(6)
    process(lambda: True)
    assert len(called) == 4, "the process ends"


def test_a_turn_is_claimed_by_one(works):
    turns.prepare(["x", "y"])
    turns.prepare(["x"])
    assert Turn.objects.count() == 2
    assert [turns.claimed("x", seconds=5) for _ in range(2)] == [True, False]
    turns.open_again("x")
    assert turns.claimed("x", seconds=5)
    assert not turns.claimed("unknown", seconds=5)


# Celery's worker.


@pytest.fixture
def watched(monkeypatch):
    """watched(waiting, begun, active) looks once every EVERY seconds; the numbers of the looks that begin it again."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: clock.now))

    def run(waiting, begun, active):
        clock.now, again, state = 0.0, [], SimpleNamespace()
        monkeypatch.setattr(watch, "state", state)
        number = 0
        made = watch.Watch(lambda: waiting[number], lambda: again.append(number))
        for number in range(len(waiting)):
            clock.now += watch.EVERY
            state.total_count, state.active_requests = {"run": begun[number]}, {*range(active[number])}
            assert made(lambda: False) == 0
        return again

    return run


def test_a_worker_that_takes_no_more_messages_is_begun_again(watched, caplog):
    assert watched(waiting=[3] * 7, begun=[5] * 7, active=[0] * 7) == [3, 6]
    assert "begun again" in caplog.text


@pytest.mark.parametrize(
    "otherwise",
    [
        {"waiting": [0] * 9},
        {"waiting": [3, 3, 0] * 3},
        {"begun": range(9)},
        {"active": [1] * 9},
    ],
)
def test_a_worker_that_is_busy_or_has_nothing_to_do_goes_on(watched, otherwise):
    assert watched(**{"waiting": [3] * 9, "begun": [5] * 9, "active": [0] * 9} | otherwise) == []
