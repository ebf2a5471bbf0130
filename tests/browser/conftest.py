"""A real server with the sample data, and Chromium: one of each for the whole run, or for each process of a run."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.visit import Server, Visit
from tests.migrated import migrated_database
from tests.servers.databases import ROOT
from tests.servers.service import free_port
from tests.world import PASSWORD

DATABASE, PRINTED = "browser.sqlite3", "printed.json"
# The headless shell has the same engine, and takes two thirds of the time. Either is enough.
CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
WEB_PLUGIN = Path(__file__).with_name("web_plugin")  # stands for the plugin in the folder of static files

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",  # a camera, and nobody is asked for it
]  # fmt: skip


def _ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/health/ready", timeout=2) as answer:
            return answer.status == 200
    except (URLError, TimeoutError):
        return False


@pytest.fixture(scope="session")
def sample(tmp_path_factory) -> Path:
    """A folder with the sample data and the static files: made once, also for the processes of pytest-xdist."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = base / "browser-sample"
    with (base / "browser-sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            make_sample(base / "browser-unfinished").rename(folder)
    return folder


def make_sample(folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(urlsplit(migrated_database("sqlite://")).path, folder / DATABASE)

    def manage(*words: str) -> str:
        command = [sys.executable, "manage.py", *words, "--skip-checks"]
        environment = environment_of(folder)
        return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    # Without the compressed copies, which cost a quarter of a minute: the image's own are served by .ci/container.
    manage("collectstatic", "--no-input", "--no-post-process", "-v0")
    (folder / PRINTED).write_text(manage("seed_demo", "--password", PASSWORD, "--format", "json"))
    return folder


def environment_of(folder: Path) -> dict[str, str]:
    return os.environ | {
        "DEMO": "1",
        "VAR_DIR": str(folder),
        "WEB_HOST": "127.0.0.1",
        "WEB_CONCURRENCY": "1",
        "DATABASE_URL": f"sqlite:///{folder / DATABASE}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DJANGO_SETTINGS_MODULE": "tesla_api.settings",
    }


@pytest.fixture(scope="session")
def server(sample, tmp_path_factory) -> Iterator[Server]:
    """Gunicorn with its real settings file, over a copy of the sample data."""
    folder, port = shutil.copytree(sample, tmp_path_factory.mktemp("browser") / "var"), free_port()
    shutil.copytree(WEB_PLUGIN, folder / "static" / "web-plugin")
    exam_pages = f"http://127.0.0.1:{free_port()}"
    printed = json.loads((folder / PRINTED).read_text())
    suffixes = {row["id"]: f" of {row['acronym']}" for row in printed["institutions"][1:]}
    emails = {f"{row['role']}{suffixes.get(row['institution'], '')}": row["email"] for row in printed["accounts"]}
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "tesla_api/gunicorn.py"]
    environment = environment_of(folder) | {"PORT": str(port), "CORS_ALLOWED_ORIGINS": exam_pages}
    process = subprocess.Popen(gunicorn, cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        ends = time.monotonic() + 30
        while not _ready(url):
            assert process.poll() is None, "the server did not start"
            assert time.monotonic() < ends, "the server is not ready"
            time.sleep(0.2)
        yield Server(url, emails, folder / DATABASE, exam_pages)
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
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
    visit.enter("inst_admin")
    return visit


@pytest.fixture
def global_admin(visit) -> Visit:
    visit.enter("global_admin")
    return visit
