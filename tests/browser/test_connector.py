"""An exam page of another host: the connector loads the plugin, which captures; the console shows what becomes of it.

What stands for the plugin is in web_plugin/, served as the service serves the real one.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request

from tests.browser.visit import Visit

pytestmark = pytest.mark.browser
FACE, VOICE, KEYS = "Face recognition", "Voice recognition", "Keystroke dynamics"
FR = 1
SHORT = "The sample cannot be read: "
STATES = ("Waiting", "At work", "Done", "Failed")
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
    return opened(admin)


def opened(admin, **of: Any) -> dict[str, Any]:
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
        for body in _tries(admin, home, vle["id"], **of):
            header = {"Authorization": f"JWT {token}", **JSON}
            answer = api.post(f"/api/v2/vle/{vle['id']}/assessment/", headers=header, data=body)
            if answer.status == 200:
                return answer.json()
            assert answer.status == 406, answer.text()
    raise AssertionError("nobody of the sample data may be assessed")


def _tries(admin, home: str, vle: int, is_filmed: bool = True) -> Iterator[dict[str, str]]:
    """Who is not filmed is heard instead."""
    for course in admin.json(f"{home}course/?limit=100")["results"]:
        where = f"{home}course/{course['id']}/"
        if course["vle"]["id"] == vle:
            for activity in admin.json(f"{where}activity/?limit=100")["results"]:
                named = {name: activity[name] for name in ("vle_activity_type", "vle_activity_id")}
                for learner in admin.json(f"{where}learner/?limit=100")["results"]:
                    if (FR not in learner["send"]["send"]["disabled_instruments"]) == is_filmed:
                        yield named | {"vle_learner_uid": learner["uid"]}


def page_of(session: dict[str, Any], connectors: int = 1) -> str:
    script = f'<script src="{session["data"]["connector"]}"></script>'
    return f"<!doctype html><title>Quiz</title><body>{script * connectors}</body>"


class Exam:
    def __init__(self, page: Page, pages: dict[str, str]) -> None:
        self.page, self.pages = page, pages
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
    pages = {"/quiz": page_of(made), "/quiz/twice": page_of(made, connectors=2)}
    with site(server.exam_pages, pages):
        context = chromium.new_context(base_url=server.exam_pages)
        exam = Exam(context.new_page(), pages)
        yield exam
        context.close()
    assert exam.errors == []


class Watched(NamedTuple):
    activity: Page
    report: Page


@pytest.fixture
def watched(made, admin) -> Iterator[Watched]:
    """The console's pages of the activity and of the learner's report, opened before anything is captured."""
    ends = time.monotonic() + 60
    while admin.stored("pipeline_job", parked_at=None):  # what the sample data left to be done
        assert time.monotonic() < ends, admin.stored("pipeline_job", parked_at=None)
        admin.page.wait_for_timeout(200)
    (activity,) = admin.stored("courses_activity", id=made["activity"])
    (report,) = admin.stored("reports_report", activity_id=made["activity"], learner_id=made["learner"])
    path = f"/console/{activity['institution_id']}/courses/{activity['course_id']}/activities/{activity['id']}/"
    other = Visit(admin.page.context.new_page(), admin.server)
    found = Watched(admin.open(path), other.open(f"{path}reports/{report['id']}/"))
    for page in found:
        page.evaluate("window.isSame = true")  # a page that is loaded again forgets it
    yield found
    assert all(page.evaluate("window.isSame") for page in found)
    assert other.wrong == []


def counted(page: Page, instrument: str) -> dict[str, int]:
    """{column: number} of the instrument's captures, as the page shows them."""
    row = page.locator("#captures tbody tr").filter(has_text=instrument)
    return {name: int(row.locator(f"[data-label='{name}']").inner_text()) for name in STATES}


def settles(page: Page, instrument: str, before: dict[str, int], **more: int) -> None:
    """Wait until the page shows so many more."""
    row = page.locator("#captures tbody tr").filter(has_text=instrument)
    for name in STATES:
        wanted = re.compile(rf"^{before[name] + more.get(name, 0)}$")
        row.locator(f"[data-label='{name}']").filter(has_text=wanted).wait_for(timeout=30_000)


def test_captures_of_another_hosts_page_become_a_report_that_grows_before_ones_eyes(exam, made, watched, server, admin):
    before = {page: {name: counted(page, name) for name in (FACE, KEYS)} for page in watched}
    unheard = counted(watched.activity, VOICE)
    results = watched.report.locator("circle.point").count()
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
    # It keeps what is not answered 2xx, and tries the ten oldest: twelve refused captures are in front of the others.
    assert plugin["queue"] == []
    assert [answer["status"] for answer in plugin["answers"]] == [200] * 17
    refusals, taken = plugin["answers"][:12], plugin["answers"][12:]
    assert [answer["body"]["status"] for answer in plugin["answers"]] == ["ERROR"] * 12 + ["OK"] * 5
    assert {name for answer in refusals for name in answer["body"]["errors"]} == {"data", "instruments"}
    stored = {f"request/{row['id']}": row["data_id"] for row in admin.stored("reports_request", session_id=made["id"])}
    assert {re.search(r"request/\d+$", answer["body"]["path"])[0] for answer in taken} == {*stored}
    sizes = sorted(admin.stored("files_storedfile", id=file)[0]["size"] for file in stored.values())
    assert all(60_000 < size < 200_000 for size in sizes[-2:])  # two are pictures of a camera, in base64
    for page in watched:
        settles(page, FACE, before[page][FACE], Done=2)
        settles(page, KEYS, before[page][KEYS], Done=2, Failed=1)
        assert SHORT in page.locator("#captures tbody tr").filter(has_text=KEYS).inner_text()
    watched.report.locator("circle.point").nth(results + 3).wait_for(state="attached")
    assert watched.report.locator("circle.point").count() == results + 4
    somebody_else_is_heard(exam, admin, watched.activity, unheard)
    said = watched.activity.locator("#captures-said[role=status]")
    assert re.fullmatch(r"\d+ waiting, \d+ at work, \d+ done, \d+ failed", said.inner_text())
    asks_only_when_seen(watched.activity)
    admin.page.context.clear_cookies()
    shown_again(watched.activity)
    watched.activity.wait_for_selector("text=These numbers are not renewed any more.")


def somebody_else_is_heard(exam: Exam, admin, activity: Page, before: dict[str, int]) -> None:
    """A learner of the same quiz who is not to be filmed: recordings of the microphone, as browsers make them."""
    session = opened(admin, is_filmed=False)
    exam.pages["/quiz/heard"] = page_of(session)
    plugin = exam.open("/quiz/heard")
    assert [answer["body"]["status"] for answer in plugin["answers"]] == ["ERROR"] * 12 + ["OK"] * 5
    assert plugin["session"]["sensors"].keys() == {"microphone", "keyboard", "activity"}
    stored = admin.stored("reports_request", session_id=session["id"])
    sizes = sorted(admin.stored("files_storedfile", id=row["data_id"])[0]["size"] for row in stored)
    assert sizes[-2] > 3_000  # two are recordings
    settles(activity, VOICE, before, Done=2)


def shown_again(page: Page, *, is_hidden: bool = False) -> None:
    """What a browser tells a page that somebody comes back to, or leaves."""
    page.evaluate(
        "value => { Object.defineProperty(document, 'hidden', { value, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        is_hidden,
    )


def asks_only_when_seen(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    shown_again(page, is_hidden=True)
    page.wait_for_timeout(300)
    assert asked == []
    with page.expect_request("**/captures/"):
        shown_again(page)


# What builds load of their folder later. No build has every language, and pages load files of their own.
LOADS = """async (folder) => {
  document.body.append(Object.assign(new Image(), { src: folder + "assets/logo.png" }));
  document.body.append(Object.assign(new Image(), { src: "/missing.png" }));
  for (const name of ["assets/model.json?v=2", "assets/i18n/xx.json"]) {
    await fetch(folder + name);
  }
  const request = new XMLHttpRequest();
  request.open("GET", folder + "assets/face.wasm");
  await new Promise((resolve) => { request.onloadend = resolve; request.send(); });
}"""


def test_files_that_do_not_load_are_told_to_the_page_and_to_the_service(exam, made, server, admin):
    folder = f"{server.url}/static/web-plugin/"
    missing = {"status": 404, "headers": {"Access-Control-Allow-Origin": "*"}, "body": ""}
    exam.page.route(f"{folder}**", lambda route: route.fulfill(**missing))
    reports = []
    exam.page.on("response", lambda answer: reports.append(answer) if answer.url.endswith("-failed") else None)
    exam.page.goto("/quiz")
    exam.page.evaluate(LOADS, folder)
    exam.page.wait_for_timeout(500)
    assert {(answer.request.method, answer.status) for answer in reports} == {("POST", 204)}
    names = {"script": "web-plugin.js", "style": "styles.css", "translation": "assets/i18n/en.json"}
    failures = [
        text.rpartition(folder)[2] for text in exam.said if text.startswith("TeSLA: this file of the web plugin")
    ]
    others = ["assets/face.wasm", "assets/model.json?v=2", "assets/logo.png"]
    assert sorted(failures) == sorted([*names.values(), *others])
    vle = admin.stored("courses_activity", id=made["activity"])[0]["vle_id"]
    sent = {answer.request.post_data for answer in reports if answer.url.endswith("other-failed")}
    assert sent == {name.partition("?")[0] for name in others}
    for kind, name in (*names.items(), ("other", "assets/")):
        (warning,) = admin.stored("institutions_vlewarning", vle_id=vle, setting=f"web-plugin-{kind}")
        assert name in warning["text"]
