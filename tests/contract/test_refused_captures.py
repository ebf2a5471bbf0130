"""Nothing that a browser can have built is refused with an answer that makes the web plugin send it again for ever.

What is wrong with a capture is 200 with the status ERROR, whichever address takes it and whatever is wrong; only what
is no capture at all is 4xx.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.urls import resolve

from files.models import StoredFile
from learners.api.shared.captures import CaptureTakingView
from learners.models import EnrolmentSample
from reports.models import Alert, Request
from tests.contract.calls import CALLS, body_of, names, url_of
from tests.contract.test_schema import SCHEMA
from tests.contract.test_vle_texts import resolved
from tests.nested import list_of, object_of
from trail.models import Line

STORED = (EnrolmentSample, Request, Alert)


def takes_captures(name: str) -> bool:
    address = CALLS[name].url.format(institution_id=1, learner_id="x")
    return issubclass(resolve(address).func.cls, CaptureTakingView)


TAKING = [name for name in names("lapi", method="post") if takes_captures(name)]
VALUES = [
    ..., None, "", "\x00 \x1b", "x" * 300, 0, -1, 1.5, 2**64, True, [], [None], ["x"], {}, {"mimetype": 7},
    list_of(300), object_of(300),
]  # fmt: skip


def fields_in(schema: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, field in schema["properties"].items():
        yield f"{above}{name}"
        if "properties" in (inner := resolved(field)):
            yield from fields_in(inner, f"{above}{name}.")


def fields_of(name: str) -> list[str]:
    operation = SCHEMA["paths"][CALLS[name].url]["post"]
    return [*fields_in(resolved(operation["requestBody"]["content"]["application/json"]["schema"]))]


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the body with another value; `...` leaves the key out."""
    made = deepcopy(body)
    *above, last = path.split(".")
    place = made
    for word in above:
        place = place[word]
    place[last] = value
    if value is ...:
        del place[last]
    return made


@pytest.fixture
def capture(caller, world):
    """capture(operation): the client of a learner who may send it, its address, and a body that is taken."""

    def prepared(name: str):
        call = CALLS[name]
        call.before(world)
        return caller(call.by), url_of(call, world), body_of(call, world)

    return prepared


def rows() -> dict[str, int]:
    return {
        "captures": sum(model.objects.count() for model in STORED),
        "files": StoredFile.objects.count(),
        "lines": Line.objects.count(),
    }


def refused(answer: Any) -> dict[str, Any]:
    content = answer.json()
    assert [*content] == ["status", "errors"], content
    assert content["status"] == "ERROR"
    assert content["errors"]
    return content["errors"]


def test_the_addresses_and_their_fields_are_found():
    assert TAKING == ["lapi_alert.send", "lapi_enrolment.send", "lapi_verification.send"]
    assert {"level", "message_code", "raised_at", "activity_id"} <= {*fields_of("lapi_alert.send")}
    assert {"data", "instruments", "metadata", "metadata.context"} <= {*fields_of("lapi_enrolment.send")}


@pytest.mark.parametrize(("name", "path"), [(name, path) for name in TAKING for path in fields_of(name)])
def test_no_value_of_any_field_is_sent_again(capture, name, path):
    client, url, body = capture(name)
    before, taken = rows(), set[str]()  # what is the same to the byte is taken once
    for value in VALUES:
        answer = client.post(url, changed(body, path, value), format="json")
        assert answer.status_code == 200, (value, answer.content)
        if answer.json()["status"] == "OK":
            taken.add(answer.json()["path"])
        else:
            assert path.partition(".")[0] in refused(answer)
    assert rows() == {what: number + len(taken) for what, number in before.items()}


@pytest.mark.parametrize("name", TAKING)
def test_json_that_is_not_read_is_not_sent_again(capture, name, settings):
    client, url, body = capture(name)
    before = rows()
    deep = b'{"instruments": ' + b"[" * 3000 + b"]" * 3000 + b"}"
    answer = client.post(url, deep, content_type="application/json")
    assert (answer.status_code, [*refused(answer)]) == (200, ["non_field_errors"])
    settings.REQUEST_BODY_BYTES = settings.SAMPLE_BYTES = 10
    answer = client.post(url, body, format="json")
    assert (answer.status_code, [*refused(answer)]) == (200, ["data"])
    assert rows() == before


NO_JSON = (b"{", b'{"learner_id": NaN}', b'{"learner_id": "\xff"}', "{}".encode("utf-16"), b"x")
NO_CAPTURE = (b"", b"null", b"7", b"[]", b'["data"]', b"{}", b'{"learner": "x", "detail": "level"}')


@pytest.mark.parametrize("name", TAKING)
def test_what_is_no_capture_is_400(capture, name):
    client, url, _ = capture(name)
    before = rows()
    for text in NO_JSON + NO_CAPTURE:
        answer = client.post(url, text, content_type="application/json")
        assert (answer.status_code, bool(refused(answer))) == (400, True), text
    assert client.post(url, b"data=x", content_type="text/plain").status_code == 415
    assert rows() == before
