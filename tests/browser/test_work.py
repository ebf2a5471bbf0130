"""Administrators at work in the console, in Chromium: by mouse and by keyboard, in every width, light and dark."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.test_console import FAINT, NARROW, WIDE, admin, console, fits, unlabelled
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
    assert unlabelled(admin) == []
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


def test_a_vle_is_registered_and_its_secret_copied(admin):
    page = admin.page
    page.click("nav.sections >> text=VLEs")
    page.click("main a:text-is('Register a VLE')")
    page.get_by_label("Name").fill("Third Moodle")
    page.get_by_label("Address").fill("https://third.example.org")
    page.click("main .buttons button")
    page.wait_for_selector("h1:text('Credentials of Third Moodle')")
    assert unlabelled(admin) == []
    assert fits(admin)
    page.click("button:has-text('Copy Secret id')")
    page.locator("#copied", has_text="Copied: Secret id").wait_for(state="attached")
    page.click("main a:has-text('I have them')")
    page.wait_for_selector("h1:text-is('Third Moodle')")
    page.click("main .tools >> text=Delete")
    page.click("main button.bad")
    assert saved(admin) == "The VLE was deleted."


def test_a_special_need_for_several_learners(admin):
    page = admin.page
    page.click("nav.sections >> text=Special needs")
    page.click("main a:text-is('Add a category')")
    page.get_by_label("Name").fill("Tremor")
    page.get_by_label("Big fonts").check()
    page.click("main .buttons button")
    page.wait_for_selector("h1:text('Tremor')")
    page.click("main .tools >> text=Give it to learners")
    page.fill("#search", "tanaka")
    page.keyboard.press("Enter")
    page.locator("input[name=marked]").first.check()
    page.click("button[value=add]")
    page.click("main .buttons button[value=check]")
    page.wait_for_selector("text=Gets it.")
    assert fits(admin)
    assert unlabelled(admin) == []
    page.click("button[value=assign]")
    assert saved(admin) == "The special need was given to 1 learner."
    page.click("main .tools >> text=Delete")
    assert "Learners who have it" in page.inner_text("main")
    page.click("main button.bad")
    assert saved(admin) == "The category was deleted."


def test_a_consent_from_its_number_to_its_publication(admin):
    page = admin.page
    page.click("nav.sections >> text=Consents")
    page.click("main a:text-is('Write a new version')")
    page.get_by_label("Version").fill("9.0.0")
    page.click("main .buttons button")
    page.click("main a:has-text('Add a language')")
    page.get_by_label("Language").fill("en")
    page.get_by_label("Text (HTML)").fill("<h2>Privacy</h2><p>I agree.</p><img src='https://elsewhere.example/x.png'>")
    page.click("button[value=preview]")
    page.wait_for_selector("#served h2:text-is('Privacy')")
    assert "<img> (1)" in page.inner_text("#served [role=status]")
    assert fits(admin)
    page.set_input_files("#id_pdf", {"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"})
    page.click("main .buttons button >> nth=0")
    assert "Cleaning took away" in saved(admin)
    assert page.locator("main a:has-text('The document (PDF)')").count() == 1
    page.click("main .tools >> text=Compare")
    assert page.locator("ins").count() > 0
    page.go_back()
    page.click("main .tools >> text=Publish")
    page.get_by_label("Valid from").fill("2099-01-01T09:00")
    page.keyboard.press("Enter")
    page.wait_for_selector("h2:text-is('What it does')")
    assert unlabelled(admin) == []
    page.click("button[value=publish]")
    assert saved(admin) == "The date was saved."
    page.click("main .tools >> text=Delete")
    page.click("main button.bad")
    assert saved(admin) == "The version was deleted."


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
        assert visit.page.evaluate(FAINT) == [], form
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
