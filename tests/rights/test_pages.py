"""/me/...: the pages, as people see them."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, resolve

from console.words import DEMONSTRATED
from courses.models import Course
from institutions.models import InformedConsentDocument, Provider
from learners.models import ConsentDecision, DecidedText
from reports.sentences import DEMONSTRATION
from rights import words
from tests.captures import PLAG
from tests.reports.conftest import allow
from tests.reports.work import Work
from trail.models import Line

LARGEST = 12  # statements of a page, the caller's and the trail's included
# page: the status for ann, bob, member, admin, a global administrator
PAGES = {
    "": (200, 200, 200, 200, 200),
    "trail/": (200, 200, 200, 200, 200),
    "transparency/": (200, 200, 200, 200, 403),
    "bundle/": (200, 200, 200, 200, 403),
    "corrections/": (200, 200, 200, 200, 403),
    "reports/": (200, 200, 403, 403, 403),
    "reports/{report}/": (200, 404, 403, 403, 403),
    "consents/": (200, 200, 403, 403, 403),
    "consents/{decision}/": (200, 404, 403, 403, 403),
    "consents/current/": (200, 200, 403, 403, 403),
    "consents/withdraw/": (200, 200, 403, 403, 403),
    "contests/": (200, 200, 403, 403, 403),
    "contests/{contest}/": (200, 404, 403, 403, 403),
    "erasure/": (200, 200, 403, 403, 403),
    "reports/?page=2": (404, 404, 404, 404, 404),
    "reports/?page=x": (404, 404, 404, 404, 404),
}
WHO = ("ann", "bob", "member", "admin", "global")


def address(page: str, world) -> str:
    return "/me/" + page.format(
        report=world.home.report.pk, decision=world.home.decision.pk, contest=world.home.contest.pk
    )


def test_every_page_is_here(world):
    """The suites of attacks open these pages."""
    here = {resolve(address(page, world).partition("?")[0]).url_name for page in PAGES}
    assert here == {page.name for page in get_resolver("rights.urls").url_patterns}


@pytest.mark.parametrize("who", WHO)
def test_pages_show_the_own_rows_alone(who, world, signed_in):
    browser, place = signed_in(who), WHO.index(who)
    found = {page: browser.get(address(page, world)).status_code for page in PAGES}
    expected = {page: statuses[place] for page, statuses in PAGES.items()}
    if who not in ("ann", "bob"):  # the list itself is refused, whatever page of it
        expected |= {"reports/?page=2": 403}
    assert found == expected


def test_who_is_signed_out_signs_in_first(world, visitor):
    assert visitor.get("/me/reports/")["Location"] == "/signin/?next=/me/reports/"
    assert visitor.post("/me/").status_code in (403, 405)


def test_pages_of_ann(world, signed_in):
    allow(world.home, learner_report=True)
    browser = signed_in("ann")
    held = browser.get("/me/").text
    assert "Special needs" in held
    assert world.home.category.description in held
    report = browser.get(address("reports/{report}/", world)).text
    assert "The three levels, and why" in report
    decision = browser.get(address("consents/{decision}/", world)).text
    assert "<p>I once consented at home.</p>" in decision
    assert "0.1.0" in decision


def test_pages_tell_courses_of_terms_and_results_of_demonstrations_apart(world, signed_in, as_):
    home = world.home
    allow(home, learner_report=True)
    Course.objects.filter(pk=home.course.pk).update(start=datetime(2013, 10, 1, tzinfo=UTC))
    ann, browser = signed_in("ann"), signed_in("bob")
    for page in ("", "reports/", "contests/", "contests/{contest}/", "reports/{report}/"):
        assert ", Oct 2013" in ann.get(address(page, world)).text, page
    assert as_("ann").get("/api/v2/me/held/").json()["instruments_off"][0]["course"].endswith(", Oct 2013")
    work = Work(home)  # without other reports
    work.answer(work.request(PLAG), result=0.1, by=work.plag)
    report = f"reports/{work.report().pk}/"

    def marks() -> list[tuple[int, int]]:
        texts = [browser.get(f"/me/{page}").text for page in ("reports/", report)]
        return [(text.count(DEMONSTRATED), text.count(DEMONSTRATION)) for text in texts]

    assert marks() == [(0, 0), (0, 0)]
    Provider.objects.filter(pk=work.plag.pk).update(is_demonstration=True)
    assert marks() == [(1, 0), (1, 1)]  # content alone was concluded from something; its instrument says why
    allow(home, learner_report=False)
    assert as_("bob").get(f"/api/v2/me/{report.replace('reports', 'report')}").json()["demonstrated"] == []


def test_text_of_a_consent_is_cleaned_again(world, signed_in):
    text = DecidedText.objects.get(decision=world.home.decision).text
    table = text._meta.db_table
    for stored, shown in (("<script>x()</script><b>bold</b>", "<b>bold</b>"), ("<i>" * 3000, "&lt;i&gt;&lt;i&gt;")):
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET html = %s WHERE id = %s", [stored, text.pk])
        page = signed_in("ann").get(address("consents/{decision}/", world)).text
        assert shown in page
        assert "x()" not in page


def test_pages_have_few_statements_and_leave_one_line(world, signed_in):
    allow(world.home, learner_report=True)
    browser = signed_in("ann")
    for page in (
        "", "trail/", "transparency/", "bundle/", "reports/", "reports/{report}/", "consents/", "consents/{decision}/",
        "consents/current/",
    ):  # fmt: skip
        browser.get(address(page, world))
        before = Line.objects.count()
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address(page, world)).status_code == 200
        assert len(queries) <= LARGEST, (page, len(queries))
        lines = [*Line.objects.order_by("pk")[before:]]
        expected = [] if page in ("trail/", "transparency/", "bundle/") else ["me"]
        assert [line.resource.split("/")[0] for line in lines] == expected, page


def test_every_verb_that_the_code_records_has_a_word():
    """Entry("erase", ...), self.recorded("assign", ...)."""
    said, root = re.compile(r'\b(?:Entry|_?recorded)\(\s*"([a-z -]+)"'), Path(words.__file__).parents[1]
    packages = [file.parent for file in root.glob("*/apps.py")]
    found = {*said.findall("".join(file.read_text() for package in packages for file in package.rglob("*.py")))}
    assert len(found) > 20
    assert found <= words.VERBS.keys()


def test_a_learner_reads_the_consent_of_today_in_a_language_and_accepts_it(world, signed_in):
    consent = world.home.newer_consent
    InformedConsentDocument.objects.create(
        institution=world.home.institution, consent=consent, language="pt-BR", html="<p>Concordo.</p>"
    )
    browser = signed_in("bob")
    page = browser.get("/me/consents/current/?language=pt")
    assert "<p>Concordo.</p>" in page.text
    form = {
        name: re.search(f'name="{name}" value="([^"]+)"', page.text)[1] for name in ("version", "language", "sha256")
    }
    form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"].value

    InformedConsentDocument.objects.filter(language="pt-BR").update(html="<p>Concordo com tudo.</p>")
    answer = browser.post("/me/consents/current/", form)
    assert (answer.status_code, "has been changed" in answer.text) == (400, True)
    assert "<p>Concordo com tudo.</p>" in answer.text  # what is to be read again

    form["sha256"] = re.search('name="sha256" value="([^"]+)"', answer.text)[1]
    answer = browser.post("/me/consents/current/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/me/consents/")
    decision = ConsentDecision.objects.latest("pk")
    assert decision.owner_id == world.people["bob"].pk
    assert (decision.version, decision.language, decision.language_named) == (consent.version, "pt-BR", True)
    assert "I have read this text" not in browser.get("/me/consents/current/").text
