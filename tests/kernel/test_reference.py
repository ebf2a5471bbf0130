"""The API's reference: what is made without words, whom a table of access grants an action, and values of examples."""

from types import SimpleNamespace

import pytest

from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.examples import Examples, complete
from kernel.wording import description_of, summary_of, tag_of, whom


def rule(me):
    return me


@pytest.mark.parametrize(
    ("access", "text"),
    [
        ({Role.ADMIN | Role.DATA: grant(READ)}, "For administrators and data administrators."),
        ({Role.ADMIN: grant(WRITE)}, "."),
        (
            {Role.GLOBAL | Role.ADMIN | Role.SEND: grant(READ)},
            "For global administrators, administrators and SEND administrators.",
        ),
        (
            {Role.ADMIN: grant(READ), Role.LEARNER: grant(READ, rows=rule)},
            "For administrators, and for learners where it concerns them.",
        ),
        ({Role.LEARNER: grant(READ, parent=rule)}, "For learners where it concerns them."),
        ({Role.LEARNER: grant(READ, when=rule)}, "For learners where it concerns them."),
        ({Role.LEARNER: grant(READ, sees=rule)}, "For learners where it concerns them."),
        # Whoever may in any case is not named again; who is a member is named once.
        (
            {Role.DATA: grant(READ, rows=rule), Role.DATA | Role.ADMIN: grant(READ)},
            "For administrators and data administrators.",
        ),
        (
            {Role.GLOBAL: grant(READ), Role.MEMBER: grant(READ), Role.LEARNER: grant(READ, rows=rule)},
            "For global administrators and all members.",
        ),
        (
            {Role.ADMIN: grant(READ), Role.MEMBER: grant(READ, rows=rule), Role.LEARNER: grant(READ, rows=rule)},
            "For administrators, and for all members where it concerns them.",
        ),
        ({Role.VLE: grant(READ, rows=rule)}, "For the VLE itself."),
    ],
)
def test_it_is_said_whom_an_action_is_for(access, text):
    assert whom(access, "list") == text


def test_a_resource_without_words_is_called_by_its_class():
    view = SimpleNamespace(basename="institution-room", root="institution", action="list")
    view = type("RoomKeyViewSet", (SimpleNamespace,), {})(**vars(view), scope=None, conflicts=True, access={})
    assert (tag_of(view), summary_of(view)) == ("Room key", "List all of: room key")
    view.action = "destroy"
    assert summary_of(view) == "Delete one room key"
    assert description_of(view, "").startswith("Delete one room key, unless the present state forbids it (409). ")
    view.action = "lock_all"
    assert summary_of(view) == "Lock all: one room key"
    assert description_of(view, "All of them,\n\nat once.").startswith("All of them, at once. ")


def test_names_in_capitals_stay_so():
    view = type("VLEViewSet", (SimpleNamespace,), {})(basename="x", root="admin", action="list", scope=None)
    assert summary_of(view) == "List all of: VLE (global administrator)"


def examples(schemas=None, **samples):
    reference = SimpleNamespace(SAMPLES=samples, CHANGED=("name",), ANSWERS={}, PATH_SAMPLES={})
    return Examples(schemas or {}, reference)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "First name"),
        ({"type": "string", "format": "date-time"}, "2026-09-14T08:30:00Z"),
        ({"type": "string", "format": "uri"}, "https://trust.example.org/files/example"),
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "number"}, 0.5),
        ({"type": "boolean"}, False),
        ({"type": "array", "items": {"type": "string"}}, ["First name"]),
        ({"type": "object", "additionalProperties": {}}, {}),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": 1}),
        ({"enum": ["b", "a"], "type": "string"}, "b"),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, 1),
        ({"allOf": [{"$ref": "#/components/schemas/Room"}]}, {"seats": 1}),
        ({}, None),
    ],
)
def test_without_a_sample_a_value_of_the_type_is_made(schema, value):
    rooms = {"Room": {"type": "object", "properties": {"seats": {"type": "integer"}}}}
    assert examples(rooms).of(schema, "first_name") == value


@pytest.mark.parametrize(
    ("schema", "sample", "is_taken"),
    [
        ({"type": "string"}, "Ann", True),
        ({"type": "string"}, 3, False),
        ({"type": "string"}, None, False),
        ({"type": "string", "nullable": True}, None, True),
        ({"type": "integer", "minimum": 5}, True, False),
        ({"type": "boolean"}, True, True),
        ({"type": "number"}, 3, True),
        ({"enum": [1, 2]}, 2, True),
        ({"enum": [1, 2]}, 3, False),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, "Ann", True),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, 0.5, False),
        ({"$ref": "#/components/schemas/Room"}, {"seats": 3}, True),
        ({"$ref": "#/components/schemas/Room"}, {}, False),
        ({"$ref": "#/components/schemas/Room"}, {"seats": 3, "name": "A"}, False),
        ({}, {"any": "thing"}, True),
    ],
)
def test_a_sample_is_taken_where_it_fits(schema, sample, is_taken):
    room = {"type": "object", "properties": {"seats": {"type": "integer", "minimum": 100}}, "required": ["seats"]}
    assert (examples({"Room": room}, value=sample).of(schema, "value") == sample) is is_taken


def test_the_sample_of_a_component_is_taken_before_that_of_the_name_and_also_for_its_bodies():
    room = {"type": "object", "properties": {"name": {"type": "string"}, "code": {"type": "string"}}}
    made = examples(
        {"RoomRequest": room, "PatchedRoomRequest": room}, **{"name": "Noah", "Room.name": "Hall", "code": "7"}
    )
    assert made.of({"$ref": "#/components/schemas/RoomRequest"}, "") == {"name": "Hall", "code": "7"}
    patched = {"$ref": "#/components/schemas/PatchedRoomRequest"}
    assert made.named(patched, "room_partial_update_request", {}) == "#/components/examples/PatchedRoomRequest"
    assert made.made == {"PatchedRoomRequest": {"value": {"name": "Hall"}}}
    whole = examples({"RoomRequest": room}, RoomRequest={"name": "Aula"})
    assert whole.of({"$ref": "#/components/schemas/RoomRequest"}, "") == {"name": "Aula"}


def test_a_change_without_a_field_that_is_named_shows_the_first():
    key = {"type": "object", "properties": {"number": {"type": "integer"}, "code": {"type": "string"}}}
    made = examples({"PatchedKeyRequest": key})
    made.named({"$ref": "#/components/schemas/PatchedKeyRequest"}, "", {})
    assert made.made == {"PatchedKeyRequest": {"value": {"number": 1}}}


def test_an_id_without_a_sample_is_one_and_what_is_told_once_is_in_that_answer_alone():
    schema = {"$ref": "#/components/schemas/Hall"}
    hall = {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "credentials": {"type": "object", "nullable": True}},
    }
    number = {"in": "path", "name": "id", "schema": {"type": "integer"}}
    text = {"in": "query", "name": "search", "schema": {"type": "string"}}

    def operation(name):
        content = {"application/json": {"schema": schema}}
        return {
            "operationId": name,
            "parameters": [number, text],
            "responses": {"200": {"content": content}, "404": {}},
        }

    paths = {"/hall/{id}/": {"get": operation("hall_retrieve"), "post": operation("institution_vle_create")}}
    made = complete({"paths": paths, "components": {"schemas": {"Hall": hall}}}, generator=None)
    assert (number["example"], "example" in text) == (1, False)
    values = {name: example["value"] for name, example in made["components"]["examples"].items()}
    assert values["Hall"] == {"id": 1, "credentials": None}
    assert set(values) == {"Hall", "institution_vle_create_answer"}
    assert values["institution_vle_create_answer"]["credentials"].keys() == {"role_id", "secret_id"}
