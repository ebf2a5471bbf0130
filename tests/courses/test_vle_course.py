"""/vle/{vle_id}/course/{id}/: courses that a VLE writes and reads."""

import pytest
from django.core.cache import cache
from django.db import IntegrityError

from courses.models import Activity, Course, CourseLearner
from courses.services.courses import course_update
from files.models import Kind, StoredFile
from files.services import file_store, store
from institutions.models import User, VLEWarning
from reports.models import Report, Request
from tests.contract.vle_calls import MOODLE_COURSE, UNSET, Sister
from tests.world import rewritten
from trail.models import Line


@pytest.fixture
def url(world):
    return f"/api/v2/vle/{world.home.vle.pk}/course/"


@pytest.fixture
def client(as_):
    return as_("vle")


def test_course_is_made_below_the_vle_that_tells_of_it(client, url, world):
    """`vle` and `parent` in the body, which the plugin always sends, are ignored."""
    body = MOODLE_COURSE | {"vle": world.away.vle.pk, "institution": world.away.institution.pk}
    answer = client.post(url, body, format="json")
    assert answer.status_code == 201
    row = Course.objects.get(pk=answer.json()["id"])
    assert (row.vle, row.institution) == (world.home.vle, world.home.institution)
    assert (row.code, row.vle_course_id, row.description) == ("NEW", "77", "A new course")
    assert answer.json()["vle"]["id"] == world.home.vle.pk
    assert answer.json()["vle"]["institution"]["id"] == world.home.institution.pk


@pytest.mark.parametrize("method", ["post", "put", "patch"])
@pytest.mark.parametrize("never", [UNSET, "1970-01-01T01:00:00+01:00", "1970-01-01T00:00:00.000000Z", None])
def test_the_beginning_of_1970_is_no_date(never, method, client, url, world):
    dates = {"start": "2030-01-01T00:00:00Z", "end": "2031-01-01T00:00:00Z"}
    assert client.patch(f"{url}{world.home.course.pk}/", dates, format="json").json()["start"] is not None
    at = url if method == "post" else f"{url}{world.home.course.pk}/"
    answer = getattr(client, method)(at, MOODLE_COURSE | {"start": never, "end": never}, format="json")
    assert answer.status_code == (201 if method == "post" else 200)
    row = Course.objects.get(pk=answer.json()["id"])
    assert (row.start, row.end) == (None, None)
    assert (answer.json()["start"], answer.json()["end"]) == (None, None)


@pytest.mark.parametrize("place", ["", "{}/", "{}/activity/"])
@pytest.mark.parametrize(
    "date", ["", 0, False, "0000-00-00T00:00:00Z", "32000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "soon", ["x"]]
)
def test_a_date_that_cannot_be_read_is_none_and_is_told(date, place, client, url, world):
    cache.clear()  # each warning is written once in a while
    at, send = url + place.format(world.home.course.pk), client.put if place == "{}/" else client.post
    activity = {"vle_activity_type": "assign", "vle_activity_id": "5", "name": "New"}
    body = activity if "activity" in place else MOODLE_COURSE
    answer = send(at, body | {"start": date, "end": "2030-01-01T00:00:00Z"}, format="json")
    assert answer.status_code in (200, 201)
    assert (answer.json()["start"], answer.json()["end"]) == (None, "2030-01-01T00:00:00Z")
    (warning,) = VLEWarning.objects.filter(vle=world.home.vle)
    assert (warning.setting, warning.text) == ("start", f"{str(date)!r} is no date that can be read; none is stored")


def test_end_before_start_is_not_refused(client, url):
    dates = {"start": "2031-01-01T00:00:00Z", "end": "2030-01-01T00:00:00Z"}
    answer = client.post(url, MOODLE_COURSE | dates, format="json")
    assert (answer.status_code, answer.json()["end"]) == (201, "2030-01-01T00:00:00Z")


def test_numbers_are_taken_as_text_and_found_again(client, url):
    assert client.post(url, MOODLE_COURSE | {"vle_course_id": 123}, format="json").json()["vle_course_id"] == "123"
    assert client.get(f"{url}?vle_course_id=123").json()["count"] == 1
    again = client.post(url, MOODLE_COURSE | {"vle_course_id": "123"}, format="json")
    assert (again.status_code, list(again.json())) == (400, ["non_field_errors"])


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_an_id_that_the_vle_has_used_is_wrong_of_the_course_as_a_whole(method, client, url, world):
    before = Course.objects.values().get(pk=world.home.course.pk)
    at = url if method == "post" else f"{url}{world.home.course.pk}/"
    answer = getattr(client, method)(at, MOODLE_COURSE | {"vle_course_id": "c2"}, format="json")
    assert (answer.status_code, answer.json()) == (400, {"non_field_errors": ["This value is already taken."]})
    assert Course.objects.filter(vle=world.home.vle).count() == 2
    assert Course.objects.values().get(pk=world.home.course.pk) == before


def test_another_vle_may_have_used_it(client, url, world):
    rewritten(Course.objects.filter(pk=Sister(world.home).course.pk), vle_course_id="77")
    rewritten(Course.objects.filter(pk=world.away.course.pk), vle_course_id="77")
    assert client.post(url, MOODLE_COURSE, format="json").status_code == 201


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"code": ["x"]}, "code"),
        ({"vle_course_id": None}, "vle_course_id"),
        ({"vle_course_id": " "}, "vle_course_id"),
        ({"vle_course_id": ["1"]}, "vle_course_id"),
        ({"vle_course_id": True}, "vle_course_id"),
        ({"vle_course_id": "x" * 251}, "vle_course_id"),
    ],
)
@pytest.mark.parametrize("method", ["post", "put"])
def test_wrong_value_is_400_under_its_name(change, name, method, client, url, world):
    at = url if method == "post" else f"{url}{world.home.course.pk}/"
    answer = getattr(client, method)(at, MOODLE_COURSE | change, format="json")
    assert (answer.status_code, list(answer.json())) == (400, [name])
    assert not Course.objects.filter(code="NEW").exists()


@pytest.mark.parametrize("code", [None, "", " \t", ...])
def test_a_course_without_a_name_has_none_and_keeps_the_one_it_had(code, client, url, world):
    body = {"vle_course_id": "77"} | ({} if code is ... else {"code": code})
    made = client.post(url, body, format="json")
    assert (made.status_code, made.json()["code"]) == (201, "")
    kept = client.put(f"{url}{world.home.course.pk}/", body | {"vle_course_id": "c1"}, format="json")
    assert (kept.status_code, kept.json()["code"]) == (200, "C1")


def test_put_keeps_what_it_leaves_out_and_empties_what_is_null(client, url, world):
    row = f"{url}{world.home.course.pk}/"
    client.patch(row, {"start": "2030-01-01T00:00:00Z"}, format="json")
    after = client.put(row, {"code": "C1", "vle_course_id": "c1"}, format="json").json()
    assert (after["description"], after["start"]) == ("First course", "2030-01-01T00:00:00Z")
    nulls = {"code": "C1", "vle_course_id": "c1", "description": None, "start": None, "end": None, "parent": None}
    emptied = client.put(row, nulls, format="json").json()
    assert (emptied["description"], emptied["start"], emptied["end"]) == (None, None, None)
    assert client.put(row, {"code": "C1"}, format="json").json() == {"vle_course_id": ["This field is required."]}


def test_course_is_enabled_if_one_of_its_activities_is(client, url, world):
    assert {row["code"]: row["enabled"] for row in client.get(url).json()["results"]} == {"C1": True, "C2": False}
    Activity.objects.update(enabled=False)
    assert client.patch(f"{url}{world.home.course.pk}/", {"enabled": True}, format="json").json()["enabled"] is False


def test_deleted_course_takes_its_work_and_files_and_leaves_its_people(
    client, url, world, django_capture_on_commit_callbacks
):
    home = world.home
    file = file_store(
        institution=home.institution, owner=home.people["ann"], kind=Kind.REQUEST, media_type="text/plain",
        content=[b"x"], extension="txt",
    )  # fmt: skip
    home.request.data = file
    home.request.save()
    learners = {*Report.objects.filter(activity=home.activity).values_list("learner", flat=True)}
    without_report = {*Request.objects.filter(activity=home.activity).values_list("learner", flat=True)} - learners
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"{url}{home.course.pk}/").status_code == 204
    assert not Activity.objects.filter(pk=home.activity.pk).exists()
    assert not CourseLearner.objects.filter(course=home.course.pk).exists()
    assert not StoredFile.objects.filter(pk=file.pk).exists()
    assert not store().exists(file.storage_key)
    assert User.objects.filter(pk=home.people["ann"].pk, learner__isnull=False).exists()
    assert client.delete(f"{url}{home.course.pk}/").status_code == 404
    assert Course.objects.filter(pk=world.away.course.pk).exists()
    # Each learner whose work went with it is told.
    lines = Line.objects.filter(verb="delete", row_key=f"{home.institution.pk}/{home.course.pk}/{home.activity.pk}")
    told = [*lines.filter(actor_kind="vle").values_list("person_id", "resource")]
    assert sorted(person for person, _ in told) == sorted(learners | without_report)
    assert {person for person, resource in told if resource.endswith("/report")} == learners


def test_other_violations_are_not_called_taken(world):
    with pytest.raises(IntegrityError):
        course_update(course=world.home.course, code=None)
