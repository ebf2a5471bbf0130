"""Every operation, by the right caller: the documented status, keys in the documented order, values of their types."""

import json
import re

import pytest

from tests.contract.calls import BASE, CALLS, DOCUMENTED, NAMES, RIGHT_CALLER, ids_of, name_of, send
from tests.contract.document import differences, operations


def test_document_is_covered():
    assert set(DOCUMENTED) == {number for number in CALLS if number.split(".")[1].isdigit()}
    assert {number: CALLS[number].method for number in DOCUMENTED} == {
        number: operations()[number].method for number in DOCUMENTED
    }
    assert set(NAMES) <= {number.split(".")[0] for number in operations()}
    assert len(operations()) == 108


@pytest.mark.parametrize("number", DOCUMENTED, ids=name_of)
def test_answers_as_documented(number, caller, world, filled):
    operation = operations()[number]
    answer = send(caller(RIGHT_CALLER.get(number, "admin")), CALLS[number], world)
    assert answer.status_code == operation.status, answer.content
    if operation.status == 204:
        assert answer.content == b""
        return
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    if operation.is_list:
        assert list(body)[:4] == ["count", "next", "previous", "results"]
        assert type(body["count"]) is int
        assert body["count"] > 0
        assert len(body["results"]) == min(10, body["count"])
    for row in body["results"] if operation.is_list else [body]:
        assert differences(row, operation) == []
        assert "password" not in row


@pytest.mark.parametrize("number", [n for n in DOCUMENTED if operations()[n].is_list and n != "6.3"], ids=name_of)
def test_list_and_detail_show_the_same_row(number, caller, world, filled):
    """The row of a list is the row of the detail, key by key; only the learner's detail says more."""
    rows = send(caller("admin"), CALLS[number], world).json()["results"]
    key = {"7.1": "language", "21.1": "instrument"}.get(number, "id")
    for row in rows:
        path = CALLS[number].path.format(**ids_of(world))
        detail = caller("admin").get(f"{BASE}{path}{row[key]}/")
        assert detail.status_code == 200
        assert _unsigned(_said_of(detail.json(), row)) == _unsigned(row)


def _unsigned(row: dict) -> dict:
    """Without what each answer draws anew: the signatures in the addresses of files."""
    return json.loads(re.sub(r"/files/[^/]+/", "/files/", json.dumps(row)))


def _said_of(detail: dict, row: dict) -> dict:
    """Of the learner's and the report's detail, which say more, and of the rows in it, as much as the list says."""
    same = {name: value for name, value in detail.items() if name in row or name not in ("enrolment_status", "data")}
    for name in {"detail"} & row.keys():
        same[name] = [{k: one[k] for k in listed} for one, listed in zip(detail[name], row[name], strict=True)]
    return same


@pytest.mark.parametrize("number", DOCUMENTED, ids=name_of)
def test_bearer_is_as_good_as_jwt(number, caller, world):
    client = caller(RIGHT_CALLER.get(number, "admin"))
    token = client._credentials["HTTP_AUTHORIZATION"].removeprefix("JWT ")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert send(client, CALLS[number], world).status_code == operations()[number].status


UPDATES = [
    "1.3", "1.4", "2.4", "2.5", "6.5", "6.6", "7.4", "7.5", "10.4", "10.5", "11.4", "11.5", "12.4", "12.5",
    "4.4", "4.5", "9.4", "9.5", "13.4", "13.5", "14.4", "14.5",
]  # fmt: skip
UPDATES += [f"{section}.{number}" for section in (15, 16, 17, 18) for number in (4, 5)]


@pytest.mark.parametrize("number", UPDATES, ids=name_of)
def test_written_is_what_reading_shows(number, caller, world, filled):
    answer = send(caller("admin"), CALLS[number], world)
    assert answer.status_code == 200, answer.content
    again = caller("admin").get(answer.wsgi_request.path)
    assert _steady(again.json()) == _steady(answer.json())


def _steady(row):
    """Without what each answer draws anew: the signed addresses of files."""
    return {name: value for name, value in row.items() if name != "pdf"}
