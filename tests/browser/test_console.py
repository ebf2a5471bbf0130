"""The console in Chromium: every page, and what one does on it; nothing fails, or scrolls aside in any width."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
WIDTHS = (390, 768, 1440, 1920)
# Kinds of pages that the sample data leads to, ids left out.
KINDS = {
    "/console/#/",
    "/console/#/courses/",
    "/console/#/courses/#/",
    "/console/#/courses/#/learners/",
    "/console/#/courses/#/learners/new/",
    "/console/#/courses/#/learners/#/delete/",
    "/console/#/courses/#/instructors/",
    "/console/#/courses/#/instructors/new/",
    "/console/#/courses/#/instructors/#/delete/",
    "/console/#/courses/#/delete/",
    "/console/#/courses/#/activities/new/",
    "/console/#/courses/#/activities/#/edit/",
    "/console/#/courses/#/activities/#/delete/",
    "/console/#/courses/#/activities/#/instruments/",
    "/console/#/courses/#/activities/#/instruments/#/new/",
    "/console/#/courses/#/activities/#/instruments/#/edit/",
    "/console/#/courses/#/activities/#/instruments/#/delete/",
    "/console/#/courses/#/activities/#/",
    "/console/#/courses/#/activities/#/unsettled/",
    "/console/#/activities/",
    "/console/#/courses/#/activities/#/reports/#/",
    "/console/#/courses/#/activities/#/reports/#/requests/",
    "/console/#/courses/#/activities/#/reports/#/requests/#/",
    "/console/#/courses/#/activities/#/reports/#/evidence/#/",
    "/console/#/fairness/",
    "/console/#/groups/",
    "/console/#/groups/#/",
    "/console/#/groups/new/",
    "/console/#/groups/#/edit/",
    "/console/#/groups/#/delete/",
    "/console/#/groups/#/courses/new/",
    "/console/#/groups/#/courses/#/delete/",
    "/console/#/deletion/",
    "/console/#/send/new/",
    "/console/#/send/#/",
    "/console/#/send/#/edit/",
    "/console/#/send/#/delete/",
    "/console/#/send/#/learners/",
    "/console/#/learners/#/send/new/",
    "/console/#/people/new/",
    "/console/#/people/#/",
    "/console/#/people/#/edit/",
    "/console/#/people/#/delete/",
    "/console/#/people/#/password/",
    "/console/#/people/#/roles/learner/",
    "/console/#/people/#/roles/instructor/",
    "/console/#/people/#/merge/",
    "/console/#/vles/new/",
    "/console/#/vles/#/edit/",
    "/console/#/vles/#/credentials/",
    "/console/#/vles/#/delete/",
    "/console/#/settings/",
    "/console/#/settings/dashboard/",
    "/console/#/settings/oidc/",
    "/console/#/settings/dashboard/people/new/",
    "/console/#/reports/",
    "/console/#/send/",
    "/console/#/learners/",
    "/console/#/learners/#/",
    "/console/#/people/",
    "/console/#/instructors/",
    "/console/#/consents/",
    "/console/#/consents/new/",
    "/console/#/consents/#/",
    "/console/#/consents/#/compare/",
    "/console/#/consents/#/documents/new/",
    "/console/#/vles/",
    "/console/#/vles/#/",
    "/console/#/instruments/",
    "/console/#/imports/",
}
OWN = {  # a learner contests in the stories
    "/me/",
    "/me/trail/",
    "/me/transparency/",
    "/me/bundle/",
    "/me/corrections/",
    "/me/reports/",
    "/me/reports/#/",
    "/me/consents/",
    "/me/consents/#/",
    "/me/consents/current/",
    "/me/consents/withdraw/",
    "/me/contests/",
    "/me/erasure/",
}
_looked_at: set[str] = set()  # kinds of pages
EACH = 2  # pages opened of each kind
FORM = re.compile(r"/(new|edit|delete|merge|credentials|password|roles/\w+)/$")  # of which one is opened


@pytest.fixture
def console(request, server, chromium) -> Iterator[Visit]:
    """A wide browser, or of the size that a test asks for; what went wrong on any page fails the test at its end."""
    context = chromium.new_context(base_url=server.url, viewport=getattr(request, "param", WIDE))
    visit = Visit(context.new_page(), server)
    yield visit
    context.close()
    assert visit.wrong == []


@pytest.fixture
def admin(console) -> Visit:
    console.enter("inst_admin", "/console/")
    return console


def kind(path: str) -> str:
    return re.sub(r"\d+", "#", path)


def fits(visit: Visit) -> bool:
    """Whether the page scrolls sideways in no width: a telephone's, a tablet's, and those of two screens."""
    size, found = visit.page.viewport_size or WIDE, []
    for width in WIDTHS:
        visit.page.set_viewport_size({"width": width, "height": 844})
        found.append(
            visit.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        )
    visit.page.set_viewport_size(size)
    return all(found)


def links(visit: Visit, below: str) -> list[str]:
    found = visit.page.locator(f"a[href^='{below}']:not([download])").evaluate_all(
        "all => all.map(one => one.getAttribute('href'))"
    )
    return [urlsplit(link).path for link in found]


def walk(visit: Visit, start: str, each: int = EACH) -> set[str]:
    """Open pages from here on, some of each kind, all below the first part of the address.

    Every one has a heading; the first of each kind has no barriers and no sideways scrolling.
    """
    waiting, opened, count = [start], set(), {}
    below = f"/{start.split('/')[1]}/"
    while waiting:
        path = waiting.pop(0)
        if path in opened or count.get(kind(path), 0) >= (1 if FORM.search(path) else each):
            continue
        opened.add(path)
        count[kind(path)] = count.get(kind(path), 0) + 1
        page = visit.open(path)
        assert page.locator("h1").count() == 1, path
        assert page.locator("main [style]").count() == 0, path
        if kind(path) not in _looked_at:  # by another role either: the widths and axe-core take most of a visit
            _looked_at.add(kind(path))
            assert fits(visit), f"{path} scrolls sideways"
            assert visit.barriers() == [], path
        waiting += links(visit, below)
    return {kind(path) for path in opened}


def test_every_page(admin):
    start = urlsplit(admin.page.url).path
    assert walk(admin, start) >= KINDS


def test_every_page_about_oneself(server, chromium):
    context = chromium.new_context(base_url=server.url, viewport=WIDE, color_scheme="dark")
    visit = Visit(context.new_page(), server)
    visit.enter("learner", "/me/")
    assert walk(visit, "/me/") >= OWN
    context.close()
    assert visit.wrong == []


def test_global_administrator_chooses_an_institution(console):
    console.enter("global_admin", "/console/")
    page = console.page
    assert page.inner_text("h1") == "Institutions"
    assert fits(console)
    page.click("text=Northlake University")
    page.wait_for_url("**/console/*/")
    assert page.inner_text("h1") == "Northlake University"


@pytest.mark.parametrize("role", ["legal_admin", "data_admin", "send_admin", "instructor of IPM"])
def test_every_page_of_the_others(role, console):
    console.enter(role, "/console/")
    assert "/console/#/learners/#/" in walk(console, urlsplit(console.page.url).path, each=1)


def test_learner_is_told_that_this_is_not_for_learners(console):
    console.statuses = {403}
    console.open("/signin/?next=/console/")
    console.statuses = {403}
    console.try_sign_in(console.server.emails["learner"], "correct-horse-9-battery")
    assert console.page.inner_text("h1") == "Not for your roles"
    assert fits(console)


@pytest.mark.parametrize("console", [NARROW], indirect=True, ids=["narrow"])  # rows are cards
def test_search_filter_order_and_paging(admin):
    page = admin.page
    assert not page.locator("nav.sections").is_visible()
    page.click("main summary:has-text('Sections')")  # a menu
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
    page.set_viewport_size({"width": 794, "height": 1000})  # of A4
    wide = "all => all.filter(one => one.scrollWidth > one.parentElement.clientWidth + 1).length"
    assert page.locator("table.numbers").evaluate_all(wide) == 0  # none reaches into what stands beside it
    assert page.pdf(path=tmp_path / "overview.pdf", format="A4").startswith(b"%PDF-")


def to_report(visit: Visit) -> None:
    """By the links that one follows: course, activity, the report of Mei Tanaka, whose face was not hers."""
    page = visit.page
    page.click("nav.sections >> text=Courses")
    for word in ("STAT-101", "Mid-term exam", "Mei Tanaka"):
        page.click(f"main table.rows >> text={word}")
    page.wait_for_selector("text=The three levels, and why")


def test_report_says_why_on_paper_too(admin, tmp_path):
    to_report(admin)
    page = admin.page
    why = page.inner_text("section:has(h2:text('Face recognition'))")
    assert "6 of 6 processed checks are alerts" in why
    assert page.locator("circle.point").count() == 11  # of three instruments
    page.emulate_media(media="print")
    assert page.locator("text=So the level is Alert.").first.is_visible()
    assert page.locator("text=A check's result is compared with the thresholds").is_visible()
    assert page.locator("main a >> text=What was captured").count() == 1
    assert not page.locator("main a >> text=What was captured").is_visible()
    for link in page.locator("main a:text-is('open')").all():
        assert not link.is_visible()
    assert page.pdf(path=tmp_path / "report.pdf", format="A4").startswith(b"%PDF-")


def test_evidence_opens_from_the_report(admin):
    to_report(admin)
    page = admin.page
    page.click("main a >> text=look at it")
    page.wait_for_selector("h1:text('Face recognition')")
    page.locator(".capture img").last.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("[...document.querySelectorAll('.capture img')].filter(one => one.naturalWidth).length") >= 2
    address = page.get_attribute(".capture img >> nth=0", "src")
    answer = page.context.request.get(address)
    assert (answer.status, answer.headers["cache-control"]) == (200, "private, no-store")


def test_recordings_are_heard(admin):
    """The policy lets a page of evidence play what this service sends."""
    to_report(admin)
    page = admin.page
    page.goto(re.sub(r"reports/.*", "", page.url))
    for address in page.locator("table.rows a[href*='/reports/']").evaluate_all("all => all.map(one => one.href)"):
        page.goto(address)
        if page.locator("section:has(h2:text('Voice recognition')) >> text=look at it").count():
            break
    page.click("section:has(h2:text('Voice recognition')) >> text=look at it")
    seconds = """one => new Promise((done, fail) => {
        one.onloadedmetadata = () => done(one.duration);
        one.onerror = () => fail(one.error.message);
        one.preload = 'auto';
        one.load();
    })"""
    assert page.locator(".capture audio").first.evaluate(seconds) > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out(scheme, server, chromium):
    context = chromium.new_context(base_url=server.url, viewport=WIDE, color_scheme=scheme)
    visit = Visit(context.new_page(), server)
    visit.enter("inst_admin", "/console/")
    for go in (lambda: None, lambda: to_report(visit)):
        go()
        assert visit.barriers() == []
    faint = "#ccc" if scheme == "light" else "#444"
    visit.page.evaluate(f"document.querySelector('h1').style.color = '{faint}'")
    assert [each.partition(":")[0] for each in visit.barriers()] == ["color-contrast"]
    context.close()
    assert visit.wrong == []


def test_pictures_of_the_documents(admin, tmp_path):
    """SCREENSHOTS=write makes those anew that README.md and docs/administrator.md show."""
    folder = PICTURES if os.environ.get("SCREENSHOTS") == "write" else tmp_path
    folder.mkdir(exist_ok=True)
    page, shots = admin.page, {}

    def shot(name: str, height: int, width: int = 1120) -> None:
        page.set_viewport_size({"width": width, "height": height})
        shots[name] = page.screenshot(path=folder / f"{name}.png", animations="disabled")

    start = urlsplit(page.url).path
    shot("overview", 1000)
    admin.open(f"{start}consents/")
    shot("consents", 690)
    admin.open(f"{start}send/")
    shot("send", 680)
    admin.open(f"{start}learners/?search=Pritchard").click("main table.rows tbody a")
    page.wait_for_selector("h2:text('Enrolment')")
    shot("learner", 900)
    to_report(admin)
    shot("report", 960)
    page.click(".trail a >> text=Mid-term exam")
    page.wait_for_selector("h1:text('Mid-term exam')")
    shot("activity", 1150)
    for name, picture in shots.items():
        assert picture.startswith(b"\x89PNG"), name
        assert len(picture) < 200_000, name


def test_keyboard_reaches_the_content_first(admin):
    page = admin.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
