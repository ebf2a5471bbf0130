"""JSON that is nested deeply: what is taken in is shown again, in every list that shows it."""

import json

import pytest
from django.utils.module_loading import import_string
from rest_framework import serializers

from courses.models import ActivityInstrument
from institutions.models import Instrument, Provider
from kernel.nesting import DEEPEST, TOO_DEEP, is_too_deep
from kernel.serializers import AnyJSONField
from tests.conftest import client_of
from tests.nested import list_of, object_of


@pytest.mark.parametrize("nested", [object_of, list_of])
def test_the_limit(nested):
    assert not is_too_deep(nested(DEEPEST))
    assert is_too_deep(nested(DEEPEST + 1))
    assert is_too_deep([1, {"a": nested(DEEPEST)}])


@pytest.mark.parametrize("value", [None, 1, "[" * 100, [], {}, [[], {}], {"a": [1, None]}])
def test_what_is_shallow(value):
    assert not is_too_deep(value)


def test_it_is_told_of_what_python_could_not_follow():
    value: list = []
    for _ in range(100_000):
        value = [value]
    assert is_too_deep(value)
    while value:  # taken apart by hand, as it was built
        value = value[0]


def test_whatever_takes_json_in_looks_at_its_depth():
    resources = (*import_string("tesla_api.tree.TREE"), *import_string("tesla_api.tree.CALLS"))
    changing = (view for view in (found.viewset for found in resources) if {"post", "put"} & {*view.http_method_names})
    shown = {made for view in changing for made in view.serializers()}
    taking = {
        f"{made.__name__}.{name}": field
        for made in shown
        for name, field in made().fields.items()
        if isinstance(field, serializers.JSONField) and not field.read_only
    }
    assert len(taking) >= 5
    assert [name for name, field in taking.items() if not isinstance(field, AnyJSONField)] == []


@pytest.fixture
def places(world, as_):
    """Where objects are put, by field: (client, URL, field, lists that show it)."""
    home, root = world.home, client_of(world.people["global"])
    row, _ = ActivityInstrument.objects.get_or_create(activity=home.activity, instrument_id=1)
    Instrument.objects.filter(pk=1).update(options_schema=None)
    provider = Provider.objects.create(name="P", acronym="p", version="1", queue="p", instrument_id=1)
    course = f"course/{home.course.pk}/activity/{home.activity.pk}/instrument/"
    inside, vle = f"/api/v2/institution/{home.institution.pk}/", f"/api/v2/vle/{home.vle.pk}/"
    providers, schemas = "/api/v2/admin/instrument/1/provider/", "/api/v2/admin/instrument/"
    of_options = [
        (as_("admin"), inside + course),
        (as_("vle"), vle + course),
        (as_("ann"), f"{inside}user/{home.people['ann'].pk}/activities/"),
    ]
    of_schemas = [(root, schemas), (as_("admin"), f"{inside}instrument/"), (root, providers), of_options[0]]
    return [
        (as_("admin"), f"{inside}{course}{row.pk}/", "options", of_options),
        (as_("vle"), f"{vle}{course}{row.pk}/", "options", of_options),
        (root, f"{schemas}1/", "options_schema", of_schemas),
        (root, f"{providers}{provider.pk}/", "options", [(root, providers)]),
        (root, f"{providers}{provider.pk}/", "options_schema", [(root, providers)]),
    ]


def as_schema(levels: int) -> dict:
    return {"default": object_of(levels - 1)}


@pytest.mark.parametrize("as_text", [False, True])
def test_what_is_taken_at_the_limit_is_listed_and_more_is_400(places, as_text):
    for client, url, field, lists_of_it in places:
        nested = as_schema if field == "options_schema" else object_of

        def body(levels, field=field, nested=nested):
            return {field: json.dumps(nested(levels)) if as_text else nested(levels)}

        for levels in (DEEPEST + 1, 200, 252, 254, 300, 499):
            answer = client.patch(url, body(levels), format="json")
            assert (answer.status_code, answer.json()) == (400, {field: [TOO_DEEP]}), (url, levels)
        answer = client.patch(url, body(DEEPEST), format="json")
        assert (answer.status_code, answer.json()[field]) == (200, nested(DEEPEST)), (url, answer.content)
        for reader, where in lists_of_it:
            shown = reader.get(where)
            assert shown.status_code == 200, where
            assert shown.content.count(b'"a') >= DEEPEST - 1, where
        assert client.patch(url, {field: None}, format="json").status_code == 200


@pytest.mark.parametrize("levels", [500, 1_020, 2_000, 50_000])
def test_what_is_deeper_than_any_body_is_400_too(places, levels):
    client, url, field, _ = places[0]
    text = '{"a":' * levels + "1" + "}" * levels
    answer = client.patch(url, {field: text}, format="json")
    assert (answer.status_code, list(answer.json())) == (400, [field])
    answer = client.patch(url, f'{{"{field}": {text}}}', content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])


def test_special_needs(as_, world):
    url = f"/api/v2/institution/{world.home.institution.pk}/send/"
    for levels in (DEEPEST, 200, 490):
        answer = as_("admin").post(url, {"description": "x", "data": {"other": list_of(levels)}}, format="json")
        assert (answer.status_code, answer.json()) == (400, {"data": [TOO_DEEP]})


def test_words_and_numbers_that_are_nested(as_, world):
    """Fields of other kinds refuse them as they refuse any list."""
    home = world.home
    vle = f"/api/v2/vle/{home.vle.pk}/"
    for levels in (300, 499, 1_015):
        for url, names in (
            (f"{vle}assessment/", ("close", "session_id", "vle_activity_id")),
            (f"{vle}launcher/", ("target", "ttl", "vle_user_uid", "target_url")),
            (f"{vle}course/", ("code", "start", "description")),
        ):
            for name in names:
                text = f'{{"{name}": {"[" * levels}{"]" * levels}}}'
                answer = as_("vle").post(url, text, content_type="application/json")
                assert answer.status_code == 400, (url, name, levels)
