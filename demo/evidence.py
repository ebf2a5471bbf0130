"""Creates the data of a learner's work on an activity: sessions, requests, results of providers, alerts.

Only the providers' results come from the story; the reports are counted from them as all others are.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from courses.models import Activity, AssessmentSession
from demo.enrolments import instant, mime_type, sample_content, store_json
from demo.measuring import NOTE
from demo.stories import SESSION_MINUTES, Answer, Capture, SampleAlert, SampleSession, Story
from files.models import Kind
from institutions.models import Instrument, Provider
from learners.models import Enrolment, Learner
from pipeline.jobs import add, provider_job
from reports import arithmetic
from reports.models import Alert, Request, RequestProviderResult, RequestResult
from reports.services.counting import requests_recounted, sessions_recounted
from reports.services.verifying import VERIFY

BETWEEN_SESSIONS = timedelta(hours=3)
WAITS = timedelta(days=3650)  # who waits for a service outside does so for as long as the demo is there


@dataclass(frozen=True)
class LearnerActivity:
    """A learner in an activity, with the instruments that apply and their providers, by the instruments' acronyms."""

    activity: Activity
    learner: Learner
    instruments: dict[str, Instrument]
    providers: dict[str, Provider]
    enrolments: dict[int, Enrolment]  # by provider

    def can_analyse(self, acronym: str) -> bool:
        model = self.enrolments.get(self.providers[acronym].pk)
        return model is not None and model.can_analyse

    def keys(self) -> dict[str, int]:
        return {"institution_id": self.learner.institution_id, "learner_id": self.learner.pk}


@dataclass
class StoredRequest:
    """A request with what each provider answers, by the instrument's acronym."""

    request: Request
    capture: Capture
    image: str
    answers: dict[str, RequestProviderResult] = field(default_factory=dict)


def store_evidence(pair: LearnerActivity, story: Story, *, begins: datetime) -> None:
    """Store the story and count it. The rows get the times of the story, not the current time."""
    sessions = [
        _session(pair, sample_session, begins + i * BETWEEN_SESSIONS) for i, sample_session in enumerate(story.sessions)
    ]
    AssessmentSession.objects.bulk_create(sessions)
    for session, number in zip(sessions, range(len(sessions)), strict=True):
        session.started_at = session.created_at = begins + number * BETWEEN_SESSIONS
    AssessmentSession.objects.bulk_update(sessions, ["started_at", "created_at"])
    stored_requests = [
        _make_request(pair, capture, session, session.started_at)
        for session, sample_session in zip(sessions, story.sessions, strict=True)
        for capture in sample_session.captures
    ]
    documents_at = sessions[-1].started_at if sessions else begins
    stored_requests += [_make_request(pair, capture, None, documents_at) for capture in story.documents]
    _store_requests(stored_requests, pair)
    for session, sample_session in zip(sessions, story.sessions, strict=True):
        for alert in sample_session.alerts:
            _store_alert(pair, session, alert)
    requests_recounted(item.request.pk for item in stored_requests)
    sessions_recounted(session.pk for session in sessions)


def _session(pair: LearnerActivity, sample_session: SampleSession, started: datetime) -> AssessmentSession:
    ends = started + timedelta(minutes=SESSION_MINUTES)
    return AssessmentSession(
        activity=pair.activity,
        checked_at=started + timedelta(minutes=sample_session.captures[-1].minute),
        closed_at=None if sample_session.is_open else ends,
        auto_closed=None if sample_session.is_open else False,
        locale=pair.learner.user.locale,
        **pair.keys(),
    )


def _make_request(
    pair: LearnerActivity, capture: Capture, session: AssessmentSession | None, started: datetime
) -> StoredRequest:
    """A request with its answers. The files are stored, the rows are not yet."""
    asked_at, acronyms = started + timedelta(minutes=capture.minute), sorted(capture.answers)
    image = sample_content(pair.learner, acronyms[0], capture.minute, capture.faces)
    content = {
        "learner_id": str(pair.learner.learner_id),
        "course_id": pair.activity.course_id,
        "activity_id": pair.activity.pk,
        "session_id": session and session.pk,
        "instruments": [pair.instruments[acronym].pk for acronym in acronyms],
        "metadata": {
            "filename": None if session else f"{acronyms[0]}.txt",
            "mimetype": mime_type(acronyms[0]),
            "created_at": instant(asked_at),
            "context": {},
        },
        "data": image,
    }
    request = Request(
        activity=pair.activity, session=session, data=store_json(pair.learner, Kind.REQUEST, content), **pair.keys()
    )
    request.created_at = asked_at
    stored = StoredRequest(request, capture, image)
    for acronym in acronyms:
        stored.answers[acronym] = _provider_result(pair, acronym, stored)
    return stored


def _provider_result(pair: LearnerActivity, acronym: str, stored: StoredRequest) -> RequestProviderResult:
    answer = stored.capture.answers[acronym]
    row = RequestProviderResult(request=stored.request, provider=pair.providers[acronym])
    row.status = arithmetic.provider_result_initial_status(
        requires_enrolment=pair.instruments[acronym].requires_enrolment, can_analyse=pair.can_analyse(acronym)
    )
    if row.status == arithmetic.ResultStatus.PENDING:  # the provider was asked
        row.status, row.result, row.code = answer.status, answer.result, answer.code
        row.message_code_id = answer.message
        if answer.status == arithmetic.ResultStatus.WAITING:
            row.asked_at = timezone.now() + WAITS
        if acronym == "fr" and answer.status == arithmetic.ResultStatus.PROCESSED:
            row.audit = store_json(pair.learner, Kind.RESULT_AUDIT, faces_seen(stored, answer))
    return row


def faces_seen(stored: StoredRequest, answer: Answer) -> dict[str, Any]:
    """The audit data of a face recognition provider about a picture."""
    return {"demonstration": NOTE, "faces": [{"image": stored.image, "score": answer.result}] * stored.capture.faces}


def _store_requests(stored_requests: list[StoredRequest], pair: LearnerActivity) -> None:
    requests = [item.request for item in stored_requests]
    times = [item.created_at for item in requests]
    Request.objects.bulk_create(requests)
    through = Request.instruments.through
    through._default_manager.bulk_create(
        through(request_id=item.request.pk, instrument_id=pair.instruments[acronym].pk)
        for item in stored_requests
        for acronym in item.answers
    )
    answers = [answer for item in stored_requests for answer in item.answers.values()]
    summaries = [
        RequestResult(request=item.request, instrument=pair.instruments[acronym])
        for item in stored_requests
        for acronym in item.answers
    ]
    RequestProviderResult.objects.bulk_create(answers)
    RequestResult.objects.bulk_create(summaries)
    at = {request.pk: time for request, time in zip(requests, times, strict=True)}
    for request in requests:
        request.created_at = at[request.pk]
    for answer in answers:
        answer.created_at = at[answer.request_id]
    for summary in summaries:
        summary.created_at = at[summary.request_id]
    Request.objects.bulk_update(requests, ["created_at"])
    RequestProviderResult.objects.bulk_update(answers, ["created_at"])
    add(
        provider_job(row.provider.queue, VERIFY, str(row.pk), row.request_id, row.pk)
        for row in answers
        if row.status == arithmetic.ResultStatus.PENDING
    )
    RequestResult.objects.bulk_update(summaries, ["created_at"])


def _store_alert(pair: LearnerActivity, session: AssessmentSession, sample: SampleAlert) -> None:
    content = {"level": int(sample.level), "message_code": sample.message, "data": {}}
    alert = Alert.objects.create(
        activity=pair.activity,
        session=session,
        level=int(sample.level),
        message_code_id=sample.message,
        data=store_json(pair.learner, Kind.ALERT, content),
        raised_at=session.started_at + timedelta(minutes=sample.minute),
        **pair.keys(),
    )
    alert.instruments.set([pair.instruments[sample.instrument]])
