"""Requests to servers that others name."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from requests import RequestException, Session

from signin.services import guarded
from signin.services.guarded import addresses_of, guard


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "::", "fe80::1", "fd00::1", "fec0::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_own_networks_are_not_asked(address, monkeypatch, settings):
    found = [(0, 0, 0, "", ("1.1.1.1", 443)), (0, 0, 0, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(PermissionError):
        addresses_of("login.example.org", 443)
    settings.OIDC_NETWORKS = [address.removeprefix("::ffff:")]
    assert addresses_of("login.example.org", 443) == ["1.1.1.1", address]


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_asked(address):
    assert addresses_of(address, 443) == [address]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        what = self.path.strip("/")
        self.send_response(302 if what == "moved" else 200)
        self.send_header("Location", "/small")
        self.send_header("Content-Length", "9" if what == "cut" else str(guarded.BYTES + 1 if what == "large" else 2))
        self.end_headers()
        self.wfile.write(b"x" * guarded.BYTES * 2 if what == "large" else b"ok")

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with HTTPServer(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"localhost:{found.server_port}"
        found.shutdown()


@pytest.fixture
def session(settings):
    settings.DEMO, settings.OIDC_NETWORKS = True, ["127.0.0.1", "::1"]
    with Session() as found:
        guard(found)
        yield found


def test_answer_is_read_within_bounds(server, session, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, *_, **__: [(2, 1, 6, "", ("127.0.0.1", port))])
    assert session.get(f"http://{server}/small").text == "ok"
    for path in ("large", "moved", "cut"):
        with pytest.raises(RequestException):
            session.get(f"http://{server}/{path}")
    monkeypatch.setattr(guarded, "SECONDS", -1)
    with pytest.raises(guarded.TooLarge):
        session.get(f"http://{server}/small")


def test_nothing_is_asked_at_own_addresses(server, session, settings):
    settings.OIDC_NETWORKS = []
    began = time.monotonic()
    with pytest.raises(RequestException, match="OIDC_NETWORKS"):
        session.get(f"http://{server}/small")
    assert time.monotonic() - began < 2


def test_plain_http_is_for_demonstrations(settings):
    settings.DEMO = False
    with Session() as found, pytest.raises(RequestException):
        guard(found)
        found.get("http://login.example.org/")
