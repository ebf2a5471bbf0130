"""Functions that a helper process runs: an exam of three learners, and what became of it.

Rows are named by what is the same in every run: the person's uid, acronyms, and the order in which requests came.
"""

import os
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Now
from django.test import override_settings

from courses.models import Activity, ActivityInstrument, AssessmentSession, Course, CourseLearner
from institutions.models import Provider, ProviderNotification
from learners import validating
from learners.models import (
    Enrolment,
    EnrolmentSample,
    EnrolmentSampleValidation,
    Learner,
    SENDCategory,
    ValidationStatus,
)
from learners.services import consent_reject, enrolment_erase, send_assign
from pipeline.jobs import add, provider_job
from pipeline.models import Job, Turn
from reports import models
from reports.arithmetic import OPEN, ResultStatus
from reports.services import verifying
from reports.services.rebuilding import Scope, reports_rebuilt
from tests.captures import FR, KS, PLAG, consented
from tests.servers.data import _vle_token
from tests.servers.exams import _token
from tests.world import Home

LEARNERS = ("ann", "bob", "eve")
AGAIN = 2  # messages of each task and provider that are sent a second time
BINS = [f"b{number}" for number in range(10)]
LEVELS = ("identity_level", "content_level", "integrity_level")


@transaction.atomic
@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
def exam(name: str) -> dict[str, Any]:
    """An institution with an activity for which the learners have consented, each with an open session."""
    home = Home(name)
    home.assignment.delete()
    consented(home, *LEARNERS)
    course = Course.objects.create(institution=home.institution, vle=home.vle, vle_course_id="exam", code="E")
    activity = Activity.objects.create(
        institution=home.institution, vle=home.vle, course=course, vle_activity_type="quiz", vle_activity_id="exam",
        name="Exam", enabled=True,
    )  # fmt: skip
    for instrument in (FR, KS, PLAG):
        ActivityInstrument.objects.create(activity=activity, instrument_id=instrument)
    return {
        "institution": home.institution.pk,
        "vle": home.vle.pk,
        "course": course.pk,
        "activity": activity.pk,
        "vle_token": _vle_token(home.vle),
        "learners": {uid: _learner(home, course, activity, uid) for uid in LEARNERS},
    }


def _learner(home: Home, course: Course, activity: Activity, uid: str) -> dict[str, Any]:
    learner = home.learners[uid]
    CourseLearner.objects.create(institution=home.institution, course=course, learner=learner)
    session = AssessmentSession.objects.create(institution=home.institution, activity=activity, learner=learner)
    of_person = {"kind": "learner", "user": learner.user, "generation": learner.user.session_generation}
    return {
        "learner_id": str(learner.learner_id),
        "session": session.pk,
        "token": _token(**of_person),
        "session_token": _token(**of_person, assessment_session=session),
    }


def _requests(institution: int, activity: int) -> Any:
    return models.Request.objects.filter(institution=institution, activity=activity)


def _results(institution: int, activity: int) -> Any:
    return models.RequestProviderResult.objects.filter(request__in=_requests(institution, activity))


def unfinished(institution: int, activity: int) -> dict[str, int]:
    """What is still to be done for the institution, by what it is. Who said that he waits is not waited for."""
    samples = EnrolmentSample.objects.filter(institution=institution)
    results = _results(institution, activity)
    known = {
        "jobs": Job.objects.filter(parked_at=None).exclude(name__in=("worked.note", "pipeline.account")),
        "validations": EnrolmentSampleValidation.objects.filter(sample__in=samples, status=ValidationStatus.VALIDATING),
        "samples": samples.exclude(validations__isnull=False),
        "locked models": Enrolment.objects.filter(institution=institution, locked_by__isnull=False),
        "reminders": ProviderNotification.objects.all(),
        "results": results.filter(status__in=(ResultStatus.PENDING,)),
        "requests": _requests(institution, activity).filter(provider_results__isnull=True),
    }
    return {what: number for what, rows in known.items() if (number := rows.count())}


def used(institution: int) -> dict[str, int]:
    """How many samples are in the models of each instrument, and how many models there are."""
    rows = [*Enrolment.objects.filter(institution=institution).select_related("provider__instrument")]
    found = {"models": len(rows)}
    for row in rows:
        acronym = row.provider.instrument.acronym
        found[acronym] = found.get(acronym, 0) + row.model_samples.count()
    return found


@transaction.atomic
def withdrawn(institution: int) -> None:
    """ann withdraws the consent, a special need takes keystrokes from bob, and eve's enrolment is erased."""
    of_institution = Learner.objects.filter(institution=institution)
    ann, bob, eve = (of_institution.get(user__uid=uid) for uid in LEARNERS)
    need = SENDCategory.objects.create(
        institution=ann.institution, description="x", data={"disabled_instruments": [KS]}
    )
    consent_reject(learner=ann)
    send_assign(learner=bob, category=need)
    enrolment_erase(learner=eve)


def number_of_requests(institution: int, activity: int) -> int:
    return _requests(institution, activity).count()


def messages_again(institution: int, activity: int) -> int:
    """Messages that providers were sent for this institution, the last one first: some of each task."""
    validations = EnrolmentSampleValidation.objects.filter(sample__institution=institution)
    validated = validations.select_related("provider", "sample__learner").order_by("-pk")
    answered = _results(institution, activity).filter(status=ResultStatus.PROCESSED)
    sent = []
    for queue in ("sdk_fr", "sdk_ks"):
        for row in validated.filter(provider__queue=queue, status=ValidationStatus.VALID)[:AGAIN]:
            learner = str(row.sample.learner.learner_id)
            sent.append(provider_job(queue, validating.ENROL, str(row.pk), learner, row.sample_id))
            sent.append(provider_job(queue, validating.VALIDATE, str(row.pk), learner, row.sample_id, row.pk))
        verified = answered.filter(provider__queue=queue).order_by("-pk")[:AGAIN]
        sent += [provider_job(queue, verifying.VERIFY, str(row.pk), row.request_id, row.pk) for row in verified]
    with transaction.atomic():
        add(sent)
    return len(sent)


def due_now(turn: str) -> None:
    Turn.objects.filter(name=f"every:{turn}").update(due_at=Now())


def is_due(turn: str) -> bool:
    return Turn.objects.filter(name=f"every:{turn}", due_at__lte=Now()).exists()


def waiting(institution: int, activity: int) -> int:
    """Results of which the provider has said that it waits."""
    return _results(institution, activity).filter(status__in=OPEN).count()


def grow_old(institution: int, activity: int) -> None:
    """What is open was asked two hours ago."""
    grow_older(institution, activity, minutes=120)


def grow_older(institution: int, activity: int, minutes: int) -> None:
    rows = _results(institution, activity).filter(status__in=OPEN)
    rows.update(asked_at=Now() - Value(timedelta(minutes=minutes)))


def reaped_at_once() -> list[int]:
    """Two processes look for what is overdue at the same time: how many each of them has closed."""
    connection.close()
    ready, go = os.pipe(), os.pipe()
    children = [_reaper(ready, go) for _ in range(2)]
    os.close(ready[1])
    os.close(go[0])
    for _ in children:
        assert os.read(ready[0], 1) == b"."
    os.write(go[1], b"..")
    found = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    os.close(ready[0])
    os.close(go[1])
    return found


def _reaper(ready: tuple[int, int], go: tuple[int, int]) -> int:
    child = os.fork()
    if child == 0:
        closed = 100
        try:
            connection.ensure_connection()
            os.write(ready[1], b".")
            os.read(go[0], 1)
            closed = verifying.results_timed_out()
        finally:
            os._exit(closed)
    return child


def differences(institution: int, activity: int) -> list[str]:
    """What `rebuild_reports` finds."""
    return [str(found) for found in reports_rebuilt(Scope(institution=institution, activity=activity))]


def outcome(institution: int, activity: int) -> dict[str, Any]:
    """All rows of reports, histograms, results and enrolments of the exam, without ids and instants."""
    acronyms = {str(pk): acronym for pk, acronym in Provider.objects.values_list("pk", "acronym")}
    return {
        "reports": [_report(row, acronyms) for row in _of_learners(models.Report, institution, activity=activity)],
        "histograms": [
            *_histograms(models.LearnerInstrumentHistogram, "learner__user__uid", "instrument__acronym", institution),
            *_histograms(models.LearnerProviderHistogram, "learner__user__uid", "provider__acronym", institution),
            *_histograms(models.ActivityInstrumentHistogram, "activity__name", "instrument__acronym", institution),
            *_histograms(models.ActivityProviderHistogram, "activity__name", "provider__acronym", institution),
        ],
        "requests": [_request(row) for row in _requests(institution, activity).order_by("learner__user__uid", "pk")],
        "samples": [
            [row.learner.user.uid, row.status, row.error_message, row.message_code_id, _names(row.instruments)]
            for row in _of_learners(EnrolmentSample, institution)
        ],
        "enrolments": [
            [row.learner.user.uid, row.provider.acronym, str(row.percentage), row.can_analyse, row.locked_by,
             row.model_samples.count()]
            for row in _of_learners(Enrolment, institution, more=("provider__acronym",))
        ],
    }  # fmt: skip


def _of_learners(model: Any, institution: int, *, more: tuple[str, ...] = ("pk",), **which: Any) -> Any:
    return model.objects.filter(institution=institution, **which).order_by("learner__user__uid", *more)


def _names(instruments: Any) -> list[str]:
    return [*instruments.order_by("acronym").values_list("acronym", flat=True)]


def _columns(row: Any, *without: str) -> dict[str, Any]:
    left_out = {"id", "created_at", "updated_at", *without}
    names = [field.attname for field in row._meta.fields if not {field.name, field.attname} & left_out]
    values = {name: getattr(row, name) for name in names}
    return {name: each if isinstance(each, int | float | dict | None) else str(each) for name, each in values.items()}


def _report(report: models.Report, acronyms: dict[str, str]) -> dict[str, Any]:
    details = report.details.select_related("instrument").order_by("instrument")
    sessions = report.sessions.order_by("session")
    return _columns(report, "institution", "activity", "learner") | {
        "learner": report.learner.user.uid,
        "details": [
            _columns(row, "report")
            | {"answered": {acronyms[key]: number for key, number in sorted(row.answered.items())}}
            for row in details
        ],
        "sessions": [
            _columns(row, "activity", "learner", "report", "session", "closed_at")
            | {"is_closed": row.closed_at is not None}
            for row in sessions
        ],
    }


def _histograms(model: Any, owner: str, of: str, institution: int) -> list[list[Any]]:
    root = owner.partition("__")[0]
    rows = model.objects.filter(**{f"{root}__institution": institution}).order_by(owner, of)
    return [[model.__name__, *row] for row in rows.values_list(owner, of, *BINS)]


def _request(request: models.Request) -> dict[str, Any]:
    results = request.results.select_related("instrument").order_by("instrument__acronym")
    answers = request.provider_results.select_related("provider").order_by("provider__acronym")
    return {
        "learner": request.learner.user.uid,
        "instruments": _names(request.instruments),
        "status": request.status,
        "counted": request.counted_status,
        "results": [
            [row.instrument.acronym, _columns(row, "request", "audit") | {"audit_id": row.audit_id is not None}]
            for row in results
        ],
        "answers": [
            [
                row.provider.acronym,
                _columns(row, "request", "provider", "audit", "first_asked_at", "asked_at", "asked_again"),
                row.audit_id is not None,
            ]
            for row in answers
        ],
    }
