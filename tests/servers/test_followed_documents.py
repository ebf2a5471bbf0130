"""README.md, docs/demo.md and "Connecting Moodle" of docs/operator.md are followed step by step, in one running demo.

What providers.md says is followed where providers are: test_reports_and_faults.py. Here, what it says of built-in ones.
"""

import json
import re
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest

from tests.clients.moodle import Moodle
from tests.clients.reading import MOODLE, Reader
from tests.servers.databases import ROOT
from tests.servers.engines import PROVIDERS_DOCUMENT, until
from tests.servers.reader import Shell, blocks, part
from tests.servers.service import Server, Service, running_service
from tests.world import PASSWORD

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("documents")]
CONNECTING = blocks(part("docs/operator.md", "## Connecting Moodle"))
SETTING = re.compile(r"([A-Z_]+)=(\S+)")
REQUEST = re.compile(r"(POST|PATCH) +(/\S+) +(\{.*\})")
OWN = {"--institution NLU": "--institution OWN", "https://moodle": "http://moodle"}  # a service without TLS


class Demo:
    """What `make run` starts, and a shell beside it."""

    def __init__(self, service: Service, server: Server, shell: Shell) -> None:
        self.service, self.server, self.shell = service, server, shell

    def token(self, role: str) -> str:
        """Of the account that the demo has printed."""
        account = f"[a for a in d['accounts'] if a['role'] == '{role}'][0]"
        printed = self.shell.run(f"field \"json.dumps([{account}['email'], {account}['password']])\"")
        return self.server.token(*json.loads(printed))


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("followed")
    with running_service(folder) as service:
        settings = (SETTING.fullmatch(block) for block in CONNECTING)
        known = {found[1]: found[2].replace("https:", "http:") for found in settings if found}
        assert known.keys() == {"CORS_ALLOWED_ORIGINS"}
        service.environment |= {"DEMO": "1"} | known
        build = folder / "var" / "static" / "web-plugin"
        shutil.copytree(ROOT / "tests" / "browser" / "web_plugin", build)
        server = service.start()
        shell = Shell(service, server.port, folder / "shell", OWN)
        try:
            yield Demo(service, server, shell)
        finally:
            shell.end()


@pytest.fixture(scope="module")
def read_me(demo) -> Demo:
    """With what README.md has typed."""
    for block in blocks(part("README.md", "## A few minutes with curl")):
        demo.shell.run(block)
    return demo


def test_captures_become_a_report(read_me):
    """docs/demo.md. What it says that is answered is answered."""
    shell, steps = read_me.shell, blocks((ROOT / "docs" / "demo.md").read_text())
    sent = next(n for n, block in enumerate(steps) if block.startswith("sample()"))
    *before, captures, console, watch, again, close = steps
    assert captures is steps[sent]
    for block in before:
        shell.run(block)
    assert shell.run(captures).count('"status":"OK"') == 4

    def results(line: str) -> list[tuple[int, str | None]]:
        rows = json.loads(shell.run(line))["results"]
        return [(row["status"], row["message_code"]) for request in rows for row in request["result"]]

    assert urlopen(shell.run(console).strip()).status == 200  # the page of the sign-in, which leads there
    shell.run(watch)
    verified = [(1, None)] * 4
    until(lambda: results(watch.splitlines()[-1]) == verified)
    shell.run(again)
    until(lambda: results(again.splitlines()[-1]) == [(2, "PROVIDER_INVALID_SAMPLE_DATA")])
    credentials_of_a_built_in_provider_are_replaced(read_me)
    shell.run(captures.splitlines()[-4])
    until(lambda: results(again.splitlines()[-1]) == verified[:1])
    assert '"status":"ERROR"' in shell.run(close)


def credentials_of_a_built_in_provider_are_replaced(demo: Demo) -> None:
    """It is watched as others are, too."""
    (watch,) = blocks(part(PROVIDERS_DOCUMENT, "## Watch"))
    (replace,) = blocks(part(PROVIDERS_DOCUMENT, "## Replace credentials"))
    assert {"depths", "gauges"} <= json.loads(demo.shell.run(watch)).keys()
    token = demo.token("global_admin")
    listed = demo.server.call("GET", "/api/v2/admin/instrument/1/provider/", token=token).json()["results"]
    (provider,) = (row["id"] for row in listed if "(demonstration)" in row["name"])
    answer = demo.shell.run(f"(TOKEN={token}\nPROVIDER={provider}\n{replace})")
    assert json.loads(answer)["credentials"].keys() >= {"role_id", "secret_id"}


def test_a_university_of_its_own_connects_moodle(read_me):
    """Its people have addresses of its own domains."""
    server, root = read_me.server, read_me.token("global_admin")

    def made(path: str, body: dict[str, Any], token: str, method: str = "POST") -> dict[str, Any]:
        answer = server.call(method, path, body, token)
        assert answer.status in (200, 201), (path, answer.body)
        return answer.json()

    ids = {"id": made("/api/v2/admin/institution/", {"name": "Own", "acronym": "OWN"}, root)["id"]}
    head = {"username": "head", "email": "head@example.org", "uid": "head", "institution_id": ids["id"]}
    passwords = {"password": PASSWORD, "password2": PASSWORD}
    made("/api/v2/admin/user/", head | passwords | {"login_allowed": True, "inst_admin": True}, root)
    admin = server.token(head["email"], PASSWORD)
    credentials = {}
    for block in CONNECTING:
        if SETTING.fullmatch(block):  # the server was started with it
            continue
        if not REQUEST.match(block):
            more = f" --page http://moodle.example.org --service http://127.0.0.1:{server.port}"
            printed = read_me.shell.run(block + more * ("check_web_plugin" in block))
            credentials |= json.loads(printed)["credentials"] if "register_vle" in block else {}
            continue
        for line in block.splitlines():
            method, path, body = REQUEST.fullmatch(line).groups()
            answer = made(path.format(**ids), json.loads(body), admin, method)
            ids["ic"] = answer.get("id", 0)
    plugin = Moodle(server.port, Reader(MOODLE), role_id=credentials["role_id"], secret_id=credentials["secret_id"])
    plugin.login()
    plugin.course_saved()
    plugin.activity_saved()
    student = "ann@students.example.org"
    plugin.person_opens_page("student", student, "Ann", "Student")
    plugin.send("learner-add", 400, uid="ann@elsewhere.org", first_name="Ann", last_name="Student")
    assert plugin.assessment(student) == {"go": "plugin/ic"}  # there is a consent, which she has not accepted


@pytest.mark.parametrize(
    "block",
    [
        "curl -s http://127.0.0.1:8000/api/v2/institution/",
        "TOKEN=$(curl -s http://127.0.0.1:8000/api/v2/institution/ | cat)",
        "read_it() { .venv/bin/python -c 'import sys; sys.exit(3)'; echo; }\nread_it",
        "echo $UNKNOWN",
    ],
)
def test_a_step_that_fails_is_noticed(demo, tmp_path, block):
    shell = Shell(demo.service, demo.server.port, tmp_path / "shell")
    try:
        assert shell.run("echo /tmp/x").strip() == f"{tmp_path}/shell/x"
        with pytest.raises(AssertionError, match="has failed"):
            shell.run(block)
    finally:
        shell.end()


def test_blocks_are_found_also_in_lists():
    text = "Text:\n\n    a\n      b\n\n    c\nno code\n    nor this\n\n10. Item\n\n        d\n\n    its text\n\n"
    text += "   - x\n\n         e\n"
    assert blocks(text) == ["a\n  b\n\nc", "d", "e"]
