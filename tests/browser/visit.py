"""One visit of the pages: opens, fills, sends, and notes everything that a browser complains about."""

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.world import PASSWORD

AXE = Axe()
Values = dict[str, Any] | str  # of a form; or JSON text, for what a form cannot say


@dataclass(frozen=True)
class Server:
    url: str
    emails: dict[str, str]  # of the sample accounts, by role, such as "learner of IPM"; all have one password
    database: Path
    exam_pages: str = ""  # the origin of a VLE's pages: what they send is taken
    sessions: dict[str, list[Any]] = field(default_factory=dict)  # cookies of those who have signed in, by role


class Visit:
    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.wrong: list[str] = []
        self.statuses: set[int] = set()  # of refusals that the test wants to see
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._note(f"script: {error}"))
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _note(self, text: str) -> None:
        self.wrong.append(f"{self.page.url}: {text}")

    def _console(self, message) -> None:
        # A refused request is noted with its status, below.
        if message.type == "error" and not message.text.startswith("Failed to load resource: the server responded"):
            self._note(f"console: {message.text}")

    def _request(self, request) -> None:
        if not request.url.startswith((f"{self.server.url}/", "data:", f"blob:{self.server.url}/")):
            self._note(f"another host is asked: {request.url}")

    def _failed(self, request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the reader went on before it had arrived
            self._note(f"failed: {request.url} {request.failure}")

    def _response(self, response) -> None:
        if response.status >= 400 and response.status not in self.statuses:
            self._note(f"{response.status} of {response.url}")

    def open(self, path: str, *refusals: int) -> Page:
        self.statuses = set(refusals)
        self.page.goto(path)
        return self.page

    def enter(self, role: str, path: str = "/") -> None:
        """Open the page, signed in by an earlier test if there was one: a password costs the server much to check."""
        if role in self.server.sessions:
            self.page.context.add_cookies(self.server.sessions[role])
            if self.open(path).locator(".who .name").count():
                return
        self.sign_in(role, f"/signin/?next={quote(path)}")
        self.server.sessions[role] = self.page.context.cookies()

    def sign_in(self, role: str, path: str = "/signin/") -> None:
        self.open(path)
        self.try_sign_in(self.server.emails[role], PASSWORD)
        assert self.page.locator("[role=alert]").count() == 0, self.page.inner_text("main")

    def try_sign_in(self, email: str, password: str) -> None:
        self.page.fill("[name=email]", email)
        self.page.fill("[name=password]", password)
        with self.page.expect_navigation():
            self.page.click("main button")

    def barriers(self) -> list[str]:
        """What axe-core finds in the page that somebody could not see, hear or reach: the rule and the place."""
        found = AXE.run(self.page).response["violations"]
        return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]

    def json(self, path: str, status: int = 200) -> Any:
        """What a program is answered with this browser's cookies."""
        # Again when the server has closed the connection meanwhile, as it does with those that are idle.
        answer = self.page.context.request.get(path, headers={"Accept": "application/json"}, max_retries=2)
        assert answer.status == status, f"{answer.status} {path} {answer.text()}"
        return answer.json()

    def stored(self, table: str, **wanted: Any) -> list[dict[str, Any]]:
        """The rows with these values in the server's database: for what no program is answered."""
        where = " AND ".join(f"{name} IS :{name}" for name in wanted)  # null, too
        with closing(sqlite3.connect(self.server.database, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table} WHERE {where}", wanted)]

    def offers(self, method: str) -> bool:
        return self.page.locator(f"main button[data-method={method}], main form[data-method={method}]").count() > 0

    def send(self, method: str, values: Values, status: int) -> None:
        """Fill in the form of this method, send it, and wait for the page that answers."""
        self.statuses = {status}
        in_json = isinstance(values, str)
        form = self.page.locator(f"main form[data-json]:has(button[data-method={method}])" if in_json else
                                 f"main form:not([data-json]):has(button[data-method={method}])")  # fmt: skip
        if in_json:
            self.page.locator("main details:has(form[data-json])").evaluate("part => { part.open = true }")
            form.locator("[name=json]").fill(values)
        else:
            for name, value in values.items():
                self.fill(form.locator(f'[name="{name}"]:not([type=hidden])'), value)
        self._press(form.locator(f"button[data-method={method}]"), method, status)

    def delete(self) -> None:
        self.statuses = set()
        self.page.locator("main details.danger").evaluate("part => { part.open = true }")
        self._press(self.page.locator("main details.danger button"), "DELETE", 200)

    def _press(self, button, method: str, status: int) -> None:
        def is_answer(response) -> bool:
            return response.request.method == method

        with self.page.expect_response(is_answer) as caught:
            button.click()
        answer = caught.value
        assert answer.status == status, f"{method} {answer.url}: {answer.status} {answer.text()[-3000:]}"
        self.page.wait_for_selector("main .note, main .answer")
        # Not by a function of the page: when it has to wait, its text is evaluated, which the page's policy forbids.
        self.page.locator(".answer code").filter(has_text=re.compile(f"^{method}")).first.wait_for(state="attached")

    def fill(self, field, value: Any) -> None:
        kind = field.evaluate("field => field.type")
        if kind == "checkbox":
            field.set_checked(value)
        elif kind.startswith("select"):
            field.select_option(value)
        elif kind == "file":
            field.set_input_files(value)
        else:
            field.fill(str(value))
