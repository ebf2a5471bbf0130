"""Background work in a serving process gives way to requests: few jobs at once, and rests."""

import threading
from types import SimpleNamespace

import pytest
from django.core.exceptions import MiddlewareNotUsed

from pipeline import sharing
from pipeline.jobs import enqueue
from pipeline.running import run_due
from pipeline.sharing import FEW, LONGEST, MORE, RESTS, Answering


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    """A thread that gives way: `now` of its clock, and the `rests` that it makes."""
    made = SimpleNamespace(now=100.0, rests=[])
    monkeypatch.setattr(sharing, "monotonic", lambda: made.now)
    monkeypatch.setattr(sharing, "_own", threading.local())
    stopping = threading.Event()
    monkeypatch.setattr(stopping, "wait", made.rests.append)
    made.begin = lambda: sharing.gives_way(stopping)
    return made


def meanwhile(settings, done) -> None:
    """`done()` while a request is being answered."""
    settings.PIPELINE_IN_SERVER = True
    Answering(lambda request: done())(SimpleNamespace())


def test_it_rests_longer_than_it_has_worked(clock, settings):
    clock.begin()
    clock.now += 1
    sharing.rest()
    assert clock.rests == [], "nobody waits"
    clock.now += 0.1
    meanwhile(settings, sharing.rest)
    clock.now += 60
    meanwhile(settings, sharing.rest)
    assert clock.rests == [pytest.approx(RESTS * 0.1), LONGEST]
    clock.now += 60
    clock.begin()
    meanwhile(settings, sharing.rest)
    assert clock.rests[2:] == [0], "it was idle"


def test_it_takes_few_jobs_while_requests_are_answered(clock, works, settings):
    works.declare("t.many", batch=MORE + 5)

    def sizes(done) -> list[int]:
        works.calls.clear()
        enqueue("t.many", range(MORE + 5))
        done()
        return [len(keys) for _, keys in works.calls]

    assert sizes(lambda: meanwhile(settings, run_due)) == [MORE + 5], "a process of its own"
    clock.begin()
    assert sizes(run_due) == [MORE, 5]
    assert sizes(lambda: meanwhile(settings, run_due)) == [FEW, FEW, MORE + 5 - 2 * FEW]


def test_a_request_that_fails_is_answered_too(clock, settings):
    with pytest.raises(ZeroDivisionError):
        meanwhile(settings, lambda: 1 / 0)
    clock.begin()
    clock.now += 1
    sharing.rest()
    assert clock.rests == []


def test_other_servers_need_not_count(settings):
    settings.PIPELINE_IN_SERVER = False
    with pytest.raises(MiddlewareNotUsed):
        Answering(lambda request: None)


def test_a_process_of_its_own_never_rests(clock, settings):
    meanwhile(settings, sharing.rest)
    assert clock.rests == []
