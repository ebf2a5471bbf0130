"""Alerts of sensors: what is taken, and what is stored."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from courses.models import Activity, ActivityInstrument
from files.models import Kind, StoredFile
from kernel.nesting import DEEPEST, TOO_DEEP
from reports.models import Alert
from tests.captures import FA, FR, KS, as_learner, consented, content_of, objects, session_for
from tests.learners.lapi import paths_of_nobody, paths_of_unknown_learners, url_of
from tests.nested import list_of, object_of


@pytest.fixture
def home(world):
    consented(world.home, "ann", "bob")
    ActivityInstrument.objects.create(activity=world.home.activity, instrument_id=FA)
    return world.home


@pytest.fixture
def bob(home):
    return as_learner(home, "bob")


def body(home, name="bob", **more) -> dict:
    return {
        "learner_id": str(home.learners[name].learner_id),
        "level": "warning",
        "course_id": home.course.pk,
        "activity_id": home.activity.pk,
        "data": {"message_code": "SENSOR_CAMERA_BLACK_IMAGE", "window": "other"},
        "raised_at": "2026-11-25T09:00:00.000Z",
    } | more


def refused(answer, *fields: str) -> dict:
    """200: the browser is not to send it again. What is answered 400: tests/contract/test_refused_captures.py."""
    assert answer.status_code == 200, answer.content
    content = answer.json()
    assert (list(content), content["status"], set(content["errors"])) == (["status", "errors"], "ERROR", set(fields))
    assert not Alert.objects.exists()
    assert not StoredFile.objects.exists()
    return content["errors"]


def send(client, home, name="bob", **more):
    return client.post(url_of("alert", home, name), body(home, name, **more))


def test_what_is_not_here_is_404(bob, home, world):
    for what, path in paths_of_nobody("alert", world).items():
        assert bob.post(path, body(home)).status_code == 404, what


def test_unknown_learners_are_refused(bob, home, world):
    for path in paths_of_unknown_learners("alert", world).values():
        assert refused(bob.post(path, body(home)), "learner_id") == {"learner_id": ["There is no such learner."]}


def test_an_alert_is_stored_with_its_message(bob, home):
    session = session_for(home, "bob")
    answer = send(bob, home, session_id=session.pk, instruments=[KS])
    row, learner = Alert.objects.get(), home.learners["bob"]
    assert answer.json() == {"status": "OK", "path": f"{learner.learner_id}/alert/{row.pk}"}
    assert (row.learner, row.activity, row.session, row.level) == (learner, home.activity, session, 1)
    assert (row.message_code_id, row.raised_at) == ("SENSOR_CAMERA_BLACK_IMAGE", datetime(2026, 11, 25, 9, tzinfo=UTC))
    assert [instrument.pk for instrument in row.instruments.all()] == [KS]
    assert (row.data.kind, row.data.owner) == (Kind.ALERT, learner.user)
    assert content_of(row.data) == {
        "learner_id": str(learner.learner_id),
        "course_id": home.course.pk,
        "activity_id": home.activity.pk,
        "session_id": session.pk,
        "instruments": [KS],
        "level": "warning",
        "raised_at": "2026-11-25T09:00:00Z",
        "message_code": "SENSOR_CAMERA_BLACK_IMAGE",
        "data": body(home)["data"],
    }


def test_an_alert_that_is_sent_again_is_the_same(bob, home):
    first, again = send(bob, home), send(bob, home)
    assert again.json() == first.json()
    assert StoredFile.objects.get() == Alert.objects.get().data
    assert len(objects(home, "alert")) == 1
    for more in (
        {"raised_at": "2026-11-25T09:00:00.001Z"},
        {"level": "error"},
        {"raised_at": None},
        {"raised_at": None},
    ):
        assert send(bob, home, **more).json()["status"] == "OK"
    assert Alert.objects.count() == 5


@pytest.mark.parametrize(
    ("given", "level"),
    [("info", 0), ("WARNING", 1), ("alert", 2), ("error", 3), (0, 0), (1, 1), (2, 2), ("3", 3)],
)
def test_levels_are_words_or_numbers(bob, home, given, level):
    assert send(bob, home, level=given).status_code == 200
    assert Alert.objects.get().level == level


@pytest.mark.parametrize("level", [None, "", "x", 4, -1, True, [1], {}, 1.5])
def test_other_levels_are_refused(bob, home, level):
    refused(send(bob, home, level=level), "level")


@pytest.mark.parametrize("data", [None, {}, [], "text", 7, True, {"message_code": True}, {"message_code": ["X"]},
                                  {"message_code": " "}, {"message_code": None}])  # fmt: skip
def test_data_is_any_json_and_need_not_have_a_code(bob, home, data):
    assert send(bob, home, data=data).status_code == 200
    row = Alert.objects.get()
    assert (row.message_code, row.unknown_code) == (None, "")
    assert content_of(StoredFile.objects.get())["data"] == data


@pytest.mark.parametrize(
    ("beside", "inside", "known", "unknown"),
    [
        ("SENSOR_CAMERA_BLACK_IMAGE", {}, "SENSOR_CAMERA_BLACK_IMAGE", ""),
        (" sensor_camera_black_image", None, "SENSOR_CAMERA_BLACK_IMAGE", ""),
        (None, {"message_code": "SENSOR_CAMERA_BLACK_IMAGE"}, "SENSOR_CAMERA_BLACK_IMAGE", ""),
        ("SENSOR_CAMERA_BLACK_IMAGE", {"message_code": "other"}, "SENSOR_CAMERA_BLACK_IMAGE", ""),
        ("NOBODY_KNOWS", {}, None, "NOBODY_KNOWS"),
        (None, {"message_code": "a\0b\nc"}, None, "ab c"),
        (None, {"message_code": 7}, None, "7"),
        ("x" * 5_000, {}, None, "x" * 250),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_the_code_stands_beside_the_data_or_in_it_and_an_unknown_one_is_kept(bob, home, beside, inside, known, unknown):
    assert send(bob, home, message_code=beside, data=inside).status_code == 200
    row = Alert.objects.get()
    assert (row.message_code_id, row.unknown_code) == (known, unknown)
    assert content_of(row.data)["message_code"].upper() == (known or unknown.upper())


def test_data_is_not_nested_too_deeply(bob, home):
    for levels in (DEEPEST + 1, 253, 254, 255, 490):
        for nested in (object_of(levels), list_of(levels), {"message_code": list_of(levels)}):
            assert refused(send(bob, home, data=nested), "data") == {"data": [TOO_DEEP]}
    assert send(bob, home, data=object_of(DEEPEST)).status_code == 200
    assert content_of(StoredFile.objects.get())["data"] == object_of(DEEPEST)


@pytest.mark.parametrize("raised_at", [None, "yesterday", 7, [7], "0000-00-00T00:00:00Z"])
def test_an_alert_with_a_time_that_cannot_be_read_is_taken_with_the_time_of_arrival(bob, home, raised_at):
    """No repetition would mend it, and the web plugin sends nothing else meanwhile."""
    before = timezone.now()
    assert send(bob, home, raised_at=raised_at).status_code == 200
    assert before <= Alert.objects.get().raised_at <= timezone.now()


@pytest.mark.parametrize("instruments", [None, []])
def test_instruments_are_optional(bob, home, instruments):
    assert send(bob, home, instruments=instruments).status_code == 200
    assert not Alert.objects.get().instruments.exists()


def test_what_is_left_out_is_named(bob, home):
    refused(bob.post(url_of("alert", home, "bob"), {"level": 1}), *(body(home).keys() - {"raised_at", "level"}))


def test_neither_a_closed_session_nor_a_disabled_activity_takes_any(bob, home):
    closed = session_for(home, "bob", closed_at=timezone.now())
    refused(send(bob, home, session_id=closed.pk), "session_id")
    Activity.objects.filter(pk=home.activity.pk).update(enabled=False)
    refused(send(bob, home), "activity_id")


def test_instruments_that_are_not_the_activitys_are_refused(bob, home):
    refused(send(bob, home, instruments=[FR]), "instruments")


def test_the_token_of_a_session_opens_that_session(home):
    session, second = session_for(home, "bob"), session_for(home, "bob")
    client = as_learner(home, "bob", session)
    refused(send(client, home, session_id=second.pk), "session_id")
    assert send(client, home).status_code == 200
    assert Alert.objects.get().session == session


def test_without_valid_consent_nothing_is_stored(bob, home):
    learner = home.learners["bob"]
    learner.consent = None
    learner.save()
    assert refused(send(bob, home), "consent") == {"consent": ["NOT_VALID_MISSING"]}
    assert objects(home, "alert") == []


def test_too_long_a_body_is_refused(bob, home, settings):
    settings.REQUEST_BODY_BYTES = 100
    refused(send(bob, home), "data")
