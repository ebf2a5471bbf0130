"""Several processes count, answer, time out and look at the same work at once: PostgreSQL, in real transactions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction
from django.utils import timezone

from institutions.services.unanswered import asked_again
from kernel.domain import Unknown
from kernel.repeats import repeated
from learners.services import consent_reject, learner_delete
from pipeline.models import Job
from pipeline.running import run_due
from pipeline.status import tallies
from reports.models import ActivityInstrumentHistogram, Request, RequestProviderResult
from reports.services import verifying
from reports.services.counting import requests_recounted
from reports.services.verifying import (
    RESULTS,
    requests_dispatched,
    result_answered,
    results_reviewed,
    results_timed_out,
)
from tests.captures import FR, PLAG
from tests.conftest import kept
from tests.reports.work import Work, asked, messages

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def work(transactional_db) -> Work:
    return Work(kept().again().home)


def at_once(*calls: Callable[[], object]) -> list[object]:
    def done(call: Callable[[], object]) -> object:
        try:
            return repeated(call)
        except Unknown as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(done, calls))


def test_everything_at_once_is_counted_once(work):
    sessions = {name: work.session(name) for name in ("ann", "bob")}
    requests = [
        work.request(FR, PLAG, name=("ann", "bob")[n % 2], session=sessions[("ann", "bob")[n % 2]], done=False)
        for n in range(8)
    ]
    keys = [request.pk for request in requests]
    at_once(*[lambda: requests_dispatched(keys)] * 2, *[lambda: requests_dispatched(reversed(keys))] * 2)
    assert [len(asked(request)) for request in requests] == [2] * 8
    RequestProviderResult.objects.filter(request__in=keys[6:]).update(asked_at=timezone.now() - timedelta(hours=2))
    rows = list(RequestProviderResult.objects.filter(request__in=keys[:6]))
    answers = [lambda row=row: result_answered(row=row, status=1, result=0.9, audit={"n": 1}) for row in rows]
    found = at_once(*answers, *answers, *[run_due] * 3, *[results_timed_out] * 2)
    assert sum(map(bool, found[: 2 * len(rows)])) == len(rows)  # of two equal answers one is stored
    assert sum(found[-2:]) == 4
    at_once(*[run_due] * 3, *[lambda: requests_recounted(keys)] * 3)
    run_due()
    assert not Job.objects.filter(queue="").exists()
    histogram = ActivityInstrumentHistogram.objects.get(activity=work.home.activity, instrument=FR)
    assert (histogram.b9, work.row(FR, "ann").total_count, work.row(FR, "bob").total_count) == (6, 4, 4)
    assert work.report().sessions.get().total_requests == 4


def test_two_that_ask_again_and_two_reapers_take_each_of_many_once(work):
    owner = {"institution": work.home.institution, "learner": work.home.learners["bob"], "activity": work.home.activity}
    requests = Request.objects.bulk_create(Request(**owner) for _ in range(300))
    wanted = Request.instruments.through
    wanted.objects.bulk_create(wanted(request=request, instrument_id=FR) for request in requests)
    requests_dispatched([request.pk for request in requests])
    Job.objects.exclude(queue="").delete()
    RequestProviderResult.objects.update(asked_at=timezone.now() - timedelta(minutes=20))
    assert sum(at_once(*[lambda: asked_again(RESULTS)] * 2)) == 300
    assert len({job.key for job in messages()}) == len(messages()) == 300
    RequestProviderResult.objects.update(asked_at=timezone.now() - timedelta(minutes=61))
    assert sum(at_once(*[results_timed_out] * 2)) == 300
    run_due()
    assert work.row().total_count == 300
    assert tallies() == {"results": [{"provider": "p_fr", "sent_again": 300, "given_up": 300}]}


def test_an_answer_and_a_withdrawal_at_once_leave_one_of_them(work):
    learner = work.home.learners["bob"]
    for _ in range(3):
        request = work.request()
        row = RequestProviderResult.objects.get(request=request)
        taken, _ = at_once(
            lambda row=row: result_answered(row=row, status=1, result=0.9), lambda: consent_reject(learner=learner)
        )
        run_due()
        assert RequestProviderResult.objects.get(pk=row.pk).status == (1 if taken is True else 2)
        learner.refresh_from_db()
        learner.consent_rejected = None
        learner.save()


def test_what_is_being_asked_while_the_consent_is_withdrawn_is_closed(work, monkeypatch):
    request, learner = work.request(done=False), work.home.learners["bob"]
    asking, reviewed = Event(), Event()
    recounted = verifying.requests_recounted

    def late(requests):
        asking.set()
        reviewed.wait(1)  # which cannot be before this transaction has ended
        recounted(requests)

    def ask() -> None:
        with transaction.atomic():
            requests_dispatched([request.pk])

    def withdraw() -> None:
        assert asking.wait(20)
        consent_reject(learner=learner)
        results_reviewed([learner.pk])
        reviewed.set()

    monkeypatch.setattr(verifying, "requests_recounted", late)
    at_once(ask, withdraw)
    row = RequestProviderResult.objects.get(request=request)
    assert (row.status, row.error_message) == (2, "The learner has withdrawn the consent.")


def test_a_learner_who_is_deleted_while_results_are_counted(work):
    requests = [work.request(name=("ann", "bob")[n % 2]) for n in range(6)]
    for request in requests:
        work.answer(request, result=0.9, done=False)
    ann = work.home.learners["ann"]
    at_once(lambda: requests_recounted([request.pk for request in requests]), lambda: learner_delete(learner=ann))
    run_due()
    assert ActivityInstrumentHistogram.objects.get(activity=work.home.activity, instrument=FR).b9 == 3
