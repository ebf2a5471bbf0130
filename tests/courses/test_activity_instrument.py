"""/institution/{}/course/{}/activity/{}/instrument/: options by the instrument's schema, and alternatives."""

import json

import pytest

from courses.models import Activity, ActivityInstrument
from institutions.models import Instrument

SCHEMA = {
    "type": "object",
    "properties": {
        "online": {"type": "boolean", "title": "Online", "default": True},
        "level": {"type": "integer", "minimum": 1},
    },
    "required": ["level"],
    "additionalProperties": False,
}


@pytest.fixture
def url(world):
    home = world.home
    return f"/api/v2/institution/{home.institution.pk}/course/{home.course.pk}/activity/{home.activity.pk}/instrument/"


@pytest.fixture
def post(as_, url):
    def send(status: int = 201, who: str = "teacher", **body):
        answer = as_(who).post(url, {"active": True, **body})
        assert answer.status_code == status, answer.content
        return answer.json()

    return send


def refused(post, field: str, **body) -> None:
    before = ActivityInstrument.objects.count()
    assert list(post(400, **body)) == [field], body
    assert ActivityInstrument.objects.count() == before


def test_schema_is_text_here_and_an_object_in_the_list_of_instruments(as_, post, world):
    row = post(instrument_id=1)
    schema = as_("teacher").get(f"/api/v2/institution/{world.home.institution.pk}/instrument/1/").json()
    assert json.loads(row["instrument"]["options_schema"]) == schema["options_schema"]
    assert schema["options_schema"]["properties"].keys() == {"online", "offline"}
    assert post(instrument_id=5)["instrument"]["options_schema"] is None


@pytest.mark.parametrize("options", [{"online": True}, '{"online": true}', {"online": True, "offline": False}])
def test_options_are_an_object_or_json_text(options, post):
    row = post(instrument_id=1, options=options)
    assert row["options"] == (json.loads(options) if isinstance(options, str) else options)


@pytest.mark.parametrize("options", [None, "", "null"])
def test_no_options_are_null(options, post):
    assert post(instrument_id=1, options=options)["options"] is None


def test_options_left_out_are_null_and_kept_by_put(as_, post, url):
    assert post(instrument_id=3)["options"] is None
    row = post(instrument_id=1, options={"online": False})
    answer = as_("teacher").put(f"{url}{row['id']}/", {"instrument_id": 1, "active": False, "required": True})
    assert answer.status_code == 200
    assert (answer.json()["options"], answer.json()["active"]) == ({"online": False}, False)


@pytest.mark.parametrize(
    "options",
    [
        "{", "nonsense", "[1]", "1", [1], 1, True, {"online": "yes"}, '{"online": 1}', {"offline": None}, "NaN",
        {"note": "a\x00b"}, "[" * 5000 + "]" * 5000, '{"note": "\\u0000"}',
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_wrong_options_are_400_under_their_name(options, post):
    """An earlier implementation stored options that are no JSON, and from then on failed to list the activity's
    instruments.
    """
    refused(post, "options", instrument_id=1, options=options)


@pytest.mark.parametrize("options", [{"note": "a\x00b"}, '{"note": "\\u0000"}', {"a\x00b": 1}], ids=repr)
def test_null_character_is_400_whatever_the_schema(options, post):
    refused(post, "options", instrument_id=5, options=options)


def test_options_nested_too_deeply_are_400(post):
    deep: dict = {}
    for _ in range(400):
        deep = {"more": deep}
    refused(post, "options", instrument_id=5, options=deep)


def test_the_instruments_schema_decides(as_, post, url):
    """An earlier implementation had the schema and never looked at it."""
    Instrument.objects.filter(pk=4).update(options_schema=SCHEMA)
    for wrong in ({}, {"level": 0}, {"level": "1"}, {"level": 1, "more": 1}, {"level": 1, "online": None}):
        refused(post, "options", instrument_id=4, options=wrong)
    row = post(instrument_id=4, options={"level": 2})
    answer = as_("teacher").patch(f"{url}{row['id']}/", {"options": {"level": 0}})
    assert list(answer.json()) == ["options"]
    assert as_("teacher").patch(f"{url}{row['id']}/", {"options": None}).json()["options"] is None


def test_refusal_repeats_no_value(post):
    Instrument.objects.filter(pk=4).update(options_schema=SCHEMA)
    assert "secret" not in str(post(400, instrument_id=4, options={"level": "secret"}))


def test_options_are_checked_against_the_schema_of_the_new_instrument(as_, post, url):
    Instrument.objects.filter(pk=4).update(options_schema=SCHEMA)
    row = post(instrument_id=1, options={"online": True})
    answer = as_("teacher").patch(f"{url}{row['id']}/", {"instrument_id": 4})
    assert (answer.status_code, list(answer.json())) == (400, ["options"])
    answer = as_("teacher").patch(f"{url}{row['id']}/", {"instrument_id": 4, "options": {"level": 1}})
    assert answer.json()["instrument"]["id"] == answer.json()["instrument_id"] == 4


def test_broken_schema_is_no_server_error(post):
    Instrument.objects.filter(pk=4).update(options_schema={"type": "objekt"})
    refused(post, "options", instrument_id=4, options={"level": 1})
    Instrument.objects.filter(pk=4).update(options_schema={"$ref": "http://127.0.0.1:1/schema"})  # never fetched
    refused(post, "options", instrument_id=4, options={"level": 1})


@pytest.mark.parametrize("value", [987654321, 0, -1, "abc", None, "", 1.5, True, [1], {"id": 1}, 2**70])
def test_unknown_instrument_is_400_under_its_name(value, post):
    """An earlier implementation answered with 500."""
    refused(post, "instrument_id", instrument_id=value)


def test_instrument_and_active_are_required(as_, post, url, world):
    assert set(as_("admin").post(url, {}).json()) == {"instrument_id", "active"}
    row = f"{url}{world.home.activity_instrument.pk}/"
    assert set(as_("admin").put(row, {}).json()) == {"instrument_id", "active"}
    assert as_("admin").patch(row, {}).status_code == 200


def test_disabled_instrument_cannot_be_chosen_but_stays_where_it_is(as_, post, url):
    row = post(instrument_id=1)
    Instrument.objects.filter(pk__in=[1, 3]).update(enabled=False)
    refused(post, "instrument_id", instrument_id=3)
    answer = as_("teacher").put(f"{url}{row['id']}/", {"instrument_id": 1, "active": False})
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    answer = as_("teacher").put(f"{url}{row['id']}/", {"instrument_id": 3, "active": False})
    assert list(answer.json()) == ["instrument_id"]


def test_instrument_is_there_once(as_, post, url):
    refused(post, "instrument_id", instrument_id=2)
    row = post(instrument_id=1)
    answer = as_("teacher").patch(f"{url}{row['id']}/", {"instrument_id": 2})
    assert (answer.status_code, list(answer.json())) == (400, ["instrument_id"])


# Alternatives.


def test_alternative_of_a_primary(post, world):
    primary = world.home.activity_instrument.pk
    assert post(instrument_id=1, alternative_to=primary)["alternative_to"] == primary
    assert post(instrument_id=3, alternative_to=str(primary))["alternative_to"] == primary


@pytest.mark.parametrize("value", [None, ""])
def test_no_alternative_is_null(value, post):
    assert post(instrument_id=1, alternative_to=value)["alternative_to"] is None


def test_put_without_alternative_keeps_it(as_, post, url, world):
    row = post(instrument_id=1, alternative_to=world.home.activity_instrument.pk)
    answer = as_("teacher").put(f"{url}{row['id']}/", {"instrument_id": 1, "active": True})
    assert answer.json()["alternative_to"] == row["alternative_to"]
    for nothing in (None, ""):
        answer = as_("teacher").patch(f"{url}{row['id']}/", {"alternative_to": nothing})
        assert answer.json()["alternative_to"] is None


def test_row_of_another_activity_or_institution_is_no_alternative(post, world):
    """An earlier implementation took rows of other activities and institutions, and the row itself: an endless loop."""
    home = world.home
    other = Activity.objects.create(
        institution=home.institution, vle=home.vle, course=home.course, vle_activity_type="quiz", vle_activity_id="2"
    )
    elsewhere = ActivityInstrument.objects.create(activity=other, instrument_id=2)
    for pk in (elsewhere.pk, world.away.activity_instrument.pk, 987654321, "abc", 2**70):
        refused(post, "alternative_to", instrument_id=1, alternative_to=pk)


def test_row_of_another_institution_is_answered_like_an_unknown_id(post, world):
    theirs, none = (
        str(post(400, instrument_id=1, alternative_to=pk)).replace(str(pk), "")
        for pk in (world.away.activity_instrument.pk, 987654321)
    )
    assert theirs == none


def test_no_chain_of_alternatives(as_, post, url, world):
    """An earlier implementation took chains of them."""
    primary = world.home.activity_instrument.pk
    second = post(instrument_id=1, alternative_to=primary)["id"]
    refused(post, "alternative_to", instrument_id=3, alternative_to=second)
    third = post(instrument_id=3)["id"]
    answer = as_("teacher").patch(f"{url}{primary}/", {"alternative_to": third})  # which has an alternative itself
    assert (answer.status_code, list(answer.json())) == (400, ["alternative_to"])
    answer = as_("teacher").patch(f"{url}{primary}/", {"alternative_to": primary})
    assert (answer.status_code, list(answer.json())) == (400, ["alternative_to"])


def test_deleting_a_primary_takes_its_alternatives(as_, post, url, world):
    primary = world.home.activity_instrument.pk
    post(instrument_id=1, alternative_to=primary)
    unrelated = post(instrument_id=3)["id"]
    assert as_("teacher").delete(f"{url}{primary}/").status_code == 204
    assert [row["id"] for row in as_("teacher").get(url).json()["results"]] == [unrelated]
