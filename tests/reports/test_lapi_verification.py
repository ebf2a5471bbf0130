"""Samples that are checked: who sends them, from which activity and session, and what is stored."""

from datetime import timedelta

import pytest
from django.utils import timezone

from courses.models import Activity, ActivityInstrument, AssessmentSession, CourseLearner
from files.models import Kind, StoredFile
from files.services import store
from institutions.models import VLE, Instrument
from learners import services
from reports.models import Request
from reports.services import captures
from tests.captures import (
    FA,
    FR,
    KS,
    PLAG,
    VR,
    answer_no_commit,
    as_learner,
    as_vle,
    consented,
    content_of,
    objects,
    sample,
    session_for,
)
from tests.conftest import client_of
from tests.learners.lapi import paths_of_nobody, paths_of_unknown_learners, url_of


@pytest.fixture
def home(world):
    """bob does the quiz with ks; ann cannot use it."""
    consented(world.home, "ann", "bob", "eve")
    ActivityInstrument.objects.create(activity=world.home.activity, instrument_id=FA)
    return world.home


@pytest.fixture
def bob(home):
    return as_learner(home, "bob")


def body(home, name="bob", **more) -> dict:
    place = {"course_id": home.course.pk, "activity_id": home.activity.pk}
    return sample(instruments=[FA], learner_id=str(home.learners[name].learner_id), **place) | more


def made():
    return Request.objects.filter(data__isnull=False)


def refused(answer, *fields: str) -> dict:
    """200: the browser is not to send it again. What is answered 400: tests/contract/test_refused_captures.py."""
    assert answer.status_code == 200, answer.content
    content = answer.json()
    assert (list(content), content["status"], set(content["errors"])) == (["status", "errors"], "ERROR", set(fields))
    assert not made().exists()
    assert not StoredFile.objects.exists()
    return content["errors"]


def send(client, home, name="bob", **more):
    return client.post(url_of("verification", home, name), body(home, name, **more))


# Who.


def test_what_is_not_here_is_404(bob, home, world):
    for client in (bob, as_vle(home.vle)):
        for what, path in paths_of_nobody("verification", world).items():
            assert client.post(path, body(home)).status_code == 404, what
        for path in paths_of_unknown_learners("verification", world).values():
            refused(client.post(path, body(home)), "learner_id")
    assert not StoredFile.objects.exists()


def test_a_vle_captures_in_its_own_activities_only(home):
    second = VLE.objects.create(institution=home.institution, name="Second")
    refused(send(as_vle(second), home), "activity_id")
    assert send(as_vle(home.vle), home).status_code == 200


# Where.


def test_activities_of_elsewhere_are_refused_as_unknown_ones(bob, home, world):
    another = Activity.objects.create(
        institution=home.institution, vle=home.vle, course=home.other_course, vle_activity_type="quiz",
        vle_activity_id="2", enabled=True,
    )  # fmt: skip
    places = [
        {"activity_id": another.pk, "course_id": home.other_course.pk},  # bob does not attend it
        {"activity_id": another.pk},
        {"course_id": home.other_course.pk},
        {"activity_id": world.away.activity.pk, "course_id": world.away.course.pk},
        {"activity_id": 987654321},
        {"course_id": 987654321},
    ]
    for client in (bob, as_vle(home.vle)):
        refusals = [refused(send(client, home, **place), "activity_id") for place in places]
        assert len({str(errors) for errors in refusals}) == 1


def test_who_left_the_course_is_not_put_back(bob, home):
    CourseLearner.objects.filter(learner=home.learners["bob"]).delete()
    refused(send(bob, home), "activity_id")
    refused(send(as_vle(home.vle), home), "activity_id")
    assert not CourseLearner.objects.filter(learner=home.learners["bob"]).exists()


def test_a_disabled_activity_takes_nothing(bob, home):
    Activity.objects.filter(pk=home.activity.pk).update(enabled=False)
    refused(send(bob, home), "activity_id")
    assert objects(home, "request") == []


@pytest.mark.parametrize("instruments", [[FR], [FA, FR], [PLAG], [VR], [987]])
def test_only_instruments_of_the_activity(bob, home, instruments):
    refused(send(bob, home, instruments=instruments), "instruments")


def test_an_instrument_that_is_switched_off_takes_nothing(bob, home):
    Instrument.objects.filter(pk=FA).update(enabled=False)
    refused(send(bob, home), "instruments")


def test_only_instruments_that_apply_to_the_learner(home, bob):
    refused(send(as_learner(home, "ann"), home, "ann", instruments=[KS]), "instruments")
    assert send(bob, home, instruments=[KS, FA]).status_code == 200
    assert [row.pk for row in made().get().instruments.order_by("pk")] == [KS, FA]


# Sessions.


def test_a_sample_is_stored_with_its_session(bob, home):
    session = session_for(home, "bob")
    answer = send(bob, home, session_id=session.pk)
    row, learner = made().get(), home.learners["bob"]
    assert answer.json() == {"status": "OK", "path": f"{learner.learner_id}/request/{row.pk}"}
    assert (row.learner, row.activity, row.session, row.status) == (learner, home.activity, session, 0)
    assert (row.data.kind, row.data.owner) == (Kind.REQUEST, learner.user)
    stored = content_of(row.data)
    assert stored.pop("metadata")["mimetype"] == "text/plain"
    assert stored == {
        "learner_id": str(learner.learner_id),
        "course_id": home.course.pk,
        "activity_id": home.activity.pk,
        "session_id": session.pk,
        "instruments": [FA],
        "data": body(home)["data"],
    }


@pytest.mark.parametrize("who", ["learner", "vle"])
def test_a_closed_session_takes_nothing(home, bob, who):
    client = bob if who == "learner" else as_vle(home.vle)
    session = session_for(home, "bob", closed_at=timezone.now())
    errors = refused(send(client, home, session_id=session.pk), "session_id")
    assert errors == {"session_id": ["Closed session"]}
    assert objects(home, "request") == []


@pytest.mark.parametrize(("minutes", "is_over"), [(9, False), (10, True)])
def test_an_overdue_session_takes_nothing(bob, home, minutes, is_over):
    session = session_for(home, "bob", max_ttl=10)
    started = timezone.now() - timedelta(minutes=minutes, seconds=5)
    AssessmentSession.objects.filter(pk=session.pk).update(started_at=started)
    answer = send(bob, home, session_id=session.pk)
    assert answer.json()["status"] == ("ERROR" if is_over else "OK")
    if is_over:
        refused(answer, "session_id")


def test_a_session_closed_while_the_sample_arrives_takes_nothing(bob, home, monkeypatch):
    session, stored = session_for(home, "bob"), captures.sample_json

    def slow(sample, **facts):
        yield from stored(sample, **facts)
        AssessmentSession.objects.filter(pk=session.pk).update(closed_at=timezone.now())

    monkeypatch.setattr(captures, "sample_json", slow)
    refused(send(bob, home, session_id=session.pk), "session_id")
    assert objects(home, "request") == []


def test_a_session_deleted_while_the_sample_arrives_takes_nothing(bob, home, monkeypatch):
    session, stored = session_for(home, "bob"), captures.sample_json

    def slow(sample, **facts):
        yield from stored(sample, **facts)
        session.delete()

    monkeypatch.setattr(captures, "sample_json", slow)
    refused(send(bob, home, session_id=session.pk), "session_id")


def test_sessions_of_others_are_refused_as_unknown_ones(bob, home, world):
    other = Activity.objects.create(
        institution=home.institution, vle=home.vle, course=home.course, vle_activity_type="quiz", vle_activity_id="2"
    )
    numbers = (
        session_for(home, "ann").pk, session_for(home, "bob", activity=other).pk, session_for(world.away, "bob").pk,
        987654321,
    )  # fmt: skip
    for client in (bob, as_vle(home.vle)):
        refusals = [refused(send(client, home, session_id=number), "session_id") for number in numbers]
        assert len({str(errors) for errors in refusals}) == 1


def test_the_token_of_a_session_opens_that_session_and_no_other(home):
    session, second = session_for(home, "bob"), session_for(home, "bob")
    client = as_learner(home, "bob", session)
    for number in (second.pk, 987654321):
        refused(send(client, home, session_id=number), "session_id")
    assert not StoredFile.objects.exists()
    for more in ({"session_id": session.pk}, {"session_id": str(session.pk)}, {"session_id": None}, {}):
        assert send(client, home, **more).status_code == 200
    assert {row.session_id for row in made()} == {session.pk}


def test_the_token_of_a_session_opens_no_other_activity(home):
    other = Activity.objects.create(
        institution=home.institution, vle=home.vle, course=home.course, vle_activity_type="quiz", vle_activity_id="2",
        enabled=True,
    )  # fmt: skip
    ActivityInstrument.objects.create(activity=other, instrument_id=FA)
    client = as_learner(home, "bob", session_for(home, "bob"))
    refused(send(client, home, activity_id=other.pk), "session_id")
    assert send(as_learner(home, "bob"), home, activity_id=other.pk).status_code == 200


# Consent.


def test_without_valid_consent_nothing_is_stored(home):
    bob = home.learners["bob"]
    bob.consent = None
    bob.save()
    for client in (as_learner(home, "bob"), client_of(home.people["bob"]), as_vle(home.vle)):
        assert refused(send(client, home), "consent") == {"consent": ["NOT_VALID_MISSING"]}
    assert objects(home, "request") == []


def test_what_is_left_out_is_named(bob, home):
    refused(bob.post(url_of("verification", home, "bob"), {"session_id": 1}), *body(home))


def test_what_a_plugin_notes_about_a_sample_never_refuses_it(bob, home):
    metadata = body(home)["metadata"]
    noted = {"context": {"a\x00": ["b\x00", {"c": "\x01"}]}, "created_at": "yesterday"}
    assert send(bob, home, metadata=metadata | noted).status_code == 200
    (file,) = StoredFile.objects.all()
    stored = content_of(file)["metadata"]
    assert (stored["context"], stored["created_at"]) == ({"a": ["b", {"c": ""}]}, None)


def test_what_was_stored_although_nobody_was_told_is_kept_and_taken_once(bob, home, monkeypatch):
    session = session_for(home, "bob")
    with monkeypatch.context() as patch:
        answer_no_commit(patch, services)
        assert send(bob, home, session_id=session.pk).status_code == 503
    first = made().get()
    assert store().exists(first.data.storage_key)
    again = send(bob, home, session_id=session.pk)
    assert again.json() == {"status": "OK", "path": f"{home.learners['bob'].learner_id}/request/{first.pk}"}
    assert made().get() == first
    assert objects(home, "request") == [first.data.storage_key.rpartition("/")[2]]
    # Others are taken: captured at another time, at no time that is told, elsewhere, or long after.
    late, untold = body(home)["metadata"] | {"created_at": "2026-11-25T09:00:01.000Z"}, {"mimetype": "text/plain"}
    others = [{"metadata": late}, {"metadata": untold}, {"metadata": untold}, {"instruments": [FA, KS]}]
    for more in others:
        assert send(bob, home, session_id=session.pk, **more).json()["status"] == "OK"
    assert send(bob, home).json()["status"] == "OK"
    Request.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(minutes=11))
    assert send(bob, home, session_id=session.pk).json()["status"] == "OK"
    assert made().count() == 1 + len(others) + 2
