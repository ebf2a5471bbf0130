"""Every operation by the right caller: the contract's status, keys in its order, values of their types.

What the API document says (document.py), for VLEs what vle_calls.py says, and for providers desk.py.
"""

import json
import re

import pytest

from tests.contract.calls import CALLS, names, send, url_of
from tests.contract.declared import Call
from tests.contract.desk import fill_desk
from tests.contract.document import Operation, differences, documented
from tests.contract.filling import fill


@pytest.fixture(scope="module")
def standing(stage):
    def prepare(world) -> None:
        fill(world, 3)
        fill_desk(world, 3)

    with stage(prepare) as world:
        yield world


def described(call: Call) -> Operation | None:
    """The keys that the API document, vle_calls.py or desk.py gives for the answer."""
    resource = call.resource
    if not resource.keys or call.status == 403:
        return documented(call)
    keys = resource.keys_of_read if call.verb == "read" and resource.keys_of_read else resource.keys
    return Operation(call.name, call.method, call.url, call.status, call.is_list, keys, (), ())


ANSWER_TEXTS = {"provider_enrolment.unlock"}
ANSWERED = [
    name
    for name, call in CALLS.items()
    if described(call) or (call.resource.root == "institution" and call.method != "get")
    if name not in ANSWER_TEXTS
]


@pytest.mark.parametrize("name", ANSWERED)
def test_answers_as_in_the_contract(name, caller, world):
    """Also what is not described is answered with an object that is not empty, or 204 and nothing."""
    call, operation = CALLS[name], described(CALLS[name])
    answer = send(caller(call.by), call, world)
    assert answer.status_code == (operation.status if operation else call.status), answer.content
    if call.status == 204:
        assert answer.content == b""
        return
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert body
    is_list = operation.is_list if operation else call.is_list
    if is_list:
        assert list(body)[:4] == ["count", "next", "previous", "results"]
        assert type(body["count"]) is int
        assert len(body["results"]) == min(10, body["count"]) > 0
    for row in body["results"] if is_list else [body]:
        assert isinstance(row, dict)
        assert operation is None or differences(row, operation) == []
        assert "password" not in row


LISTS = [
    name
    for name in names("institution", "admin", "vle", "provider")
    if CALLS[name].is_list and CALLS[name.replace(".list", ".read")].status == 200
]


@pytest.mark.parametrize("name", LISTS)
def test_list_and_detail_show_the_same_row(name, caller, world):
    """The row of a list is the row of the detail, key by key; only those of learner, report and decision say more."""
    call = CALLS[name]
    client, read = caller(call.by), CALLS[f"{call.resource.name}.read"]
    key = {"document": "language", "audit": "instrument", "retention": "kind"}.get(call.resource.name, "id")
    for row in client.get(f"{url_of(call, world)}?limit=1000").json()["results"]:
        detail = client.get(url_of(read, world, **{call.resource.own: row[key]}))
        assert detail.status_code == 200
        assert _unsigned(_said_of(detail.json(), row)) == _unsigned(row)


def _unsigned(row: dict) -> dict:
    """Without what each answer draws anew: the signatures in the addresses of files."""
    return json.loads(re.sub(r"/files/[^/]+/", "/files/", json.dumps(row)))


def _said_of(detail: dict, row: dict) -> dict:
    """The details of learner, report and decision, and the rows in them, reduced to the keys of the list."""
    same = {name: value for name, value in detail.items() if name in row or name not in ("enrolment_status", "data")}
    for name in {"detail", "texts"} & row.keys():
        same[name] = [{k: one[k] for k in listed} for one, listed in zip(detail[name], row[name], strict=True)]
    return same


UPDATES = [name for name in names("institution", "admin", "vle", "provider") if CALLS[name].verb in ("put", "patch")]
CREATES = [
    name for name in names("vle") if CALLS[name].verb == "create" and f"{CALLS[name].resource.name}.put" in CALLS
]


@pytest.mark.parametrize("name", UPDATES + CREATES)
def test_written_is_what_reading_shows(name, caller, world):
    call = CALLS[name]
    client = caller(call.by)
    answer = send(client, call, world)
    assert answer.status_code == call.status, answer.content
    key = call.resource.name_of(answer.json())
    again = client.get(url_of(CALLS[f"{call.resource.name}.read"], world, **{call.resource.own: key}))
    assert _steady(again.json()) == _steady(answer.json())


def _steady(row):
    """Without what each answer draws anew: the signed addresses of files."""
    return {name: value for name, value in _unsigned(row).items() if name != "pdf"}
