"""Sign-in through a provider that is a process of its own, over sockets: discovery, code, keys, claims."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.core.cache import cache as django_cache
from django.test import Client
from django.urls import reverse

from institutions.models import OIDCConnection
from kernel.http.browser import SESSION_KEY
from signin.models import CallerSession
from tests.servers.databases import ROOT
from tests.servers.identity_provider import CLIENT, PASSWORD, SECRET
from tests.servers.service import free_port

pytestmark = pytest.mark.servers
PEOPLE = {
    "admin": {"email": "Admin@home.example.org", "email_verified": True},
    "unverified": {"email": "admin@home.example.org", "email_verified": False},
    "away": {"email": "admin@away.example.org", "email_verified": True},
}


@contextmanager
def running(folder: Path, return_to: str) -> Iterator[str]:
    """The address of a provider that knows PEOPLE and leads back to this address alone."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.servers.identity_provider", str(port), str(folder), return_to]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    with (folder / "log").open("w+b") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=ROOT, env=environment)
        try:
            process.stdin.write(json.dumps(PEOPLE).encode())
            process.stdin.close()
            ends = time.monotonic() + 60
            while True:
                try:
                    requests.get(f"{address}/o/.well-known/openid-configuration", timeout=5).raise_for_status()
                    break
                except requests.RequestException:
                    assert process.poll() is None, (folder / "log").read_text()
                    assert time.monotonic() < ends, "the provider does not answer"
                    time.sleep(0.1)
            yield f"{address}/o"
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def issuers(tmp_path_factory) -> Iterator[Callable[[str], str]]:
    """The issuer that leads back to an address: the institution's number stands in it."""
    with ExitStack() as stack:
        yield cache(lambda return_to: stack.enter_context(running(tmp_path_factory.mktemp("provider"), return_to)))


@pytest.fixture
def connected(world, issuers, settings):
    django_cache.clear()
    settings.DEMO, settings.OIDC_NETWORKS = True, ["127.0.0.1"]
    return_to = "http://testserver" + reverse("oidc-return", args=[world.home.institution.pk])
    connection = OIDCConnection.objects.filter(pk=world.home.oidc.pk)
    connection.update(issuer=issuers(return_to), client_id=CLIENT, client_secret=SECRET)


def through(browser: Client, who: str, allows: bool = True):
    """Where the provider leads back to after this person has signed in there, and has allowed it or has not."""
    onward = browser.get("/signin/oidc/HOME/", {"next": "/console/"})["Location"]
    with requests.Session() as there:
        page = there.get(onward, timeout=10)
        form = {"username": who, "password": PASSWORD, "csrfmiddlewaretoken": there.cookies["csrftoken"]}
        page = there.post(page.url, form, timeout=10)
        assert (page.status_code, urlsplit(page.url).path) == (200, "/o/authorize/"), page.text
        form = dict(re.findall(r'<input type="hidden" name="(.+?)" value="(.*?)"', page.text))
        form = {name: unescape(value) for name, value in form.items()} | ({"allow": "Authorize"} if allows else {})
        answer = there.post(page.url, form, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return browser.get(back.path, dict(parse_qsl(back.query)))


def test_person_signs_in(world, connected):
    browser = Client()
    answer = through(browser, "admin")
    assert (answer.status_code, answer["Location"]) == (302, "/console/")
    assert CallerSession.objects.get(pk=browser.session[SESSION_KEY]).user_id == world.people["admin"].pk


@pytest.mark.parametrize(("who", "allows"), [("unverified", True), ("away", True), ("admin", False)])
def test_others_are_refused(world, connected, who, allows):
    browser = Client()
    assert through(browser, who, allows).status_code == 403
    assert not CallerSession.objects.exists()
