"""The learner in Chromium: takes the consent back, gives it again, and looks at the enrolment."""

import pytest

from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

LIST = "/api/v2/institution/"


@pytest.fixture
def learner(visit) -> Visit:
    visit.enter("learner")
    return visit


@pytest.fixture
def own(learner) -> str:
    """The address of the learner's row, found by following the links from the start."""
    page = learner.open(LIST)
    for link in ("tbody a >> nth=0", ".below >> text=learner", "tbody a"):  # in the end one row: the own one
        with page.expect_navigation():
            page.click(link, strict=True)
    return page.url.removeprefix(learner.server.url)


def follow(visit: Visit, word: str, status: int) -> None:
    visit.statuses = {status}
    with visit.page.expect_navigation():
        visit.page.click(f".tools a[href$='/{word}/']")


def test_learner_rejects_and_accepts_the_consent(learner, own):
    before = learner.json(own)
    version, decisions = before["consent"]["version"], decided(learner, before)
    assert (before["ic_status"], before["consent_rejected"]) == ("VALID", None)
    assert not learner.offers("PUT")
    assert not learner.offers("DELETE")

    follow(learner, "ic", 405)
    learner.delete()
    rejected = learner.json(own)
    assert rejected["consent_rejected"] is not None
    assert (rejected["ic_status"], rejected["consent"]["version"]) == ("NOT_VALID_REJECTED", version)
    assert decided(learner, before) == [*decisions, ("rejected", version, "en")]

    learner.open(f"{own}ic/", 405)
    learner.send("POST", {"version": "1.0.0"}, 400)
    assert learner.page.locator(".field.wrong").count() == 1
    learner.send("POST", {"version": version, "language": "es"}, 201)
    accepted = learner.json(own)
    assert (accepted["ic_status"], accepted["consent_rejected"]) == ("VALID", None)
    assert accepted["consent_accepted"] > before["consent_accepted"]
    assert decided(learner, before) == [*decisions, ("rejected", version, "en"), ("accepted", version, "es")]

    learner.open(f"{own}ic/", 405)
    learner.delete()
    learner.open(f"{own}ic/", 405)
    learner.send("POST", f'{{"consent": {{"version": "{version}"}}}}', 201)
    assert learner.json(own)["ic_status"] == "VALID"


def decided(visit: Visit, learner: dict) -> list[tuple[str, str, str]]:
    rows = visit.stored("learners_consentdecision", learner_id=learner["learner_id"].replace("-", ""))
    return [(row["decision"], row["version"], row["language"]) for row in sorted(rows, key=lambda row: row["id"])]


def test_learner_looks_at_the_enrolment(learner, own):
    follow(learner, "enrolment", 200)
    assert learner.page.url == f"{learner.server.url}{own}enrolment/"
    status = learner.json(f"{own}enrolment/")["enrolment_status"]
    assert len(status) > 0
    assert learner.page.inner_text(".answer pre").count('"percentage__min"') == len(status)
    assert not learner.offers("POST")


def test_administrator_is_offered_no_consent_form(admin):
    institution = admin.json(LIST)["results"][0]["id"]
    learner = admin.json(f"{LIST}{institution}/learner/")["results"][0]["id"]
    row = f"{LIST}{institution}/learner/{learner}/"
    assert admin.open(row).locator(".tools a[href$='/ic/']").count() == 0
    admin.open(f"{row}ic/", 403, 405)
    assert not admin.offers("POST")
    assert not admin.offers("DELETE")
