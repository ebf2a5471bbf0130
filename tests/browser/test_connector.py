"""An exam page of another host: the connector loads the plugin, which captures with the camera and empties its queue.

What stands for the plugin is in web_plugin/, served as the service serves the real one.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request

pytestmark = pytest.mark.browser
JSON = {"Content-Type": "application/json"}


@contextmanager
def site(origin: str, pages: dict[str, str]) -> Iterator[str]:
    """Another host at this address: its pages, by path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path in pages else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(pages.get(self.path, "").encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", urlsplit(origin).port or 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield origin
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


class Exam:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[Request] = []
        self.said: list[str] = []  # in the page's console
        self.errors: list[str] = []
        page.on("request", self._note)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, request: Request) -> None:
        self.asked.append(request)

    def open(self, path: str) -> dict[str, Any]:
        """What the plugin has done, when it has."""
        self.page.goto(path)
        self.page.wait_for_function("window.plugin && window.plugin.isDone")
        return self.page.evaluate("window.plugin")


@pytest.fixture
def exam(made, server, chromium) -> Iterator[Exam]:
    """The page of a quiz in another host, with the connector; and one that has it twice."""
    script = f'<script src="{made["data"]["connector"]}"></script>'
    html = "<!doctype html><title>Quiz</title><body>{}</body>"
    with site(server.exam_pages, {"/quiz": html.format(script), "/quiz/twice": html.format(script * 2)}):
        context = chromium.new_context(base_url=server.exam_pages)
        exam = Exam(context.new_page())
        yield exam
        context.close()
    assert exam.errors == []


def test_a_page_of_another_host_takes_part_in_a_session(exam, made, server):
    plugin = exam.open("/quiz/twice")
    element = exam.page.locator("tesla-web-plugin")
    assert element.count() == 1
    assert element.get_attribute("data-url") == made["data"]["data"]
    assert (plugin["session"]["session_id"], plugin["session"]["mode"]) == (made["id"], "verification")
    assert plugin["session"]["api_url"] == server.url
    assert element.inner_text() == "Your work is watched."
    folder = f"{server.url}/static/web-plugin/"
    assert {f"{folder}styles.css", f"{folder}assets/i18n/en.json"} <= {request.url for request in exam.asked}
    assert {request.headers.get("cookie") for request in exam.asked} == {None}


def test_refused_captures_do_not_keep_the_cameras_pictures_waiting(exam, made, admin):
    """The plugin keeps what is not answered 2xx, and tries the ten oldest: here twelve are in front of a picture."""
    plugin = exam.open("/quiz")
    assert plugin["queue"] == []
    assert [answer["status"] for answer in plugin["answers"]] == [200] * 13
    refusals = [answer["body"] for answer in plugin["answers"][:-1]]
    assert {body["status"] for body in refusals} == {"ERROR"}
    assert {name for body in refusals for name in body["errors"]} == {"data", "instruments"}
    taken = plugin["answers"][-1]["body"]
    assert taken["status"] == "OK"
    (stored,) = admin.stored("reports_request", session_id=made["id"])
    assert taken["path"].endswith(f"/request/{stored['id']}")


def test_files_that_do_not_load_are_told_to_the_page_and_to_the_service(exam, made, server, admin):
    folder = f"{server.url}/static/web-plugin/"
    exam.page.route(f"{folder}*", lambda route: route.fulfill(status=404, body=""))
    reports = []
    exam.page.on("response", lambda answer: reports.append(answer) if answer.url.endswith("-failed") else None)
    exam.page.goto("/quiz")
    exam.page.wait_for_timeout(500)
    assert {(answer.request.method, answer.status) for answer in reports} == {("POST", 204)}
    names = {"script": "web-plugin.js", "style": "styles.css"}
    vle = admin.stored("courses_activity", id=made["activity"])[0]["vle_id"]
    for kind, name in names.items():
        assert f"TeSLA: this file of the web plugin did not load: {folder}{name}" in exam.said
        (warning,) = admin.stored("institutions_vlewarning", vle_id=vle, setting=f"web-plugin-{kind}")
        assert name in warning["text"]
