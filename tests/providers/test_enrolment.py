"""Models: one task at a time makes one, uploads it, and says what it is worth."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from files.models import Kind, StoredFile
from files.services import store
from institutions.models import Credential
from learners import enrolling
from learners.models import Enrolment, EnrolmentSample
from pipeline.models import Job
from pipeline.running import run_due
from tests.captures import FR, answer_no_commit
from tests.lines import files_read
from tests.providers.conftest import OTHER_TASK, SITE, TASK, captured, content, followed

METADATA = {"task_id": str(TASK), "percentage": 0.123456789, "can_analyse": True, "used_samples": []}
LOCKED = {"task_id": ["Model is locked"]}


@pytest.fixture
def valid(world, bob, face) -> EnrolmentSample:
    """A sample of bob's that the provider found valid."""
    sample = captured(world.home)
    run_due()
    sample.validations.update(status=1, contribution="0.5")
    EnrolmentSample.objects.filter(pk=sample.pk).update(status=1)
    return sample


@pytest.fixture
def path(bob) -> str:
    return f"enrolment/{bob.learner_id}/"


def upload(answer, text: str | bytes = '{"v": 1}', **form):
    """As the client does it: each of the fields, and the file behind them; without credentials."""
    target = answer.json()["model_upload_url"]
    assert target["url"].startswith(f"{SITE}/models/")
    file = SimpleUploadedFile("model.json", text.encode() if isinstance(text, str) else text)
    return Client().post(target["url"].removeprefix(SITE), {**target["fields"], "file": file} | form)


def stored_model() -> bytes:
    with store().open(StoredFile.objects.get(kind=Kind.MODEL).storage_key) as file:
        return file.read()


def state() -> list:
    used = Enrolment.model_samples.through.objects.order_by("pk").values()
    return [list(model.objects.order_by("pk").values()) for model in (Enrolment, StoredFile, Job)] + [list(used)]


# Locks.


def test_new_model_is_locked_and_empty(face, bob, valid):
    answer = face.lock(bob)
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert list(row) == [
        "id", "learner_id", "model", "is_locked", "model_upload_url", "percentage", "can_analyse",
        "model_total_samples",
    ]  # fmt: skip
    assert (row["learner_id"], row["is_locked"], row["percentage"]) == (str(bob.learner_id), True, 0)
    assert (row["can_analyse"], row["model_total_samples"]) == (False, 0)
    model = followed(row["model"])
    assert (content(model), model["Content-Type"]) == (b"{}", "application/json")
    (read,) = files_read()
    assert (read.kind, read.owner, read.reader_kind, read.reader) == ("model", bob.pk, "provider", face.row.pk)


def test_other_task_is_400_until_the_model_is_unlocked(face, bob, valid, path):
    face.lock(bob)
    before = state()
    refused = face.lock(bob, OTHER_TASK)
    assert (refused.status_code, refused.json()) == (400, LOCKED)
    assert state() == before
    answer = face.post(f"{path}unlock/", {"token": str(TASK)})
    assert (answer.status_code, answer.json()) == (200, "Model unlocked")
    assert face.get(path).json()["is_locked"] is False
    assert face.lock(bob, OTHER_TASK).status_code == 201


def test_same_task_may_lock_again_and_has_five_hours_more(face, bob, valid):
    first = face.lock(bob).json()
    _locked_before(timedelta(hours=4, minutes=59))
    second = face.lock(bob)
    assert (second.status_code, second.json()["id"]) == (201, first["id"])
    assert timezone.now() - Enrolment.objects.get().locked_at < timedelta(minutes=1)
    assert StoredFile.objects.filter(kind=Kind.MODEL).count() == 1


def _locked_before(span: timedelta) -> None:
    Enrolment.objects.update(locked_at=timezone.now() - span)


def test_lock_is_broken_after_five_hours(face, bob, valid, path):
    first = face.lock(bob)
    _locked_before(timedelta(hours=4, minutes=59))
    assert face.lock(bob, OTHER_TASK).json() == LOCKED
    assert face.get(path).json()["is_locked"] is True
    _locked_before(timedelta(hours=5, minutes=1))
    assert face.get(path).json()["is_locked"] is False
    assert face.lock(bob, OTHER_TASK).status_code == 201
    assert face.put(path, METADATA).status_code == 403
    assert upload(first).status_code == 403
    assert face.post(f"{path}unlock/", {"token": str(TASK)}).status_code == 403


def test_who_still_holds_an_old_lock_may_end_its_work(face, bob, valid, path):
    face.lock(bob)
    _locked_before(timedelta(hours=6))
    assert face.put(path, METADATA).status_code == 200


@pytest.mark.parametrize(
    ("token", "status"), [(str(TASK), 406), (str(OTHER_TASK), 406), ("x", 400), (None, 400), (7, 400), ("", 400)]
)
def test_unlocking_what_is_not_locked(face, bob, valid, path, token, status):
    face.lock(bob)
    assert face.post(f"{path}unlock/", {"token": str(OTHER_TASK)}).status_code == 403
    face.post(f"{path}unlock/", {"token": str(TASK)})
    assert face.post(f"{path}unlock/", {"token": token}).status_code == status


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["learner_id", "task_id"]),
        ({"learner_id": "x", "task_id": "y"}, ["learner_id", "task_id"]),
        ({"learner_id": None, "task_id": None}, ["learner_id", "task_id"]),
        ({"learner_id": str(uuid4()), "task_id": "7"}, ["task_id"]),
    ],
)
def test_wrong_locks_are_400(face, body, fields):
    answer = face.post("enrolment/", body)
    assert (answer.status_code, [*answer.json()]) == (400, fields)


def test_learner_of_whom_the_provider_has_nothing_is_404(world, face, bob):
    assert face.lock(bob).status_code == 404
    assert face.post("enrolment/", {"learner_id": str(uuid4()), "task_id": str(TASK)}).status_code == 404
    assert not Enrolment.objects.exists()


# Uploads.


def test_model_is_uploaded_in_place_of_the_earlier_one(face, bob, valid, path, monkeypatch):
    locked = face.lock(bob)
    old = StoredFile.objects.get(kind=Kind.MODEL)
    answer = upload(locked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert stored_model() == b'{"v": 1}'
    assert not StoredFile.objects.filter(pk=old.pk).exists()
    with monkeypatch.context() as patch:
        answer_no_commit(patch, enrolling)
        assert upload(locked, '{"v": 2}').status_code == 503
    assert stored_model() == b'{"v": 2}'
    assert upload(locked, '{"v": NaN}').status_code == 204  # again, after a lost answer
    row = face.get(path).json()
    assert content(followed(row["model"])) == b'{"v": NaN}'
    assert (row["is_locked"], row["model_upload_url"]) == (True, None)


@pytest.mark.parametrize("text", ["", "{", b"\xff\xfe\x00", "[" * 100_000, "{'a': 1}"])
def test_what_is_no_json_is_400(face, bob, valid, text):
    answer = upload(face.lock(bob), text)
    assert (answer.status_code, [*answer.json()]) == (400, ["file"])
    assert stored_model() == b"{}"


def test_part_of_the_form_without_a_name_of_a_file_is_taken(face, bob, valid):
    url = face.lock(bob).json()["model_upload_url"]["url"].removeprefix(SITE)
    assert Client().post(url, {"key": "model.json", "file": '{"é": 1}'}).status_code == 204
    assert stored_model() == '{"é": 1}'.encode()
    assert Client().post(url, {"file": "{"}).json() == {"file": ["This is no JSON."]}


def test_upload_without_a_file_is_400(face, bob, valid):
    url = face.lock(bob).json()["model_upload_url"]["url"].removeprefix(SITE)
    assert Client().post(url, {"key": "model.json"}).json().keys() == {"file"}
    assert Client().post(url, {"file": ""}).json().keys() == {"file"}
    assert Client().post(url, b"{}", content_type="application/json").status_code == 415
    assert Client().get(url).status_code == 405


def test_too_large_a_model_is_413(face, bob, valid, settings):
    settings.MODEL_BYTES = 1024
    locked = face.lock(bob)
    assert upload(locked, json.dumps("x" * 1024 * 100)).status_code == 413
    assert upload(locked, json.dumps("x" * 1100)).status_code == 413
    assert stored_model() == b"{}"
    assert upload(locked, json.dumps("x" * 1000)).status_code == 204


def test_address_is_for_one_task_and_ends_with_its_lock(face, bob, valid, path):
    locked = face.lock(bob)
    assert face.put(path, METADATA).status_code == 200
    assert upload(locked).status_code == 403  # unlocked
    others = face.lock(bob, OTHER_TASK)
    assert upload(locked).status_code == 403
    assert upload(others).status_code == 204
    assert stored_model() == b'{"v": 1}'


def test_changed_and_expired_addresses_are_403(face, bob, valid, monkeypatch):
    answer = face.lock(bob)
    url = answer.json()["model_upload_url"]["url"].removeprefix(SITE)
    token = url.split("/")[2]
    payload, _, signature = token.rpartition(".")
    enrolment, provider, task, expires = payload.split("-")
    for changed in (
        f"{enrolment}-{provider}-{OTHER_TASK.hex}-{expires}.{signature}",
        f"{enrolment}-{provider}-{task}-{int(expires) + 1}.{signature}",
        f"{int(enrolment) + 1}-{provider}-{task}-{expires}.{signature}",
        payload, "x", f"{payload}.", f"{payload}.{signature[::-1]}",
    ):  # fmt: skip
        file = SimpleUploadedFile("model.json", b"[]")
        assert Client().post(f"/models/{changed}/", {"file": file}).status_code == 403, changed
    monkeypatch.setattr("learners.api.provider_model.time.time", lambda: int(expires) + 1.0)
    assert upload(answer).status_code == 403
    assert stored_model() == b"{}"


def test_address_of_a_provider_without_credentials_is_403(face, bob, valid):
    locked = face.lock(bob)
    Credential.objects.filter(provider=face.row).update(revoked_at=timezone.now())
    assert upload(locked).status_code == 403


# What a task says of its model.


def test_metadata_are_stored_and_the_model_is_unlocked(face, bob, valid, path):
    face.lock(bob)
    body = METADATA | {"learner_id": str(bob.learner_id), "used_samples": [valid.pk]}
    answer = face.put(path, body)
    assert answer.status_code == 200, answer.content
    row = answer.json()
    assert (row["percentage"], row["can_analyse"], row["model_total_samples"]) == (0.123457, True, 1)
    assert row["is_locked"] is False
    assert Job.objects.filter(name="reports.enrolment").values_list("arguments", flat=True)[0] == bob.pk
    stored = state()
    again = face.put(path, body)  # after a lost answer
    assert (again.status_code, again["ETag"]) == (200, answer["ETag"])
    assert state() == stored
    assert face.put(path, body | {"percentage": 1}).status_code == 406
    assert face.put(path, body | {"task_id": str(OTHER_TASK), "percentage": 1}).status_code == 406
    assert state() == stored


def test_what_is_left_out_stays_and_samples_add_up(world, face, bob, valid, path):
    face.lock(bob)
    face.put(path, METADATA | {"used_samples": [valid.pk]})
    second = captured(world.home)
    run_due()
    face.lock(bob)
    row = face.put(path, {"task_id": str(TASK), "used_samples": [second.pk], "can_analyse": None}).json()
    assert (row["percentage"], row["can_analyse"], row["model_total_samples"]) == (0.123457, True, 2)


def test_wrong_task_is_403(face, bob, valid, path):
    face.lock(bob)
    before = state()
    assert face.put(path, METADATA | {"task_id": str(OTHER_TASK)}).status_code == 403
    assert state() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"task_id": None}, "task_id"),
        ({"task_id": "x"}, "task_id"),
        ({"percentage": 1.5}, "percentage"),
        ({"percentage": 75}, "percentage"),
        ({"percentage": -1}, "percentage"),
        ({"percentage": "x"}, "percentage"),
        ({"percentage": 1e30}, "percentage"),
        ({"percentage": "nan"}, "percentage"),
        ({"percentage": "1e400"}, "percentage"),
        ({"can_analyse": 3}, "can_analyse"),
        ({"used_samples": 3}, "used_samples"),
        ({"used_samples": ["x"]}, "used_samples"),
        ({"used_samples": [2**70]}, "used_samples"),
        ({"used_samples": [0]}, "used_samples"),
        ({"learner_id": str(uuid4())}, "learner_id"),
    ],
)
def test_wrong_metadata_are_400_and_the_lock_stays(face, bob, valid, path, change, field):
    face.lock(bob)
    before = state()
    answer = face.put(path, METADATA | change)
    assert (answer.status_code, [*answer.json()]) == (400, [field]), answer.content
    assert state() == before


def test_samples_of_others_cannot_be_used(world, face, other_face, bob, valid, path):
    strange = EnrolmentSample.objects.create(institution=bob.institution, learner=bob)  # not assigned to the provider
    strange.instruments.add(FR)
    others = EnrolmentSample.objects.create(
        institution=world.away.institution, learner=world.away.learners["ann"], status=1
    )
    others.validations.create(provider=face.row, status=1)
    face.lock(bob)
    for sample in (strange, others):
        answer = face.put(path, METADATA | {"used_samples": [valid.pk, sample.pk]})
        assert (answer.status_code, [*answer.json()]) == (400, ["used_samples"])
    assert Enrolment.objects.get().model_samples.count() == 0


# Samples to make a model of.


def test_samples_are_available_until_they_are_used(world, face, other_face, bob, valid, path):
    waiting = captured(world.home)
    run_due()
    face.lock(bob)
    page = face.get(f"{path}available_samples/").json()
    assert (page["count"], [row["id"] for row in page["results"]]) == (1, [valid.pk])
    assert json.loads(content(followed(page["results"][0]["data"])))["learner_id"] == str(bob.learner_id)
    assert face.get(f"{path}used_samples/").json()["count"] == 0
    face.put(path, METADATA | {"used_samples": [valid.pk]})
    assert face.get(f"{path}available_samples/").json()["count"] == 0
    assert [row["id"] for row in face.get(f"{path}used_samples/").json()["results"]] == [valid.pk]
    waiting.validations.filter(provider=other_face.row).update(status=1)  # theirs is none of ours
    assert face.get(f"{path}available_samples/").json()["count"] == 0
    waiting.validations.filter(provider=face.row).update(status=1)
    assert face.get(f"{path}available_samples/").json()["count"] == 1


def test_lists_are_404_without_a_model_of_the_own(face, other_face, bob, valid, path):
    for words in ("available_samples/", "used_samples/", ""):
        assert face.get(f"{path}{words}").status_code == 404
    face.lock(bob)
    assert face.get(f"{path}available_samples/").status_code == 200
    for words in ("available_samples/", "used_samples/", ""):
        assert other_face.get(f"{path}{words}").status_code == 404
