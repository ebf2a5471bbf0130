"""A real server with the sample data, and Chromium: one of each for the whole run."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.visit import Server, Visit
from tests.world import PASSWORD

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/health/ready", timeout=2) as answer:
            return answer.status == 200
    except (URLError, TimeoutError):
        return False


@pytest.fixture(scope="package")
def server(tmp_path_factory) -> Iterator[Server]:
    """Gunicorn with its real settings file, over an SQLite file of its own."""
    var, port = tmp_path_factory.mktemp("var"), _free_port()
    changes = {"DEMO": "1", "VAR_DIR": str(var), "PORT": str(port), "WEB_HOST": "127.0.0.1", "WEB_CONCURRENCY": "1",
               "DATABASE_URL": f"sqlite:///{var}/browser.sqlite3", "ALLOWED_HOSTS": "127.0.0.1",
               "DJANGO_SETTINGS_MODULE": "tesla_api.settings"}  # fmt: skip
    environment = {**os.environ, **changes}
    root = Path(__file__).resolve().parents[2]

    def manage(*words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=root, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    manage("migrate", "-v0")
    manage("collectstatic", "--no-input", "-v0")
    made = json.loads(manage("seed_demo", "--password", PASSWORD, "--format", "json"))
    first = {made["institutions"][0]["id"], None}
    emails = {account["role"]: account["email"] for account in made["accounts"] if account["institution"] in first}
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "tesla_api/gunicorn.py"]
    process, url = subprocess.Popen(gunicorn, cwd=root, env=environment), f"http://127.0.0.1:{port}"
    try:
        ends = time.monotonic() + 30
        while not _ready(url):
            assert process.poll() is None, "the server did not start"
            assert time.monotonic() < ends, "the server is not ready"
            time.sleep(0.2)
        yield Server(url, emails, var / "browser.sqlite3")
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(server, chromium) -> Iterator[Visit]:
    """A browser with nobody signed in; what went wrong on any of its pages fails the test at its end."""
    context = chromium.new_context(base_url=server.url)
    visit = Visit(context.new_page(), server)
    yield visit
    context.close()
    assert visit.wrong == []


@pytest.fixture
def admin(visit) -> Visit:
    visit.sign_in("inst_admin")
    return visit


@pytest.fixture
def global_admin(visit) -> Visit:
    visit.sign_in("global_admin")
    return visit
