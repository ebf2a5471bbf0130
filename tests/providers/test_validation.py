"""Samples: who is asked, what a validator reads and answers, and what becomes of the sample."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from files.models import Kind, StoredFile
from institutions.models import Instrument, Provider
from learners.models import EnrolmentSample, EnrolmentSampleValidation
from learners.services import enrolment_erase
from learners.validating import samples_dispatched, validations_timed_out
from pipeline.jobs import AWAITED, QUEUES
from pipeline.models import Job
from pipeline.running import run_due
from tests.captures import FR, KS
from tests.contract.desk import provider
from tests.lines import files_read
from tests.providers.conftest import Worker, captured, content, followed, messages

VALID = {"status": 1, "error_message": None, "validation_info": {"faces": 1}, "message_code_id": None,
         "contribution": 0.3333333333333}  # fmt: skip
WRONG = {"status": 2, "error_message": "No face.", "message_code_id": "provider_no_face_detected"}


@pytest.fixture
def asked(world, bob, face):
    """bob's sample, about which the provider was asked: the sample and the address of the validation."""
    sample = captured(world.home)
    run_due()
    return sample, path_of(sample)


def path_of(sample: EnrolmentSample, provider: Provider | None = None) -> str:
    row = sample.validations.get(**({} if provider is None else {"provider": provider}))
    return f"enrolment/{sample.learner.learner_id}/sample/{sample.pk}/validation/{row.pk}/"


def status_of(sample: EnrolmentSample) -> int:
    sample.refresh_from_db()
    return sample.status


# Who is asked.


def test_each_validator_of_the_instruments_is_asked_once(world, bob, face, other_face):
    keys = provider("keys", KS, enabled=True, allow_validation=True, validation_active=True)
    for name, values in (
        ("off", {"enabled": False}), ("no", {"allow_validation": False}), ("paused", {"validation_active": False}),
    ):  # fmt: skip
        provider(name, FR, **{"enabled": True, "allow_validation": True, "validation_active": True} | values)
    sample = captured(world.home, instruments=(FR, KS))
    assert run_due() == 1
    validations = sample.validations.order_by("pk")
    assert [row.provider for row in validations] == [face.row, other_face.row, keys]
    expected = [
        (row.provider.queue, "tesla_ce.tasks.requests.enrolment.validate_request",
         [str(bob.learner_id), sample.pk, row.pk])
        for row in validations
    ]  # fmt: skip
    assert messages() == expected
    samples_dispatched([sample.pk])  # a job that comes twice
    assert messages() == expected
    assert status_of(sample) == 0


def test_sample_without_a_validator_has_its_status(world, bob, face):
    sample = captured(world.home, instruments=(KS,))
    run_due()
    assert (status_of(sample), sample.validations.count(), messages()) == (4, 0, [])
    Instrument.objects.filter(pk=FR).update(enabled=False)  # between the capture and its job
    samples_dispatched([other := _bare_sample(world)])
    assert EnrolmentSample.objects.get(pk=other).status == 4


def _bare_sample(world) -> int:
    sample = EnrolmentSample.objects.create(institution=world.home.institution, learner=world.home.learners["bob"])
    sample.instruments.add(FR)
    return sample.pk


def test_the_job_is_enqueued_with_the_sample_and_of_one_that_is_gone_nothing_is_left(world, bob, face):
    sample = captured(world.home)
    assert [(job.name, job.arguments) for job in Job.objects.all()] == [("learners.sample", sample.pk)]
    enrolment_erase(learner=bob)
    run_due()
    assert not EnrolmentSampleValidation.objects.exists()
    assert messages() == []


def test_who_may_not_work_with_the_learner_is_not_asked_and_the_validation_times_out(world, bob, face):
    sample = captured(world.home)
    bob.consent_rejected = timezone.now()
    bob.save()
    run_due()
    assert messages() == []
    _overdue(sample.validations.get())
    assert (validations_timed_out(), status_of(sample)) == (1, 3)


# What a validator reads.


def test_validator_reads_the_sample_by_its_address(asked, face, bob):
    sample, path = asked
    row = face.get(path).json()
    assert row["status"] == 0
    assert row["sample"]["id"] == sample.pk
    assert row["sample"]["learner_id"] == str(bob.learner_id)
    assert face.get(f"enrolment/{bob.learner_id}/sample/{sample.pk}/").json().keys() == row["sample"].keys()
    answer = followed(row["sample"]["data"])
    assert answer["Content-Type"] == "application/json"
    data = json.loads(content(answer))
    assert data["learner_id"] == str(bob.learner_id)
    assert data["instruments"] == [FR]
    assert data["data"].startswith("data:image/jpeg;base64,")
    (read,) = files_read()
    assert (read.kind, read.reader_kind, read.reader) == ("sample", "provider", face.row.pk)


def test_validator_finds_its_own_validation_in_the_list(asked, face, other_face):
    sample, path = asked
    EnrolmentSampleValidation.objects.create(sample=sample, provider=other_face.row, error_message="theirs")
    page = face.get(path.rpartition("/validation/")[0] + "/validation/").json()
    assert (page["count"], page["next"]) == (1, None)
    assert page["results"] == [{**face.get(path).json(), **_links(page["results"][0])}]


def _links(row: dict) -> dict:
    return {name: row[name] for name in ("sample", "info")}


# What a validator answers.


def test_valid_sample_is_available_and_the_provider_is_asked_to_enrol(asked, face, bob):
    sample, path = asked
    answer = face.put(path, VALID)
    assert answer.status_code == 200, answer.content
    row = answer.json()
    assert (row["status"], row["error_message"], row["message_code"], row["contribution"]) == (1, None, None, 0.333333)
    assert json.loads(content(followed(row["info"]))) == {"faces": 1}
    assert status_of(sample) == 1
    enrol = ("face", "tesla_ce.tasks.requests.enrolment.enrol_learner", [str(bob.learner_id), sample.pk])
    assert messages("enrol_learner") == [enrol]


def test_the_same_answer_again_changes_nothing(asked, face):
    _, path = asked
    first = face.put(path, VALID)
    stored = state()
    again = face.put(path, VALID)
    assert again.status_code == 200
    assert again["ETag"] == first["ETag"]
    assert state() == stored


def state() -> list:
    return [
        list(model.objects.order_by("pk").values())
        for model in (EnrolmentSample, EnrolmentSampleValidation, StoredFile, Job)
    ]


def test_another_answer_later_is_taken(asked, face):
    sample, path = asked
    face.put(path, VALID)
    old = StoredFile.objects.get(kind=Kind.VALIDATION)
    answer = face.put(path, WRONG | {"validation_info": {"faces": 0}, "contribution": None})
    row = answer.json()
    assert (row["status"], row["error_message"], row["message_code"], row["contribution"]) == (
        2, "No face.", "PROVIDER_NO_FACE_DETECTED", None
    )  # fmt: skip
    assert (status_of(sample), sample.error_message, sample.message_code_id) == (
        2, "No face.", "PROVIDER_NO_FACE_DETECTED"
    )  # fmt: skip
    assert StoredFile.objects.get(kind=Kind.VALIDATION).pk != old.pk
    face.put(path, VALID | {"validation_info": None})
    assert (status_of(sample), sample.error_message) == (1, None)
    assert not StoredFile.objects.filter(kind=Kind.VALIDATION).exists()
    assert len(messages("enrol_learner")) == 2


def test_provider_is_asked_to_enrol_once_for_a_sample_that_stays_valid(asked, face):
    _, path = asked
    face.put(path, VALID)
    face.put(path, VALID | {"contribution": 0.5})
    assert len(messages("enrol_learner")) == 1


def test_what_an_answer_leaves_out_stays(asked, face):
    _, path = asked
    face.put(path, VALID)
    row = face.put(path, {"status": 4}).json()
    assert (row["status"], row["contribution"]) == (4, 0.333333)
    assert row["info"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"status": 5}, "status"),
        ({"status": None}, "status"),
        ({"status": 1, "contribution": 1.1}, "contribution"),
        ({"status": 1, "contribution": -0.1}, "contribution"),
        ({"status": 1, "contribution": True}, "contribution"),
        ({"status": 1, "contribution": "much"}, "contribution"),
        ({"status": 1, "contribution": -1e30}, "contribution"),
        ({"status": 2, "message_code_id": "NO_SUCH"}, "message_code_id"),
        ({"status": 2, "message_code_id": 7}, "message_code_id"),
        ({"status": 2, "error_message": ["x"]}, "error_message"),
        ({"status": 1, "validation_info": json.loads("[" * 200 + "]" * 200)}, "validation_info"),
    ],
)
def test_wrong_answers_are_400_under_the_field_and_change_nothing(asked, face, body, field):
    _, path = asked
    before = state()
    answer = face.put(path, body)
    assert (answer.status_code, [*answer.json()]) == (400, [field]), answer.content
    assert state() == before


def test_texts_of_libraries_are_taken(asked, face):
    _, path = asked
    row = face.put(path, {"status": 2, "error_message": "\x1b[31mTraceback\x00\n" + "x" * 20_000}).json()
    assert row["error_message"].startswith("[31mTraceback\n")
    assert len(row["error_message"]) == 10_000


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4])
def test_status_is_set_alone_and_time_begins_anew(asked, face, status):
    sample, path = asked
    _overdue(sample.validations.get())
    answer = face.post(f"{path}status/", {"status": status})
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert timezone.now() - sample.validations.get().asked_at < timedelta(minutes=1)
    assert status_of(sample) == {0: 0, 1: 1, 2: 2, 3: 3, 4: 0}[status]


@pytest.mark.parametrize("body", [{"status": 5}, {"status": -1}, {"status": "x"}, {"status": None}, {}, {"status": 7}])
def test_other_statuses_are_400(asked, face, body):
    _, path = asked
    answer = face.post(f"{path}status/", body)
    assert (answer.status_code, [*answer.json()]) == (400, ["status"])


# What becomes of a sample.


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((1, 1), 1), ((1, 2), 1), ((1, 3), 1), ((2, 2), 2), ((2, 3), 3), ((3, 3), 3),
        ((1, 0), 0), ((2, 0), 0), ((2, 4), 0), ((4, 4), 0),
    ],
)  # fmt: skip
def test_sample_has_the_status_that_its_validations_make(world, bob, face, other_face, statuses, expected):
    for order in (1, -1):
        sample = captured(world.home)
        run_due()
        for worker, status in list(zip((face, other_face), statuses, strict=True))[::order]:
            assert worker.put(path_of(sample, worker.row), {"status": status}).status_code == 200
        assert status_of(sample) == expected


# Time.


def _overdue(*rows: EnrolmentSampleValidation, minutes: int = 61) -> None:
    for row in rows:
        EnrolmentSampleValidation.objects.filter(pk=row.pk).update(asked_at=timezone.now() - timedelta(minutes=minutes))


def test_validation_times_out_by_its_instruments_time(world, bob, face):
    keys = Worker(provider("keys", KS, enabled=True, allow_validation=True, validation_active=True))
    Instrument.objects.filter(pk=KS).update(timeout_minutes=5)
    sample = captured(world.home, instruments=(FR, KS))
    run_due()
    _overdue(*sample.validations.all(), minutes=6)
    assert validations_timed_out() == 1
    assert [row.status for row in sample.validations.order_by("provider")] == [0, 3]
    assert status_of(sample) == 0
    _overdue(sample.validations.get(provider=face.row))
    assert (validations_timed_out(), validations_timed_out()) == (1, 0)
    assert status_of(sample) == 3
    answer = keys.put(path_of(sample, keys.row), VALID)  # late
    assert (answer.status_code, status_of(sample)) == (200, 1)


def test_open_validations_and_their_age_are_told_by_provider(world, bob, face, other_face):
    samples = [captured(world.home) for _ in range(2)]
    run_due()
    face.put(path_of(samples[0], face.row), VALID)
    other_face.post(f"{path_of(samples[0], other_face.row)}status/", {"status": 4})
    _overdue(samples[1].validations.get(provider=face.row), minutes=2)
    (mine, others) = AWAITED["validations"]()
    assert 119 <= mine.pop("oldest_seconds") < 150  # SQLite cuts the clock to milliseconds
    assert mine == {"instrument": "fr", "provider": "face", "queue": face.row.queue, "open": 1}
    assert (others["provider"], others["open"], others["oldest_seconds"] < 30) == ("face2", 2, True)
    assert {face.row.queue, other_face.row.queue} <= {*QUEUES["providers"]()}


@pytest.mark.parametrize("status", [1, 2, 3])
def test_closed_validations_do_not_time_out(asked, status):
    sample, _ = asked
    sample.validations.update(status=status)
    _overdue(sample.validations.get())
    assert validations_timed_out() == 0


def test_waiting_for_an_outside_service_times_out_too(asked, face):
    sample, path = asked
    face.post(f"{path}status/", {"status": 4})
    assert validations_timed_out() == 0
    _overdue(sample.validations.get())
    assert (validations_timed_out(), status_of(sample)) == (1, 3)
