"""What the product is for, each time as one person from sign-in to result, through the pages.

The VLE's part is played through its API, with what a page has shown. Stories that change much happen where no other
test looks: in an institution of their own, or in the second one of the sample data.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import environment_of
from tests.browser.test_console import fits
from tests.browser.visit import Visit
from tests.servers.databases import ROOT
from tests.world import PASSWORD

pytestmark = pytest.mark.browser
SECOND = "IPM"  # of the sample data's institutions
WIDE = {"width": 1280, "height": 800}
OWNED = (("institutions_user", "id"), ("learners_learner", "user_id"), ("learners_enrolment", "learner_id"),
         ("reports_report", "learner_id"), ("files_storedfile", "owner_id"))  # fmt: skip
VERIFY = """
import django
django.setup()
from django.core.management import call_command
call_command("seal_trail")
call_command("verify_trail")
"""
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def person(server, chromium):
    """A browser for each who takes part."""
    visits = []

    def enter(role: str, path: str = "/console/") -> Visit:
        context = chromium.new_context(base_url=server.url, viewport=WIDE)
        visits.append(Visit(context.new_page(), server))
        if role:
            visits[-1].enter(role, path)
        return visits[-1]

    yield enter
    for visit in visits:
        visit.page.context.close()
        assert visit.wrong == []


def to(page: Page, section: str) -> None:
    page.click(f"nav.sections a:text-is('{section}')")


def tool(page: Page, word: str) -> None:
    page.click(f"main .tools a:has-text('{word}')")


def overview(page: Page) -> None:
    page.click("nav.sections a:text-is('Overview')")


def said(page: Page) -> str:
    return page.inner_text("main > [role=status]")


def ago(**of: int) -> str:
    return f"{datetime.now(UTC) - timedelta(**of):%Y-%m-%dT%H:%M}"


def choose(page: Page, field: str, name: str) -> None:
    """From a select; or by a search, where there are many."""
    if page.locator(f"select#{field}").count():
        page.locator(f"select#{field} option", has_text=name).evaluate("one => { one.selected = true }")
        return
    page.fill(f"#{field}-search", name)
    page.keyboard.press("Enter")
    page.locator("label.choice", has_text=name).click()


def table(lines: list[str]) -> Any:
    return {"name": "people.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}


def run_import(page: Page) -> dict[str, str]:
    """How many rows were created, refused and so on, when the import that was checked is over."""
    page.click("button[value=run]")
    page.wait_for_selector("h2:text-is('Result')")
    facts = page.locator("section:has(h2:text-is('Result')) dl.facts > div").all_inner_texts()
    return dict(fact.split() for fact in facts)


def moodle(page: Page, settings: dict[str, str]) -> Callable[..., Any]:
    """Calls of a VLE that has these in its settings."""
    api = page.context.request
    role = {name: settings[name] for name in ("role_id", "secret_id")}
    signed = api.post(f"{settings['api_url']}/auth/approle", headers=JSON, data=role)
    assert signed.status == 200, signed.text()
    header = {"Authorization": f"JWT {signed.json()['token']['access_token']}", **JSON}
    home = f"{settings['api_url']}/vle/{signed.json()['vle_id']}/"

    def call(path: str, body: dict[str, Any], status: int = 201) -> Any:
        answer = api.post(f"{home}{path}", headers=header, data=body)
        assert answer.status == status, f"{path}: {answer.status} {answer.text()}"
        return answer.json()

    return call


def consents(page: Page, settings: dict[str, str], ticket: dict[str, Any], path: str) -> None:
    """The learner accepts the consent, as the VLE's plugin lets it be done with a launcher's ticket."""
    api = page.context.request
    pair = api.post(f"{settings['api_url']}/auth/token", headers=JSON, data={n: ticket[n] for n in ("id", "token")})
    header = {"Authorization": f"JWT {pair.json()['access_token']}", **JSON}
    given = api.post(f"{settings['api_url']}/institution/{path}", headers=header, data={"version": "1.0.0"})
    assert given.status == 201, given.text()


def test_an_institutions_first_day(person):
    """From an installation that does not know it to its first exam."""
    page = person("global_admin", "/admin/institutions/institution/add/").page
    first = {"acronym": "FIRST", "name": "First Day University", "email": "ada@first.example.org", "uid": "ada",
             "first_name": "Ada", "last_name": "Byron", "password1": PASSWORD, "password2": PASSWORD}  # fmt: skip
    for name, value in first.items():
        page.fill(f'#content-main [name="{name}"]', value)
    page.click("#content-main [name=_save]")
    assert "ada@first.example.org signs in at" in page.inner_text(".messagelist")

    day = person("")
    page = day.page
    day.open("/signin/?next=/console/")
    day.try_sign_in("ada@first.example.org", PASSWORD)
    steps = page.locator("section:has(#steps) li")
    assert ["to do" in step for step in steps.all_inner_texts()] == [True] * 5

    to(page, "Settings")
    page.get_by_label("Time zone").select_option("Europe/Madrid")
    page.get_by_label("Accepted mail domains").fill("first.example.org")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=The settings were saved.")

    overview(page)
    page.click("section:has(#steps) a:text-is('Connect a VLE')")
    page.click("main a:text-is('Register a VLE')")
    page.get_by_label("Name").fill("First Moodle")
    page.get_by_label("Address").fill("https://moodle.first.example.org")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text('Credentials of First Moodle')")
    assert fits(day)
    assert day.barriers() == []
    page.click("button:has-text('Copy Secret id')")
    page.locator("#copied", has_text="Copied: Secret id").wait_for(state="attached")
    copied = {name: page.input_value(f"#c-{name}") for name in ("api_url", "role_id", "secret_id")}
    page.click("main a:has-text('I have them')")
    page.wait_for_selector("h1:text-is('First Moodle')")
    assert copied["secret_id"] not in page.content()
    call = moodle(page, copied)

    to(page, "Imports")
    rows = ["kay,Kay,kay@first.example.org,learner,1", ",Bob,bob@first.example.org,learner,2"]
    page.set_input_files("#file", table(["Matricola,Nome,e-mail,role,a column that nobody needs", *rows]))
    page.click("main button:has-text('Upload')")
    for field, column in (("uid", "Matricola"), ("first_name", "Nome"), ("email", "e-mail"), ("role", "role")):
        page.select_option(f"#f-{field}", label=column)
    page.check("text=Leave out a column")
    assert fits(day)
    assert day.barriers() == []
    page.click("button[value=check]")
    page.wait_for_selector("text=What the rows would do")
    assert "uid: missing." in page.inner_text("main")
    assert fits(day)
    with page.expect_download() as download:
        page.click("text=Download them as a table")
    refused = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert refused[1].startswith("3,refused,uid: missing.,,Bob,")
    done = run_import(page)
    assert (done["created"], done["refused"]) == ("1", "1")
    page.click("button[value=delete]")
    assert "people.csv" not in page.inner_text("main")

    to(page, "Consents")
    page.click("main a:text-is('Write a new version')")
    page.get_by_label("Version").press("Enter")
    page.click("main a:has-text('Add a language')")
    page.get_by_label("Language").fill("en")
    page.get_by_label("Text (HTML)").fill("<h2>Privacy</h2><p>I agree.</p>")
    page.click("main .buttons button >> nth=0")
    tool(page, "Publish")
    page.get_by_label("Valid from").fill(ago(days=1))
    page.keyboard.press("Enter")
    page.click("button[value=publish]")
    page.wait_for_selector("text=learners are asked for it")

    below = f"course/{call('course/', {'code': 'HIST-1', 'vle_course_id': '42'})['id']}/"
    activity = {"vle_activity_type": "assign", "vle_activity_id": "7"}
    call(f"{below}activity/", {**activity, "name": "Essay"})
    kay = call(f"{below}learner/", {"uid": "kay", "first_name": "Kay", "email": "kay@first.example.org"})

    overview(page)
    page.click("section:has(#steps) a:has-text('Switch verification on')")
    page.click("main table.rows >> text=HIST-1")
    page.click("main table.rows >> text=Essay")
    tool(page, "Add an instrument")
    page.click("main li:has-text('Plagiarism') a")
    page.click("main .buttons button >> nth=0")
    page.wait_for_selector("text=The instrument was added.")
    tool(page, "Change")
    page.get_by_label("Verification is on").check()
    page.click("main .buttons button >> nth=0")
    page.wait_for_selector("text=The activity was saved.")

    exam = {**activity, "vle_learner_uid": "kay"}
    assert "has not accepted" in call("assessment/", exam, 406)["message"]
    home = page.url.split("/console/")[1].split("/")[0]
    consents(page, copied, call("launcher/", {"vle_user_uid": "kay"}, 200), f"{home}/learner/{kay['id']}/ic/")
    assert call("assessment/", exam, 200)["data"]["connector"]
    overview(page)
    assert "1 with a valid consent" in page.inner_text("main")
    assert steps.count() == 0


def test_a_new_version_of_the_consent(person):
    """From its number to the learners who have not accepted it."""
    legal = person(f"legal_admin of {SECOND}")
    page = legal.page
    to(page, "Consents")
    page.click("main a:text-is('Write a new version')")
    page.get_by_label("Version").fill("9.0.0")
    page.keyboard.press("Enter")
    page.click("main li:has-text('es') a:has-text('Begin with that text')")
    text = page.get_by_label("Text (HTML)")
    text.fill(f"{text.input_value()}<h2>Novedades</h2><img src='https://elsewhere.example/x.png'>")
    page.click("button[value=preview]")
    page.wait_for_selector("#served h2:text-is('Novedades')")
    assert "<img> (1)" in page.inner_text("#served [role=status]")
    assert fits(legal)
    page.set_input_files("#id_pdf", {"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"})
    page.click("main .buttons button >> nth=0")
    assert "Cleaning took away" in said(page)
    assert page.locator("main a:has-text('The document (PDF)')").count() == 1
    tool(page, "Compare")
    assert "Novedades" in page.locator("ins").all_inner_texts()
    page.go_back()
    tool(page, "Publish")
    page.get_by_label("Valid from").fill(ago(hours=3))
    page.keyboard.press("Enter")
    page.wait_for_selector("h2:text-is('What it does')")
    assert "All learners must accept it" in page.inner_text("main")
    assert legal.barriers() == []
    word, before, then = page.inner_text("main table.rows tbody tr >> nth=0").split("\t")
    assert (word, then) == ("Valid", "0")
    assert int(before) > 0
    page.click("button[value=publish]")
    assert said(page) == "The date was saved."
    page.wait_for_selector("text=learners are asked for it")
    overview(page)
    panel = page.locator("section:has(h2:text-is('Informed consent'))")
    panel.locator("a[href$='ic_status=NOT_VALID']").first.click()
    page.wait_for_selector("h1:text-is('Learners')")
    assert int(page.inner_text(".count").split()[0]) >= int(before)
    asked = page.locator("table.rows tbody td[data-label='Informed consent']").all_inner_texts()
    assert {each.strip() for each in asked} == {"Outdated: must be accepted again"}


def test_accommodations_of_two_hundred_learners(person):
    """A list of a faculty, given what it needs at once."""
    people = person(f"inst_admin of {SECOND}").page
    uids = [f"exam-{number:03}" for number in range(200)]
    to(people, "Imports")
    rows = [f"{uid},Exam,{uid},{uid}@meridional.example.com,learner" for uid in uids]
    people.set_input_files("#file", table(["uid,first name,last name,e-mail,role", *rows]))
    people.click("main button:has-text('Upload')")
    people.click("button[value=check]")
    assert run_import(people)["created"] == "200"

    send = person(f"send_admin of {SECOND}")
    page = send.page
    to(page, "Special needs")
    page.click("main a:text-is('Add a category')")
    page.get_by_label("Name").fill("Tremor")
    page.get_by_label("Big fonts").check()
    page.get_by_label("Extra time, in percent").fill("25")
    page.get_by_label("A scribe").check()
    page.get_by_label("Keystroke dynamics").check()
    page.click("main .buttons button")
    tool(page, "Give it to learners")
    page.get_by_label("Learners", exact=True).fill("\n".join([*uids[:-1], "exam-2OO"]))
    page.fill("#search", uids[-1])
    page.keyboard.press("Enter")
    page.locator("input[name=marked]").check()
    page.click("button[value=add]")
    page.click("main .buttons button[value=check]")
    assert "No learner has this uid or e-mail." in page.inner_text("main")
    assert fits(send)
    assert send.barriers() == []
    named = page.get_by_label("Learners", exact=True)
    named.fill(named.input_value().replace("exam-2OO", ""))
    page.click("main .buttons button[value=check]")
    page.click("button:text-is('Give it to 200 learners')")
    assert said(page) == "The special need was given to 200 learners."
    to(page, "Learners")
    page.fill("#q", uids[-1])
    page.keyboard.press("Enter")
    page.click(f"main table.rows >> text=Exam {uids[-1]}")
    page.wait_for_selector("text=for good; with big fonts; 25 % extra time, a scribe; without Keystroke dynamics")
    legal = person(f"legal_admin of {SECOND}").page
    legal.goto(page.url)
    told = legal.inner_text("section:has(h2:text-is('To be provided'))")
    assert "25 % extra time, A scribe. With big fonts. Without Keystroke dynamics." in told
    assert "Tremor" not in legal.inner_text("main")


def test_an_instructor_looks_at_an_alert(person):
    """From the overview's alert to the reasons and the pictures; who is looked at can see it, and the trail has it."""
    instructor = person("instructor")
    page = instructor.page
    page.click(".attention li:has-text('Mei Tanaka') a:has-text('Mid-term exam')")
    page.wait_for_selector("h1:text('Mei Tanaka')")
    assert "6 of 6 processed checks are alerts" in page.inner_text("section:has(h2:text('Face recognition'))")
    assert fits(instructor)
    page.click("section:has(h2:text('Face recognition')) >> text=look at it")
    page.wait_for_selector("h1:text('Face recognition')")
    picture = page.locator(".capture img").first
    picture.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert picture.evaluate("one => one.naturalWidth") > 0
    overview(page)
    assert page.locator(".attention li:has-text('Mei Tanaka')").count() == 0

    trail = person("data_admin", "/console/").page
    to(trail, "Trail")
    opened = trail.locator("tbody tr:has-text('Rafael Quintana')").all_inner_texts()
    assert any("read a file (captured sample of a request): Mei Tanaka" in line for line in opened), opened


def test_a_contest_and_its_answer(person):
    """The learner contests, somebody who did not set up the activity decides, the learner reads both levels."""
    learner = person("learner", "/me/")
    page = learner.page
    to(page, "Reports")
    page.click("main table.rows >> text=Mid-term exam")
    page.get_by_label("What you contest").select_option("identity")
    page.get_by_label("Why", exact=True).fill("My desk lamp had broken.")
    page.click("main button:text-is('Contest')")
    page.set_input_files("#file", {"name": "invoice.txt", "mimeType": "text/plain", "buffer": b"A lamp."})
    page.click("main button:text-is('Add')")
    assert "invoice.txt" in page.inner_text("main")
    assert fits(learner)
    assert learner.barriers() == []

    desk = person("data_admin").page
    desk.click(".attention a:has-text('to be answered')")
    desk.click("main table.rows >> text=Amina Diallo")
    choose(desk, "assignee", "Nadia Benali")
    desk.click("main button:text-is('Assign')")
    desk.get_by_label("Outcome").select_option("changed")
    desk.get_by_label("Identity").select_option(label="OK")
    desk.get_by_label("Your reasons").fill("The pictures are dark, and they show you.")
    desk.click("main button:text-is('Decide')")
    desk.wait_for_selector("h2:has-text('The decision')")

    page.reload()
    assert fits(learner)
    assert learner.barriers() == []
    told = page.inner_text("main")
    assert "The pictures are dark, and they show you." in told
    assert "OK by a person, in place of the machine's" in told
    tool(page, "The report")
    told = page.inner_text("main")
    assert "another level holds (identity OK)" in told
    assert re.search(r"Identity\s+Warning", told)


def test_erasure_after_a_legal_hold(person):
    """A hold refuses the erasure; it is released, the erasure runs, and nothing is left."""
    data = person(f"data_admin of {SECOND}")
    page = data.page
    to(page, "Learners")
    page.fill("#q", "Bruno Cardoso")
    page.keyboard.press("Enter")
    page.click("main table.rows >> text=Bruno Cardoso")
    page.wait_for_selector("h1:text-is('Bruno Cardoso')")
    key = int(re.findall(r"learners/(\d+)/", page.url)[0])
    owned = {table: data.stored(table, **{name: key}) for table, name in OWNED}
    assert all(owned.values()), owned

    tool(page, "Set a legal hold")
    page.wait_for_selector("h1:text-is('Set a legal hold')")
    page.get_by_label("Reason").fill("Case 4/2026")
    page.click("main .buttons button")
    page.wait_for_selector("text=The legal hold was set.")
    preview(page)
    assert "A legal hold" in page.inner_text("main .note.bad")
    assert page.locator("button:text-is('Erase all of it')").count() == 0

    to(page, "Legal holds")
    page.click("main table.rows >> text=Bruno Cardoso")
    tool(page, "Release")
    page.get_by_label("Why it is over").fill("The case is closed.")
    page.click("main .buttons button")
    page.wait_for_selector("text=The legal hold was released.")
    preview(page)
    page.click(".buttons button:text-is('Erase all of it')")
    page.wait_for_selector("dt:text-is('Carried out')")  # the page loads again by itself
    assert "Bruno" not in page.inner_text("main")
    assert {table: data.stored(table, **{name: key}) for table, name in OWNED} == {name: [] for name in owned}
    to(page, "People")
    page.fill("#q", "Cardoso")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Nothing fits.")


def preview(page: Page) -> None:
    to(page, "Erasures")
    tool(page, "Erase a learner")
    choose(page, "id_person_id", "Bruno Cardoso")
    page.get_by_label("Reason").fill("A letter of 3 May")
    page.click(".buttons button:text-is('Show what goes')")
    page.wait_for_selector("h2:text-is('What goes')")


def test_the_trail_is_read_and_whole(person, server):
    """Who signed in, as a page and as a table; and the proof that no line is missing."""
    page = person(f"data_admin of {SECOND}").page
    to(page, "Trail")
    page.click("summary:has-text('Filters by column')")
    page.get_by_label("Who did it: part of its name").fill("Pilar")
    page.click("main button:text-is('Show')")
    page.wait_for_url("**actor_id-search=Pilar**")
    page.get_by_label("Who did it", exact=True).select_option(index=1)
    page.get_by_label("Deed").select_option("sign-in")
    page.click("main button:text-is('Show')")
    page.wait_for_url("**verb=sign-in**")
    shown = page.locator("table.rows tbody tr").all_inner_texts()
    assert ["Pilar Echeverría signed in" in line for line in shown] == [True] * max(1, len(shown))
    with page.expect_download() as download:
        tool(page, "Download as CSV")
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + len(shown)
    assert ",sign-in," in lines[1]
    page.click("td a:has-text('Pilar Echeverría') >> nth=0")
    page.wait_for_selector("td:has-text('Pilar Echeverría read the trail as a table')")

    environment = environment_of(server.database.parent)
    ran = subprocess.run([sys.executable, "-c", VERIFY], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
    assert re.search(rb"verified: [1-9]\d* lines, [1-9]\d* heads; faults: 0", ran.stdout)
