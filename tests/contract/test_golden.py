"""Golden answers: what lists and details say of the filled world, as files that people have read.

Ids, instants of writing and pseudonyms are replaced by words. `GOLDEN=write` writes the files anew: then read what
has changed.
"""

import json
import os
import re
from pathlib import Path

import pytest

from tests.contract.calls import ADMIN, ADMIN_READS, CALLS, NAMES, ids_of, url_of
from tests.contract.filling import fill_administration

FOLDER = Path(__file__).with_name("golden")
WHO = {
    "institution": ("global", "member"), "vle": ("global", "admin"), "course": ("global", "ann"),
    "ic": ("global", "ann"), "document": ("legal",), "instrument": ("ann",), "user": ("legal", "ann"),
    "instructor": ("data", "teacher"), "learner": ("send", "teacher", "ann"),
    "course_instructor": ("ann",), "course_learner": ("data", "ann"), "activity": ("ann",),
    "activity_instrument": ("teacher",),
    "group": ("global", "ann"), "group_course": ("ann",), "ui": ("admin",), "send": ("send",), "learner_send": ("ann",),
    "report": ("teacher",), "request": ("data", "teacher"), "audit": ("data", "teacher"),
}  # fmt: skip
CASES = [(name, who) for name, callers in WHO.items() for who in callers]
INSTALLED = 5  # instruments, with these very ids
POINTS_AT = {  # key -> the word for the row whose id it is
    "alternative_to": "row", "instrument_id": "instrument", "instrument": "instrument",
    "parent": "row", "user": "user", "category": "info",
    **{name: name for name in ("learner", "activity", "session", "request", "report")},
}  # fmt: skip
WRITTEN = {"created_at", "updated_at", "joined_at"}


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
            value = re.sub(r"/(vle|course|activity|learner|report)/\d+/", r"/\1/<\1>/", value)
            return re.sub(
                r"/institution/\d+/", "/institution/<i>/", re.sub(r"/files/[^/]+/", "/files/<signed>/", value)
            )
        return value


@pytest.mark.parametrize(("name", "who"), CASES, ids=[f"{name}-{who}" for name, who in CASES])
def test_answers_are_the_golden_ones(name, who, caller, filled):
    client, words, said = caller(who), Words(), {}
    for number, call in CALLS.items():
        if call.method == "get" and NAMES[number.split(".")[0]] == name:
            answer = client.get(url_of(call, filled))
            _, _, part = number.partition(".")
            words.rows = "row" if part.isdigit() else part
            said[number] = [answer.status_code, words.of(answer.json())]
    _compare(f"{name}-{who}.json", said)


@pytest.mark.parametrize("name", ADMIN_READS)
def test_answers_of_the_administration_are_the_golden_ones(name, caller, filled):
    fill_administration(3)
    client, words, said = caller("global"), Words(), {}
    for path in ADMIN_READS[name]:
        answer = client.get(ADMIN + path.format(**ids_of(filled)) + "?limit=100")
        said[path] = [answer.status_code, words.of(answer.json())]
    _compare(f"{name}-global.json", said)


def _compare(name: str, said: dict) -> None:
    text = json.dumps(said, indent=1, ensure_ascii=False, sort_keys=False) + "\n"
    file = FOLDER / name
    if os.environ.get("GOLDEN") == "write":
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()
