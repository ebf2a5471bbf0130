"""Samples that instruments learn a learner from: who sends them, and what is stored."""

from datetime import timedelta

import pytest
from botocore.exceptions import EndpointConnectionError
from django.utils import timezone

from files.models import Kind, StoredFile
from files.services import store
from institutions.models import Instrument
from kernel.domain import Unknown
from kernel.http.spooled import Content
from learners.models import EnrolmentSample
from learners.services import sample_create
from tests.captures import (
    FA,
    FR,
    KEYS,
    KS,
    PICTURE,
    PLAG,
    as_learner,
    consented,
    content_of,
    external,
    objects,
    sample,
)
from tests.learners.lapi import paths_of_nobody, paths_of_unknown_learners, url_of
from trail.models import Line


@pytest.fixture
def home(world):
    consented(world.home, "ann", "bob")
    return world.home


@pytest.fixture
def ann(home):
    return as_learner(home, "ann")


def body(home, name="ann", **more) -> dict:
    return sample(learner_id=str(home.learners[name].learner_id)) | more


def refused(answer, *fields: str) -> dict:
    """200: the browser is not to send it again. What is answered 400: tests/contract/test_refused_captures.py."""
    assert answer.status_code == 200, answer.content
    content = answer.json()
    assert (list(content), content["status"], set(content["errors"])) == (["status", "errors"], "ERROR", set(fields))
    assert not EnrolmentSample.objects.exists()
    assert not StoredFile.objects.exists()
    return content["errors"]


def test_what_is_not_here_is_404(ann, home, world):
    for what, path in paths_of_nobody("enrolment", world).items():
        assert ann.post(path, body(home)).status_code == 404, what
    for path in paths_of_unknown_learners("enrolment", world).values():
        refused(ann.post(path, body(home)), "learner_id")
    assert not StoredFile.objects.exists()


def test_other_verbs_are_405(ann, home):
    for verb in ("get", "put", "patch", "delete"):
        assert getattr(ann, verb)(url_of("enrolment", home)).status_code == 405


def test_a_sample_is_stored_with_all_that_providers_need(ann, home):
    answer = ann.post(url_of("enrolment", home), body(home, instruments=[KS, FA, KS]))
    row = EnrolmentSample.objects.get()
    learner = home.learners["ann"]
    assert answer.json() == {"status": "OK", "path": f"{learner.learner_id}/sample/{row.pk}"}
    assert (row.learner, row.institution, row.status) == (learner, home.institution, 0)
    assert [instrument.pk for instrument in row.instruments.order_by("pk")] == [KS, FA]
    assert (row.data.kind, row.data.owner, row.data.media_type) == (Kind.SAMPLE, learner.user, "application/json")
    assert content_of(row.data) == {
        "learner_id": str(learner.learner_id),
        "course_id": None,
        "activity_id": None,
        "session_id": None,
        "instruments": [KS, FA],
        "metadata": {
            "mimetype": "text/plain", "filename": None, "created_at": "2026-11-25T09:00:00Z", "context": {"a": 1},
        },
        "data": body(home)["data"],
    }  # fmt: skip


def test_a_picture_is_taken(ann, home):
    picture = sample(PICTURE, "image/jpeg", [FR], learner_id=str(home.learners["ann"].learner_id))
    assert ann.post(url_of("enrolment", home), picture).status_code == 200


def test_a_sample_that_is_sent_again_exists_once(ann, home):
    def send(name="ann", sender=ann, **more):
        return sender.post(url_of("enrolment", home, name), body(home, name) | more).json()

    told = send()
    assert send() == told
    row = EnrolmentSample.objects.get()
    assert told["path"].endswith(f"/sample/{row.pk}")
    assert objects(home, "sample") == [row.data.storage_key.rpartition("/")[2]]
    assert Line.objects.filter(resource="lapi/enrolment").count() == 1
    # Others are taken: captured at another time, at no time that is told, for others, of others, or long after.
    late, untold = body(home)["metadata"] | {"created_at": "2026-11-25T09:00:01.000Z"}, {"mimetype": "text/plain"}
    others = [{"metadata": late}, {"metadata": untold}, {"metadata": untold}, {"instruments": [FA, KS]}]
    for number, more in enumerate(others, start=2):
        assert send(**more)["status"] == "OK"
        assert EnrolmentSample.objects.count() == number
    send("bob", as_learner(home, "bob"))
    EnrolmentSample.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(minutes=11))
    send()
    assert EnrolmentSample.objects.count() == 1 + len(others) + 2


@pytest.mark.parametrize("instruments", [[PLAG], [KS, PLAG], [987]])
def test_only_instruments_that_learn(ann, home, instruments):
    refused(ann.post(url_of("enrolment", home), body(home, instruments=instruments)), "instruments")


def test_disabled_instruments_take_nothing(ann, home):
    Instrument.objects.filter(pk=KS).update(enabled=False)
    refused(ann.post(url_of("enrolment", home), body(home)), "instruments")


def test_the_body_repeats_the_learner_of_the_path(ann, home, world):
    for other in (home.learners["bob"], world.away.learners["ann"]):
        refused(ann.post(url_of("enrolment", home), body(home, learner_id=str(other.learner_id))), "learner_id")
    spelled = str(home.learners["ann"].learner_id).upper()
    assert ann.post(url_of("enrolment", home), body(home, learner_id=spelled)).status_code == 200


def test_what_is_left_out_is_named(ann, home):
    refused(ann.post(url_of("enrolment", home), {"data": None}), "learner_id", "data", "instruments", "metadata")


def test_media_types_agree(ann, home):
    def sent(**more):
        return ann.post(url_of("enrolment", home), body(home) | more)

    refused(sent(metadata={"mimetype": "a/b"}), "metadata")
    refused(sent(**sample(KEYS, "image/jpeg")), "data")
    refused(sent(**sample(KEYS, "video/x-matroska")), "data")


@pytest.mark.parametrize(
    "url", ["", "data:", "data:,", "data:video/webm;base64,", "data:video/webm;codecs=vp8,opus;base64,"]
)
def test_an_empty_clip_is_refused(ann, home, url):
    """What browsers make of a recording of no length."""
    refused(ann.post(url_of("enrolment", home), body(home, data=url)), "data")


@pytest.mark.parametrize(
    "url", ["x", "data:x", "data:video/webm,AAAA", "data:;base64,", "data:video/webm;base64,*", None]
)
def test_what_is_no_clip_at_all_is_refused(ann, home, url):
    refused(ann.post(url_of("enrolment", home), body(home, data=url)), "data")


def test_a_file_name_never_stops_a_sample(ann, home):
    metadata = {"mimetype": "text/plain", "filename": "a\tb\r\nc\x00\x1b" + 300 * "x"}
    assert ann.post(url_of("enrolment", home), body(home, metadata=metadata)).json()["status"] == "OK"
    stored = content_of(StoredFile.objects.get())["metadata"]["filename"]
    assert stored == ("a b c" + 300 * "x")[:255]


@pytest.mark.parametrize(
    "failure", [OSError("no space left"), EndpointConnectionError(endpoint_url="https://s3.example.org")]
)
def test_while_the_store_is_away_browsers_are_to_come_again(ann, home, monkeypatch, failure, caplog):
    def save(*_, **__):
        raise failure

    monkeypatch.setattr(store(), "save", save)
    answer = ann.post(url_of("enrolment", home), body(home))
    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (503, True)
    assert answer.json() == {"detail": "Files cannot be stored at the moment."}
    assert not EnrolmentSample.objects.exists()
    assert "the store did not take" in caplog.text


def test_while_the_spool_is_full_browsers_are_to_come_again(ann, home, monkeypatch):
    def take(*_):
        raise OSError("no space left")

    monkeypatch.setattr(Content, "take", take)
    answer = ann.post(url_of("enrolment", home), body(home))
    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (503, True)


def test_without_valid_consent_nothing_is_stored(home):
    bob, eve = home.learners["bob"], as_learner(home, "eve")
    errors = refused(eve.post(url_of("enrolment", home, "eve"), body(home, "eve")), "consent")
    assert errors == {"consent": ["NOT_VALID_MISSING"]}
    bob.consent_rejected = timezone.now()
    bob.save()
    errors = refused(as_learner(home, "bob").post(url_of("enrolment", home, "bob"), body(home, "bob")), "consent")
    assert errors == {"consent": ["NOT_VALID_REJECTED"]}
    assert objects(home, "sample") == []
    external(home)
    assert eve.post(url_of("enrolment", home, "eve"), body(home, "eve")).status_code == 200


def test_too_large_a_sample_is_refused(ann, home, settings):
    settings.SAMPLE_BYTES = len(KEYS) - 1
    refused(ann.post(url_of("enrolment", home), body(home)), "data")
    settings.SAMPLE_BYTES, settings.REQUEST_BODY_BYTES = 1, 0
    refused(ann.post(url_of("enrolment", home), body(home)), "data")


def test_a_learner_who_is_gone_is_unknown(home):
    learner = home.learners["ann"]
    learner.delete()
    with pytest.raises(Unknown):
        sample_create(learner=learner, sample=None, instruments=[], metadata={})
    assert objects(home, "sample") == []
