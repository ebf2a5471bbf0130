"""What providers were sent and have not answered is sent again, as often as it may help and no more."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone

from institutions.models import Instrument, Provider, ProviderNotification
from institutions.services import unanswered
from institutions.services.notifications import NOTIFICATIONS, notifications_due
from learners.models import Enrolment, EnrolmentSampleValidation
from learners.validating import ENROLMENTS, VALIDATIONS, validations_timed_out
from pipeline.jobs import AWAITED, GAUGES, PERIODIC
from pipeline.models import Job
from pipeline.running import TRIES, run_due
from pipeline.status import tallies
from reports.models import RequestProviderResult
from reports.services.verifying import RESULTS, result_status_set, results_timed_out
from tests.captures import FR
from tests.providers.conftest import TASK, captured, messages
from tests.reports.work import PROCESSED, PROCESSING, WAITING, Work

asked_again = unanswered.asked_again


@pytest.fixture
def work(world) -> Work:
    return Work(world.home)


@pytest.fixture
def depths(monkeypatch, settings) -> dict[str, int | None]:
    """What a broker says of its queues; 0 of others."""
    told: dict[str, int | None] = {}
    settings.BROKER_URL = "amqp://tesla:tesla@broker.example.org/"
    monkeypatch.setattr("pipeline.depths.depth", lambda queue: told.get(queue, 0))
    return told


def aged(model: type[Model], minutes: float, **which: Any) -> None:
    """So long ago these were asked."""
    model._default_manager.filter(**which).update(asked_at=timezone.now() - timedelta(minutes=minutes))


def carried() -> list[tuple[str, str, list]]:
    """What was sent to providers since the last look."""
    found = messages()
    Job.objects.exclude(queue="").delete()
    return found


# Requests.


def test_what_was_published_and_has_no_answer_is_sent_again_after_growing_pauses(work):
    request = work.request()
    first = carried()
    assert [(queue, arguments[0]) for queue, _, arguments in first] == [("p_fr", request.pk)]
    times = {14: [], 16: first, 44: [], 46: first, 59: []}  # of 60 minutes: after a quarter, and two quarters more
    for minutes, expected in times.items():
        aged(RequestProviderResult, minutes)
        PERIODIC["reports.asked_again"][0]()
        assert carried() == expected, minutes
    aged(RequestProviderResult, 61)
    assert results_timed_out() == 1
    assert (asked_again(RESULTS), carried()) == (0, [])
    assert tallies() == {"results": [{"provider": "p_fr", "sent_again": 2, "given_up": 1}]}


def test_pauses_that_were_missed_are_not_made_up_for(work, settings):
    work.request()
    carried()
    aged(RequestProviderResult, 50)
    assert [asked_again(RESULTS) for _ in range(3)] == [1, 0, 0]
    settings.PROVIDER_REPEAT_PERCENT = 1
    aged(RequestProviderResult, 59)
    RequestProviderResult.objects.update(asked_again=0)
    carried()
    assert (asked_again(RESULTS), RequestProviderResult.objects.get().asked_again) == (1, 5)
    carried()
    assert asked_again(RESULTS) == 0, "never more than five times"
    settings.PROVIDER_REPEAT_PERCENT = 0
    RequestProviderResult.objects.update(asked_again=0)
    assert asked_again(RESULTS) == 0


@pytest.mark.parametrize("status", [PROCESSED, PROCESSING, WAITING])
def test_what_a_provider_has_said_something_of_is_not_sent_again(work, status):
    request = work.request()
    carried()
    if status == PROCESSED:
        work.answer(request, result=0.9)
    else:
        result_status_set(row=RequestProviderResult.objects.get(), status=status)
    aged(RequestProviderResult, 30)
    assert asked_again(RESULTS) == 0


def test_after_a_word_of_the_provider_its_time_and_the_pauses_begin_anew(work):
    work.request()
    aged(RequestProviderResult, 50)
    carried()
    assert asked_again(RESULTS) == 1
    result_status_set(row=RequestProviderResult.objects.get(), status=0)
    row = RequestProviderResult.objects.get()
    assert (row.asked_again, timezone.now() - row.asked_at < timedelta(minutes=1)) == (0, True)


def test_nobody_is_asked_again_of_a_learner_who_has_withdrawn_or_by_a_message_that_waits(work):
    request, learner = work.request(), work.home.learners["bob"]
    aged(RequestProviderResult, 30)
    assert asked_again(RESULTS) == 0, "the message is here, and has not been published"
    Job.objects.exclude(queue="").update(parked_at=timezone.now(), tries=TRIES)
    assert asked_again(RESULTS) == 0, "retry_jobs would send it"
    carried()
    Provider.objects.filter(pk=work.fr.pk).update(enabled=False)
    assert asked_again(RESULTS) == 0
    Provider.objects.filter(pk=work.fr.pk).update(enabled=True)
    learner.consent_rejected = timezone.now()
    learner.save()
    assert (asked_again(RESULTS), carried()) == (0, [])
    assert request.provider_results.get().status == 0


def test_what_may_still_lie_in_the_queue_is_not_sent_again(work, depths):
    requests = [work.request() for _ in range(4)]
    carried()
    for age, request in enumerate(reversed(requests)):
        aged(RequestProviderResult, 20 + age, request=request)
    depths["p_fr"] = None
    assert asked_again(RESULTS) == 0, "the broker is away"
    for lying, expected in ((7, []), (4, []), (3, [0]), (1, [1, 2]), (0, [3])):
        depths["p_fr"] = lying
        asked_again(RESULTS)
        assert [arguments[0] for _, _, arguments in carried()] == [requests[n].pk for n in expected], lying


def test_many_are_sent_again_in_several_parts(work, monkeypatch):
    for _ in range(5):
        work.request()
    carried()
    aged(RequestProviderResult, 16)
    monkeypatch.setattr(unanswered, "BATCH", 2)
    assert asked_again(RESULTS) == 5
    assert len({arguments[0] for _, _, arguments in carried()}) == 5


# Samples.


@pytest.fixture
def sample(world, bob, face):
    found = captured(world.home)
    run_due()
    return found


def path_of(sample) -> str:
    return f"enrolment/{sample.learner.learner_id}/sample/{sample.pk}/validation/{sample.validations.get().pk}/"


def test_a_validation_is_asked_for_again_until_it_is_given_up(sample, face, bob):
    first = carried()
    Instrument.objects.filter(pk=FR).update(timeout_minutes=8)
    for minutes, expected in {1.9: [], 2.1: first, 5.9: [], 6.1: first}.items():
        aged(EnrolmentSampleValidation, minutes)
        PERIODIC["learners.asked_again"][0]()
        assert carried() == expected, minutes
    aged(EnrolmentSampleValidation, 9)
    assert GAUGES["overdue_validations"]() == {"face": 1}
    assert validations_timed_out() == 1
    assert GAUGES["overdue_validations"]() == {}
    assert tallies() == {"validations": [{"provider": "face", "sent_again": 2, "given_up": 1}]}
    EnrolmentSampleValidation.objects.update(status=0, asked_again=0)
    assert face.post(f"{path_of(sample)}status/", {"status": 4}).status_code == 200
    aged(EnrolmentSampleValidation, 3)
    assert asked_again(VALIDATIONS) == 0, "it waits for something outside"


def test_a_provider_is_told_again_of_samples_that_no_model_has(world, sample, face, bob):
    samples = [sample, captured(world.home)]
    run_due()
    for each in samples:
        aged(EnrolmentSampleValidation, 70)
        assert face.put(path_of(each), {"status": 1}).status_code == 200
    carried()
    assert asked_again(ENROLMENTS) == 0, "its time has begun with the answer"
    (told,) = AWAITED["enrolments"]()
    assert (told["provider"], told["open"]) == ("face", 2)
    about = ("tesla_ce.tasks.requests.enrolment.enrol_learner", [str(bob.learner_id), samples[1].pk])
    for minutes, sent in {14: 0, 16: 1, 46: 1, 106: 1, 226: 1, 466: 1, 5000: 0}.items():
        aged(EnrolmentSampleValidation, minutes)
        assert (asked_again(ENROLMENTS), [each[1:] for each in carried()]) == (sent, [about] * sent), minutes
    assert [*AWAITED["enrolments"]()] == []


def test_not_while_the_model_is_locked_nor_of_what_it_has(sample, face, bob):
    face.put(path_of(sample), {"status": 1})
    carried()
    aged(EnrolmentSampleValidation, 16)
    assert face.lock(bob).status_code == 201
    assert asked_again(ENROLMENTS) == 0
    Enrolment.objects.update(locked_at=timezone.now() - timedelta(hours=6))  # the task has died
    assert asked_again(ENROLMENTS) == 1
    carried()
    aged(EnrolmentSampleValidation, 46)
    face.lock(bob)
    made = {"task_id": str(TASK), "percentage": 0.5, "used_samples": [sample.pk]}
    assert face.put(f"enrolment/{bob.learner_id}/", made).status_code == 200
    assert (asked_again(ENROLMENTS), [*AWAITED["enrolments"]()]) == (0, [])
    assert EnrolmentSampleValidation.objects.get().asked_again == 5
    Enrolment.objects.get().model_samples.clear()
    EnrolmentSampleValidation.objects.update(asked_again=0)
    bob.consent_rejected = timezone.now()
    bob.save()
    assert asked_again(ENROLMENTS) == 0


# Reminders.


def test_a_reminder_that_nobody_has_read_is_sent_again(face):
    for key in ("read", "lost", "later"):
        face.post(
            "notification/", {"key": key, "when": "2030-01-01T00:00:00" if key == "later" else "2026-01-01T00:00:00"}
        )
    assert notifications_due() == 2
    first = carried()
    assert face.delete(f"notification/{ProviderNotification.objects.get(key='read').pk}/").status_code == 204
    lost = ProviderNotification.objects.get(key="lost")
    for minutes, sent in {14: 0, 16: 1, 46: 1, 106: 1, 226: 1, 466: 1, 5000: 0}.items():
        ProviderNotification.objects.filter(pk=lost.pk).update(sent_at=timezone.now() - timedelta(minutes=minutes))
        PERIODIC["institutions.asked_again"][0]()
        assert carried() == [each for each in first if each[2] == [lost.pk]] * sent, minutes
    face.post("notification/", {"key": "lost", "when": "2026-01-02T00:00:00"})  # another time: all begins anew
    lost.refresh_from_db()
    assert (lost.sent_at, lost.asked_again) == (None, 0)


def test_what_lies_in_the_queue_may_be_of_another_kind(world, bob, face, depths):
    face.post("notification/", {"key": "lost", "when": "2026-01-01T00:00:00"})
    assert notifications_due() == 1
    ProviderNotification.objects.update(sent_at=timezone.now() - timedelta(minutes=30))
    for _ in range(3):
        captured(world.home)
    run_due()
    carried()
    depths["face"] = 4
    assert asked_again(NOTIFICATIONS) == 0
    depths["face"] = 3  # which are the three validations
    assert asked_again(NOTIFICATIONS) == 1
