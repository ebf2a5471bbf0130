"""Administrators at work in the console, in Chromium: by mouse and by keyboard, in every width, light and dark."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.test_console import NARROW, WIDE, admin, console, fits
from tests.browser.visit import Visit

__all__ = ["admin", "console"]
pytestmark = pytest.mark.browser

SHOTS = os.environ.get("SHOTS")  # a folder for pictures to look at
FORMS = (
    "people/new/", "vles/new/", "groups/new/", "send/new/", "settings/", "settings/dashboard/", "send/{send}/learners/",
    "vles/{vle}/delete/", "vles/{vle}/credentials/", "people/{person}/", "groups/{group}/courses/new/",
    "consents/new/", "consents/{consent}/", "consents/{consent}/compare/", "consents/{consent}/documents/new/?like=en",
    "courses/{course}/activities/new/", "courses/{course}/activities/{activity}/instruments/",
)  # fmt: skip


def start_of(visit: Visit) -> str:
    return urlsplit(visit.page.url).path


def saved(visit: Visit) -> str:
    return visit.page.inner_text("main > [role=status]")


def test_a_person_is_added_corrected_and_deleted(admin):
    page = admin.page
    page.click("nav.sections >> text=People")
    page.click("main a:text-is('Add a person')")
    assert admin.barriers() == []
    page.get_by_label("First name").fill("Zoë")
    page.get_by_label("Institution's id").fill("zoe-new")
    page.locator("#id_email").fill("zoe@northlake.example.org")
    page.get_by_label("Learner", exact=True).check()
    page.get_by_label("Username").fill("not a name")
    admin.statuses = {400}
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.locator("#id_username").get_attribute("aria-invalid") == "true"
    assert page.input_value("#id_first_name") == "Zoë"
    assert fits(admin)
    page.get_by_label("Username").fill("")
    page.click("main .buttons button")
    page.wait_for_selector("h1:text('Zoë')")
    assert saved(admin) == "The person was added."
    page.click("main .tools >> text=Change")
    page.get_by_label("Last name").fill("Young")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text('Zoë Young')")
    page.click("main a:has-text('Give')")
    page.click("main button:text-is('Give it')")
    page.wait_for_selector("text=The role of instructor was given.")
    page.click("main .tools >> text=Delete")
    assert "The account of Zoë Young (zoe-new) is deleted" in page.inner_text("main")
    page.click("main button.bad")
    assert saved(admin) == "The person was deleted."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forms_in_every_width(scheme, server, chromium):
    """Pictures of them with SHOTS=folder."""
    context = chromium.new_context(base_url=server.url, viewport=WIDE, color_scheme=scheme)
    visit = Visit(context.new_page(), server)
    visit.enter("inst_admin", "/console/")
    start, ids = start_of(visit), {}
    for name, section in (
        ("send", "send"),
        ("vle", "vles"),
        ("person", "people"),
        ("group", "groups"),
        ("consent", "consents"),
        ("course", "courses"),
        ("activity", "courses/{course}"),
    ):
        visit.open(f"{start}{section.format(**ids)}/")
        link = visit.page.locator("table.rows tbody td a").first.get_attribute("href")
        ids[name] = re.findall(r"\d+", link or "")[-1]
    for form in FORMS:
        visit.open(start + form.format(**ids))
        assert visit.barriers() == [], form
        assert fits(visit), form
        if SHOTS:
            for width in (390, 768, 1440, 1920):
                visit.page.set_viewport_size({"width": width, "height": 900})
                name = re.sub(r"\W+", "-", form)
                visit.page.screenshot(path=Path(SHOTS) / f"{name}{width}-{scheme}.png", full_page=True)
    context.close()
    assert visit.wrong == []


@pytest.mark.parametrize("console", [NARROW], indirect=True, ids=["narrow"])
def test_a_form_by_keyboard_alone(admin):
    page = admin.open(f"{start_of(admin)}groups/new/")
    order = []
    page.focus("#id_name")
    for _ in range(5):
        order.append(page.evaluate("document.activeElement.id || document.activeElement.innerText"))
        page.keyboard.press("Tab")
    assert order == ["id_name", "id_description", "id_parent", "Add", "Cancel"]
