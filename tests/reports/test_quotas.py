"""Quotas: how much is stored of a learner and in an institution. The web plugin is answered ERROR, a VLE 413."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from files import quotas
from files.models import StoredFile
from learners.services import enrolment_erase
from tests.captures import PICTURE, PLAG, as_vle, consented, objects, sample, untimed
from tests.conftest import client_of
from tests.learners.lapi import url_of
from tests.reports.test_attachment import document, use
from tests.reports.test_attachment import url_of as attachment_of

FULL_LEARNER = ["No more can be stored of this learner."]
FULL_INSTITUTION = ["No more can be stored in this institution."]


@pytest.fixture
def home(world):
    use(world.home, PLAG)
    for name in ("ann", "bob"):
        consented(world.home, name)
    return world.home


@pytest.fixture
def sent(home):
    """sent("alert", "bob"): the answer to something that is captured from that learner."""

    def send(word="enrolment", name="ann"):
        client, learner = client_of(home.people[name]), home.learners[name]
        own = {"learner_id": str(learner.learner_id)}
        if word == "enrolment":
            body = own | untimed(sample(PICTURE, "image/jpeg", instruments=[1]))
        else:
            body = own | {
                "level": "warning", "course_id": home.course.pk, "activity_id": home.activity.pk, "data": {},
                "message_code": "SENSOR_CAMERA_BLACK_IMAGE", "raised_at": timezone.now().isoformat(),
            }  # fmt: skip
        answer = client.post(url_of(word, home, name), body)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return send


def test_samples_of_a_learner_are_counted(sent, settings, home):
    settings.LEARNER_SAMPLES = 3
    assert [sent(word)["status"] for word in ("enrolment", "alert", "enrolment")] == ["OK"] * 3
    before = [objects(home, kind) for kind in ("sample", "alert")], StoredFile.objects.count()
    for word in ("enrolment", "alert"):
        assert sent(word) == {"status": "ERROR", "errors": {"data": FULL_LEARNER}}
    assert ([objects(home, kind) for kind in ("sample", "alert")], StoredFile.objects.count()) == before
    assert sent("enrolment", "bob")["status"] == "OK"


def test_bytes_of_a_learner_are_counted(sent, settings):
    settings.LEARNER_SAMPLE_BYTES = 1
    assert sent()["status"] == "OK"
    assert sent()["errors"] == {"data": FULL_LEARNER}
    settings.LEARNER_SAMPLE_BYTES = StoredFile.objects.get().size + 1
    assert sent()["status"] == "OK"
    assert sent()["errors"] == {"data": FULL_LEARNER}


def test_bytes_of_an_institution_are_counted_over_its_learners(sent, settings):
    settings.INSTITUTION_SAMPLE_BYTES = 1
    assert sent("enrolment", "ann")["status"] == "OK"
    assert sent("enrolment", "bob")["errors"] == {"data": FULL_INSTITUTION}


def test_documents_beyond_a_quota_are_413(home, settings, world):
    settings.LEARNER_SAMPLES = 1
    vle = as_vle(home.vle)
    assert vle.post(attachment_of(home), document()).json()["status"] == "OK"
    answer = vle.post(attachment_of(home), document())
    assert (answer.status_code, answer.json()) == (413, {"detail": FULL_LEARNER[0]})


def test_another_institution_does_not_count(sent, settings, world):
    settings.INSTITUTION_SAMPLE_BYTES = 1
    StoredFile.objects.create(
        institution=world.away.institution, owner=world.away.people["ann"], kind="sample", media_type="x/y", size=9,
        sha256="0" * 64, storage_key="x",
    )  # fmt: skip
    assert sent()["status"] == "OK"


def test_what_is_not_captured_does_not_count(sent, settings, home):
    settings.LEARNER_SAMPLES = 1
    StoredFile.objects.create(
        institution=home.institution, owner=home.people["ann"], kind="report", media_type="x/y", size=9,
        sha256="0" * 64, storage_key="x",
    )  # fmt: skip
    assert sent()["status"] == "OK"


def test_erased_samples_make_room_within_a_minute(sent, settings, home, monkeypatch):
    settings.LEARNER_SAMPLES = 1
    assert sent()["status"] == "OK"
    enrolment_erase(learner=home.learners["ann"])
    assert sent()["status"] == "ERROR"
    monkeypatch.setattr(quotas, "KEPT", -1)
    assert sent()["status"] == "OK"


@pytest.mark.parametrize("limits", [(0, 0, 0), (10, 10**9, 0)])
def test_a_process_asks_once_a_minute(sent, settings, limits):
    settings.LEARNER_SAMPLES, settings.LEARNER_SAMPLE_BYTES, settings.INSTITUTION_SAMPLE_BYTES = limits
    sent()
    with CaptureQueriesContext(connection) as captured:
        sent()
    assert not [query for query in captured if "SUM(" in query["sql"]]


def test_a_process_does_not_remember_everybody(sent, settings, monkeypatch):
    monkeypatch.setattr(quotas, "MOST", 1)
    for name in ("ann", "bob", "ann"):
        assert sent("enrolment", name)["status"] == "OK"
    assert len(quotas._uses) == 1


def test_refused_captures_are_not_noted(home, sent, settings):
    settings.LEARNER_SAMPLES = 5
    sent()
    (use_of_ann,) = quotas._uses.values()
    assert (use_of_ann.files, use_of_ann.bytes) == (1, StoredFile.objects.get().size)
    type(home.learners["ann"]).objects.update(consent_rejected=timezone.now())
    assert sent()["status"] == "ERROR"
    assert use_of_ann.files == 1
