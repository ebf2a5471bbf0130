"""Django's admin in Chromium: every form that it offers is filled in and sent, and the row is there after."""

import re
from typing import Any

import pytest

from tests.browser.visit import Visit
from tests.world import PASSWORD

pytestmark = pytest.mark.browser

API = "/api/v2/institution/"
Row = dict[str, Any]


class Kind:
    """The pages of one model: its list, its forms and the page that asks before a row is deleted."""

    def __init__(self, visit: Visit, name: str) -> None:
        self.visit, self.page = visit, visit.page
        self.table, self.listed = f"institutions_{name}", f"/admin/institutions/{name}/"

    def row(self, **wanted: Any) -> Row:
        rows = self.visit.stored(self.table, **wanted)
        assert len(rows) == 1, f"{len(rows)} rows with {wanted}"
        return rows[0]

    def add(self, **values: Any) -> None:
        self.visit.open(self.listed)
        with self.page.expect_navigation():
            self.page.click(".object-tools .addlink")
        self.save(values)

    def change(self, key: Any, **values: Any) -> None:
        self.visit.open(f"{self.listed}{key}/change/")
        self.save(values)

    def save(self, values: Row) -> None:
        for name, value in values.items():
            self.visit.fill(self.page.locator(f'#content-main [name="{name}"]'), value)
        with self.page.expect_navigation():
            self.page.click("#content-main [name=_save]")
        assert self.page.locator(".errornote").count() == 0, self.page.inner_text("#content-main")
        assert self.page.locator(".messagelist .success").count() >= 1
        assert self.page.url == self.visit.server.url + self.listed

    def keeps_rows(self, key: Any) -> None:
        """No row can be deleted here."""
        self.visit.open(f"{self.listed}{key}/change/")
        assert self.page.locator(".deletelink").count() == 0
        self.visit.open(f"{self.listed}{key}/delete/", 403)

    def delete(self, key: Any) -> str:
        """What the page that asks has said."""
        self.visit.open(f"{self.listed}{key}/change/")
        with self.page.expect_navigation():
            self.page.click(".deletelink")
        said = self.page.inner_text("#content")
        with self.page.expect_navigation():
            self.page.click("#content form input[type=submit]")
        assert "deleted successfully" in self.page.inner_text(".messagelist .success")
        return said


def holds(row: Row, **values: Any) -> None:
    assert {name: row[name] for name in values} == values


@pytest.fixture
def kind(global_admin):
    return lambda name: Kind(global_admin, name)


def test_institution_is_registered_with_its_first_administrator(kind, global_admin):
    institutions = kind("institution")
    institutions.add(
        acronym="BROWSER", name="Browser University", email="first@browser.example.org", uid="first",
        first_name="First", last_name="Administrator", password1=PASSWORD, password2=PASSWORD,
    )  # fmt: skip
    institution = institutions.row(acronym="BROWSER")
    holds(institution, name="Browser University", mail_domain=None, allow_learner_report=0)
    holds(kind("user").row(email="first@browser.example.org"), institution_id=institution["id"], uid="first",
          inst_admin=1, login_allowed=1, is_staff=0)  # fmt: skip

    institutions.change(institution["id"], name="Renamed University", allow_learner_report=True)
    holds(institutions.row(acronym="BROWSER"), name="Renamed University", allow_learner_report=1)

    assert "Institution: BROWSER" in institutions.delete(institution["id"])
    assert global_admin.stored("institutions_institution", acronym="BROWSER") == []
    assert global_admin.stored("institutions_user", email="first@browser.example.org") == []


def test_refused_form_says_why_beside_the_field_and_stores_nothing(global_admin):
    page = global_admin.open("/admin/institutions/institution/add/")
    for name, value in {"acronym": "REFUSED", "email": "no@refused.example.org", "password1": PASSWORD}.items():
        global_admin.fill(page.locator(f'#content-main [name="{name}"]'), value)
    page.fill("[name=name]", "Refused University")
    with page.expect_navigation():
        page.click("[name=_save]")
    assert page.inner_text(".field-password2 .errorlist") == "The two passwords are not the same."
    assert page.input_value("[name=acronym]") == "REFUSED"
    assert global_admin.stored("institutions_institution", acronym="REFUSED") == []


def test_person_is_added_changed_and_deleted(kind, global_admin):
    people, institution = kind("user"), global_admin.json(API)["results"][0]["id"]
    people.add(
        institution=institution, email="person@northlake.example.org", uid="person", first_name="New",
        last_name="Person", locale="es", legal_admin=True, password1=PASSWORD, password2=PASSWORD,
    )  # fmt: skip
    person = people.row(uid="person")
    listed = f"{API}{institution}/user/{person['id']}/"
    holds(global_admin.json(listed), email="person@northlake.example.org", last_name="Person", locale="es",
          legal_admin=True, inst_admin=False, login_allowed=True)  # fmt: skip
    people.change(person["id"], last_name="Renamed", legal_admin=False, data_admin=True, login_allowed=False)
    holds(global_admin.json(listed), first_name="New", last_name="Renamed", legal_admin=False, data_admin=True,
          login_allowed=False)  # fmt: skip
    assert "with all roles, data and files" in people.delete(person["id"])
    global_admin.json(listed, 404)


def test_vle_is_changed(kind, global_admin):
    vles, institution = kind("vle"), global_admin.json(API)["results"][0]["id"]
    listed = f"{API}{institution}/vle/"
    before = global_admin.json(listed)["results"][0]
    assert global_admin.open(vles.listed).locator(".addlink[href*='/vle/']").count() == 0
    vles.keeps_rows(before["id"])
    vles.change(before["id"], name="Renamed in the admin", url="https://renamed.example.org/")
    holds(global_admin.json(listed)["results"][0], id=before["id"], name="Renamed in the admin",
          url="https://renamed.example.org/", client_id=before["client_id"])  # fmt: skip
    vles.change(before["id"], name=before["name"], url=before["url"] or "")
    holds(global_admin.json(listed)["results"][0], name=before["name"], url=before["url"])


def test_instrument_is_added_and_changed(kind, global_admin):
    instruments, institution = kind("instrument"), global_admin.json(API)["results"][0]["id"]
    instruments.add(acronym="gaze", name="Gaze", queue="gaze", integrity=True, options_schema='{"type": "object"}')
    instrument = instruments.row(acronym="gaze")
    listed = f"{API}{institution}/instrument/{instrument['id']}/"
    holds(instrument, name="Gaze", enabled=0, integrity=1, identity=0, options_schema='{"type": "object"}')
    instruments.change(instrument["id"], name="Gaze tracking", enabled=True)
    holds(global_admin.json(listed), acronym="gaze", name="Gaze tracking", enabled=True, integrity=True)
    instruments.change(instrument["id"], enabled=False)
    holds(instruments.row(acronym="gaze"), name="Gaze tracking", enabled=0)
    instruments.keeps_rows(instrument["id"])


def test_provider_is_added_and_changed(kind):
    providers = kind("provider")
    providers.add(
        instrument=1, name="Second faces", acronym="faces2", version="2.0", queue="faces2",
        warning_below="0.6", alert_below="0.3",
    )  # fmt: skip
    provider = providers.row(acronym="faces2")
    holds(provider, name="Second faces", instrument_id=1, version="2.0", enabled=0, inverted_polarity=0,
          warning_below=0.6, alert_below=0.3)  # fmt: skip
    providers.change(provider["id"], version="2.1", inverted_polarity=True, warning_below="", alert_below="")
    holds(providers.row(acronym="faces2"), version="2.1", name="Second faces", inverted_polarity=1, warning_below=None,
          alert_below=None)  # fmt: skip
    providers.keeps_rows(provider["id"])


def test_ui_option_is_added_changed_and_deleted(kind, global_admin):
    options = kind("uioption")
    options.add(route="browser-page", enabled=True, roles="ADMIN, GLOBAL_ADMIN")
    option = options.row(route="browser-page")
    holds(option, enabled=1, roles="ADMIN,GLOBAL_ADMIN", institution_id=None, user_id=None)
    assert "browser-page" in routes(global_admin)
    options.change(option["id"], roles="LEARNER")
    holds(options.row(route="browser-page"), enabled=1, roles="LEARNER")
    assert "browser-page" not in routes(global_admin)
    assert "browser-page" in options.delete(option["id"])
    assert global_admin.stored("institutions_uioption", route="browser-page") == []


def routes(visit: Visit) -> list[str]:
    return visit.json("/api/v2/auth/profile")["routes"]


def test_message_is_added_with_its_translations_and_deleted_with_them(kind, global_admin):
    messages, texts = kind("message"), kind("messagelocale")
    messages.add(**{
        "code": "browser_code", "description": "Seen in a browser", "locales-0-locale": "EN",
        "locales-0-message": "Look here.",
    })  # fmt: skip
    holds(messages.row(code="BROWSER_CODE"), description="Seen in a browser", datatype="html", meaning="")
    holds(texts.row(code_id="BROWSER_CODE"), locale="en", message="Look here.")

    page = global_admin.open("/admin/institutions/message/BROWSER_CODE/change/")
    page.click(".add-row a")  # the site's own script makes a further row of the form
    values = {"meaning": "Nothing", "locales-0-message": "Look at me.", "locales-1-locale": "es",
              "locales-1-message": "Mira."}  # fmt: skip
    messages.save(values)
    holds(messages.row(code="BROWSER_CODE"), meaning="Nothing", description="Seen in a browser")
    holds(texts.row(code_id="BROWSER_CODE", locale="en"), message="Look at me.")
    holds(texts.row(code_id="BROWSER_CODE", locale="es"), message="Mira.")

    assert re.search(r"BROWSER_CODE \(es\)", messages.delete("BROWSER_CODE"))
    assert global_admin.stored("institutions_message", code="BROWSER_CODE") == []
    assert global_admin.stored("institutions_messagelocale", code_id="BROWSER_CODE") == []
