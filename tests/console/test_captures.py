"""How far captures are, on the pages of an activity and of a report: the numbers, and what the pages renew."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.captures import REASONS_SHOWN, SECONDS_OPEN, SECONDS_QUIET, SECONDS_WAITING
from courses.models import AssessmentSession
from reports.progress import STATES
from tests.captures import FA, FR, PLAG
from tests.console.test_report import text
from tests.reports.work import ERROR, NO_ENROLMENT, PROCESSING, TIMED_OUT, WAITING, Work

ACTIVITY = "courses/{course}/activities/{activity}/"
PARTS = (f"{ACTIVITY}captures/", f"{ACTIVITY}reports/{{report}}/captures/")


@pytest.fixture
def work(world) -> Work:
    """Two captures of bob wait, one is done, three have failed; one of ann has failed."""
    made = Work(world.home)
    made.answer(made.request(), result=0.9)
    made.answer(made.request(FR, PLAG), WAITING)
    for name, status, said in (
        ("bob", ERROR, {"message_code": "PROVIDER_NO_FACE_DETECTED"}),
        ("bob", ERROR, {"message_code": "PROVIDER_NO_FACE_DETECTED"}),
        ("bob", ERROR, {"error_message": "<b>dark</b>"}),
        ("ann", TIMED_OUT, {}),
    ):
        made.answer(made.request(name=name), status, **said)
    world.home.report = made.report()
    return made


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


def read(answer) -> str:
    """What a reader reads of the part, on one line; and when it is renewed."""
    assert answer.status_code == 200
    return text(type("Page", (), {"text": f"<main>{answer.text}"}))


def test_numbers_and_reasons(work, admin, address):
    of_all, of_bob = (read(admin.get(address(path))) for path in PARTS)
    assert "2 waiting, 0 at work, 1 done, 4 failed" in of_all
    assert "2 waiting, 0 at work, 1 done, 3 failed" in of_bob
    assert (
        "Face recognition 1 0 1 4 No face was found: 2 &lt;b&gt;dark&lt;/b&gt;: 1 not answered in time: 1 "
        "waits for an external service: 1 Plagiarism detection"
    ) in of_all
    assert "Plagiarism detection 1 0 0 0 no provider has begun with it: 1" in of_all
    assert "not answered in time" not in of_bob


COUNTED = re.compile(r'<a href="([^"]*/unsettled/[^"]*)" aria-label="[^"]+">(\d+)</a>')


def test_each_number_leads_to_the_captures_that_it_counts(work, admin, address):
    work.answer(work.request(), PROCESSING)
    work.answer(work.request(), NO_ENROLMENT)
    work.request(done=False)
    for path, instruments in zip(PARTS, (2, 2), strict=True):
        numbers = COUNTED.findall(admin.get(address(path)).text)
        assert {state for url, _ in numbers for state in STATES if f"state={state}&" in unescape(url)} == {*STATES}
        assert len({re.search(r"instrument=(\d+)", url)[1] for url, _ in numbers}) == instruments
        for url, number in numbers:
            page = admin.get(unescape(url))
            assert (page.status_code, f">{number} in all" in page.text) == (200, True), (url, number)


@pytest.mark.parametrize(
    "query", ["state=done", "state=x&instrument=1", "state=done&instrument=x", "moment=2026-01-01"]
)
def test_captures_that_no_number_counts_are_no_page(query, admin, address):
    assert admin.get(f"{address(ACTIVITY)}unsettled/?{query}").status_code == 404


def test_captures_of_other_instruments_and_of_other_institutions_are_none(work, admin, address, world):
    for query in (f"instrument={FA}", f"instrument={FR}&learner={world.away.people['bob'].pk}"):
        assert "None." in admin.get(f"{address(ACTIVITY)}unsettled/?state=failed&{query}").text


def test_rare_reasons_are_told_together(work, admin, address):
    for number in range(REASONS_SHOWN):
        work.answer(work.request(), ERROR, error_message=f"reason {number}")
    found = read(admin.get(address(PARTS[0])))
    assert "reason 1: 1" in found
    assert "other reasons: 3" in found


@pytest.mark.parametrize("path", PARTS)
def test_the_part_is_sent_only_to_who_does_not_have_it(path, work, admin, address):
    page = admin.get(address(path.removesuffix("captures/"))).text
    answer = admin.get(address(path))
    assert answer.text in page
    assert f'data-tag="{answer["ETag"].replace(chr(34), "&quot;")}"' in page
    same = admin.get(address(path), headers={"If-None-Match": answer["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    work.request()
    other = admin.get(address(path), headers={"If-None-Match": answer["ETag"]})
    assert "3 waiting" in read(other)
    assert other["ETag"] != answer["ETag"]


def seconds(answer) -> int:
    return int(answer.text.partition('data-seconds="')[2].partition('"')[0])


def test_pages_look_again_sooner_while_something_may_come(world, admin, address):
    work = Work(world.home)
    request = work.request()
    world.home.report = work.report()
    AssessmentSession.objects.all().delete()

    def found() -> list[int]:
        return [seconds(admin.get(address(path))) for path in PARTS]

    assert found() == [SECONDS_WAITING, SECONDS_WAITING]
    work.answer(request, result=0.5)
    assert found() == [SECONDS_QUIET, SECONDS_QUIET]
    session = work.session("ann")
    assert found() == [SECONDS_OPEN, SECONDS_QUIET]
    AssessmentSession.objects.filter(pk=session.pk).update(closed_at=session.started_at)
    assert found() == [SECONDS_QUIET, SECONDS_QUIET]


def test_an_administrator_who_teaches_reads_those_of_the_course(work, signed_in, world, address):
    browser = signed_in("legal")
    assert [browser.get(address(path)).status_code for path in PARTS] == [404, 404]
    world.home.teach("legal", world.home.course)
    assert "Captures" in text(browser.get(address(ACTIVITY)))
    assert [browser.get(address(path)).status_code for path in PARTS] == [200, 200]


@pytest.mark.parametrize(("path", "most"), [(PARTS[0], 5), (PARTS[1], 7)])
def test_number_of_statements_does_not_grow(path, most, work, admin, address):
    def counted() -> int:
        admin.get(address(path))
        with CaptureQueriesContext(connection) as captured:
            admin.get(address(path))
        return len(captured)

    few = counted()
    for _ in range(4):
        work.answer(work.request(), ERROR, error_message="more")
    assert counted() == few <= most
