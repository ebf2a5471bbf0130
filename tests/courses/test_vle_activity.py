"""/vle/{vle_id}/course/{course_id}/activity/{id}/ and what is below it: what a VLE writes and reads."""

import pytest

from courses.models import Activity, ActivityInstrument
from files.models import Kind, StoredFile
from files.services import file_store, store
from institutions.models import Instrument
from learners.models import Learner
from reports.models import Request
from tests.contract.vle_calls import MOODLE_ACTIVITY, TOOL, UNSET, Sister
from tests.world import rewritten


@pytest.fixture
def client(as_):
    return as_("vle")


@pytest.fixture
def url(world):
    return f"/api/v2/vle/{world.home.vle.pk}/course/{world.home.course.pk}/activity/"


@pytest.fixture
def row(url, world):
    return f"{url}{world.home.activity.pk}/"


@pytest.fixture
def tools(row):
    return f"{row}instrument/"


def stored(world) -> dict:
    return Activity.objects.values().get(pk=world.home.activity.pk)


def test_activity_is_made_in_the_course_and_is_off(client, url, world):
    answer = client.post(url, MOODLE_ACTIVITY | {"vle_id": world.away.vle.pk}, format="json")
    assert answer.status_code == 201
    made = Activity.objects.get(pk=answer.json()["id"])
    assert (made.vle, made.course, made.institution) == (world.home.vle, world.home.course, world.home.institution)
    assert (made.enabled, made.start, made.end, made.conf) == (False, None, None, None)
    assert (made.vle_activity_type, made.vle_activity_id) == ("assign", "5")
    assert made.description == "<p>Write.</p>"


def test_python_client_switches_it_on(client, url, row):
    body = MOODLE_ACTIVITY | {"enabled": True, "start": None, "end": None, "conf": "text"}
    made = client.post(url, body, format="json").json()
    assert (made["enabled"], made["conf"]) == (True, "text")
    page = client.get(f"{url}?vle_activity_type=assign&vle_activity_id=5").json()
    assert (page["count"], page["results"][0]["id"]) == (1, made["id"])
    assert client.put(f"{url}{made['id']}/", body | {"enabled": False}, format="json").json()["enabled"] is False


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize("end", [UNSET, None])
def test_unset_dates_are_null_however_often_they_are_sent(end, method, client, row, world):
    body = {"vle_activity_type": "quiz", "vle_activity_id": 1, "start": UNSET, "end": end}
    for _ in range(2):
        answer = getattr(client, method)(row, body, format="json")
        assert (answer.status_code, answer.json()["start"], answer.json()["end"]) == (200, None, None)
    assert stored(world)["end"] is None


def test_end_before_start_is_not_refused_here(client, row, as_, world):
    dates = {"start": "2031-01-01T00:00:00Z", "end": "2030-01-01T00:00:00Z"}
    assert client.patch(row, dates, format="json").status_code == 200
    # and disturbs no teacher, who may not change dates that a VLE has told
    theirs = f"/api/v2/institution/{world.home.institution.pk}/course/{world.home.course.pk}/activity/"
    assert as_("teacher").put(f"{theirs}{world.home.activity.pk}/", {"enabled": True}, format="json").status_code == 200


def test_patch_changes_only_what_is_sent(client, row, world):
    before = stored(world)
    body = {"vle_id": 1, "vle_activity_type": "quiz", "vle_activity_id": "1", "name": "Other"}
    assert client.patch(row, body, format="json").status_code == 200
    changed = {name for name, value in stored(world).items() if before[name] != value}
    assert changed == {"name", "search_text", "updated_at"}


def test_put_needs_the_identity_and_keeps_what_it_leaves_out(client, row, world):
    assert sorted(client.put(row, {}, format="json").json()) == ["vle_activity_id", "vle_activity_type"]
    answer = client.put(row, {"vle_activity_type": "quiz", "vle_activity_id": "1"}, format="json").json()
    assert (answer["name"], answer["enabled"]) == ("Quiz", True)


@pytest.mark.parametrize("course", ["course", "other_course"])
def test_an_activity_is_once_in_the_vle_whatever_the_course(course, client, world):
    url = f"/api/v2/vle/{world.home.vle.pk}/course/{getattr(world.home, course).pk}/activity/"
    body = MOODLE_ACTIVITY | {"vle_activity_type": "quiz", "vle_activity_id": 1}
    answer = client.post(url, body, format="json")
    assert (answer.status_code, list(answer.json())) == (400, ["non_field_errors"])
    assert Activity.objects.filter(vle=world.home.vle).count() == 1
    rewritten(Activity.objects.filter(pk=world.home.activity.pk), vle_activity_id="2")
    Sister(world.home)  # whose quiz 1 is another
    made = client.post(url, body, format="json")
    assert made.status_code == 201
    again = client.patch(f"{url}{made.json()['id']}/", {"vle_activity_id": "2"}, format="json")
    assert (again.status_code, list(again.json())) == (400, ["non_field_errors"])


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"vle_activity_type": None}, "vle_activity_type"),
        ({"vle_activity_type": ""}, "vle_activity_type"),
        ({"vle_activity_id": None}, "vle_activity_id"),
        ({"vle_activity_id": {}}, "vle_activity_id"),
        ({"vle_activity_id": "x" * 251}, "vle_activity_id"),
        ({"enabled": None}, "enabled"),
        ({"enabled": "maybe"}, "enabled"),
        ({"conf": {"a": 1}}, "conf"),
    ],
)
def test_wrong_value_is_400_under_its_name(change, name, client, url):
    answer = client.post(url, MOODLE_ACTIVITY | change, format="json")
    assert (answer.status_code, list(answer.json())) == (400, [name])
    assert not Activity.objects.filter(vle_activity_type="assign").exists()


def test_deleted_activity_takes_its_files_along(client, row, world, django_capture_on_commit_callbacks):
    home = world.home
    file = file_store(
        institution=home.institution, owner=home.people["ann"], kind=Kind.REQUEST, media_type="text/plain",
        content=[b"x"], extension="txt",
    )  # fmt: skip
    Request.objects.filter(pk=home.request.pk).update(data=file)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(row).status_code == 204
    assert not Request.objects.filter(pk=home.request.pk).exists()
    assert not StoredFile.objects.filter(pk=file.pk).exists()
    assert not store().exists(file.storage_key)
    assert client.get(row).status_code == 404


# Instruments.


def test_instrument_is_added_with_options_as_object_or_text(client, tools, world):
    for number, options in ((1, {"offline": True}), (3, '{"offline": true}'), (5, None)):
        answer = client.post(tools, TOOL | {"instrument": number, "options": options}, format="json")
        assert (answer.status_code, answer.json()["instrument"]) == (201, number)
        assert answer.json()["options"] == (options and {"offline": True})
    answer = client.post(
        tools, TOOL | {"instrument": 4, "options": None, "alternative_to": world.home.activity_instrument.pk}
    , format="json")  # fmt: skip
    assert answer.json()["alternative_to"] == world.home.activity_instrument.pk


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"instrument": 2}, "instrument"),  # there already
        ({"instrument": 99}, "instrument"),
        ({"instrument": "x"}, "instrument"),
        ({"instrument": None}, "instrument"),
        ({"active": None}, "active"),
        ({"options": {"offline": "yes"}}, "options"),
        ({"options": "{"}, "options"),
        ({"options": [1]}, "options"),
        ({"alternative_to": 0}, "alternative_to"),
    ],
)
def test_wrong_instrument_is_400_under_its_name(change, name, client, tools):
    answer = client.post(tools, TOOL | change, format="json")
    assert (answer.status_code, list(answer.json())) == (400, [name])
    for missing in ("instrument", "active", "options"):
        body = {key: value for key, value in TOOL.items() if key != missing}
        assert list(client.post(tools, body, format="json").json()) == [missing]
    assert ActivityInstrument.objects.filter(activity__institution__acronym="HOME").count() == 1


def test_disabled_instrument_is_refused_under_the_key_that_was_sent(client, tools):
    Instrument.objects.filter(pk=1).update(enabled=False)
    answer = client.post(tools, TOOL, format="json")
    assert (answer.status_code, list(answer.json())) == (400, ["instrument"])


def test_alternative_of_another_vle_is_as_unknown_as_one_that_does_not_exist(client, tools, world):
    foreign = [Sister(world.home).activity_instrument.pk, world.away.activity_instrument.pk, 987654321]
    errors = {}
    for key in foreign:
        answer = client.post(tools, TOOL | {"alternative_to": key}, format="json")
        assert answer.status_code == 400
        errors[key] = answer.json()["alternative_to"][0].replace(str(key), "#")
    assert set(errors.values()) == {'Invalid pk "#" - object does not exist.'}


def test_put_of_an_instrument_keeps_the_alternative(client, tools, world):
    made = client.post(tools, TOOL | {"alternative_to": world.home.activity_instrument.pk}, format="json").json()
    body = {"instrument": 1, "active": False, "required": False, "options": None}
    changed = client.put(f"{tools}{made['id']}/", body, format="json").json()
    assert (changed["active"], changed["options"]) == (False, None)
    assert changed["alternative_to"] == world.home.activity_instrument.pk


# Learners and what was asked of them.


def test_participants_are_the_learners_of_the_activitys_course(client, row, world):
    def uids():
        return [participant["uid"] for participant in client.get(f"{row}learner/").json()["results"]]

    assert uids() == ["ann", "bob"]
    world.home.join(world.home.course, "eve")
    assert uids() == ["ann", "bob", "eve"]
    Activity.objects.filter(pk=world.home.activity.pk).update(enabled=False)
    assert uids() == ["ann", "bob", "eve"]
    ann, eve = world.people["ann"].pk, Learner.objects.get(user__uid="eve", institution=world.home.institution)
    assert client.get(f"{row}learner/{ann}/").json()["uid"] == "ann"
    world.home.course.learners.remove(eve)
    assert client.get(f"{row}learner/{eve.pk}/").status_code == 404
    assert client.get(f"{row}learner/{eve.pk}/request/").status_code == 404


def test_requests_are_of_this_learner_in_this_activity(client, row, world):
    sister, home = Sister(world.home), world.home
    world.home.join(sister.course, "bob")
    pair = {"institution": home.institution, "activity": home.activity}
    other = Activity.objects.create(
        institution=home.institution, vle=home.vle, course=home.course, vle_activity_type="quiz", vle_activity_id="9"
    )
    of_bob = Request.objects.create(**pair, learner_id=home.people["bob"].pk)
    Request.objects.create(**pair | {"activity": other}, learner_id=home.people["ann"].pk)

    def keys(name: str) -> list[int]:
        return [
            request["id"] for request in client.get(f"{row}learner/{home.people[name].pk}/request/").json()["results"]
        ]

    assert (keys("ann"), keys("bob")) == ([home.request.pk], [of_bob.pk])
    ann = home.people["ann"].pk
    for foreign in (of_bob.pk, sister.request.pk, world.away.request.pk):
        assert client.get(f"{row}learner/{ann}/request/{foreign}/").status_code == 404
    assert client.get(f"{row}learner/{ann}/request/{home.request.pk}/").json()["result"][0]["result"] == 0.9
