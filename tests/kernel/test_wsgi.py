"""What never reaches the application, and what a cookie may ask the session table."""

import pytest
from django.test import Client

from signin.browser_sessions import SessionStore
from tesla_api.wsgi import checked

ASKED = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}


def status_of(**headers):
    heard = []
    checked(lambda environ, start: start("200 OK", []) or [b""])(
        ASKED | headers, lambda status, _: heard.append(status)
    )
    return heard[0][:3]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"CONTENT_TYPE": "application/json"},
        {"CONTENT_TYPE": "application/json; charset=UTF-8", "HTTP_ACCEPT": "*/*"},
        {"CONTENT_TYPE": "multipart/form-data; boundary=x", "HTTP_ACCEPT": "text/html;q=0.9, */*;q=0.1"},
        {"CONTENT_TYPE": "text/plain; charset=us-ascii"},
        {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "5"},
    ],
)
def test_ordinary_headers_pass(headers):
    assert status_of(**headers) == "200"


@pytest.mark.parametrize(
    "headers",
    [
        {"CONTENT_TYPE": "application/json; x*=bogus''a"},
        {"HTTP_ACCEPT": "text/html; q*=bogus''1"},
        {"CONTENT_TYPE": "text/plain; charset=utf-7"},
        {"CONTENT_TYPE": "text/plain; charset=hex"},
        {"CONTENT_TYPE": "text/plain; charset=punycode"},
        {"CONTENT_TYPE": "text/plain; charset=nonsense"},
        {"CONTENT_TYPE": "text/plain; charset=a\x00b"},
    ],
)
def test_headers_that_nobody_understands_are_400(headers):
    assert status_of(**headers) == "400"


def test_a_body_without_a_length_is_411():
    assert status_of(HTTP_TRANSFER_ENCODING="chunked") == "411"


@pytest.mark.parametrize(
    ("path", "origin", "told"),
    [
        ("/api/v2/auth/login", "https://dashboard.example.org", "https://dashboard.example.org"),
        ("//lapi/v1/x/", "https://dashboard.example.org", "https://dashboard.example.org"),
        ("/api/v2/auth/login", "https://evil.example.org", None),
        ("/api/v2/auth/login", None, None),
        ("/admin/", "https://dashboard.example.org", None),
    ],
)
def test_dashboards_can_read_these_refusals_too(path, origin, told, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://dashboard.example.org"]
    for wrong in ({"HTTP_TRANSFER_ENCODING": "chunked"}, {"CONTENT_TYPE": "text/plain; charset=utf-7"}):
        environ = ASKED | wrong | {"PATH_INFO": path} | ({"HTTP_ORIGIN": origin} if origin else {})
        heard = []
        checked(lambda *_: [])(environ, lambda _, headers, heard=heard: heard.extend(headers))
        assert dict(heard).get("Access-Control-Allow-Origin") == told
        assert ("Vary" in dict(heard)) == (path != "/admin/")


def test_a_cookie_that_we_never_gave_finds_no_session(db):
    for key in ("abcdefgh\x00", "a" * 31, "A" * 32, "a" * 33, "", None):
        assert not SessionStore()._validate_session_key(key)
    client = Client()
    client.cookies["sessionid"] = '"abcdefgh\\000"'
    assert client.get("/").status_code == 200
    store = SessionStore()
    store.create()
    assert SessionStore(store.session_key).exists(store.session_key)
