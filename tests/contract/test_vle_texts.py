"""Every text that a VLE can write, as the schema names them: nothing that people have pasted stops an exam.

Control characters are dropped, one-line texts lose their line ends, and too long a text is cut where it is only shown.
What identifies is refused when it is too long, as two ids could become one by a cut.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django_filters.rest_framework import CharFilter

from institutions.models import OIDCConnection, User
from tesla_api.tree import TREE
from tests.contract.calls import CALLS, body_of, names, request, url_of
from tests.contract.test_schema import SCHEMA

IDENTIFYING = {
    "uid", "email", "vle_course_id", "vle_activity_type", "vle_activity_id", "vle_learner_uid", "vle_user_uid",
    "metadata.mimetype",
}  # fmt: skip
SAMPLES = {"data"}  # no texts, but content
WITH_LINES, OPAQUE = {"description"}, {"conf"}
NOT_TOLD = {"vle_assessment.open", "vle_attachment.send", "vle_launcher.create"}  # their answers have none of the texts
WRITES = [name for name in names("vle") if CALLS[name].method in {"post", "put", "patch"} and CALLS[name].status < 300]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    schema = schema.get("allOf", schema.get("oneOf", [schema]))[0]  # of an e-mail address, or ""
    return SCHEMA["components"]["schemas"][schema["$ref"].split("/")[-1]] if "$ref" in schema else schema


def texts_in(schema: dict[str, Any], above: str = "") -> Iterator[tuple[str, int]]:
    """(path, greatest length) of the free texts in a body; 0 for no limit."""
    for name, field in schema["properties"].items():
        field, path = resolved(field), f"{above}{name}"
        if "properties" in field:
            yield from texts_in(field, f"{path}.")
        elif field.get("type") == "string" and "enum" not in field and field.get("format") in (None, "email"):
            yield path, field.get("maxLength", 0)


def _texts() -> Iterator[Any]:
    for name in WRITES:
        operation = SCHEMA["paths"][CALLS[name].url][CALLS[name].method]
        body = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
        for path, longest in texts_in(body):
            if path not in SAMPLES:
                yield pytest.param(name, path, longest, id=f"{name} {path}")


TEXTS = list(_texts())


@pytest.fixture
def tell(caller, world):
    """tell(operation, path, value): the answer to the declared body with this value; value(present) if it is called."""

    def told(name: str, path: str, value: Any):
        call = CALLS[name]
        User.objects.update(login_allowed=False, password="!")  # a VLE changes nobody who signs in
        OIDCConnection.objects.update(enabled=False)
        if call.before is not None:
            call.before(world)
        body = deepcopy(body_of(call, world))
        *above, last = path.split(".")
        place = body
        for word in above:
            place = place[word]
        place[last] = value(place.get(last)) if callable(value) else value
        if value is ...:
            del place[last]
        return request(caller(call.by), call.method, url_of(call, world), body)

    return told


def at(answer: Any, path: str) -> Any:
    return answer.get(path) if isinstance(answer, dict) else None


def test_texts_are_found():
    found = {text.values[1] for text in TEXTS}
    assert found >= IDENTIFYING | {"first_name", "code", "name", "description", "conf", "metadata.filename", "locale"}


@pytest.mark.parametrize(("name", "path", "longest"), TEXTS)
def test_control_characters_are_dropped(tell, name, path, longest):
    sent = []

    def nasty(present: str | None) -> str:
        text = present or {"uid": CALLS[name].resource.own, "email": "z@x.org"}.get(path, "http://x.org/")
        sent.append(text)
        end = "" if path in IDENTIFYING else "b\r\nc"
        return f"\x00{text[0]}\x1b{text[1:]}\x9f\t{end}\r\n\x85"

    answer = tell(name, path, nasty)
    assert answer.status_code == CALLS[name].status, answer.content
    (text,) = sent
    clean = text if path in IDENTIFYING else f"{text}\tb\r\nc" if path in WITH_LINES else f"{text} b c"
    clean = f"{text[0]}\x1b{text[1:]}\x9f\tb\r\nc" if path in OPAQUE else clean
    assert at(answer.json(), path) == (None if name in NOT_TOLD else clean)


@pytest.mark.parametrize(("name", "path", "longest"), TEXTS)
def test_what_is_too_long_is_cut_or_refused(tell, name, path, longest):
    answer = tell(name, path, "学" * (longest + 1 if longest else 100_000))
    if path in IDENTIFYING:
        field = path.partition(".")[0]
        assert answer.status_code == 400, answer.content
        assert field in answer.json().get("errors", answer.json())
    else:
        assert answer.status_code == CALLS[name].status, answer.content
        stored = at(answer.json(), path)
        assert stored is None or len(stored) == (longest or 100_000)


@pytest.mark.parametrize("value", [" \t\n ", "", None, ...], ids=repr)
@pytest.mark.parametrize(("name", "path", "longest"), [text for text in TEXTS if text.values[1] not in IDENTIFYING])
def test_no_text_is_no_error(tell, name, path, longest, value):
    assert tell(name, path, value).status_code == CALLS[name].status


VIEWSETS = {resource.url: resource.viewset for resource in TREE}
LOOKED_UP = [
    (name, filter_name, declared.field_name.split("__"))
    for name in names("vle")
    if CALLS[name].is_list
    if (filters := getattr(VIEWSETS[CALLS[name].resource.url], "filterset_class", None)) is not None
    for filter_name, declared in filters.base_filters.items()
    if isinstance(declared, CharFilter)
]


def test_filters_of_texts_are_found():
    assert {name for _, name, _ in LOOKED_UP} >= {"uid", "vle_course_id", "code", "description", "vle_activity_id"}


@pytest.mark.parametrize(("name", "filter_name", "path"), LOOKED_UP)
def test_a_look_up_finds_what_a_body_with_the_same_text_has_stored(name, filter_name, path, caller, world):
    call = CALLS[name]
    client, url = caller(call.by), url_of(call, world)
    key = client.get(url).json()["results"][0]["id"]
    row = VIEWSETS[call.resource.url].queryset.model.objects.get(pk=key)
    for relation in path[:-1]:
        row = getattr(row, relation)
    stored, typed = {
        "description": ("a\tb c", "\x00a\tb\x07 c\x85"),
        "email": ("a@x.org", "\x00a@\x07x.org\r\n"),
    }.get(path[-1], ("a b c", "\x00a\tb\x07 c\x85"))
    setattr(row, path[-1], stored)
    row.save()
    assert [row["id"] for row in client.get(url, {filter_name: typed}).json()["results"]] == [key]


def test_a_search_below_a_vle_drops_control_characters(caller, world):
    call = CALLS["vle_course.list"]
    client, url = caller(call.by), url_of(call, world)
    world.home.course.description = "quagga zebra"
    world.home.course.save()
    assert client.get(url, {"search": "\x00quag\x07ga\tzebra"}).json()["count"] == 1
