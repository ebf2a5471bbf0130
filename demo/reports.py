"""Creates the report of a learner's work on an activity from the evidence, as reports.arithmetic computes it."""

import json
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any

from courses.models import AssessmentSession
from demo.enrolments import instant, store_json
from demo.evidence import (
    Evidence,
    LearnerActivity,
    StoredRequest,
    faces_seen,
    instrument_properties,
    provider_result_values,
)
from files.models import Kind
from files.services import store
from reports import arithmetic
from reports.arithmetic import Levels
from reports.models import Alert, Report, ReportInstrument, ReportSession

AWAITED = timedelta(minutes=30)  # for this time an open result does not reduce the confidence
AUDITED = "fr"  # the only instrument with audit data


def truncated_fraction(value: Fraction) -> Decimal:
    """Truncated to six digits: rounding it half up to a percentage gives the same as the exact fraction."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.000001"), ROUND_FLOOR)


def level_columns(levels: Levels) -> dict[str, int]:
    return {
        "identity_level": levels.identity,
        "content_level": levels.content,
        "integrity_level": levels.integrity,
    }


def create_report(pair: LearnerActivity, evidence: Evidence, *, now: datetime) -> Report:
    """The report with a row for each instrument that has requests, a row for each session, and its files."""
    rows = _instrument_rows(pair, evidence, now)
    sessions = {session.pk: _session_row(pair, evidence, session) for session in evidence.sessions}
    levels = arithmetic.activity_levels(
        [row.levels for row in rows.values()], [row.levels for row in sessions.values()]
    )
    report = Report(activity=pair.activity, **level_columns(levels), **pair.keys())
    report.data = store_json(pair.learner, Kind.REPORT, _report_file(pair, evidence, rows, sessions))
    report.save()
    ReportInstrument.objects.bulk_create(
        ReportInstrument(
            report=report,
            instrument=pair.instruments[acronym],
            enrolment=truncated_fraction(row.enrolment),
            confidence=truncated_fraction(row.confidence),
            result=truncated_fraction(row.result),
            audit_data=_audit_file(pair, evidence) if acronym == AUDITED else None,
            **level_columns(row.levels),
        )
        for acronym, row in rows.items()
    )
    for session in evidence.sessions:
        _store_session_row(pair, report, evidence, session, sessions[session.pk])
    return report


def _instrument_rows(pair: LearnerActivity, evidence: Evidence, now: datetime) -> dict[str, arithmetic.InstrumentRow]:
    rows = {}
    percentages = {provider: model.percentage for provider, model in pair.enrolments.items()}
    for acronym, instrument in pair.instruments.items():
        stored_requests = [stored for stored in evidence.requests if acronym in stored.answers]
        if stored_requests:
            answers = [provider_result_values(stored.answers[acronym]) for stored in stored_requests]
            rows[acronym] = arithmetic.instrument_row(
                instrument_properties(instrument),
                [_request_result(stored, acronym) for stored in stored_requests],
                enrolment=arithmetic.enrolment_minimum(answers, percentages),
                timeout=AWAITED,
                now=now,
            )
    return rows


def _request_result(stored: StoredRequest, acronym: str) -> arithmetic.RequestResult:
    row = stored.summaries[acronym]
    return arithmetic.RequestResult(stored.request.created_at, row.status, row.result, row.code)


def _requests_of(evidence: Evidence, session: AssessmentSession) -> list[StoredRequest]:
    return [stored for stored in evidence.requests if stored.request.session_id == session.pk]


def _alerts_of(evidence: Evidence, session: AssessmentSession) -> list[Alert]:
    return [alert for alert in evidence.alerts if alert.session_id == session.pk]


def _session_row(pair: LearnerActivity, evidence: Evidence, session: AssessmentSession) -> arithmetic.SessionRow:
    return arithmetic.session_row(
        [stored.request.status for stored in _requests_of(evidence, session)],
        [alert.level for alert in _alerts_of(evidence, session)],
        map(instrument_properties, pair.instruments.values()),
    )


def _store_session_row(pair, report, evidence, session, row: arithmetic.SessionRow) -> None:
    ReportSession.objects.create(
        activity_id=report.activity_id,
        learner_id=report.learner_id,
        report=report,
        session=session,
        total_requests=row.total,
        pending_requests=row.pending,
        valid_requests=row.valid,
        processed_requests=row.processed,
        data=store_json(pair.learner, Kind.SESSION, _session_file(pair, evidence, session)),
        closed_at=session.closed_at,
        **level_columns(row.levels),
    )


def _session_file(pair: LearnerActivity, evidence: Evidence, session: AssessmentSession) -> dict[str, Any]:
    stored_requests = _requests_of(evidence, session)
    acronyms = [acronym for acronym in pair.instruments if any(acronym in item.answers for item in stored_requests)]
    return {
        "session_id": session.pk,
        "instruments": [pair.instruments[acronym].pk for acronym in acronyms],
        "alerts": [
            {
                "level": alert.level,
                "message_code": alert.message_code_id,
                "raised_at": instant(alert.raised_at),
                "instruments": [instrument.pk for instrument in alert.instruments.all()],
            }
            for alert in _alerts_of(evidence, session)
        ],
        "data": {str(pair.instruments[acronym].pk): _series(stored_requests, acronym) for acronym in acronyms},
    }


def _series(stored_requests: list[StoredRequest], acronym: str) -> dict[str, Any]:
    """The results of one instrument in one session. `requests` is JSON inside a string, which dashboards parse."""
    rows = [item.summaries[acronym] for item in stored_requests if acronym in item.summaries]
    valid = [row for row in rows if row.status == arithmetic.ResultStatus.PROCESSED]
    results = [_request_result(item, acronym) for item in stored_requests if acronym in item.summaries]
    return {
        "total": len(rows),
        "valid": len(valid),
        "confidence": len(valid) / len(rows),
        "result": float(arithmetic.result_mean(results)),
        "code": int(arithmetic.instrument_level(results, Fraction(len(valid), len(rows)))),
        "requests": json.dumps([[instant(row.created_at), row.result] for row in valid]),
    }


def _report_file(pair: LearnerActivity, evidence: Evidence, rows, sessions) -> dict[str, Any]:
    return {
        "sessions": [
            {
                "id": session.pk,
                "total_requests": sessions[session.pk].total,
                "pending_requests": sessions[session.pk].pending,
                "valid_requests": sessions[session.pk].valid,
                "processed_requests": sessions[session.pk].processed,
                "created_at": instant(session.started_at),
                "closed_at": session.closed_at and instant(session.closed_at),
                **level_columns(sessions[session.pk].levels),
                "data": _session_file(pair, evidence, session),
            }
            for session in evidence.sessions
        ],
        "documents": [
            {
                "instruments": [pair.instruments[acronym].pk for acronym in stored.summaries],
                "results": {
                    str(pair.instruments[acronym].pk): {"status": int(row.status), "result": row.result or 0.0}
                    for acronym, row in stored.summaries.items()
                },
                "created_at": instant(stored.request.created_at),
            }
            for stored in evidence.requests
            if stored.request.session_id is None
        ],
    }


def _audit_file(pair: LearnerActivity, evidence: Evidence):
    provider = pair.providers[AUDITED]
    model = pair.enrolments.get(provider.pk)
    samples = list(model.model_samples.order_by("pk").select_related("data")) if model else []
    content = {
        "providers": {
            str(provider.pk): {
                "id": provider.pk,
                "acronym": provider.acronym,
                "name": provider.name,
                "enrolment_samples": [sample.pk for sample in samples],
                "enrolment_percentage": float(model.percentage) if model else 0.0,
            }
        },
        "requests": {
            str(stored.request.pk): _request_audit(stored, provider.pk)
            for stored in evidence.requests
            if AUDITED in stored.answers
        },
        "enrolment_samples": {str(sample.pk): _sample_audit(sample) for sample in samples},
    }
    return store_json(pair.learner, Kind.REPORT_AUDIT, content)


def _request_audit(stored: StoredRequest, provider_id: int) -> dict[str, Any]:
    answer, summary = stored.answers[AUDITED], stored.summaries[AUDITED]
    return {
        "id": stored.request.pk,
        "created_at": instant(stored.request.created_at),
        "error_message": stored.request.error_message,
        "session": stored.request.session_id,
        "result": summary.result or 0.0,
        "status": int(stored.request.status),
        "error_message_res": summary.error_message,
        "message_code": summary.message_code_id,
        "code": int(summary.code),
        "results": {
            str(provider_id): {
                "status": int(answer.status),
                "result": answer.result or 0.0,
                "audit": faces_seen(stored, AUDITED),
            }
        },
        "data": stored.image,
        "metadata": {"mimetype": "image/png", "filename": None, "context": {}},
    }


def _sample_audit(sample) -> dict[str, Any]:
    with store().open(sample.data.storage_key) as file:
        return json.load(file)
