"""Providers at work, and a learner whom they know by a pseudonym: bob, who has accepted the consent."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from files.models import Kind, StoredFile
from files.services import file_store
from institutions.models import Provider
from learners.models import EnrolmentSample, Learner
from pipeline.models import Job
from tests.captures import FR, PICTURE, as_learner, consented, sample, untimed
from tests.contract.conftest import client_of_provider
from tests.contract.desk import provider
from tests.recounted import _as_from_scratch  # noqa: F401
from tests.world import Home

TASK, OTHER_TASK = UUID(int=7), UUID(int=8)
SITE = "http://testserver"


class Worker:
    """A provider with its client, whose addresses begin behind its own id."""

    def __init__(self, row: Provider) -> None:
        self.row, self.client = row, client_of_provider(row)

    def url(self, path: str) -> str:
        return f"/api/v2/provider/{self.row.pk}/{path}"

    def get(self, path: str, **query: Any):
        return self.client.get(self.url(path), query)

    def post(self, path: str, body: Any = None):
        return self.client.post(self.url(path), body, format="json")

    def put(self, path: str, body: Any = None):
        return self.client.put(self.url(path), body, format="json")

    def delete(self, path: str):
        return self.client.delete(self.url(path))

    def lock(self, learner: Learner, task: UUID = TASK):
        return self.post("enrolment/", {"learner_id": str(learner.learner_id), "task_id": str(task)})


@pytest.fixture
def face(world) -> Worker:
    """Validates pictures of faces."""
    return Worker(provider("face", FR, enabled=True, allow_validation=True, validation_active=True))


@pytest.fixture
def other_face(world) -> Worker:
    """Another provider of the same instrument."""
    return Worker(provider("face2", FR, enabled=True, allow_validation=True, validation_active=True))


@pytest.fixture
def bob(world) -> Learner:
    consented(world.home, "bob")
    return world.home.learners["bob"]


def captured(home: Home, name: str = "bob", instruments: Any = (FR,), **metadata: Any) -> EnrolmentSample:
    """The learner sends a sample."""
    learner = home.learners[name]
    body = untimed(sample(PICTURE, "image/jpeg", instruments, learner_id=str(learner.learner_id)))
    body["metadata"] |= metadata
    url = f"/lapi/v1/enrolment/{home.institution.pk}/{learner.learner_id}/"
    answer = as_learner(home, name).post(url, body, format="json")
    assert answer.json()["status"] == "OK", answer.content
    return EnrolmentSample.objects.latest("pk")


def file_of(learner: Learner, kind: Kind) -> StoredFile:
    """A file that is there, with {} in it."""
    return file_store(
        institution=learner.institution,
        owner=learner.user,
        kind=kind,
        media_type="application/json",
        content=[b"{}"],
        extension="json",
    )


def messages(task: str = "") -> list[tuple[str, str, list]]:
    """(queue, task, arguments) of what waits for providers: `task` is the end of its name."""
    rows = Job.objects.exclude(queue="").filter(name__endswith=task).order_by("pk")
    return list(rows.values_list("queue", "name", "arguments"))


def followed(url: str, **headers: Any):
    """As a provider reads an address that it was told: without credentials."""
    assert url.startswith(f"{SITE}/files/"), url
    answer: Any = Client().get(url.removeprefix(SITE), **headers)
    answer.read = b"".join(answer.streaming_content) if answer.streaming else answer.content  # which closes the file
    return answer


def content(answer) -> bytes:
    assert answer.status_code == 200, answer.content
    return answer.read
