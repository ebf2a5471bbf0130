"""The console for instructors: the courses that they teach, with reports, reasons and evidence, and nothing else."""

import csv
import re
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from courses.models import Activity
from learners.models import Learner
from reports.models import Report, ReportInstrument, Request
from tests.console.conftest import ids
from tests.console.test_access import ACTIVITY, MATRIX, REPORT, WHO
from tests.console.test_report import text
from tests.lines import details_of
from tests.reports.conftest import allow
from trail.models import Line

OWN = [page for page, statuses in MATRIX.items() if statuses[WHO.index("teacher")] == 200]
BELOW = [page for page in OWN if page.startswith("courses/{course}/")]
SECRET = "Secret course"


@pytest.fixture
def elsewhere(world) -> SimpleNamespace:
    """Another course of the institution, which the visitor teaches and eve attends, with an alert and a request."""
    home = world.home
    home.join(home.other_course, "eve")
    home.other_course.description = SECRET
    home.other_course.save()
    pair = {"institution": home.institution, "learner": home.learners["eve"]}
    activity = Activity.objects.create(
        institution=home.institution, vle=home.vle, course=home.other_course, vle_activity_type="quiz",
        vle_activity_id="9", name="Secret essay", enabled=True,
    )  # fmt: skip
    report = Report.objects.create(**pair, activity=activity, identity_level=4, contest={"state": "open"})
    ReportInstrument.objects.create(report=report, instrument_id=2, identity_level=4)
    request = Request.objects.create(**pair, activity=activity)
    return SimpleNamespace(course=home.other_course, activity=activity, report=report, request=request)


@pytest.fixture
def alert(world) -> Report:
    """Of ann, in the teacher's course."""
    Report.objects.filter(pk=world.home.report.pk).update(identity_level=4)
    ReportInstrument.objects.filter(pk=world.home.report_instrument.pk).update(identity_level=4)
    return world.home.report


def lines(answer) -> list[tuple[str, int | None, str]]:
    return [(line.word, line.number, line.address) for line in answer.context["attention"]]


def first_cells(answer) -> list[str]:
    return [str(line.cells[0][1]) for line in answer.context["table"].lines]


def test_sign_in_leads_to_the_own_courses(world, elsewhere, signed_in, address):
    browser = signed_in("teacher")
    assert browser.get("/console/")["Location"] == address("")
    answer = browser.get(address(""))
    assert [row["code"] for row in answer.context["taught"]["results"]] == ["C1"]
    assert answer.context["taught"]["results"][0]["levels"][2] == 1  # ann's report
    numbers = {"courses", "consents", "people", "instructors", "needs", "levels", "by_course", "steps"}
    assert not numbers & answer.context.keys()  # of the institution
    assert SECRET not in answer.text
    assert [title for title, _, _ in answer.context["sections"]] == [
        "Overview", "Courses", "Activities", "Reports", "Learners", "Instruments",
    ]  # fmt: skip
    assert ">C2<" not in answer.text


def test_alerts_wait_until_they_are_looked_at(world, elsewhere, alert, signed_in, address):
    browser, page = signed_in("teacher"), address(REPORT)
    before = browser.get(address(""))
    assert lines(before) == [("alert", None, page)]
    assert "Ann Home: “Quiz”, C1, changed" in text(before)
    assert browser.get(page).status_code == 200
    assert lines(browser.get(address(""))) == []
    Report.objects.filter(pk=alert.pk).update(updated_at=timezone.now() + timedelta(seconds=1))
    assert lines(browser.get(address(""))) == [("alert", None, page)]
    unseen = browser.get(address("reports/"), {"level__gte": "3", "looked_at": "false"})
    assert first_cells(unseen) == ["Ann Home"]


def test_more_alerts_than_are_shown_are_counted(world, alert, signed_in, address):
    home = world.home
    for number in range(12):
        home.learner(f"l{number}")
        Report.objects.create(
            institution=home.institution, activity=home.activity, learner=home.learners[f"l{number}"],
            content_level=4 if number < 10 else 3,
        )  # fmt: skip
    *each, alerts, warnings = lines(signed_in("teacher").get(address("")))
    assert [(word, number) for word, number, _ in each] == [("alert", None)] * 10
    assert (alerts[:2], warnings[:2]) == (("alert", 11), ("warning", 2))
    line = Line.objects.get(resource="console/overview", actor_id=world.people["teacher"].pk)
    assert details_of(line)["rows"][f"institution/report {home.institution.pk}"] == 10
    for _, number, place in (alerts, warnings):
        assert signed_in("teacher").get(place).context["table"].count == number


def test_contested_reports_are_told(world, elsewhere, signed_in, address):
    browser = signed_in("teacher")
    assert lines(browser.get(address(""))) == []  # the one elsewhere is not counted
    state = {"state": "open", "is_final": False, "level": None, "deadline": None, "human_levels": {}, "set_aside": []}
    Report.objects.filter(pk=world.home.report.pk).update(contest=state)
    ((word, number, place),) = lines(browser.get(address("")))
    assert (word, number) == ("contest", 1)
    assert first_cells(browser.get(place)) == ["Ann Home"]
    Report.objects.filter(pk=world.home.report.pk).update(identity_level=4)
    assert "C1, contested, not final, changed" in text(browser.get(address("")))


def test_lists_and_their_files_have_rows_of_own_courses_alone(world, elsewhere, signed_in, address):
    browser = signed_in("teacher")
    expected = {"courses/": ["C1"], "learners/": ["Ann Home", "Bob Home"], "reports/": ["Ann Home"],
                "activities/": ["Quiz"]}  # fmt: skip
    eve = world.people["eve"].pk
    narrowed = {
        "courses/": [{"search": "Secret"}, {"id": elsewhere.course.pk}],
        "activities/": [{"search": "Secret"}, {"course": elsewhere.course.pk}],
        "learners/": [{"search": "eve"}, {"uid": "eve"}, {"id": eve}],
        "reports/": [{"course": elsewhere.course.pk}, {"activity": elsewhere.activity.pk}, {"search": "eve"},
                     {"contest": "open"}, {"highest": 4}],
    }  # fmt: skip
    for page, names in expected.items():
        answer = browser.get(address(page))
        assert first_cells(answer) == names, page
        assert "only some of these: those of the courses that you teach" in answer.text
        content = browser.get(address(page), {"download": "csv"}).getvalue().decode("utf-8-sig")
        assert [row[0] for row in list(csv.reader(StringIO(content)))[1:]] == names, page
        for query in narrowed[page]:
            assert first_cells(browser.get(address(page), query)) == [], (page, query)
            file = browser.get(address(page), query | {"download": "csv"}).getvalue().decode("utf-8-sig")
            assert len(list(csv.reader(StringIO(file)))) == 1, (page, query)
    chosen = browser.get(address("reports/"), {"course": elsewhere.course.pk}).text
    assert not re.search(r"\bC2\b", re.sub(r"<(title|h1)>.*?</\1>", "", chosen))  # nor is it offered as a choice
    assert "Secret" not in chosen


@pytest.mark.parametrize("page", [*BELOW, f"{REPORT}report.pdf", f"{ACTIVITY}reports.pdf"])
def test_another_course_is_not_there(page, world, elsewhere, signed_in, address):
    """With all ids of the other course, and with one of them below the own."""
    browser, own = signed_in("teacher"), ids(world)
    other = own | {name: row.pk for name, row in vars(elsewhere).items()}
    start = f"/console/{world.home.institution.pk}/"
    assert browser.get(start + page.format(**other)).status_code == 404
    for name in re.findall(r"{(course|activity|report|request)}", page):
        assert browser.get(start + page.format(**own | {name: other[name]})).status_code == 404, name


def test_learner_of_an_own_course_and_no_other(world, elsewhere, signed_in, address):
    """With what must be provided; not with the category, and not with reports of other courses."""
    home = world.home
    home.join(home.other_course, "ann")
    Report.objects.create(
        institution=home.institution, activity=elsewhere.activity, learner=home.learners["ann"], identity_level=4
    )
    browser = signed_in("teacher")
    answer = browser.get(address("learners/{ann}/"))
    assert "To be provided With big fonts. Without Keystroke dynamics." in text(answer)
    assert home.category.description not in answer.text
    assert [row["name"] for row in answer.context["reports"]] == ["Quiz"]
    assert f'href="{address(REPORT)}"' in answer.text
    assert "Secret" not in answer.text
    assert not {"needs", "courses", "trail"} & answer.context.keys()
    assert answer.context["decisions"] is None
    assert browser.get(address("learners/{eve}/")).status_code == 404


def test_nothing_is_offered_that_would_be_refused(world, alert, signed_in, address):
    """Every link of the pages leads to a page."""
    allow(world.home, valid_audit=True)
    browser = signed_in("teacher")
    linked = set()
    for page in OWN:
        found = re.findall(r'href="(/console/[^"?#]*)', browser.get(address(page)).text)
        linked |= {link for link in found if not link.endswith(".pdf")}
    assert {link: status for link in linked if (status := browser.get(link).status_code) != 200} == {"/console/": 302}


@pytest.mark.parametrize("page", OWN)
def test_statements(page, world, alert, signed_in, address):
    browser = signed_in("teacher")
    browser.get(address(page))
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address(page)).status_code == 200
    assert len(captured) <= 12, [query["sql"] for query in captured]


def test_an_administrator_who_teaches_sees_both_and_no_more(world, elsewhere, alert, signed_in, address):
    world.home.teach("send", world.home.course)
    browser = signed_in("send")
    answer = browser.get(address(""))
    assert {"needs", "consents", "taught"} <= answer.context.keys()
    assert not {"courses", "levels", "by_course"} & answer.context.keys()
    assert lines(answer) == [("alert", None, address(REPORT))]
    assert browser.get(address("send/")).status_code == 200
    assert browser.get(address(REPORT)).status_code == 200
    assert first_cells(browser.get(address("reports/"))) == ["Ann Home"]
    assert "Secret" not in answer.text
    assert browser.get(address(f"courses/{elsewhere.course.pk}/")).status_code == 404
    assert browser.get(address("trail/")).status_code == 403


def test_who_also_attends_a_course_finds_no_page_of_it(world, elsewhere, signed_in, address):
    """It is in the list, as in the API; what stands on the pages of a course is about all of its learners."""
    home = world.home
    Learner.objects.create(user=home.people["teacher"], institution=home.institution)
    home.other_course.learners.add(home.people["teacher"].pk, through_defaults={"institution": home.institution})
    allow(home, learner_report=True, learner_audit=True, valid_audit=True)
    browser = signed_in("teacher")
    listed = browser.get(address("courses/"))
    assert [(line.address, str(line.cells[0][1])) for line in listed.context["table"].lines] == [
        (address("courses/{course}/"), "C1"), ("", "C2"),
    ]  # fmt: skip
    assert [row["code"] for row in browser.get(address("")).context["taught"]["results"]] == ["C1"]
    other = ids(world) | {name: row.pk for name, row in vars(elsewhere).items()}
    start = f"/console/{home.institution.pk}/"
    assert {browser.get(start + page.format(**other)).status_code for page in BELOW} == {404}


def test_leaving_a_course_closes_it_at_once(world, alert, signed_in, address):
    browser = signed_in("teacher")
    assert browser.get(address(REPORT)).status_code == 200
    world.home.course.instructors.clear()
    assert browser.get(address(REPORT)).status_code == 404
    answer = browser.get(address(""))
    assert (lines(answer), answer.context["taught"]["results"]) == ([], [])
    assert "You teach no course here." in answer.text
