"""/institution/{}/course/{}/activity/: values of a VLE cannot be changed here, those of manual activities can."""

from datetime import UTC, datetime

import pytest

from courses.models import Activity
from files.models import Kind, StoredFile
from learners.models import Learner
from reports.models import Report, Request

NAMED = {
    "name": "Oral exam", "start": "2030-01-01T09:00:00Z", "end": "2030-01-01T10:00:00Z", "description": "In room 5",
}  # fmt: skip


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/course/{world.home.course.pk}/activity/"


@pytest.fixture
def quiz(world, url):
    return f"{url}{world.home.activity.pk}/"


def test_created_activity_is_manual_and_of_the_courses_vle(as_, url, world):
    """An earlier implementation set neither VLE nor course, so that no activity could be created."""
    answer = as_("teacher").post(url, {**NAMED, "enabled": True, "conf": "x", "vle_activity_type": "quiz", "vle": 9})
    assert answer.status_code == 201
    row = answer.json()
    assert row["vle_activity_type"] == "manual"
    assert {name: row[name] for name in NAMED} == NAMED
    assert (row["enabled"], row["conf"]) == (True, "x")
    assert (row["course_id"], row["vle_id"]) == (world.home.course.pk, world.home.vle.pk)
    stored = Activity.objects.get(pk=row["id"])
    assert stored.institution_id == world.home.institution.pk
    assert stored.vle_activity_id == row["vle_activity_id"] != ""


def test_created_activity_needs_nothing(as_, url):
    rows = [as_("admin").post(url, {}).json() for _ in range(2)]
    assert len({row["vle_activity_id"] for row in rows}) == 2
    for row in rows:
        assert (row["name"], row["start"], row["end"], row["description"], row["conf"]) == (None,) * 5
        assert row["enabled"] is False


@pytest.mark.parametrize("method", ["put", "patch"])
def test_values_of_a_vle_cannot_be_changed_here(method, as_, quiz):
    before = as_("admin").get(quiz).json()
    body = {**NAMED, "start": "nonsense", "enabled": False, "conf": "kept", "vle_activity_id": "7", "course_id": 1}
    answer = getattr(as_("teacher"), method)(quiz, body)
    assert answer.status_code == 200
    after = answer.json()
    assert {k for k in after if after[k] != before[k]} == {"enabled", "conf", "updated_at"}
    assert (after["enabled"], after["conf"]) == (False, "kept")


def test_put_keeps_what_it_leaves_out(as_, url, quiz, world):
    Activity.objects.filter(pk=world.home.activity.pk).update(conf="kept")
    row = as_("admin").put(quiz, {"enabled": False}).json()
    assert (row["enabled"], row["conf"], row["name"]) == (False, "kept", "Quiz")
    row = as_("admin").put(quiz, {"conf": None}).json()
    assert (row["enabled"], row["conf"]) == (False, None)


def test_manual_activity_is_changed_here(as_, url):
    made = as_("admin").post(url, NAMED).json()
    row = as_("admin").patch(f"{url}{made['id']}/", {"name": "Viva", "end": None}).json()
    assert (row["name"], row["end"], row["start"], row["description"]) == (
        "Viva", None, NAMED["start"], NAMED["description"],
    )  # fmt: skip
    assert row["vle_activity_id"] == made["vle_activity_id"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 256), ("name", "a\x00b"), ("name", ["x"]), ("start", "yesterday"), ("end", "2030-13-01"),
        ("enabled", None), ("enabled", "perhaps"), ("conf", "a\x00b"), ("description", {"a": 1}),
    ],
)  # fmt: skip
def test_wrong_value_is_400_under_its_name(field, value, as_, url):
    before = Activity.objects.count()
    answer = as_("admin").post(url, {**NAMED, field: value})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert Activity.objects.count() == before


def test_end_before_start_is_400_under_end(as_, url):
    answer = as_("admin").post(url, {"start": "2030-01-02T00:00:00Z", "end": "2030-01-01T00:00:00Z"})
    assert (answer.status_code, list(answer.json())) == (400, ["end"])
    made = as_("admin").post(url, NAMED).json()
    for body in ({"end": "2029-01-01T00:00:00Z"}, {"start": "2031-01-01T00:00:00Z"}):
        answer = as_("admin").patch(f"{url}{made['id']}/", body)
        assert (answer.status_code, list(answer.json())) == (400, ["end"])
    assert as_("admin").get(f"{url}{made['id']}/").json()["start"] == NAMED["start"]


def test_vle_activity_that_ends_before_its_start_can_be_enabled(as_, quiz, world):
    """A VLE may send an end before the start; only the VLE can correct it."""
    Activity.objects.filter(pk=world.home.activity.pk).update(
        start=datetime(2030, 1, 2, tzinfo=UTC), end=datetime(2030, 1, 1, tzinfo=UTC)
    )
    assert as_("teacher").put(quiz, {"enabled": True}).status_code == 200


def test_learners_see_disabled_activities(as_, url, world):
    Activity.objects.filter(pk=world.home.activity.pk).update(enabled=False)
    assert [row["enabled"] for row in as_("ann").get(url).json()["results"]] == [False]


@pytest.mark.parametrize("who", ["admin", "data", "teacher"])
def test_deleting_takes_what_hangs_from_it_and_its_files(who, as_, quiz, world, django_capture_on_commit_callbacks):
    home, ann = world.home, world.home.learners["ann"]
    pair = {"institution": home.institution, "activity": home.activity, "learner": ann}
    file = StoredFile.objects.create(
        institution=home.institution, owner=ann.user, kind=Kind.REQUEST, media_type="application/json", size=1,
        sha256="0" * 64, storage_key=f"{home.institution.pk}/request/x.json",
    )  # fmt: skip
    Request.objects.create(data=file, **pair)
    assert Report.objects.filter(**pair).exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert as_(who).delete(quiz).status_code == 204
    assert as_("admin").get(quiz).status_code == 404
    assert not Report.objects.filter(learner=ann).exists()
    assert not Request.objects.filter(learner=ann).exists()
    assert not StoredFile.objects.filter(pk=file.pk).exists()
    assert Learner.objects.filter(pk=ann.pk).exists()
    assert Activity.objects.filter(pk=world.away.activity.pk).exists()
