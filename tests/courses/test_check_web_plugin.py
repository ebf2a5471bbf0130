"""manage.py check_web_plugin: what an exam page would get of the web plugin, from a small server of another host."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from institutions.models import VLE
from tests.world import rewritten

PAGE = "http://moodle.example.org"
FILES = {
    "/plugin/web-plugin.js": {"Content-Type": "text/javascript; charset=utf-8"},
    "/plugin/styles.css": {"Content-Type": "text/css"},
    "/plugin/assets/i18n/en.json": {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"},
}
LINK = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}  # of a 404 of the service
ALLOWED = {"Access-Control-Allow-Origin": PAGE}


class Host:
    """Answers GET with the headers of `files`, below session/ with 404 and those of `link`, OPTIONS with `allowed`."""

    def __init__(self) -> None:
        self.files, self.allowed, self.link, self.status = dict(FILES), dict(ALLOWED), dict(LINK), 404
        self.asked: list[tuple[str, str, str | None]] = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                host.asked.append((self.command, self.path, self.headers.get("Origin")))
                headers = host.files.get(self.path) if self.command == "GET" else host.allowed
                status = 404 if headers is None else 302 if "Location" in headers else 200
                if self.path.startswith("/session/"):
                    status, headers = host.status, host.link
                self.send_response(status)
                for name, value in {"Content-Length": "0", **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()

            do_OPTIONS = do_GET

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def running():
    host = Host()
    thread = threading.Thread(target=host.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield host
    host.server.shutdown()
    thread.join()
    host.server.server_close()


@pytest.fixture
def host(running, settings):
    running.files, running.allowed, running.asked = dict(FILES), dict(ALLOWED), []
    running.link, running.status = dict(LINK), 404
    settings.WEB_PLUGIN_URL = f"{running.url}/plugin"
    return running


def check(host, *words: str) -> str:
    out = StringIO()
    try:
        call_command("check_web_plugin", "--service", host.url, *words, stdout=out)
    except CommandError as error:
        out.write(f"error: {error}")
    return out.getvalue()


def test_all_that_a_page_needs_is_fetched_as_that_page(host):
    said = check(host, "--page", f"{PAGE}/mod/quiz/view.php")
    assert "FAILED" not in said
    assert said.count("  ok ") == 7
    assert [(path, origin) for method, path, origin in host.asked if method == "GET"] == [
        (path, PAGE) for path in (*FILES, "/session/x/data.json", "/session/x/connector.js")
    ]
    asked = [path for method, path, _ in host.asked if method == "OPTIONS"]
    assert asked == [asked[0], "/api/v2/auth/token/refresh"]
    assert asked[0].startswith("/lapi/v1/")


@pytest.mark.parametrize(
    ("status", "link", "says"),
    [
        (403, LINK, "the service does not get it, something before it answers (status 403)"),
        (404, {"Content-Type": "text/html"}, "the service does not get it, something before it answers (status 404)"),
        (404, {"Content-Type": "application/json"}, "Access-Control-Allow-Origin is missing"),
    ],
)
def test_links_of_sessions_that_a_proxy_keeps_back_are_named(host, status, link, says):
    host.status, host.link = status, link
    said = check(host, "--page", PAGE)
    assert (said.count("FAILED"), said.count(says)) == (2, 2)
    assert "error: 2 of these" in said


@pytest.mark.parametrize(
    ("path", "headers", "says"),
    [
        ("/plugin/web-plugin.js", None, "status 404"),
        ("/plugin/styles.css", None, "status 404"),
        ("/plugin/web-plugin.js", {"Content-Type": "text/html"}, "its media type is text/html"),
        ("/plugin/styles.css", {"Content-Type": "text/plain"}, "its media type is text/plain"),
        ("/plugin/assets/i18n/en.json", {"Content-Type": "application/json"}, "Access-Control-Allow-Origin is missing"),
        (
            "/plugin/web-plugin.js",
            FILES["/plugin/web-plugin.js"] | {"Cross-Origin-Resource-Policy": "same-origin"},
            "Cross-Origin-Resource-Policy forbids it",
        ),
    ],
)  # fmt: skip
def test_a_file_that_does_not_load_is_named(host, path, headers, says):
    host.files[path] = headers
    said = check(host, "--page", PAGE)
    (failed,) = [line for line in said.splitlines() if "FAILED" in line]
    assert failed.startswith(f"  FAILED {host.url}{path}: ")
    assert says in failed
    assert said.endswith("error: 1 of these would fail in an exam page.")


@pytest.mark.parametrize(
    "allowed", [{}, {"Access-Control-Allow-Origin": "http://other.example.org"}, {"Location": "/elsewhere"}], ids=str
)
def test_captures_that_the_service_does_not_take_from_there_are_named(host, allowed):
    host.allowed = allowed
    assert f"is {PAGE} in CORS_ALLOWED_ORIGINS?" in check(host, "--page", PAGE)


def test_names_of_the_files_are_settings_and_redirects_are_followed(host, settings):
    settings.WEB_PLUGIN_SCRIPT = "tesla-web-plugin.js"
    host.files["/plugin/tesla-web-plugin.js"] = {"Location": "/plugin/web-plugin.js"}
    assert "FAILED" not in check(host, "--page", PAGE)


def test_pages_of_https_load_nothing_by_http(host):
    assert check(host, "--page", "https://moodle.example.org").count("browsers load nothing by http") == 7


def test_a_host_that_does_not_answer_is_named(host, settings):
    settings.WEB_PLUGIN_URL = "http://127.0.0.1:1/plugin"
    assert check(host, "--page", PAGE).count("FAILED http://127.0.0.1:1/plugin/") == 3


def test_a_path_here_is_below_the_service(host, settings):
    settings.WEB_PLUGIN_URL, settings.PUBLIC_URL = "/plugin", host.url
    out = StringIO()
    call_command("check_web_plugin", "--page", PAGE, stdout=out)
    assert f"ok     {host.url}/plugin/web-plugin.js" in out.getvalue()


def test_without_words_the_pages_of_all_vles_are_tried(host, world):
    rewritten(VLE.objects.filter(pk=world.home.vle.pk), url="http://Moodle.example.org/x/")
    rewritten(VLE.objects.filter(pk=world.away.vle.pk), url=None)
    assert check(host).splitlines()[0] == "a page of http://moodle.example.org"


@pytest.mark.django_db
def test_without_an_address_there_is_nothing_to_try(host, settings):
    assert "error: No VLE has an address" in check(host)
    assert "error: ftp://x.org is no http or https address." in check(host, "--page", "ftp://x.org")
    with pytest.raises(CommandError, match="file:///etc is no http or https address"):
        call_command("check_web_plugin", "--page", PAGE, "--service", "file:///etc")
    settings.PUBLIC_URL = ""
    with pytest.raises(CommandError, match="Set PUBLIC_URL"):
        call_command("check_web_plugin")
