"""Creates the data of a learner's work on an activity: sessions, requests, results of providers, alerts, histograms.

Only the providers' results come from the story; everything derived from them is computed by reports.arithmetic.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Model

from courses.models import Activity, AssessmentSession
from demo.enrolments import instant, mime_type, sample_content, store_json
from demo.stories import SESSION_MINUTES, Answer, Capture, SampleAlert, SampleSession, Story
from files.models import Kind, StoredFile
from institutions.models import Instrument, Provider
from learners import arithmetic as properties
from learners.models import Enrolment, Learner
from reports import arithmetic
from reports.models import (
    ActivityInstrumentHistogram,
    ActivityProviderHistogram,
    Alert,
    LearnerInstrumentHistogram,
    LearnerProviderHistogram,
    Request,
    RequestProviderResult,
    RequestResult,
)

BETWEEN_SESSIONS = timedelta(hours=3)


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
    """A request with the provider's result and the summary of each instrument, by acronym."""

    request: Request
    capture: Capture
    image: str
    answers: dict[str, RequestProviderResult] = field(default_factory=dict)
    summaries: dict[str, RequestResult] = field(default_factory=dict)


@dataclass
class Evidence:
    sessions: list[AssessmentSession]
    requests: list[StoredRequest]
    alerts: list[Alert]


def instrument_properties(row: Instrument) -> properties.Instrument:
    return properties.Instrument(
        row.pk, row.requires_enrolment, row.identity, row.originality, row.authorship, row.integrity
    )


def provider_properties(row: Provider) -> properties.Provider:
    return properties.Provider(
        row.pk, row.instrument_id, row.inverted_polarity, row.warning_below, row.alert_below, row.enabled
    )


def provider_result_values(row: RequestProviderResult) -> arithmetic.ProviderResult:
    return arithmetic.ProviderResult(provider_properties(row.provider), row.status, row.result, row.code)


def store_evidence(pair: LearnerActivity, story: Story, *, begins: datetime) -> Evidence:
    """Store the story. The rows get the times of the story, not the current time."""
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
    alerts = [
        _alert(pair, session, alert)
        for session, sample_session in zip(sessions, story.sessions, strict=True)
        for alert in sample_session.alerts
    ]
    _update_histograms(pair, stored_requests)
    return Evidence(sessions, stored_requests, alerts)


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
    """A request with its results and summaries. The file is stored, the rows are not yet."""
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
        stored.answers[acronym] = _provider_result(pair, acronym, capture.answers[acronym], request)
        stored.summaries[acronym] = _request_result(pair, acronym, stored)
    request.status = arithmetic.request_status(
        {pair.instruments[acronym].pk: {answer.status} for acronym, answer in stored.answers.items()}
    )
    return stored


def _provider_result(pair: LearnerActivity, acronym: str, answer: Answer, request: Request) -> RequestProviderResult:
    status = arithmetic.provider_result_initial_status(
        requires_enrolment=pair.instruments[acronym].requires_enrolment, can_analyse=pair.can_analyse(acronym)
    )
    if status == arithmetic.ResultStatus.PENDING:  # the provider was asked
        return RequestProviderResult(
            request=request,
            provider=pair.providers[acronym],
            status=answer.status,
            result=answer.result,
            code=answer.code,
            message_code_id=answer.message,
        )
    return RequestProviderResult(request=request, provider=pair.providers[acronym], status=status)


def _request_result(pair: LearnerActivity, acronym: str, stored: StoredRequest) -> RequestResult:
    answer = stored.answers[acronym]
    summary = arithmetic.result_summary([provider_result_values(answer)])
    return RequestResult(
        request=stored.request,
        instrument=pair.instruments[acronym],
        status=summary.status,
        result=None if summary.result is None else float(summary.result),
        code=summary.code,
        message_code_id=answer.message_code_id,
        audit=_audit(pair, stored) if acronym == "fr" and answer.status == arithmetic.ResultStatus.PROCESSED else None,
    )


def _audit(pair: LearnerActivity, stored: StoredRequest) -> StoredFile:
    return store_json(pair.learner, Kind.RESULT_AUDIT, faces_seen(stored, "fr"))


def faces_seen(stored: StoredRequest, acronym: str) -> dict[str, list[dict[str, object]]]:
    """The audit data of a face recognition provider about a picture."""
    answer = stored.answers[acronym]
    if answer.result is None or not stored.capture.faces:
        return {"faces": []}
    return {"faces": [{"image": stored.image, "score": answer.result}] * stored.capture.faces}


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
    summaries = [summary for item in stored_requests for summary in item.summaries.values()]
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
    RequestResult.objects.bulk_update(summaries, ["created_at"])


def _alert(pair: LearnerActivity, session: AssessmentSession, sample: SampleAlert) -> Alert:
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
    return alert


def _update_histograms(pair: LearnerActivity, stored_requests: list[StoredRequest]) -> None:
    for acronym, instrument in pair.instruments.items():
        answers = [item.answers[acronym] for item in stored_requests if acronym in item.answers]
        bins = arithmetic.histogram_of(map(provider_result_values, answers))
        if not any(bins):
            continue
        provider = pair.providers[acronym]
        for model, owner, about in (
            (LearnerInstrumentHistogram, {"learner": pair.learner}, {"instrument": instrument}),
            (LearnerProviderHistogram, {"learner": pair.learner}, {"provider": provider}),
            (ActivityInstrumentHistogram, {"activity": pair.activity}, {"instrument": instrument}),
            (ActivityProviderHistogram, {"activity": pair.activity}, {"provider": provider}),
        ):
            _add_to_histogram(model, {**owner, **about}, bins)


def _add_to_histogram(model: type[Model], key: dict[str, Any], bins: arithmetic.Histogram) -> None:
    row, _ = model._default_manager.get_or_create(**key)
    increments = {f"b{place}": F(f"b{place}") + count for place, count in enumerate(bins) if count}
    model._default_manager.filter(pk=row.pk).update(**increments)
