"""A real server on a database of its own, and Chromium. Nothing here asks the database: the service is asked."""

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
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.visit import Visit

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
FILL = "import django; django.setup(); from tests.browser.rows import fill; fill()"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/health/ready", timeout=2) as answer:
            return answer.status == 200
    except URLError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    """The address of gunicorn with its real settings file, over a filled SQLite file."""
    var, port = tmp_path_factory.mktemp("var"), _free_port()
    changes = {"DEMO": "1", "VAR_DIR": str(var), "PORT": str(port), "WEB_HOST": "127.0.0.1", "WEB_CONCURRENCY": "1",
               "DATABASE_URL": f"sqlite:///{var}/browser.sqlite3", "ALLOWED_HOSTS": "127.0.0.1",
               "DJANGO_SETTINGS_MODULE": "tesla_api.settings"}  # fmt: skip
    environment = {**os.environ, **changes}
    root = Path(__file__).resolve().parents[2]

    def run(*words: str) -> None:
        subprocess.run([sys.executable, *words], cwd=root, env=environment, check=True)

    run("manage.py", "migrate", "-v0")
    run("manage.py", "collectstatic", "--no-input", "-v0")
    run("-c", FILL)
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "tesla_api/gunicorn.py"]
    process, url = subprocess.Popen(gunicorn, cwd=root, env=environment), f"http://127.0.0.1:{port}"
    try:
        ends = time.monotonic() + 30
        while not _ready(url):
            assert process.poll() is None, "the server did not start"
            assert time.monotonic() < ends, "the server is not ready"
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(server, chromium) -> Iterator[Visit]:
    """A browser with nobody signed in; what went wrong on any of its pages fails the test at its end."""
    context = chromium.new_context(base_url=server)
    page: Page = context.new_page()
    visit = Visit(page, server)
    yield visit
    context.close()
    assert visit.wrong == []


@pytest.fixture
def admin(visit) -> Visit:
    visit.sign_in("admin@home.example.org")
    return visit


@pytest.fixture
def global_admin(visit) -> Visit:
    visit.sign_in("root@example.org")
    return visit
