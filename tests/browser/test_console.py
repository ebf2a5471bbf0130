"""The console in Chromium, wide and narrow: every page, and what one does on it; nothing fails or scrolls aside."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

SIZES = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 390, "height": 844}}
# Kinds of pages that the sample data leads to, ids left out.
KINDS = {
    "/console/#/",
    "/console/#/courses/",
    "/console/#/courses/#/",
    "/console/#/courses/#/learners/",
    "/console/#/learners/",
    "/console/#/learners/#/",
    "/console/#/people/",
    "/console/#/instructors/",
    "/console/#/consents/",
    "/console/#/vles/",
    "/console/#/instruments/",
}
EACH = 3  # pages opened of each kind


@pytest.fixture(params=SIZES)
def console(request, server, chromium) -> Iterator[Visit]:
    """A browser of that size; what went wrong on any of its pages fails the test at its end."""
    context = chromium.new_context(base_url=server.url, viewport=SIZES[request.param])
    visit = Visit(context.new_page(), server)
    yield visit
    context.close()
    assert visit.wrong == []


@pytest.fixture
def admin(console) -> Visit:
    console.sign_in("inst_admin", path="/signin/?next=/console/")
    return console


def kind(path: str) -> str:
    return re.sub(r"\d+", "#", path)


def fits(visit: Visit) -> bool:
    return visit.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def links(visit: Visit) -> list[str]:
    found = visit.page.locator("a[href^='/console/']").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    return [urlsplit(link).path for link in found]


def walk(visit: Visit, start: str) -> set[str]:
    """Open pages from here on, some of each kind; every one has a heading, labels and no sideways scrolling."""
    waiting, opened, count = [start], set(), {}
    while waiting:
        path = waiting.pop(0)
        if path in opened or count.get(kind(path), 0) >= EACH:
            continue
        opened.add(path)
        count[kind(path)] = count.get(kind(path), 0) + 1
        page = visit.open(path)
        assert page.locator("h1").count() == 1, path
        assert fits(visit), f"{path} scrolls sideways"
        assert page.locator("main [style]").count() == 0, path
        assert unlabelled(visit) == [], path
        waiting += links(visit)
    return {kind(path) for path in opened}


def unlabelled(visit: Visit) -> list[str]:
    """Fields without a label, tables without headed columns, drawings without a name."""
    return visit.page.evaluate("""() => [
        ...[...document.querySelectorAll('main input, main select')].filter(field => !field.labels.length),
        ...[...document.querySelectorAll('main th')].filter(cell => !cell.scope),
        ...[...document.querySelectorAll('main svg[role=img]')].filter(
            one => !one.getAttribute('aria-label') && !one.getAttribute('aria-labelledby')),
    ].map(one => one.outerHTML)""")


def test_every_page(admin):
    start = urlsplit(admin.page.url).path
    assert walk(admin, start) >= KINDS


def test_global_administrator_chooses_an_institution(console):
    console.sign_in("global_admin", path="/signin/?next=/console/")
    page = console.page
    assert page.inner_text("h1") == "Institutions"
    assert fits(console)
    page.click("text=Northlake University")
    page.wait_for_url("**/console/*/")
    assert page.inner_text("h1") == "Northlake University"


@pytest.mark.parametrize("role", ["legal_admin", "data_admin", "send_admin"])
def test_every_page_of_the_other_administrators(role, console):
    console.sign_in(role, path="/signin/?next=/console/")
    assert "/console/#/learners/#/" in walk(console, urlsplit(console.page.url).path)


def test_learner_is_told_that_this_is_not_for_learners(console):
    console.statuses = {403}
    console.open("/signin/?next=/console/")
    console.statuses = {403}
    console.try_sign_in(console.server.emails["learner"], "correct-horse-9-battery")
    assert console.page.inner_text("h1") == "For administrators only"
    assert fits(console)


def test_search_filter_order_and_paging(admin):
    page = admin.page
    page.click("nav.sections >> text=People")
    page.select_option("#per", "10")
    page.click("main button:has-text('Show')")
    page.wait_for_selector("text=1–10 of")
    first = page.locator("table.rows tbody tr").count()
    page.click("a[rel=next]")
    page.wait_for_selector("text=11–20 of")
    assert first == 10
    page.fill("#q", "quintana")
    page.click("main button:has-text('Show')")
    page.wait_for_selector("text=1 in all")
    assert "Rafael Quintana" in page.inner_text("table.rows tbody")
    page.click("text=Reset")
    page.click("summary:has-text('Filters by column')")
    page.select_option("#f-roles", "SEND")
    page.click("main button:has-text('Show')")
    page.wait_for_selector("text=1 in all")
    assert "SEND administrator" in page.inner_text("table.rows tbody")
    page.click("text=Reset")
    page.select_option("#by", "-uid")
    page.click("main button:has-text('Show')")
    page.wait_for_url("**ordering=-uid**")
    uids = page.locator('table.rows tbody td[data-label="Institution\'s id"] span').all_inner_texts()
    assert uids == sorted(uids, reverse=True)
    assert fits(admin)


@pytest.mark.parametrize("console", ["wide"], indirect=True)  # cards have no headings
def test_columns_sort_by_their_headings(admin):
    page = admin.page
    page.click("nav.sections >> text=Learners")
    page.click("th >> text=E-mail")
    page.wait_for_selector("th[aria-sort=ascending] >> text=E-mail")
    page.click("th >> text=E-mail")
    page.wait_for_selector("th[aria-sort=descending] >> text=E-mail")


def test_error_stands_beside_the_filter(admin):
    start = urlsplit(admin.page.url).path
    page = admin.open(f"{start}people/?roles=NOBODY", 400)
    assert "not one of the available choices" in page.inner_text("#w-roles")
    assert page.locator("#w-roles").is_visible()
    assert fits(admin)


def test_numbers_of_a_chart_open_as_a_table(admin):
    page = admin.page
    page.click("section:has(h2:text('Informed consent')) summary")
    table = page.locator("section:has(h2:text('Informed consent')) table.numbers")
    assert table.is_visible()
    assert fits(admin)


def test_pages_are_printed_without_what_is_only_for_the_screen(admin, tmp_path):
    page = admin.page
    page.emulate_media(media="print")
    assert not page.locator("header.bar").is_visible()
    assert not page.locator("nav.sections").is_visible()
    assert page.locator("table.numbers").first.is_visible()
    assert page.locator(".printed").is_visible()
    assert page.pdf(path=tmp_path / "overview.pdf", format="A4").startswith(b"%PDF-")


def test_keyboard_reaches_the_content_first(admin):
    page = admin.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
