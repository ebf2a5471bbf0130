"""What a learner's work on an activity leaves behind: sessions, requests, what providers said, alerts, histograms.

Only the providers' answers come from the story. All that follows from them is worked out by reports.arithmetic.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Model

from courses.models import Activity, AssessmentSession
from demo.enrolments import captured, instant, json_stored, mime_type
from demo.stories import SITTING_MINUTES, Answer, Capture, Sitting, Story
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

BETWEEN_SITTINGS = timedelta(hours=3)


@dataclass(frozen=True)
class Pair:
    """A learner in an activity, with what checks this learner there: by acronym of the instrument."""

    activity: Activity
    learner: Learner
    instruments: dict[str, Instrument]
    providers: dict[str, Provider]
    enrolments: dict[int, Enrolment]  # by provider

    def can_analyse(self, tool: str) -> bool:
        model = self.enrolments.get(self.providers[tool].pk)
        return model is not None and model.can_analyse

    def keys(self) -> dict[str, int]:
        return {"institution_id": self.learner.institution_id, "learner_id": self.learner.pk}


@dataclass
class Kept:
    """A request as it was stored, with the answers and summaries of each instrument."""

    request: Request
    capture: Capture
    image: str
    answers: dict[str, RequestProviderResult] = field(default_factory=dict)
    summaries: dict[str, RequestResult] = field(default_factory=dict)


@dataclass
class Evidence:
    sessions: list[AssessmentSession]
    kept: list[Kept]
    alerts: list[Alert]


def instrument_measured(row: Instrument) -> properties.Instrument:
    return properties.Instrument(
        row.pk, row.requires_enrolment, row.identity, row.originality, row.authorship, row.integrity
    )


def provider_measured(row: Provider) -> properties.Provider:
    return properties.Provider(
        row.pk, row.instrument_id, row.inverted_polarity, row.warning_below, row.alert_below, row.enabled
    )


def provider_result_measured(row: RequestProviderResult) -> arithmetic.ProviderResult:
    return arithmetic.ProviderResult(provider_measured(row.provider), row.status, row.result, row.code)


def evidence_stored(pair: Pair, story: Story, *, begins: datetime) -> Evidence:
    """Store the story. Instants of the rows are those of the story, not of this moment."""
    sessions = [_session(pair, sitting, begins + i * BETWEEN_SITTINGS) for i, sitting in enumerate(story.sittings)]
    AssessmentSession.objects.bulk_create(sessions)
    for session, sitting_number in zip(sessions, range(len(sessions)), strict=True):
        session.started_at = session.created_at = begins + sitting_number * BETWEEN_SITTINGS
    AssessmentSession.objects.bulk_update(sessions, ["started_at", "created_at"])
    kept = [
        _kept(pair, capture, session, session.started_at)
        for session, sitting in zip(sessions, story.sittings, strict=True)
        for capture in sitting.captures
    ]
    papered = sessions[-1].started_at if sessions else begins
    kept += [_kept(pair, capture, None, papered) for capture in story.documents]
    _requests_stored(kept, pair)
    alerts = [
        _alert(pair, session, noticed)
        for session, sitting in zip(sessions, story.sittings, strict=True)
        for noticed in sitting.noticed
    ]
    _histograms_grown(pair, kept)
    return Evidence(sessions, kept, alerts)


def _session(pair: Pair, sitting: Sitting, started: datetime) -> AssessmentSession:
    ends = started + timedelta(minutes=SITTING_MINUTES)
    return AssessmentSession(
        activity=pair.activity,
        checked_at=started + timedelta(minutes=sitting.captures[-1].minute),
        closed_at=None if sitting.going_on else ends,
        auto_closed=None if sitting.going_on else False,
        locale=pair.learner.user.locale,
        **pair.keys(),
    )


def _kept(pair: Pair, capture: Capture, session: AssessmentSession | None, started: datetime) -> Kept:
    """A request with its answers and summaries, not stored yet but for its file."""
    asked_at, tools = started + timedelta(minutes=capture.minute), sorted(capture.answers)
    image = captured(pair.learner, tools[0], capture.minute, capture.faces)
    content = {
        "learner_id": str(pair.learner.learner_id),
        "course_id": pair.activity.course_id,
        "activity_id": pair.activity.pk,
        "session_id": session and session.pk,
        "instruments": [pair.instruments[tool].pk for tool in tools],
        "metadata": {
            "filename": None if session else f"{tools[0]}.txt",
            "mimetype": mime_type(tools[0]),
            "created_at": instant(asked_at),
            "context": {},
        },
        "data": image,
    }
    request = Request(
        activity=pair.activity, session=session, data=json_stored(pair.learner, Kind.REQUEST, content), **pair.keys()
    )
    request.created_at = asked_at
    kept = Kept(request, capture, image)
    for tool in tools:
        kept.answers[tool] = _answered(pair, tool, capture.answers[tool], request)
        kept.summaries[tool] = _summarised(pair, tool, kept)
    request.status = arithmetic.request_status(
        {pair.instruments[tool].pk: {answer.status} for tool, answer in kept.answers.items()}
    )
    return kept


def _answered(pair: Pair, tool: str, answer: Answer, request: Request) -> RequestProviderResult:
    status = arithmetic.provider_result_initial_status(
        requires_enrolment=pair.instruments[tool].requires_enrolment, can_analyse=pair.can_analyse(tool)
    )
    if status == arithmetic.ResultStatus.PENDING:  # it was asked
        return RequestProviderResult(
            request=request,
            provider=pair.providers[tool],
            status=answer.status,
            result=answer.result,
            code=answer.code,
            message_code_id=answer.message,
        )
    return RequestProviderResult(request=request, provider=pair.providers[tool], status=status)


def _summarised(pair: Pair, tool: str, kept: Kept) -> RequestResult:
    answer = kept.answers[tool]
    summary = arithmetic.result_summary([provider_result_measured(answer)])
    return RequestResult(
        request=kept.request,
        instrument=pair.instruments[tool],
        status=summary.status,
        result=None if summary.result is None else float(summary.result),
        code=summary.code,
        message_code_id=answer.message_code_id,
        audit=_audit(pair, kept) if tool == "fr" and answer.status == arithmetic.ResultStatus.PROCESSED else None,
    )


def _audit(pair: Pair, kept: Kept) -> StoredFile:
    return json_stored(pair.learner, Kind.RESULT_AUDIT, faces_seen(kept, "fr"))


def faces_seen(kept: Kept, tool: str) -> dict[str, list[dict[str, object]]]:
    """What a provider of face recognition tells of a picture."""
    answer = kept.answers[tool]
    if answer.result is None or not kept.capture.faces:
        return {"faces": []}
    return {"faces": [{"image": kept.image, "score": answer.result}] * kept.capture.faces}


def _requests_stored(kept: list[Kept], pair: Pair) -> None:
    requests = [item.request for item in kept]
    times = [item.created_at for item in requests]
    Request.objects.bulk_create(requests)
    through = Request.instruments.through
    through._default_manager.bulk_create(
        through(request_id=item.request.pk, instrument_id=pair.instruments[tool].pk)
        for item in kept
        for tool in item.answers
    )
    answers = [answer for item in kept for answer in item.answers.values()]
    summaries = [summary for item in kept for summary in item.summaries.values()]
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


def _alert(pair: Pair, session: AssessmentSession, noticed) -> Alert:
    content = {"level": int(noticed.level), "message_code": noticed.message, "data": {}}
    alert = Alert.objects.create(
        activity=pair.activity,
        session=session,
        level=int(noticed.level),
        message_code_id=noticed.message,
        data=json_stored(pair.learner, Kind.ALERT, content),
        raised_at=session.started_at + timedelta(minutes=noticed.minute),
        **pair.keys(),
    )
    alert.instruments.set([pair.instruments[noticed.instrument]])
    return alert


def _histograms_grown(pair: Pair, kept: list[Kept]) -> None:
    for tool, instrument in pair.instruments.items():
        answers = [item.answers[tool] for item in kept if tool in item.answers]
        bins = arithmetic.histogram_of(map(provider_result_measured, answers))
        if not any(bins):
            continue
        provider = pair.providers[tool]
        for model, owner, about in (
            (LearnerInstrumentHistogram, {"learner": pair.learner}, {"instrument": instrument}),
            (LearnerProviderHistogram, {"learner": pair.learner}, {"provider": provider}),
            (ActivityInstrumentHistogram, {"activity": pair.activity}, {"instrument": instrument}),
            (ActivityProviderHistogram, {"activity": pair.activity}, {"provider": provider}),
        ):
            _histogram_grown(model, {**owner, **about}, bins)


def _histogram_grown(model: type[Model], key: dict[str, Any], bins: arithmetic.Histogram) -> None:
    row, _ = model._default_manager.get_or_create(**key)
    grown = {f"b{place}": F(f"b{place}") + count for place, count in enumerate(bins) if count}
    model._default_manager.filter(pk=row.pk).update(**grown)
