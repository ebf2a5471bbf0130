"""Where the kept requests are documented, and how they are filled."""

import re

import pytest

from tests.clients.reading import DASHBOARD, LEGACY_DASHBOARD, MOODLE, PLUGIN, PYTHON, Reader
from tests.clients.wire import GAP, REQUESTS, request_bytes
from tests.servers.databases import ROOT

CONTRACT = ROOT.parent / "shared" / "contract"
NAMES = sorted(str(file.relative_to(REQUESTS).with_suffix("")) for file in REQUESTS.rglob("*.http"))


def about(name: str, request: str) -> str:
    """What the line of the document must have: the path's last word; of a path that is all gap, the name's."""
    method, path, _ = request.split(" ")
    found = re.findall(r"[a-z]+", GAP.sub("", path.partition("?")[0].removesuffix("en/")))
    if method == "OPTIONS":
        return method
    return found[-1] if found else name.rpartition("-")[2].rpartition("/")[2]


@pytest.mark.parametrize("name", NAMES)
def test_each_request_says_where_it_is_documented(name):
    """Without the documents only the form of it can be looked at."""
    source, request = (REQUESTS / f"{name}.http").read_text().splitlines()[:2]
    found = re.fullmatch(r"# (clients|dashboard)\.md:([1-9]\d*)(: \S.*)?", source)
    assert found, source
    assert re.fullmatch(r"(GET|POST|PUT|PATCH|DELETE|OPTIONS) \S+ HTTP/1\.1", request)
    if CONTRACT.is_dir():
        document = CONTRACT / f"{found[1]}.md"
        line = document.read_text().splitlines()[int(found[2]) - 1]
        word = about(name, request)
        assert word in line, f"{document.name}:{found[2]} says nothing of {word}: {line}"


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
    tables = {"dashboard": LEGACY_DASHBOARD, "plugin": PLUGIN, "moodle": MOODLE, "python": PYTHON}
    entries = {f"{folder}/{name.partition(' ')[0]}" for folder, table in tables.items() for name in table}
    files = {"dashboard/report-file", "dashboard/audit-file", "plugin/data"}
    silent = {
        name
        for name in NAMES
        if (REQUESTS / f"{name}.http").read_text().splitlines()[1].startswith(("DELETE", "OPTIONS"))
    }
    refused = {"python/learner-get-wrong"}
    assert entries - files - {"dashboard/consent-reject"} == {*NAMES} - silent - refused
    assert LEGACY_DASHBOARD.keys() - DASHBOARD.keys() == {"consent-reject"}
