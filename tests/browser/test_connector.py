"""The connector in a page of another host: the element appears, the plugin is loaded and reads the session's data."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

pytestmark = pytest.mark.browser
# What stands for the plugin: it reads data-url as the real one does.
PLUGIN = """
  fetch(document.querySelector("tesla-web-plugin").dataset.url)
    .then(answer => answer.json()).then(found => { window.found = found })
"""
JSON = {"Content-Type": "application/json"}


@contextmanager
def site(pages: dict[str, str]) -> Iterator[str]:
    """Another host: its pages, by path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            kind = "text/html" if self.path.startswith("/quiz") else "text/javascript"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(pages.get(self.path, "").encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def made(admin) -> dict[str, Any]:
    """A session of the first learner of the sample data who may be assessed, opened by a VLE that signs in."""
    api, home = admin.page.context.request, "/api/v2/institution/"
    home += f"{admin.json(home)['results'][0]['id']}/"
    cookies = {cookie["name"]: cookie["value"] for cookie in admin.page.context.cookies()}
    headers = {"X-CSRFToken": cookies["csrftoken"], **JSON}
    for vle in admin.json(f"{home}vle/")["results"]:
        issued = api.post(f"{home}vle/{vle['id']}/credentials/", headers=headers, data={"overlap_minutes": 60})
        assert issued.status == 201, issued.text()
        role = {name: issued.json()["credentials"][name] for name in ("role_id", "secret_id")}
        token = api.post("/api/v2/auth/approle", headers=JSON, data=role).json()["token"]["access_token"]
        for body in _tries(admin, home, vle["id"]):
            header = {"Authorization": f"JWT {token}", **JSON}
            answer = api.post(f"/api/v2/vle/{vle['id']}/assessment/", headers=header, data=body)
            if answer.status == 200:
                return answer.json()
            assert answer.status == 406, answer.text()
    raise AssertionError("nobody of the sample data may be assessed")


def _tries(admin, home: str, vle: int) -> Iterator[dict[str, str]]:
    for course in admin.json(f"{home}course/?limit=100")["results"]:
        where = f"{home}course/{course['id']}/"
        if course["vle"]["id"] == vle:
            for activity in admin.json(f"{where}activity/?limit=100")["results"]:
                named = {name: activity[name] for name in ("vle_activity_type", "vle_activity_id")}
                for learner in admin.json(f"{where}learner/?limit=100")["results"]:
                    yield named | {"vle_learner_uid": learner["uid"]}


def test_a_page_of_another_host_takes_part_in_a_session(made, server, chromium):
    page_of = "<!doctype html><title>Quiz</title><body>{}</body>"
    script = f'<script src="{made["data"]["connector"]}"></script>'
    with site({"/quiz": page_of.format(script), "/quiz/twice": page_of.format(script * 2)}) as moodle:
        context = chromium.new_context()
        try:
            page, asked, wrong = context.new_page(), [], []
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("request", lambda request: asked.append((request.url, request.headers.get("cookie"))))
            page.route(
                "**/tesla-web-plugin.js", lambda route: route.fulfill(body=PLUGIN, content_type="text/javascript")
            )
            page.route("**/tesla-web-plugin.css", lambda route: route.fulfill(body="", content_type="text/css"))
            for path in ("/quiz", "/quiz/twice"):
                page.goto(f"{moodle}{path}")
                page.wait_for_function("window.found")
                element = page.locator("tesla-web-plugin")
                assert element.count() == 1
                assert element.get_attribute("data-url") == made["data"]["data"]
                found = page.evaluate("window.found")
                assert (found["session_id"], found["mode"]) == (made["id"], "verification")
                assert found["api_url"] == server.url
            assert wrong == []
            assert f"{server.url}/static/web-plugin/tesla-web-plugin.css" in {url for url, _ in asked}
            assert {cookie for _, cookie in asked} == {None}
        finally:
            context.close()
