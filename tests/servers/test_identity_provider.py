"""Sign-in through a provider that is a process of its own, over sockets: discovery, code, keys, claims."""

import json
import subprocess
import sys
import time
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.core.cache import cache
from django.test import Client

from institutions.models import OIDCConnection
from kernel.http.browser import SESSION_KEY
from signin.models import CallerSession
from tests.servers.service import free_port

pytestmark = pytest.mark.servers
PEOPLE = {
    "admin": {"email": "Admin@home.example.org", "email_verified": True},
    "unverified": {"email": "admin@home.example.org", "email_verified": False},
    "away": {"email": "admin@away.example.org", "email_verified": True},
}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    address = f"http://127.0.0.1:{free_port()}"
    people = [f"--user-claims={json.dumps(claims | {'sub': sub})}" for sub, claims in PEOPLE.items()]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", address.rpartition(":")[2], "-n", "true", *people]
    with (tmp_path_factory.mktemp("provider") / "log").open("w+b") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            ends = time.monotonic() + 60
            while True:
                try:
                    requests.get(f"{address}/.well-known/openid-configuration", timeout=5).raise_for_status()
                    break
                except requests.RequestException:
                    assert process.poll() is None, log.seek(0) or log.read()
                    assert time.monotonic() < ends, "the provider does not answer"
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture
def connected(world, issuer, settings):
    cache.clear()
    settings.DEMO, settings.OIDC_NETWORKS = True, ["127.0.0.1"]
    OIDCConnection.objects.filter(pk=world.home.oidc.pk).update(issuer=issuer)


def through(browser: Client, who: str, **form: str):
    """Where the provider leads back to after this person has signed in there."""
    onward = browser.get("/signin/oidc/HOME/", {"next": "/console/"})["Location"]
    answer = requests.post(onward, {"sub": who, **form}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return browser.get(back.path, dict(parse_qsl(back.query)))


def test_person_signs_in(world, connected):
    browser = Client()
    answer = through(browser, "admin")
    assert (answer.status_code, answer["Location"]) == (302, "/console/")
    assert CallerSession.objects.get(pk=browser.session[SESSION_KEY]).user_id == world.people["admin"].pk


@pytest.mark.parametrize(("who", "form"), [("unverified", {}), ("away", {}), ("admin", {"action": "deny"})])
def test_others_are_refused(world, connected, who, form):
    browser = Client()
    assert through(browser, who, **form).status_code == 403
    assert not CallerSession.objects.exists()
