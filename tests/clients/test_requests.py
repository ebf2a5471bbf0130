"""The files in requests/: each names its operation, its gaps are filled, the keys read of its answer are listed."""

import re

import pytest

from tests.clients.reading import DASHBOARD, LEGACY_DASHBOARD, MOODLE, PLUGIN, PROVIDER_SDK, PYTHON, Reader
from tests.clients.wire import GAP, REQUESTS, request_bytes
from tests.contract.calls import CALLS

NAMES = sorted(str(file.relative_to(REQUESTS).with_suffix("")) for file in REQUESTS.rglob("*.http"))
OPERATIONS_OF_GAPS = {  # where the address does not say it
    "dashboard/activities-next": "user.activities",
    "provider/next": "provider_available.list",
    "provider/captured": "file.read",
    "provider/info": "file.read",
    "provider/model": "file.read",
    "provider/model-upload": "provider_model.upload",
}


def operations_by_address() -> dict[tuple[str, str], str]:
    """Method and path, with {} for each id, of every declared operation."""
    return {(call.method, re.sub(r"\{\w+\}", "{}", call.path)): name for name, call in CALLS.items()}


def operation_of(method: str, target: str) -> str:
    """The operation's name in tests/contract/resources; of sign-in, which has no declarations, the path."""
    path = GAP.sub("{}", target.partition("?")[0]).replace("/document/en", "/document/{}")
    path = f"/{path.strip('/')}/"
    if path == "/{}/":  # the whole address is a gap
        return "any operation" if method == "OPTIONS" else "any list"
    if path.startswith("/api/v2/auth/"):
        return path.removeprefix("/api/v2/").strip("/").replace("/", ".")
    return operations_by_address()[method.lower(), path]


@pytest.mark.parametrize("name", NAMES)
def test_each_request_names_its_operation(name):
    comment, request = (REQUESTS / f"{name}.http").read_text().splitlines()[:2]
    method, target, version = request.split(" ")
    assert version == "HTTP/1.1"
    operation = re.fullmatch(r"# ([\w. ]+)(: \S.*)?", comment)[1]
    assert operation == (OPERATIONS_OF_GAPS.get(name) or operation_of(method, target))


def test_only_requests_of_php_escape_slashes():
    values = {"host": "x", "access_token": "a/b", "vle": 1, "course": 2, "activity": 3, "learner_id": "l"}
    filled = {"zip": "UEs/+/==", "session_text": "null", "instruments": [5]}
    head, body = request_bytes("moodle/document-send", values | filled)
    assert b"Authorization: JWT a/b\r\n" in head
    assert rb"base64,UEs\/+\/==" in body
    assert f"Content-Length: {len(body)}\r\n".encode() in head
    _, body = request_bytes("python/refresh", values | {"refresh_token": "r"})
    assert body == b'{"token": "a/b"}'


def test_a_missing_key_is_a_failure_wherever_it_is():
    reader = Reader({"page": "count results[] { id course? { code } }"})
    row = {"id": 1, "course": {"code": "A"}}
    reader.read("page", {"count": 1, "results": [row]})
    assert reader.unseen() == []
    for wrong in ({}, {"id": 2}, {"id": 2, "course": {}}, {"id": 2, "course": []}):
        with pytest.raises(AssertionError, match="page: results"):
            reader.read("page", {"count": 2, "results": [row, wrong]})
    with pytest.raises(AssertionError, match="no array"):
        reader.read("page", {"count": 0, "results": {}})


def test_keys_that_were_never_in_an_answer_are_listed():
    reader = Reader({"page": "results[] { id }", "saved": ""})
    reader.read("page", {"results": []})
    assert reader.unseen() == ["page: results []", "page: results [] id", "saved: "]
    with pytest.raises(AssertionError, match="saved: no object"):
        reader.read("saved", None)


def test_every_request_with_an_answer_has_a_list_of_keys_that_are_read():
    """Of each request with an answer there is an entry, and none of anything else."""
    tables = {
        "dashboard": LEGACY_DASHBOARD,
        "plugin": PLUGIN,
        "moodle": MOODLE,
        "python": PYTHON,
        "provider": PROVIDER_SDK,
    }
    entries = {f"{folder}/{name.partition(' ')[0]}" for folder, table in tables.items() for name in table}
    files = {"dashboard/report-file", "dashboard/audit-file", "plugin/data"}
    silent = {
        name
        for name in NAMES
        if (REQUESTS / f"{name}.http").read_text().splitlines()[1].startswith(("DELETE", "OPTIONS"))
    }
    refused = {"python/learner-get-wrong"}
    without_object = {"provider/model-upload", "provider/unlock"}
    assert entries - files - {"dashboard/consent-reject"} == {*NAMES} - silent - refused - without_object
    assert LEGACY_DASHBOARD.keys() - DASHBOARD.keys() == {"consent-reject", "own-password"}
