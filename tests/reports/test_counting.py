"""From providers' answers to reports, through the services, and the same from scratch."""

from decimal import Decimal

import pytest
from django.utils import timezone

from courses.models import Activity, AssessmentSession
from learners.models import Enrolment
from pipeline.jobs import enqueue
from pipeline.running import run_due
from reports.models import (
    ActivityInstrumentHistogram,
    ActivityProviderHistogram,
    Alert,
    LearnerInstrumentHistogram,
    LearnerProviderHistogram,
    Report,
    ReportSession,
    Request,
    RequestProviderResult,
)
from reports.services import counting, reporting
from reports.services.counting import requests_recounted
from reports.services.merging import people_merge
from reports.services.verifying import results_timed_out
from tests.captures import FA, FR, PLAG
from tests.reports.work import ERROR, NO_ENROLMENT, NO_PROVIDER, TIMED_OUT, Work, provider, summary

HISTOGRAMS = (
    LearnerInstrumentHistogram, LearnerProviderHistogram, ActivityInstrumentHistogram, ActivityProviderHistogram,
)  # fmt: skip


@pytest.fixture
def work(world) -> Work:
    return Work(world.home)


def bins(model, **which) -> list[int]:
    row = model.objects.get(**which)
    return [getattr(row, f"b{place}") for place in range(10)]


def test_worked_check_of_the_contract(work):
    """Four processed, an error, a timeout, one without an enrolment, and one that is not answered in time."""
    requests = [work.request() for _ in range(7)]
    for request, (result, code) in zip(requests, ((0.9, 1), (0.59, 1), (0.29, 1), (0.9, 3)), strict=False):
        work.answer(request, result=result, code=code)
    work.answer(requests[4], ERROR, error_message="no face")
    work.answer(requests[5], TIMED_OUT)
    row = work.row()
    assert (row.total_count, row.closed_count, row.processed_count) == (7, 6, 4)
    Enrolment.objects.filter(learner=work.home.learners["bob"]).update(can_analyse=False)
    unenrolled = work.request()
    assert summary(unenrolled).status == NO_ENROLMENT
    RequestProviderResult.objects.filter(request=requests[6]).update(
        asked_at=timezone.now() - timezone.timedelta(hours=2)
    )
    assert results_timed_out() == 1
    assert results_timed_out() == 0
    run_due()
    row, report = work.row(), work.report()
    assert [round(100 * value) for value in (row.result, row.confidence, row.enrolment)] == [67, 50, 75]
    assert (row.result, row.confidence) == (Decimal("0.67"), Decimal("0.5"))
    assert (row.identity_level, row.content_level, row.integrity_level) == (4, 1, 1)
    assert (report.identity_level, report.content_level, report.integrity_level) == (4, 1, 1)
    statuses = [Request.objects.get(pk=request.pk).status for request in (*requests, unenrolled)]
    assert statuses == [3, 3, 3, 3, 4, 5, 5, 4]
    assert bins(LearnerInstrumentHistogram, learner=report.learner_id, instrument=FR) == [0, 0, 1, 0, 0, 1, 0, 0, 0, 2]


@pytest.mark.parametrize(("result", "level"), [(0.05, 2), (0.4, 3), (0.9, 4)])
def test_worked_check_of_plagiarism(result, level, work):
    request = work.request(PLAG)
    work.answer(request, result=result, by=work.plag)
    row = work.row(PLAG)
    assert (row.identity_level, row.content_level, row.enrolment) == (1, level, 0)


def test_all_four_histograms_count_a_result_once_and_a_corrected_one_moves(work):
    request, report = work.request(), None
    for result, place in ((0.9, 9), (0.9, 9), (0.31, 3), (1.0, 9)):
        work.answer(request, result=result)
        report = work.report()
        wanted = [int(place == each) for each in range(10)]
        for model, which in zip(
            HISTOGRAMS,
            ({"learner": report.learner_id, "instrument": FR}, {"learner": report.learner_id, "provider": work.fr},
             {"activity": report.activity_id, "instrument": FR}, {"activity": report.activity_id, "provider": work.fr}),
            strict=True,
        ):  # fmt: skip
            assert bins(model, **which) == wanted
    work.answer(request, ERROR)
    assert not any(bins(LearnerInstrumentHistogram, learner=report.learner_id, instrument=FR))
    assert work.row().processed_count == 0


def test_counting_again_changes_nothing(work):
    request = work.request(FR, PLAG, session=work.session())
    work.answer(request, result=0.5)
    work.answer(request, result=0.5, by=work.plag)

    def everything():
        models = (*HISTOGRAMS, Report, ReportSession, Request, RequestProviderResult)
        return [*(list(model.objects.order_by("pk").values()) for model in models), work.row().updated_at]

    before = everything()
    requests_recounted([request.pk, request.pk, 987654321])
    enqueue("reports.request", [request.pk])
    run_due()
    assert everything() == before


def test_several_providers_of_an_instrument_are_summarised_with_the_worst(work):
    other = provider("p_fr2", FR)
    work.enrolled("bob", "0.5", other)
    request = work.request()
    work.answer(request, result=0.9)
    assert (summary(request).status, work.row().closed_count, work.row().enrolment) == (0, 0, Decimal("0.75"))
    work.answer(request, result=0.7, by=other)
    assert (summary(request).status, summary(request).result) == (1, 0.7)
    assert (work.row().total_count, work.row().result, work.row().enrolment) == (1, Decimal("0.7"), Decimal("0.5"))
    work.answer(request, ERROR, by=other)
    assert (summary(request).status, summary(request).result) == (2, 0.9)


def test_instrument_without_a_provider_is_said_so(work):
    request = work.request(FA)
    assert (summary(request, FA).status, summary(request, FA).code) == (NO_PROVIDER, 2)
    assert Request.objects.get(pk=request.pk).status == 6
    assert work.row(FA).identity_level == 1  # all ended, nothing processed


def test_sessions_have_their_counts_and_alerts(work, world):
    session = work.session()
    first, second = (work.request(session=session) for _ in range(2))
    work.answer(first, result=0.9)
    row = work.report().sessions.get()
    assert (row.total_requests, row.pending_requests, row.valid_requests, row.processed_requests) == (2, 1, 1, 1)
    assert row.identity_level == 0
    work.answer(second, ERROR)
    row = work.report().sessions.get()
    assert (row.total_requests, row.pending_requests, row.valid_requests, row.processed_requests) == (2, 0, 1, 2)
    assert (row.identity_level, row.content_level, row.integrity_level) == (2, 2, 1)  # plag applies, too
    for level, shown in ((0, 2), (1, 3), (3, 3), (2, 4), (1, 4)):
        Alert.objects.create(
            institution=world.home.institution, learner=session.learner, activity=session.activity, session=session,
            level=level, raised_at=timezone.now(),
        )  # fmt: skip
        enqueue("reports.session", [session.pk])
        run_due()
        row = work.report().sessions.get()
        assert (row.identity_level, row.content_level, row.integrity_level) == (shown, shown, 1)
    assert (row.info_alerts, row.warning_alerts, row.alert_alerts, row.error_alerts) == (1, 2, 1, 1)
    assert (work.report().identity_level, work.report().content_level) == (4, 4)
    session.closed_at = timezone.now()
    session.save()
    enqueue("reports.session", [session.pk])
    run_due()
    assert work.report().sessions.get().closed_at == session.closed_at


def test_an_alert_alone_makes_a_report_and_a_session_of_which_nothing_is_said_does_not(work, world):
    silent, session = work.session(), work.session("ann")
    enqueue("reports.session", [silent.pk, session.pk])
    run_due()
    assert not Report.objects.filter(institution=world.home.institution).exists()
    Alert.objects.create(
        institution=world.home.institution, learner=session.learner, activity=session.activity, session=session,
        level=2, raised_at=timezone.now(),
    )  # fmt: skip
    enqueue("reports.session", [silent.pk, session.pk])
    run_due()
    assert (work.report("ann").identity_level, work.report("ann").sessions.get().total_requests) == (4, 0)


def test_a_session_that_is_deleted_before_it_is_locked_is_left_out(work, world, monkeypatch):
    gone, stays = work.session(), work.session("ann")
    for session in (gone, stays):
        Alert.objects.create(
            institution=world.home.institution, learner=session.learner, activity=session.activity, session=session,
            level=2, raised_at=timezone.now(),
        )  # fmt: skip

    def held(**keys):
        AssessmentSession.objects.get(pk=gone.pk).delete()
        return reporting.held(**keys)

    monkeypatch.setattr(counting, "held", held)
    counting.sessions_recounted([gone.pk, stays.pk])
    assert work.report("ann").sessions.get().session_id == stays.pk


def test_percentages_of_models_come_into_reports(work):
    request = work.request()
    work.answer(request, result=0.9)
    work.enrolled("bob", "0.9")
    enqueue("reports.enrolment", [work.home.learners["bob"].pk])
    run_due()
    assert work.row().enrolment == Decimal("0.9")


def test_number_of_statements_depends_neither_on_the_batch_nor_on_the_report(work, django_assert_max_num_queries):
    sessions = {name: work.session(name) for name in ("ann", "bob")}

    def answered(number: int) -> list[int]:
        """Requests of both learners, answered and not yet counted."""
        keys = []
        for place in range(number):
            name = ("bob", "ann")[place % 2]
            request = work.request(FR, PLAG, name=name, session=sessions[name])
            work.answer(request, result=0.5, done=False)
            work.answer(request, result=0.5, by=work.plag, done=False)
            keys.append(request.pk)
        return keys

    used = []
    answered(2)
    for number in (2, 12, 2):
        keys = answered(number)
        with django_assert_max_num_queries(60) as captured:
            requests_recounted(keys)
        used.append(len(captured.captured_queries))
    assert used[0] == used[1] == used[2]


# What is deleted or merged.


def test_results_of_who_is_deleted_leave_the_histograms_of_the_activity(work, world):
    for name in ("ann", "bob"):
        work.answer(work.request(name=name), result=0.9)
    activity = work.home.activity.pk
    assert bins(ActivityInstrumentHistogram, activity=activity, instrument=FR)[9] == 2
    world.home.learners["ann"].delete()
    assert bins(ActivityInstrumentHistogram, activity=activity, instrument=FR)[9] == 1
    assert bins(ActivityProviderHistogram, activity=activity, provider=work.fr)[9] == 1


def test_results_of_a_deleted_activity_leave_the_histograms_of_its_learners(work, world):
    home = world.home
    other = Activity.objects.create(
        institution=home.institution, vle=home.vle, course=home.course, vle_activity_type="quiz", vle_activity_id="2",
        enabled=True,
    )  # fmt: skip
    other.instruments.create(instrument_id=FR)
    bob = home.learners["bob"].pk
    for activity in (home.activity, other):
        session = AssessmentSession.objects.create(
            institution=home.institution, activity=activity, learner=home.learners["bob"]
        )
        work.answer(work.request(activity=activity, session=session), result=0.9)
    assert bins(LearnerInstrumentHistogram, learner=bob, instrument=FR)[9] == 2
    other.delete()
    assert bins(LearnerInstrumentHistogram, learner=bob, instrument=FR)[9] == 1


def test_people_who_are_merged_have_one_report_that_counts_the_results_of_both(work, world):
    home, sessions = world.home, {name: work.session(name) for name in ("ann", "bob")}
    for name, result in (("ann", 0.9), ("bob", 0.5), ("bob", 0.4)):
        work.answer(work.request(name=name, session=sessions[name]), result=result)
    work.answer(work.request(PLAG), result=0.7, by=work.plag)
    work.request(FA)
    work.enrolled("bob", "0.9")
    AssessmentSession.objects.update(closed_at=timezone.now())
    enqueue("reports.session", [row.pk for row in sessions.values()])
    run_due()
    ids = {f"{role}_id": home.people[name].pk for role, name in (("kept", "ann"), ("gone", "bob"), ("by", "admin"))}
    people_merge(institution=home.institution, **ids)
    run_due()
    row = work.row(name="ann")
    assert (row.processed_count, row.result, row.enrolment) == (3, Decimal("0.6"), Decimal("0.9"))
    assert (work.row(PLAG, "ann").content_level, work.report("ann").sessions.count()) == (4, 2)


def test_session_that_is_deleted_leaves_the_levels_of_the_report(work, world):
    session = work.session()
    request = work.request(session=session)
    work.answer(request, result=0.9)
    Alert.objects.create(
        institution=world.home.institution, learner=session.learner, activity=session.activity, session=session,
        level=2, raised_at=timezone.now(),
    )  # fmt: skip
    enqueue("reports.session", [session.pk])
    run_due()
    assert work.report().identity_level == 4
    AssessmentSession.objects.get(pk=session.pk).delete()
    assert work.report().identity_level == 2
