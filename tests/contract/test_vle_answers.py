"""What a VLE is answered: statuses, keys in the contract's order, types, and the golden answers of each resource."""

import json
import os

import pytest

from tests.contract.document import differences
from tests.contract.test_golden import FOLDER, Words
from tests.contract.vle_calls import CALLS, LISTS, RESOURCES, operation, send, url_of


@pytest.mark.parametrize("name", CALLS)
def test_answers_as_in_the_contract(name, caller, filled):
    call = CALLS[name]
    answer = send(caller("vle"), call, filled)
    assert answer.status_code == call.status, answer.content
    if call.status == 204:
        assert answer.content == b""
        return
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    if call.is_list:
        assert list(body) == ["count", "next", "previous", "results"]
        assert len(body["results"]) == min(10, body["count"]) > 0
    for row in body["results"] if call.is_list else [body]:
        assert differences(row, operation(name)) == []


@pytest.mark.parametrize("name", [name for name in LISTS if not name.startswith("vle_report")])
def test_list_and_detail_show_the_same_row(name, caller, filled):
    client, url = caller("vle"), url_of(CALLS[name], filled)
    for row in client.get(f"{url}?limit=1000").json()["results"]:
        assert client.get(f"{url}{row['id']}/").json() == row


def test_report_by_itself_says_more_than_in_the_list(caller, filled):
    client, url = caller("vle"), url_of(CALLS["vle_report.list"], filled)
    for row in client.get(url).json()["results"]:
        detail = client.get(f"{url}{row['id']}/").json()
        listed = [{key: one[key] for key in short} for one, short in zip(detail["detail"], row["detail"], strict=True)]
        assert {name: value for name, value in detail.items() if name != "data"} | {"detail": listed} == row


@pytest.mark.parametrize("verb", ["create", "put", "patch"])
@pytest.mark.parametrize("resource", [name for name, calls in RESOURCES.items() if "put" in calls])
def test_written_is_what_reading_shows(resource, verb, caller, world):
    client, call = caller("vle"), CALLS[f"vle_{resource}.{verb}"]
    answer = send(client, call, world)
    url = url_of(call, world)
    again = client.get(f"{url}{answer.json()['id']}/" if verb == "create" else url)
    assert again.json() == answer.json()


def test_evidence_is_not_for_modules(caller, filled):
    """A VLE reads levels and results, no address of what was captured or made of it."""
    for name in ("vle_report.list", "vle_report.read", "vle_request.list", "vle_request.read"):
        text = send(caller("vle"), CALLS[name], filled).content.decode()
        assert "/files/" not in text
    rows = send(caller("vle"), CALLS["vle_request.list"], filled).json()["results"]
    assert {row["data"] for row in rows} == {one["audit"] for row in rows for one in row["result"]} == {None}
    people = caller("admin").get(
        f"/api/v2/institution/{filled.home.institution.pk}/course/{filled.home.course.pk}/activity/"
        f"{filled.home.activity.pk}/report/{filled.home.report.pk}/request/"
    )
    assert "/files/" in people.content.decode()  # there is some


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: f"vle_{resource}")
def test_answers_are_the_golden_ones(resource, caller, filled):
    client, words, said = caller("vle"), Words(), {}
    for verb, call in RESOURCES[resource].items():
        if call.method == "get":
            answer = client.get(url_of(call, filled))
            said[verb] = [answer.status_code, words.of(answer.json())]
    text = json.dumps(said, indent=1, ensure_ascii=False, sort_keys=False) + "\n"
    file = FOLDER / f"vle_{resource}-vle.json"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text)
    assert text == file.read_text()
