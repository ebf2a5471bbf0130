"""Golden answers: lists and details of the filled world, in files that somebody has reviewed.

Ids, instants of writing and pseudonyms are replaced by words. `GOLDEN=write` writes the files anew: then read what
has changed.
"""

import json
import os
import re
from pathlib import Path

import pytest

from tests.contract.calls import CALLS, RESOURCES, url_of
from tests.contract.desk import fill_desk
from tests.contract.document import documented
from tests.contract.filling import fill, fill_administration

FOLDER = Path(__file__).with_name("golden")
CASES = [(resource.name, who) for resource in RESOURCES.values() for who in resource.golden.split()]
INSTALLED = 5  # instruments, with these very ids
POINTS_AT = {  # key -> the word for the row whose id it is
    "alternative_to": "row", "instrument_id": "instrument", "instrument": "instrument",
    "parent": "row", "user": "user", "category": "info",
    **{name: name for name in ("learner", "activity", "session", "request", "report")},
}  # fmt: skip
WRITTEN = {"created_at", "updated_at", "joined_at", "written_at", "oldest", "newest", "since"}


def _names_a_row(key: str, value: int) -> bool:
    if key in ("instrument_id", "instrument"):
        return value > INSTALLED
    return key == "id" or key in POINTS_AT or key.endswith("_id")


class Words:
    """The same word for the same id, in the order in which they come."""

    def __init__(self) -> None:
        self.ids: dict[tuple, str] = {}
        self.rows = "row"  # what the rows of the answer are: those of two tables may have the same ids, or not

    def of(self, value, key: str = "", kind: str = "row"):
        if key == "options_schema" and value is not None:
            return json.loads(json.dumps(value, sort_keys=True))  # PostgreSQL keeps no order of keys
        if isinstance(value, dict):
            return {name: self.of(inner, name, key if name == "id" and key else kind) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.of(inner, key, kind) for inner in value]
        if key == "learner_id":
            return "<uuid>"
        if key in WRITTEN and value is not None:
            return "<instant>"
        if isinstance(value, int) and _names_a_row(key, value):
            kind = {"results": self.rows}.get(kind, kind) if key == "id" else POINTS_AT.get(key, key)
            return self.ids.setdefault((kind, value), f"<{kind} {sum(k == kind for k, _ in self.ids) + 1}>")
        if isinstance(value, str):
            value = re.sub(r"/(vle|course|activity|learner|report|provider)/\d+/", r"/\1/<\1>/", value)
            return re.sub(
                r"/institution/\d+/", "/institution/<i>/", re.sub(r"/files/[^/]+/", "/files/<signed>/", value)
            )
        return value


def key_of(call) -> str:
    """How the files name an operation: by its number in the API document, where it has one."""
    if call.resource.root == "admin":
        return call.path.removeprefix("/api/v2/admin/").replace("{fr}", "1")
    if call.resource.root in ("vle", "provider"):
        return call.verb
    operation = documented(call)
    section = next((documented(other).section for other in CALLS.values() if _is_beside(call, other)), None)
    return operation.id if operation else f"{section}.{call.verb}" if section else call.verb


def _is_beside(call, other) -> bool:
    return other.resource is call.resource and documented(other) is not None


@pytest.fixture(scope="module")
def standing(stage):
    with stage(lambda world: fill(world, 3)) as world:
        yield world


@pytest.mark.parametrize(("name", "who"), CASES, ids=[f"{name}.{who}" for name, who in CASES])
def test_answers_are_the_golden_ones(name, who, caller, world):
    is_admin = RESOURCES[name].root == "admin"
    if is_admin:
        fill_administration(3)
    if RESOURCES[name].root == "provider":
        fill_desk(world, 3)
    client, words, answers = caller(who), Words(), {}
    reads = [
        call for call in CALLS.values() if call.resource.name == name and call.method == "get" and call.status == 200
    ]
    for call in reads:
        answer = client.get(url_of(call, world) + ("?limit=100" if is_admin else ""))
        if answer.streaming:  # a table, of which the resource's own tests look at every cell
            continue
        words.rows = call.verb if call.verb in call.resource.actions and documented(call) is None else "row"
        answers[key_of(call)] = [answer.status_code, words.of(answer.json())]
    text = json.dumps(answers, indent=1, ensure_ascii=False, sort_keys=False) + "\n"
    file = FOLDER / f"{name}-{who}.json"
    if os.environ.get("GOLDEN") == "write":
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()
