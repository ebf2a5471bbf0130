"""Who sees which page of the console: typed from the role table, and asked as every role."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, resolve

from institutions.models import Institution
from tests.console.conftest import ids
from tests.reports.conftest import allow, another_activity

WHO = ("global", "admin", "legal", "data", "send", "member", "teacher", "ann", "stranger")
ACTIVITY = "courses/{course}/activities/{activity}/"
REPORT = f"{ACTIVITY}reports/{{report}}/"
# Page below the institution's own; the status for each of WHO, in that order.
MATRIX = {
    "": (200, 200, 200, 200, 200, 403, 200, 403, 404),
    "groups/new/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "groups/{group}/edit/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "groups/{group}/delete/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "groups/{group}/courses/new/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "groups/{group}/courses/{course}/delete/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "send/new/": (403, 200, 403, 403, 200, 403, 403, 403, 404),
    "send/{category}/": (200, 200, 403, 403, 200, 403, 403, 403, 404),
    "send/{category}/edit/": (403, 200, 403, 403, 200, 403, 403, 403, 404),
    "send/{category}/delete/": (403, 200, 403, 403, 200, 403, 403, 403, 404),
    "send/{category}/learners/": (403, 200, 403, 403, 200, 403, 403, 403, 404),
    "learners/{ann}/send/new/": (403, 200, 403, 403, 200, 403, 403, 403, 404),
    "learners/{ann}/send/{assignment}/edit/": (403, 200, 403, 403, 200, 403, 403, 403, 404),
    "learners/{ann}/send/{assignment}/delete/": (403, 200, 403, 403, 200, 403, 403, 403, 404),
    "settings/": (200, 200, 403, 403, 403, 403, 403, 403, 404),
    "settings/dashboard/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "settings/dashboard/people/new/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "settings/dashboard/people/{ui_option}/delete/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "settings/oidc/": (200, 200, 403, 403, 403, 403, 403, 403, 404),
    "settings/oidc/delete/": (200, 200, 403, 403, 403, 403, 403, 403, 404),
    "courses/": (200, 200, 200, 200, 200, 403, 200, 403, 404),
    "groups/": (200, 200, 200, 200, 200, 403, 403, 403, 404),
    "groups/{group}/": (200, 200, 200, 200, 200, 403, 403, 403, 404),
    "send/": (200, 200, 403, 403, 200, 403, 403, 403, 404),
    "learners/": (200, 200, 200, 200, 200, 403, 200, 403, 404),
    "people/": (200, 200, 200, 200, 200, 403, 403, 403, 404),
    "people/new/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "people/{ann}/": (200, 200, 200, 200, 404, 403, 403, 403, 404),
    "people/{ann}/edit/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "people/{ann}/delete/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "people/{ann}/roles/learner/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "people/{ann}/roles/instructor/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "people/{ann}/merge/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "people/{ann}/former-uids/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "instructors/": (200, 200, 200, 200, 200, 403, 403, 403, 404),
    "consents/": (200, 200, 200, 200, 200, 403, 403, 403, 404),
    "consents/new/": (403, 200, 200, 403, 403, 403, 403, 403, 404),
    "consents/{consent}/": (200, 200, 200, 200, 200, 403, 403, 403, 404),
    "consents/{consent}/compare/": (200, 200, 200, 200, 200, 403, 403, 403, 404),
    "consents/{consent}/edit/": (403, 200, 200, 403, 403, 403, 403, 403, 404),
    "consents/{consent}/publish/": (403, 200, 200, 403, 403, 403, 403, 403, 404),
    "consents/{consent}/delete/": (403, 200, 200, 403, 403, 403, 403, 403, 404),
    "consents/{consent}/documents/new/": (403, 200, 200, 403, 403, 403, 403, 403, 404),
    "consents/{consent}/documents/es/edit/": (403, 200, 200, 403, 403, 403, 403, 403, 404),
    "consents/{consent}/documents/es/delete/": (403, 200, 200, 403, 403, 403, 403, 403, 404),
    "vles/": (200, 200, 403, 403, 403, 403, 403, 403, 404),
    "fairness/": (403, 200, 403, 200, 200, 403, 403, 403, 404),
    "attention/": (200, 200, 403, 200, 403, 403, 403, 403, 404),
    "failing/": (200, 200, 403, 200, 403, 403, 403, 403, 404),
    "activities/": (200, 200, 403, 200, 403, 403, 200, 403, 404),
    "reports/": (200, 200, 403, 200, 403, 403, 200, 403, 404),
    "deletion/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "retention/": (403, 403, 403, 200, 403, 403, 403, 403, 404),
    "trail/": (403, 403, 403, 200, 403, 403, 403, 403, 404),
    "imports/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "imports/{job}/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "contests/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "contests/{contest}/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "corrections/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "corrections/{correction}/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "erasures/": (403, 403, 403, 200, 403, 403, 403, 403, 404),
    "erasures/new/": (403, 403, 403, 200, 403, 403, 403, 403, 404),
    "erasures/{erasure}/": (403, 403, 403, 200, 403, 403, 403, 403, 404),
    "holds/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "holds/new/": (403, 403, 403, 200, 403, 403, 403, 403, 404),
    "holds/{hold}/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "holds/{hold}/release/": (403, 403, 403, 200, 403, 403, 403, 403, 404),
    "vles/new/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "vles/{vle}/edit/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "vles/{vle}/credentials/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "vles/{vle}/delete/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "vles/{vle}/": (200, 200, 403, 403, 403, 403, 403, 403, 404),
    "instruments/": (200, 200, 200, 200, 200, 403, 200, 403, 404),
    "learners/{ann}/": (200, 200, 200, 200, 200, 403, 200, 403, 404),
    "learners/{ann}/enrolment/delete/": (403, 403, 403, 200, 403, 403, 403, 403, 404),
    "learners/{ann}/decisions/{decision}/": (403, 200, 200, 200, 403, 403, 403, 403, 404),
    "courses/{course}/": (200, 200, 404, 200, 404, 403, 200, 403, 404),
    "courses/{course}/learners/": (200, 200, 404, 200, 404, 403, 200, 403, 404),
    "courses/{course}/instructors/": (200, 200, 404, 200, 404, 403, 200, 403, 404),
    "courses/{course}/delete/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    "courses/{course}/learners/new/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "courses/{course}/learners/{ann}/delete/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "courses/{course}/instructors/new/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    "courses/{course}/instructors/{teacher}/delete/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    ACTIVITY: (200, 200, 404, 200, 404, 403, 200, 403, 404),
    "courses/{course}/activities/new/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    f"{ACTIVITY}edit/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    f"{ACTIVITY}delete/": (403, 200, 403, 200, 403, 403, 403, 403, 404),
    f"{ACTIVITY}instruments/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    f"{ACTIVITY}instruments/1/new/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    f"{ACTIVITY}instruments/{{row}}/edit/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    f"{ACTIVITY}instruments/{{row}}/delete/": (403, 200, 403, 403, 403, 403, 403, 403, 404),
    f"{ACTIVITY}unsettled/": (200, 200, 404, 200, 404, 403, 200, 403, 404),
    f"{ACTIVITY}captures/": (200, 200, 404, 200, 404, 403, 200, 403, 404),
    REPORT: (200, 200, 404, 200, 404, 403, 200, 403, 404),
    f"{REPORT}captures/": (200, 200, 404, 200, 404, 403, 200, 403, 404),
    f"{REPORT}requests/": (200, 200, 404, 200, 404, 403, 200, 403, 404),
    f"{REPORT}requests/{{request}}/": (200, 200, 404, 200, 404, 403, 200, 403, 404),
    f"{REPORT}evidence/2/": (200, 200, 404, 200, 404, 403, 200, 403, 404),
}

PEOPLE = "People Instructors"
IMPORTS = ("imports/", "imports/{job}/")  # what is sent there: see test_imports.py
CHANGING = re.compile(
    r"/(new|edit|delete|publish|merge|former-uids|credentials|roles/\w+|send/\{category\}/learners|settings|dashboard|release|"
    r"retention|deletion|oidc)/$"
)  # pages with a form
WORK = [page for page in MATRIX if CHANGING.search(f"/{page}")]


# No page below an institution's own, a file, or one that is there only with mail: tested beside each.
OTHERS = {
    "home", "undo", "import-template", "import-result", "import-errors", "person-password", "activity-pdf",
    "report-pdf",
}  # fmt: skip


def test_every_page_is_in_the_matrix(address):
    covered = {resolve(address(page)).url_name for page in MATRIX}
    names = {page.name for page in get_resolver("console.urls").url_patterns}
    assert names - covered == OTHERS


@pytest.mark.parametrize("who", WHO)
def test_role_and_page(who, world, signed_in, address):
    allow(world.home, valid_audit=True)  # instructors see the evidence of results without an alert, too
    browser, place = signed_in(who), WHO.index(who)
    found = {page: browser.get(address(page)).status_code for page in MATRIX}
    assert found == {page: statuses[place] for page, statuses in MATRIX.items()}


@pytest.mark.parametrize("page", ["", "/", *(f"/{{i}}/{page}" for page in MATRIX)])
def test_who_is_signed_out_signs_in_first(page, world, visitor):
    path = f"/console{page}".format(i=world.home.institution.pk, **ids(world))
    answer = visitor.get(f"{path}?search=a%26b")
    if not path.endswith("/"):
        answer = visitor.get(answer["Location"])
    assert answer.status_code == 302
    assert answer["Location"].startswith("/signin/?next=/console/")
    assert answer["Location"].endswith("%3Fsearch%3Da%2526b")


def test_administrator_is_led_to_the_own_institution(world, signed_in, address):
    answer = signed_in("legal").get("/console/")
    assert (answer.status_code, answer["Location"]) == (302, address(""))


@pytest.mark.parametrize("who", ["member", "ann"])
def test_who_has_no_role_for_it_is_told_so(who, world, signed_in):
    answer = signed_in(who).get("/console/")
    assert answer.status_code == 403
    assert "Not for your roles" in answer.text


def test_global_administrator_chooses(world, signed_in, address):
    page = signed_in("global").get("/console/").text
    assert f'href="{address("")}"' in page
    assert f'href="{address("", home=world.away)}"' in page
    assert signed_in("global").get(address("", home=world.away)).status_code == 200


@pytest.mark.parametrize("who", ["admin", "legal", "data", "send", "teacher"])
def test_another_institution_is_not_there(who, world, signed_in, address):
    browser = signed_in(who)
    assert {browser.get(address(page, home=world.away)).status_code for page in MATRIX} == {404}


@pytest.mark.parametrize("who", ["global", "admin", "data", "teacher"])
def test_rows_of_another_institution_are_not_there(who, world, signed_in):
    """Their ids, under the own institution. Who may not read such rows at all is told so, whatever the id."""
    browser, place = signed_in(who), WHO.index(who)
    for page in MATRIX:
        if "{" in page:
            crossed = f"/console/{world.home.institution.pk}/{page}".format(**ids(world, world.away))
            assert browser.get(crossed).status_code == (403 if MATRIX[page][place] == 403 else 404), page


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "captures/",
        "reports/{report}/",
        "reports/{report}/captures/",
        "reports/{report}/requests/",
        "reports/{report}/evidence/2/",
    ],
)
def test_activity_under_another_course_is_not_there(tail, world, signed_in, address):
    path = f"courses/{world.home.other_course.pk}/activities/{{activity}}/{tail}"
    assert signed_in("admin").get(address(path)).status_code == 404


@pytest.mark.parametrize("tail", ["", "captures/", "requests/", "requests/{request}/", "evidence/2/"])
@pytest.mark.parametrize("who", ["global", "admin"])
def test_report_under_another_activity_is_not_there(who, tail, world, signed_in, address):
    other = another_activity(world.home)
    browser = signed_in(who)
    assert browser.get(address(f"courses/{{course}}/activities/{other.pk}/")).status_code == 200
    assert (
        browser.get(address(f"courses/{{course}}/activities/{other.pk}/reports/{{report}}/{tail}")).status_code == 404
    )
    foreign = f"{ACTIVITY}reports/{world.away.report.pk}/{tail}"
    assert browser.get(address(foreign)).status_code == 404


@pytest.mark.parametrize("path", ["0/", "-1/", "x/", "99999999999999999999/", "1/nothing/", "1/learners/x/"])
def test_addresses_that_do_not_exist(path, world, signed_in):
    assert signed_in("admin").get(f"/console/{path}").status_code == 404


def test_institution_that_does_not_exist(world, signed_in):
    nowhere = Institution.objects.order_by("pk").last().pk + 1
    assert signed_in("global").get(f"/console/{nowhere}/").status_code == 404
    assert signed_in("global").get(f"/console/{nowhere}/learners/").status_code == 404


def test_revoked_flag_closes_the_console_at_once(world, signed_in, address):
    browser = signed_in("data")
    assert browser.get(address("")).status_code == 200
    world.people["data"].data_admin = False
    world.people["data"].save()
    assert browser.get(address("")).status_code == 403


def test_flag_in_another_institution_opens_nothing_here(world, signed_in, address):
    """stranger administers the other institution."""
    browser = signed_in("stranger")
    assert browser.get(address("", home=world.away)).status_code == 200
    for page in MATRIX:
        assert browser.get(address(page)).status_code == 404


def test_nothing_is_kept_by_browsers(world, signed_in, address):
    browser = signed_in("admin")
    refused = (address("learners/999/"), address("", home=world.away))
    for path in ("/console/", *(address(page) for page in MATRIX), *refused):
        assert "no-store" in browser.get(path)["Cache-Control"]
    assert "no-store" in signed_in("member").get("/console/")["Cache-Control"]


def test_nothing_can_be_sent(world, signed_in, address):
    browser = signed_in("admin")
    browser.handler.enforce_csrf_checks = False
    for method in ("post", "put", "patch", "delete"):
        posted = {*WORK, "contests/{contest}/", "corrections/{correction}/"} if method == "post" else set()
        refused = {"erasures/{erasure}/"} | {page for page in WORK if MATRIX[page][WHO.index("admin")] == 403}
        for path in ("/console/", *(address(page) for page in MATRIX if page not in {*IMPORTS, *posted, *refused})):
            assert getattr(browser, method)(path).status_code == 405


@pytest.mark.parametrize("who", WHO)
def test_who_gets_no_form_can_send_none(who, world, signed_in, address):
    browser, place = signed_in(who), WHO.index(who)
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    refused = {page: MATRIX[page][place] for page in WORK if MATRIX[page][place] != 200}
    assert {page: browser.post(address(page), headers=token).status_code for page in refused} == refused


def test_forms_are_sent_with_the_pages_own_token(world, signed_in, address):
    browser = signed_in("admin")
    assert {browser.post(address(page), {}).status_code for page in WORK} == {403}


@pytest.mark.parametrize("page", WORK)
def test_statements_of_a_form(page, world, signed_in, address):
    browser = signed_in("admin" if MATRIX[page][WHO.index("admin")] == 200 else "data")
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address(page)).status_code == 200
    assert len(captured) <= 12


@pytest.mark.parametrize(
    ("who", "titles"),
    [
        (
            "admin",
            (
                f"Overview Courses Activities Reports Groups Learners Special_needs {PEOPLE} Consents VLEs Instruments "
                "Contests Corrections Legal_holds Fairness Imports Delete_in_bulk Settings"
            ),
        ),
        (
            "global",
            (
                f"Overview Courses Activities Reports Groups Learners Special_needs {PEOPLE} Consents VLEs Instruments "
                "Settings"
            ),
        ),
        ("legal", "Overview Courses Groups Learners People Instructors Consents Instruments"),
        (
            "data",
            (
                "Overview Courses Activities Reports Groups Learners People Instructors Consents Instruments Contests "
                "Corrections Legal_holds Erasures Fairness Trail Retention Delete_in_bulk"
            ),
        ),
        ("send", "Overview Courses Groups Learners Special_needs People Instructors Consents Instruments Fairness"),
    ],
)
def test_sections_are_those_that_the_roles_open(who, titles, world, signed_in, address):
    answer = signed_in(who).get(address(""))
    shown = [title.replace(" ", "_") for title, _, _ in answer.context["sections"]]
    assert shown == titles.split()
    for _, page, _ in answer.context["sections"]:
        assert signed_in(who).get(page).status_code == 200


@pytest.mark.parametrize("condition", ["If-None-Match", "If-Match"])
def test_conditions_of_the_page_are_not_those_of_its_parts(condition, signed_in, address):
    """A browser asks whether it has the page already, not whether it has the rows that the page is made of."""
    answer = signed_in("admin").get(address("courses/{course}/"), headers={condition: "*"})
    assert answer.status_code == 200
