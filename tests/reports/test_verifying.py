"""Providers are asked, answer, do not answer in time, or may not answer any more."""

import json
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from courses.models import ActivityInstrument
from courses.services.activities import activity_instrument_update
from files.models import StoredFile
from files.services import store
from institutions.models import Instrument
from kernel.domain import Invalid, Unknown
from learners.models import Enrolment, SENDCategory, SENDLearner
from learners.services import consent_reject, enrolment_erase, send_assign, send_category_update
from pipeline.jobs import AWAITED, GAUGES, PERIODIC, enqueue
from pipeline.models import Job
from pipeline.running import run_due
from reports.evidence import report_evidence
from reports.explaining import explained
from reports.models import Request, RequestProviderResult, RequestResult
from reports.reasons import KINDS
from reports.services import verifying
from reports.services.rebuilding import Scope, reports_rebuilt
from reports.services.verifying import (
    OVER,
    VERIFY,
    Answer,
    requests_dispatched,
    result_answered,
    result_status_set,
    results_answered,
    results_timed_out,
)
from tests.captures import FR, KS, PLAG, VR, as_learner, external
from tests.captures import sample as captured
from tests.learners.lapi import url_of
from tests.reports.work import (
    ERROR,
    NO_ENROLMENT,
    NO_PROVIDER,
    PROCESSED,
    PROCESSING,
    TIMED_OUT,
    WAITING,
    Work,
    asked,
    audits,
    messages,
    provider,
    summary,
)


@pytest.fixture
def work(world) -> Work:
    return Work(world.home)


def row_of(request: Request, by=None) -> RequestProviderResult:
    rows = RequestProviderResult.objects.filter(request=request)
    return rows.get(provider=by) if by else rows.get()


def content(row: RequestProviderResult):
    with store().open(row.audit.storage_key) as file:
        return json.load(file)


# Asking.


def test_a_capture_is_asked_of_every_enabled_provider_once(work, world):
    second, off = provider("p_plag2", PLAG), provider("p_off", PLAG, enabled=False)
    home = world.home
    place = {"course_id": home.course.pk, "activity_id": home.activity.pk}
    body = captured(instruments=[PLAG], learner_id=str(home.learners["bob"].learner_id), **place)
    answer = as_learner(home, "bob").post(url_of("verification", home, "bob"), body, format="json")
    assert answer.json()["status"] == "OK", answer.content
    request = Request.objects.get(learner=home.people["bob"].pk)
    assert not RequestProviderResult.objects.exists()
    for _ in range(2):  # the same job again
        enqueue("reports.request", [request.pk])
        run_due()
    rows = {row.provider: row for row in RequestProviderResult.objects.select_related("provider")}
    assert {*rows} == {work.plag, second}
    assert off not in rows
    assert sorted(asked(request)) == sorted((each.queue, [request.pk, row.pk]) for each, row in rows.items())
    assert {(job.name, job.key) for job in messages()} == {(VERIFY, str(row.pk)) for row in rows.values()}
    assert (summary(request, PLAG).status, Request.objects.get(pk=request.pk).status) == (0, 1)
    assert not Job.objects.filter(queue="").exists()


def test_nobody_is_asked_who_has_no_model_that_can_analyse(work):
    Enrolment.objects.update(can_analyse=False)
    request = work.request(FR, PLAG)
    row = row_of(request, work.fr)
    assert (row.status, row.error_message) == (NO_ENROLMENT, None)
    assert asked(request) == [("p_plag", [request.pk, row_of(request, work.plag).pk])]


def test_a_request_that_is_gone_or_names_no_instrument_is_no_work(work):
    request = work.request(done=False)
    Request.objects.filter(pk=request.pk).delete()
    requests_dispatched([request.pk, 987654321])
    requests_dispatched([])
    plain = Request.objects.create(
        institution=work.home.institution, learner=work.home.learners["bob"], activity=work.home.activity
    )
    requests_dispatched([plain.pk])
    assert not RequestResult.objects.exclude(request__learner__institution=None).filter(request=plain).exists()
    enqueue("reports.results", [plain.pk])


def test_a_request_without_an_activity_is_verified_and_in_no_report(work):
    request = work.request(PLAG, activity=None)
    work.answer(request, result=0.1, by=work.plag)
    assert Request.objects.get(pk=request.pk).status == 3
    assert not work.home.learners["bob"].reports.exists()


# Answers.


def test_an_answer_is_stored_with_its_audit_and_the_same_one_changes_nothing(work):
    request = work.request()
    audit = {"faces": [{"image": "data:image/png;base64,iVBORw0KGgo=", "score": 0.9}]}
    told = {"message_code": "provider_multiple_people", "error_message": "Two.", "audit": audit}
    assert work.answer(request, result=0.87654321098, code=2, **told)
    row = row_of(request)
    assert (row.status, row.result, row.code) == (PROCESSED, 0.876543211, 2)
    assert (row.message_code_id, row.error_message) == ("PROVIDER_MULTIPLE_PEOPLE", "Two.")
    assert content(row) == audit
    assert (row.audit.owner_id, row.audit.institution_id) == (request.learner_id, request.institution_id)
    found = summary(request)
    assert (found.result, found.code, found.message_code_id, found.error_message, found.audit_id) == (
        0.876543211, 2, "PROVIDER_MULTIPLE_PEOPLE", "Two.", row.audit_id,
    )  # fmt: skip
    before, files = RequestProviderResult.objects.values().get(), audits()
    assert not work.answer(request, result=0.87654321098, code=2, done=False, **told)
    assert RequestProviderResult.objects.values().get() == before
    assert (audits(), Job.objects.filter(queue="").count()) == (files, 0)


def test_same_answers_at_once_store_one_file(work, monkeypatch):
    request = work.request()
    drafted = verifying.file_drafted

    @contextmanager
    def overtaken(**values):
        with drafted(**values) as file:
            monkeypatch.setattr(verifying, "file_drafted", drafted)
            work.answer(request, result=0.9, audit={"n": 1})  # the other one, while this one's file is written
            yield file

    monkeypatch.setattr(verifying, "file_drafted", overtaken)
    with transaction.atomic():
        assert not work.answer(request, result=0.9, audit={"n": 1})
    assert store().listdir(f"{request.institution_id}/result_audit")[1] == [audits()[0].rpartition("/")[2]]


def test_another_answer_takes_the_place_of_the_first_with_its_audit(work, django_capture_on_commit_callbacks):
    request = work.request()
    work.answer(request, result=0.9, audit={"n": 1})
    (first,) = audits()
    with django_capture_on_commit_callbacks(execute=True):
        work.answer(request, result=0.9, audit={"n": 2}, done=False)
    assert summary(request).audit_id == row_of(request).audit_id  # at once: the other one is gone
    assert content(row_of(request)) == {"n": 2}
    assert not store().exists(first)
    assert len(audits()) == 1
    work.answer(request, ERROR)
    assert (row_of(request).audit, summary(request).audit, audits()) == (None, None, [])
    assert row_of(request).result is None


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("status", {"status": 8}),
        ("status", {"status": -1}),
        ("code", {"status": 1, "result": 0.5, "code": 4}),
        ("result", {"status": 1}),
        ("result", {"status": 1, "result": 1.01}),
        ("result", {"status": 2, "result": float("nan")}),
        ("result", {"status": 1, "result": float("inf")}),
    ],
)
def test_a_wrong_value_is_named(field, values, work):
    request = work.request()
    with pytest.raises(Invalid) as refused:
        result_answered(row=row_of(request), **values)
    assert list(refused.value.fields) == [field]
    assert row_of(request).status == 0


def test_a_code_of_the_providers_own_is_kept_as_text(work):
    request = work.request()
    work.answer(request, ERROR, message_code="ODD_1")
    assert (row_of(request).message_code, row_of(request).error_message) == (None, "ODD_1")
    work.answer(request, ERROR, message_code="ODD_1", error_message="Odd\0.")
    assert row_of(request).error_message == "Odd."


def test_a_late_answer_is_taken_and_counted(work):
    request = work.request()
    RequestProviderResult.objects.update(asked_at=timezone.now() - timedelta(minutes=61))
    assert GAUGES["overdue_results"]() == {"p_fr": 1}
    (told,) = AWAITED["results"]()
    assert (told["instrument"], told["provider"], told["open"]) == ("fr", "p_fr", 1)
    assert 3660 <= told["oldest_seconds"] < 3700
    PERIODIC["reports.results"][0]()
    assert (GAUGES["overdue_results"](), AWAITED["results"]()) == ({}, [])
    run_due()
    assert (summary(request).status, Request.objects.get(pk=request.pk).status) == (TIMED_OUT, 5)
    assert work.row().identity_level == 1
    work.answer(request, result=0.9)
    assert (summary(request).status, work.row().identity_level) == (PROCESSED, 2)


def test_a_provider_that_may_not_answer_any_more_is_not_said_to_be_late(work):
    request, learner = work.request(), work.home.learners["bob"]
    type(learner).objects.filter(pk=learner.pk).update(consent=work.home.consent)  # 1.0.0, and 2.0.0 is valid
    RequestProviderResult.objects.update(asked_at=timezone.now() - timedelta(hours=2))
    assert results_timed_out() == 1
    run_due()
    for row in (row_of(request), summary(request)):
        assert (row.status, row.error_message) == (ERROR, "The learner's consent is not valid.")


def test_time_is_that_of_the_instrument_and_begins_anew_with_each_word_of_the_provider(work):
    Instrument.objects.filter(pk=FR).update(timeout_minutes=5)
    slow, quick = work.request(PLAG), work.request()
    RequestProviderResult.objects.update(asked_at=timezone.now() - timedelta(minutes=6))
    assert result_status_set(row=row_of(quick), status=WAITING)
    assert not result_status_set(row=row_of(quick), status=WAITING)
    assert results_timed_out() == 0
    assert (row_of(quick).status, row_of(slow).status) == (WAITING, 0)
    RequestProviderResult.objects.update(asked_at=timezone.now() - timedelta(minutes=6))
    assert results_timed_out() == 1
    assert (row_of(quick).status, row_of(slow).status) == (TIMED_OUT, 0)
    assert result_status_set(row=row_of(quick), status=PROCESSING)  # it works on it after all
    assert results_timed_out() == 0
    # But not for ever: three times the instrument's time after the first question only a result is taken.
    RequestProviderResult.objects.update(first_asked_at=timezone.now() - timedelta(minutes=14))
    assert result_status_set(row=row_of(quick), status=WAITING)
    assert results_timed_out() == 0
    RequestProviderResult.objects.update(first_asked_at=timezone.now() - timedelta(minutes=16))
    assert results_timed_out() == 1
    opened = Answer(status=WAITING)
    for call in (result_status_set, result_answered):
        with pytest.raises(Invalid, match="is over"):
            call(row=row_of(quick), status=WAITING)
    assert results_answered(provider=work.fr.pk, answers={quick.pk: opened}) == {quick.pk: OVER}
    assert row_of(quick).status == TIMED_OUT
    work.answer(quick, result=0.9)
    assert summary(quick).status == PROCESSED


def test_many_are_closed_in_several_batches(work, monkeypatch):
    monkeypatch.setattr("reports.services.verifying.BATCH", 2)
    for _ in range(5):
        work.request()
    RequestProviderResult.objects.update(asked_at=timezone.now() - timedelta(hours=2))
    assert results_timed_out() == 5


def test_a_status_is_no_result(work):
    request = work.request()
    for status in (PROCESSED, 8):
        with pytest.raises(Invalid):
            result_status_set(row=row_of(request), status=status)
    assert result_status_set(row=row_of(request), status=ERROR)
    assert not result_status_set(row=row_of(request), status=ERROR)
    run_due()
    assert summary(request).status == ERROR
    work.answer(request, result=0.9)
    with pytest.raises(Invalid):
        result_status_set(row=row_of(request), status=WAITING)
    assert row_of(request).status == PROCESSED


# What may not be worked on any more.


def without_consent(work, learner):
    consent_reject(learner=learner)


def without_instrument(work, learner):
    category = SENDCategory.objects.create(
        institution=learner.institution, description="no camera", data={"disabled_instruments": [FR]}
    )
    send_assign(learner=learner, category=category)


def without_instrument_any_more(work, learner):
    category = SENDCategory.objects.create(institution=learner.institution, description="no camera", data={})
    send_assign(learner=learner, category=category)
    send_category_update(category=category, data={"disabled_instruments": [FR]})


def without_enrolment(work, learner):
    enrolment_erase(learner=learner)


@pytest.mark.parametrize(
    ("withdraw", "status", "text"),
    [
        (without_consent, ERROR, "withdrawn the consent"),
        (without_instrument, ERROR, "not used any more"),
        (without_instrument_any_more, ERROR, "not used any more"),
        (without_enrolment, NO_ENROLMENT, "enrolment was erased"),
    ],
)
def test_what_is_withdrawn_is_neither_taken_nor_asked_and_the_report_says_so(withdraw, status, text, work, as_):
    begun, done, theirs = work.request(), work.request(), work.request(name="ann")
    work.answer(done, result=0.9)
    later = work.request(done=False)
    withdraw(work, work.home.learners["bob"])
    before = RequestProviderResult.objects.order_by("pk").values()
    for row in (row_of(begun), row_of(done)):
        for call in (
            lambda row=row: result_answered(row=row, status=1, result=0.1, audit={"n": 1}),
            lambda row=row: result_status_set(row=row, status=WAITING),
        ):
            stored = list(before.all())
            with pytest.raises(Unknown):
                call()
            assert (list(before.all()), audits()) == (stored, [])
    run_due()
    for request in (begun, later):
        assert (row_of(request).status, summary(request).status) == (status, status)
        if request is begun or status == ERROR:
            assert text in (row_of(request).error_message or "")
            assert text in (summary(request).error_message or "")
    assert (row_of(done).status, summary(done).result) == (PROCESSED, 0.9)
    assert row_of(theirs).status == 0
    assert not asked(later)
    assert work.row().closed_count == 3
    begun.refresh_from_db()
    assert text in (begun.error_message or "")
    report = work.report()
    evidence = report_evidence(report.pk, activity=report.activity_id, learner=report.learner_id)
    (told,) = explained(dict.fromkeys(KINDS, 0), evidence)["instruments"]
    reasons = " ".join(told["reasons"])
    assert "1 of 3 checks was processed; " in reasons
    assert f"{1 if status == NO_ENROLMENT else 2} ended because " in reasons
    assert text in reasons
    assert "with an error" not in reasons
    home = work.home
    place = f"institution/{home.institution.pk}/course/{home.course.pk}/activity/{home.activity.pk}"
    (detail,) = as_("admin").get(f"/api/v2/{place}/report/{report.pk}/").json()["detail"]
    said = detail["fact_sentences"][-1]
    assert said["code"].startswith("ENDED_")
    assert text in said["en"]


def test_a_learner_whose_consent_is_of_an_old_version_is_not_worked_for(work):
    request = work.request()
    learner = work.home.learners["bob"]
    type(learner).objects.filter(pk=learner.pk).update(consent=work.home.consent)  # 1.0.0, and 2.0.0 is valid
    later = work.request()
    with pytest.raises(Unknown):
        result_answered(row=row_of(request), status=1, result=0.5)
    assert (row_of(later).status, row_of(later).error_message) == (ERROR, "The learner's consent is not valid.")
    external(work.home)
    assert result_answered(row=row_of(request), status=1, result=0.5)


def face_of(home) -> ActivityInstrument:
    return ActivityInstrument.objects.get(activity=home.activity, instrument=FR)


def taken_out(home):
    face_of(home).delete()


def switched_off(home):
    activity_instrument_update(row=face_of(home), active=False)


def of_no_need(home):
    SENDLearner.objects.get(category__description="no keyboard").delete()


def of_no_category(home):
    SENDCategory.objects.get(description="no keyboard").delete()


@pytest.mark.parametrize("change", [taken_out, switched_off, of_no_need, of_no_category])
def test_what_an_activity_does_not_use_any_more_is_closed_with_the_reason(change, work):
    home, bob = work.home, work.home.learners["bob"]
    instead_of = ActivityInstrument.objects.get(activity=home.activity, instrument=KS)
    ActivityInstrument.objects.filter(pk=face_of(home).pk).update(alternative_to=instead_of)
    need = SENDCategory.objects.create(
        institution=bob.institution, description="no keyboard", data={"disabled_instruments": [KS]}
    )
    send_assign(learner=bob, category=need)
    request = work.request()
    assert row_of(request).status == 0
    change(home)
    with pytest.raises(Unknown):
        result_answered(row=row_of(request), status=1, result=0.5)
    run_due()
    for row in (row_of(request), summary(request)):
        assert (row.status, row.error_message) == (
            ERROR, "The instrument is not used any more for this learner in this activity.",
        )  # fmt: skip


def test_categories_that_go_with_their_institution_ask_for_nothing(work):
    """Its learners go, too."""
    SENDCategory.objects.create(institution=work.home.institution, description="going", data={})
    before = Job.objects.count()
    SENDCategory.objects.filter(description="going").delete()
    assert Job.objects.count() == before


def test_a_result_that_is_gone_is_unknown(work):
    row = row_of(work.request())
    RequestProviderResult.objects.filter(pk=row.pk).delete()
    for call in (
        lambda: result_answered(row=row, status=2),
        lambda: result_answered(row=row, status=2, audit={"n": 1}),
        lambda: result_status_set(row=row, status=WAITING),
    ):
        with pytest.raises(Unknown):
            call()


def test_a_result_that_goes_meanwhile_is_unknown(work, monkeypatch):
    row, drafted = row_of(work.request()), verifying.file_drafted

    def gone(**content):
        RequestProviderResult.objects.filter(pk=row.pk).delete()
        return drafted(**content)

    monkeypatch.setattr(verifying, "file_drafted", gone)
    with pytest.raises(Unknown):
        result_answered(row=row, status=ERROR, audit={"n": 1})
    assert audits() == []


def test_instruments_without_providers_and_with_an_alternative(work):
    rows = ActivityInstrument.objects
    primary = rows.get(activity=work.home.activity, instrument=FR)
    rows.create(activity=work.home.activity, instrument_id=VR, alternative_to=primary)
    voice = provider("p_vr", VR)
    work.enrolled("bob", "1", voice)
    without_instrument(work, work.home.learners["bob"])
    request = work.request(VR)
    work.answer(request, result=0.9, by=voice)
    assert (summary(request, VR).status, work.row(VR).identity_level) == (PROCESSED, 2)
    assert summary(work.request(KS), KS).status == NO_PROVIDER


def test_files_of_answers_are_only_those_that_rows_refer_to(work):
    request = work.request()
    for number in range(3):
        work.answer(request, result=0.5, audit={"n": number})
    assert StoredFile.objects.filter(kind="result_audit").count() == 1


def test_a_failed_request_says_why_in_its_list_in_searches_and_alone(work, as_):
    failed, fine = work.request(FR, PLAG), work.request(PLAG)
    work.answer(fine, result=0.1, by=work.plag)
    work.answer(failed, result=0.1, by=work.plag, error_message="Nothing was copied.")
    assert Request.objects.get(pk=failed.pk).error_message is None  # it is still open
    work.answer(failed, ERROR, error_message="Too dark.", message_code="provider_black_image")
    home = work.home
    place = f"institution/{home.institution.pk}/course/{home.course.pk}/activity/{home.activity.pk}"
    url, said = f"/api/v2/{place}/report/{work.report().pk}/request/", ("Too dark.", "PROVIDER_BLACK_IMAGE")
    for word in ("dark", "black_image"):
        (row,) = as_("admin").get(url, {"search": word}).json()["results"]
        assert (row["id"], row["error_message"], row["message_code"]) == (failed.pk, *said)
    assert as_("admin").get(f"{url}{failed.pk}/").json()["error_message"] == "Too dark."
    Request.objects.filter(pk=failed.pk).update(error_message=None, message_code="PROVIDER_NO_FACE_DETECTED")
    mended = {each.column for each in reports_rebuilt(Scope(learner=failed.learner_id), write=True)}
    assert mended == {"error_message", "message_code_id"}
    failed.refresh_from_db()
    assert (failed.error_message, failed.message_code_id) == said
    work.answer(failed, result=0.9)
    assert Request.objects.get(pk=failed.pk).error_message == "Nothing was copied."
