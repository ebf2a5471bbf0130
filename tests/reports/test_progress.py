"""How far captures are: by instrument, why some failed, of whom, and with how many statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from institutions.models import Message, MessageLocale
from pipeline.running import run_due
from reports import progress
from reports.arithmetic import ResultStatus
from reports.models import RequestProviderResult
from reports.progress import Cause, Progress, captures_progress
from reports.services.verifying import result_status_set
from tests.captures import FA, FR, PLAG
from tests.reports.conftest import another_activity
from tests.reports.work import ERROR, NO_ENROLMENT, PROCESSING, TIMED_OUT, WAITING, Work

pytestmark = pytest.mark.django_db


def rows_of(*of: int) -> list[Progress]:
    return captures_progress(*of).rows


@pytest.fixture
def work(world) -> Work:
    return Work(world.home)


def numbers(found: list[Progress]) -> dict[str, tuple[int, int, int, int]]:
    return {row.name: (row.waiting, row.working, row.done, row.failed) for row in found}


def begun(work: Work, request, status: int) -> None:
    result_status_set(row=RequestProviderResult.objects.get(request=request, provider=work.fr), status=status)
    run_due()


def test_each_state_is_counted_for_each_instrument(work):
    work.request(FR, PLAG, done=False)  # stored, nobody has been asked
    assert numbers(rows_of(work.home.activity.pk)) == {
        "Face recognition": (1, 0, 0, 0),
        "Plagiarism detection": (1, 0, 0, 0),
    }
    face = work.request(FR, session=work.session())
    external, done = work.request(), work.request()
    begun(work, face, PROCESSING)
    begun(work, external, WAITING)
    work.answer(done, result=0.9)
    work.request(FA)  # without a provider
    found = rows_of(work.home.activity.pk)
    assert numbers(found) == {
        "Face recognition": (2, 1, 1, 0),
        "Forensic analysis": (0, 0, 0, 1),
        "Plagiarism detection": (1, 0, 0, 0),
    }
    assert [row.causes for row in found] == [
        [Cause(ResultStatus.WAITING, "", 1)],
        [Cause(ResultStatus.MISSING_PROVIDER, "", 1)],
        [],
    ]


def test_reasons_are_what_providers_said_the_most_frequent_first(work):
    known = Message.objects.get(code="PROVIDER_NO_FACE_DETECTED")
    bare = Message.objects.create(code="PROVIDER_MOON")
    answers = [
        *[(ERROR, {"message_code": known.code})] * 3,
        *[(TIMED_OUT, {})] * 2,
        (ERROR, {"message_code": bare.code}),
        (ERROR, {"error_message": "Broken lens." + "x" * 300}),
    ]
    for status, said in answers:
        work.answer(work.request(), status, **said)
    work.enrolled("bob", "0.1", can_analyse=False)
    work.request()
    (row,) = rows_of(work.home.activity.pk)
    assert (row.failed, row.waiting) == (8, 0)
    assert [(each.status, each.text[:20], each.number) for each in row.causes] == [
        (ERROR, "No face was found.", 3),
        (TIMED_OUT, "", 2),
        (ERROR, "Broken lens.xxxxxxxx", 1),
        (ERROR, "PROVIDER_MOON", 1),
        (NO_ENROLMENT, "", 1),
    ]
    assert len(row.causes[2].text) == progress.LONGEST
    MessageLocale.objects.filter(code=known, locale="en").update(message="Nobody in the picture")
    assert rows_of(work.home.activity.pk)[0].causes[0].text == "Nobody in the picture"


def test_an_instrument_that_failed_is_explained_while_another_is_at_work(work):
    request = work.request(FR, PLAG)
    work.answer(request, ERROR, error_message="Dark")
    found = rows_of(work.home.activity.pk)
    assert numbers(found) == {"Face recognition": (0, 0, 0, 1), "Plagiarism detection": (1, 0, 0, 0)}
    assert found[0].causes == [Cause(ResultStatus(ERROR), "Dark", 1)]


def test_of_one_learner_and_of_one_activity(work, world):
    work.enrolled("ann", "0.75")
    for name, times in (("bob", 2), ("ann", 1)):
        for _ in range(times):
            work.answer(work.request(name=name), ERROR)
            work.request(name=name, done=False)
    elsewhere = another_activity(world.home)
    work.request(activity=elsewhere, done=False)
    activity, bob = work.home.activity.pk, work.home.learners["bob"].pk
    assert numbers(rows_of(activity)) == {"Face recognition": (3, 0, 0, 3)}
    assert numbers(rows_of(activity, bob)) == {"Face recognition": (2, 0, 0, 2)}
    assert rows_of(activity, bob)[0].causes == [Cause(ResultStatus(ERROR), "", 2)]
    assert numbers(rows_of(elsewhere.pk)) == {"Face recognition": (1, 0, 0, 0)}


def test_statements_and_rows_that_are_read_have_an_end(work, monkeypatch):
    for name in ("MOST_OPEN", "MOST_ENDED"):
        monkeypatch.setattr(progress, name, 3)
    for _ in range(4):
        work.answer(work.request(), ERROR)
        work.request(done=False)
    with CaptureQueriesContext(connection) as captured:
        (row,) = rows_of(work.home.activity.pk)
    assert len(captured) == 1
    assert row.failed == 4
    assert row.causes == [Cause(ResultStatus(ERROR), "", 3)]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            cursor.execute(f"EXPLAIN {captured.captured_queries[0]['sql']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert plan.count("request_unsettled") == 2, plan  # of those that wait, and of causes
