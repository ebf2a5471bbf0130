"""Browsers for the console's pages."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest

from console.views import ConsoleView
from tests.pages.conftest import signed_in, visitor
from tests.world import World

__all__ = ["signed_in", "visitor"]


def downloads(answer) -> dict[str, str]:
    """{format: address} of the links of a page to its table as a file."""
    return {kind: unescape(at) for at, kind in re.findall(r'href="([^"]*)" download>(\w+)<', answer.content.decode())}


@pytest.fixture(autouse=True)
def own_words(monkeypatch):
    """No page takes a word that the template's context processors have: it would hide what they say, on that page."""
    taken = {"messages", "DEFAULT_MESSAGE_LEVELS", "perms", "request", "user"}
    shown = ConsoleView.render_to_response

    def checked(view, context, **more):
        assert not context.keys() & taken, type(view)
        return shown(view, context, **more)

    monkeypatch.setattr(ConsoleView, "render_to_response", checked)


@pytest.fixture
def address(world):
    """address("courses/{course}/", home=...): of a page, ids filled in from the world."""

    def filled(path: str, home=None) -> str:
        return f"/console/{(home or world.home).institution.pk}/{path}".format(**ids(world, home))

    return filled


def ids(world: World, home=None) -> dict[str, int]:
    home = home or world.home
    return {
        "course": home.course.pk,
        "activity": home.activity.pk,
        "group": home.group.pk,
        "job": home.job.pk,
        "vle": home.vle.pk,
        "category": home.category.pk,
        "assignment": home.assignment.pk,
        "ui_option": home.ui_option.pk,
        "report": home.report.pk,
        "request": home.request.pk,
        "contest": home.contest.pk,
        "decision": home.decision.pk,
        "hold": home.hold.pk,
        "correction": home.correction.pk,
        "erasure": home.erasure.pk,
        "row": home.activity_instrument.pk,
        "consent": home.newer_consent.pk,
        **{name: person.pk for name, person in home.people.items()},
    }


@pytest.fixture
def sent():
    """sent(browser, page, {field: value}): the page's own form, filled in and sent; what the page offers stays."""

    def send(browser, page: str, values: dict | None = None, **more):
        shown = browser.get(page)
        assert shown.status_code == 200, (page, shown.status_code)
        return browser.post(page, form_of(shown.text) | (values or {}), **more)

    return send


def form_of(page: str) -> dict:
    """The values that a browser would send of the page's form, left as it is."""
    reader = _Form()
    reader.feed(page)
    return reader.values


def offered(page, name: str) -> dict[str, str]:
    """The choices of a filter of the page's list."""
    (field,) = (field for field in page.context["table"].fields if field.filter.name == name)
    return dict(field.filter.choices)


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.reads = False
        self.select = self.area = ""

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        if tag == "form":
            self.reads = has.get("method") == "post" and has.get("action") != "/signout/"
        name = has.get("name")
        if not self.reads:
            return
        if tag == "select":
            self.select = name
        elif tag == "textarea":
            self.area = name
            self.values[name] = [""]
        elif tag == "option" and self.select and ("selected" in has or self.select not in self.values):
            self.values[self.select] = [has.get("value", "")]
        elif tag == "input" and name and (has.get("type") not in ("checkbox", "radio") or "checked" in has):
            self.values.setdefault(name, []).append(has.get("value", "on" if "checked" in has else "") or "")

    def handle_endtag(self, tag):
        if tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""

    def handle_data(self, data):
        if self.area:
            self.values[self.area][0] += data.removeprefix("\n")
