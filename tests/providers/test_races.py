"""Several at once, on PostgreSQL: tasks of one provider, providers of one sample, reapers, and a learner who withdraws.

Each test repeats its race some times: whoever comes first, what is stored must be right.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from files.models import Kind, StoredFile
from institutions.models import ProviderNotification
from institutions.services.notifications import notifications_due
from institutions.services.unanswered import asked_again
from learners.models import Enrolment, EnrolmentSample, EnrolmentSampleValidation
from learners.services import consent_accept, consent_reject, enrolment_erase
from learners.validating import ENROLMENTS, VALIDATIONS, samples_dispatched, validations_timed_out
from pipeline.models import Job
from pipeline.running import run_due
from tests.providers.conftest import SITE, TASK, Worker, captured, messages

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]
ROUNDS = 5


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What these return that begin at the same moment, each with a connection of its own."""
    barrier = Barrier(len(works))

    def begun(work: Callable[[], Any]) -> Any:
        try:
            barrier.wait(10)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begun, works))


@pytest.fixture
def sample(world, bob, face) -> EnrolmentSample:
    found = captured(world.home)
    run_due()
    return found


def path_of(sample: EnrolmentSample, worker: Worker) -> str:
    row = sample.validations.get(provider=worker.row)
    return f"enrolment/{sample.learner.learner_id}/sample/{sample.pk}/validation/{row.pk}/"


def uploaded(url: str, text: str):
    return Client().post(url, {"file": SimpleUploadedFile("m", text.encode())})


def test_one_of_several_tasks_gets_the_lock(sample, face, bob):
    tasks = [UUID(int=n + 1) for n in range(4)]
    for _ in range(ROUNDS):
        Enrolment.objects.all().delete()
        answers = at_once(*(partial(face.lock, bob, task) for task in tasks))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 400: 3}
        winner = next(task for task, answer in zip(tasks, answers, strict=True) if answer.status_code == 201)
        assert Enrolment.objects.get().locked_by == winner
        StoredFile.objects.filter(kind=Kind.MODEL).exclude(enrolments=Enrolment.objects.get()).delete()
        assert StoredFile.objects.filter(kind=Kind.MODEL).count() == 1


def test_one_task_that_locks_twice_at_once_has_one_model(sample, face, bob):
    for _ in range(ROUNDS):
        Enrolment.objects.all().delete()
        answers = at_once(*[partial(face.lock, bob)] * 3)
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1


def test_each_upload_at_once_is_whole_and_one_file_is_left(sample, face, bob):
    url = face.lock(bob).json()["model_upload_url"]["url"].removeprefix(SITE)

    for _ in range(ROUNDS):
        answers = at_once(*(partial(uploaded, url, f"[{n}]") for n in range(3)))
        assert {answer.status_code for answer in answers} == {204}
        assert StoredFile.objects.get(kind=Kind.MODEL).pk == Enrolment.objects.get().model_id


def test_answers_of_two_providers_at_once_make_the_sample_valid(world, bob, face, other_face):
    for _ in range(ROUNDS):
        sample = captured(world.home)
        run_due()
        works = [
            partial(worker.put, path_of(sample, worker), {"status": status})
            for worker, status in ((face, 1), (other_face, 2))
        ]
        assert [answer.status_code for answer in at_once(*works)] == [200, 200]
        sample.refresh_from_db()
        assert sample.status == 1


def test_a_job_that_is_done_twice_at_once_asks_each_provider_once(world, bob, face, other_face):
    for n in range(ROUNDS):
        sample = captured(world.home)
        Job.objects.filter(queue="").delete()
        at_once(*[partial(samples_dispatched, [sample.pk])] * 3)
        assert sample.validations.count() == 2
        assert len(messages("validate_request")) == 2 * (n + 1)


def test_an_answer_and_two_reapers_at_once(sample, face):
    path, owner = path_of(sample, face), {"institution_id": sample.institution_id, "learner_id": sample.learner_id}
    others = EnrolmentSample.objects.bulk_create(EnrolmentSample(**owner) for _ in range(300))
    EnrolmentSampleValidation.objects.bulk_create(
        EnrolmentSampleValidation(sample=each, provider=face.row) for each in others
    )
    for _ in range(2):
        EnrolmentSampleValidation.objects.update(status=0, asked_again=0, asked_at=timezone.now() - timedelta(hours=2))
        Job.objects.all().delete()
        assert sum(at_once(*[partial(asked_again, VALIDATIONS)] * 2)) == 301
        assert len(messages("validate_request")) == 301
        answer, *closed = at_once(partial(face.put, path, {"status": 1}), *[validations_timed_out] * 2)
        sample.refresh_from_db()
        assert answer.status_code == 200
        assert (sample.validations.get().status, sample.status) == (1, 1)
        assert sum(closed) in (300, 301)
        assert Counter(EnrolmentSample.objects.values_list("status", flat=True)) == {1: 1, 3: 300}
    EnrolmentSampleValidation.objects.update(status=1, asked_again=0, asked_at=timezone.now() - timedelta(minutes=20))
    Job.objects.all().delete()
    assert sum(at_once(*[partial(asked_again, ENROLMENTS)] * 2)) == len(messages("enrol_learner")) == 1


def test_reminders_are_sent_once_by_two_at_once(face):
    for n in range(ROUNDS):
        for key in range(20):
            ProviderNotification.objects.create(
                provider=face.row, key=f"{n}-{key}", when=timezone.now() - timedelta(seconds=1)
            )
        assert sum(at_once(notifications_due, notifications_due)) == 20
        assert len(messages()) == 20 * (n + 1)


def test_reminders_with_one_key_at_once_are_one(face):
    for n in range(ROUNDS):
        bodies = [{"key": f"k{n}", "when": "2030-01-01T00:00:00", "info": {str(each): each}} for each in range(3)]
        answers = at_once(*(partial(face.post, "notification/", body) for body in bodies))
        assert {answer.status_code for answer in answers} == {201}
        assert ProviderNotification.objects.get(key=f"k{n}").info == {"0": 0, "1": 1, "2": 2}


def test_withdrawal_comes_before_an_answer_or_after_it(world, sample, face, bob):
    path = path_of(sample, face)
    for n in range(ROUNDS * 2):
        consent_accept(learner=bob, consent=world.home.newer_consent)
        body = {"status": 1, "validation_info": {"n": n}, "contribution": (n + 1) / 100}
        answer, _ = at_once(partial(face.put, path, body), partial(consent_reject, learner=bob))
        stored = float(sample.validations.get().contribution or 0) == (n + 1) / 100
        assert (answer.status_code, stored) in ((200, True), (404, False))
        assert face.put(path, body).status_code == 404


def test_erasure_comes_before_a_model_or_takes_it_along(world, bob, face):
    for _ in range(ROUNDS):
        sample = captured(world.home)
        run_due()
        assert sample.validations.count() == 1
        url = face.lock(bob).json()["model_upload_url"]["url"].removeprefix(SITE)
        of_model = {"task_id": str(TASK), "percentage": 1, "used_samples": [sample.pk]}
        *answers, _ = at_once(
            partial(uploaded, url, "[1]"),
            partial(face.put, f"enrolment/{bob.learner_id}/", of_model),
            partial(face.put, path_of(sample, face), {"status": 1}),
            partial(face.lock, bob),
            partial(enrolment_erase, learner=bob),
        )
        assert {answer.status_code for answer in answers} <= {200, 201, 204, 400, 403, 404}
        assert not Enrolment.objects.exists()
        assert not EnrolmentSample.objects.exists()
        assert not StoredFile.objects.filter(owner=bob.pk, kind__in=("sample", "validation", "model")).exists()
