"""The report of a learner's work on an activity: rows and files made of the evidence by reports.arithmetic."""

import json
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any

from courses.models import AssessmentSession
from demo.enrolments import instant, json_stored
from demo.evidence import (
    Evidence,
    Kept,
    Pair,
    faces_seen,
    instrument_measured,
    provider_result_measured,
)
from files.models import Kind
from files.services import store
from reports import arithmetic
from reports.arithmetic import Levels
from reports.models import Alert, Report, ReportInstrument, ReportSession

AWAITED = timedelta(minutes=30)  # how long an open result takes nothing from the confidence
AUDITED = "fr"  # the one instrument with audit data


def fraction_stored(value: Fraction) -> Decimal:
    """Six digits, cut off: a percent that is rounded half up comes out the same as from the exact fraction."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.000001"), ROUND_FLOOR)


def levels_stored(levels: Levels) -> dict[str, int]:
    return {
        "identity_level": levels.identity,
        "content_level": levels.content,
        "integrity_level": levels.integrity,
    }


def report_made(pair: Pair, evidence: Evidence, *, now: datetime) -> Report:
    """The report with one row per instrument that was asked, one per session, and its files."""
    rows = _instrument_rows(pair, evidence, now)
    sessions = {session.pk: _session_row(pair, evidence, session) for session in evidence.sessions}
    levels = arithmetic.activity_levels(
        [row.levels for row in rows.values()], [row.levels for row in sessions.values()]
    )
    report = Report(activity=pair.activity, **levels_stored(levels), **pair.keys())
    report.data = json_stored(pair.learner, Kind.REPORT, _report_file(pair, evidence, rows, sessions))
    report.save()
    ReportInstrument.objects.bulk_create(
        ReportInstrument(
            report=report,
            instrument=pair.instruments[tool],
            enrolment=fraction_stored(row.enrolment),
            confidence=fraction_stored(row.confidence),
            result=fraction_stored(row.result),
            audit_data=_audit_file(pair, evidence) if tool == AUDITED else None,
            **levels_stored(row.levels),
        )
        for tool, row in rows.items()
    )
    for session in evidence.sessions:
        _session_stored(pair, report, evidence, session, sessions[session.pk])
    return report


def _instrument_rows(pair: Pair, evidence: Evidence, now: datetime) -> dict[str, arithmetic.InstrumentRow]:
    found = {}
    percentages = {provider: model.percentage for provider, model in pair.enrolments.items()}
    for tool, instrument in pair.instruments.items():
        asked = [kept for kept in evidence.kept if tool in kept.answers]
        if asked:
            answers = [provider_result_measured(kept.answers[tool]) for kept in asked]
            found[tool] = arithmetic.instrument_row(
                instrument_measured(instrument),
                [_measured(kept, tool) for kept in asked],
                enrolment=arithmetic.enrolment_minimum(answers, percentages),
                timeout=AWAITED,
                now=now,
            )
    return found


def _measured(kept: Kept, tool: str) -> arithmetic.RequestResult:
    row = kept.summaries[tool]
    return arithmetic.RequestResult(kept.request.created_at, row.status, row.result, row.code)


def _of_session(evidence: Evidence, session: AssessmentSession) -> list[Kept]:
    return [kept for kept in evidence.kept if kept.request.session_id == session.pk]


def _alerts_of(evidence: Evidence, session: AssessmentSession) -> list[Alert]:
    return [alert for alert in evidence.alerts if alert.session_id == session.pk]


def _session_row(pair: Pair, evidence: Evidence, session: AssessmentSession) -> arithmetic.SessionRow:
    return arithmetic.session_row(
        [kept.request.status for kept in _of_session(evidence, session)],
        [alert.level for alert in _alerts_of(evidence, session)],
        map(instrument_measured, pair.instruments.values()),
    )


def _session_stored(pair, report, evidence, session, row: arithmetic.SessionRow) -> None:
    ReportSession.objects.create(
        activity_id=report.activity_id,
        learner_id=report.learner_id,
        report=report,
        session=session,
        total_requests=row.total,
        pending_requests=row.pending,
        valid_requests=row.valid,
        processed_requests=row.processed,
        data=json_stored(pair.learner, Kind.SESSION, _session_file(pair, evidence, session)),
        closed_at=session.closed_at,
        **levels_stored(row.levels),
    )


def _session_file(pair: Pair, evidence: Evidence, session: AssessmentSession) -> dict[str, Any]:
    kept = _of_session(evidence, session)
    tools = [tool for tool in pair.instruments if any(tool in item.answers for item in kept)]
    return {
        "session_id": session.pk,
        "instruments": [pair.instruments[tool].pk for tool in tools],
        "alerts": [
            {
                "level": alert.level,
                "message_code": alert.message_code_id,
                "raised_at": instant(alert.raised_at),
                "instruments": [instrument.pk for instrument in alert.instruments.all()],
            }
            for alert in _alerts_of(evidence, session)
        ],
        "data": {str(pair.instruments[tool].pk): _series(kept, tool) for tool in tools},
    }


def _series(kept: list[Kept], tool: str) -> dict[str, Any]:
    """One instrument in one session. Dashboards parse `requests` themselves: it is a text."""
    rows = [item.summaries[tool] for item in kept if tool in item.summaries]
    valid = [row for row in rows if row.status == arithmetic.ResultStatus.PROCESSED]
    measured = [_measured(item, tool) for item in kept if tool in item.summaries]
    return {
        "total": len(rows),
        "valid": len(valid),
        "confidence": len(valid) / len(rows),
        "result": float(arithmetic.result_mean(measured)),
        "code": int(arithmetic.instrument_level(measured, Fraction(len(valid), len(rows)))),
        "requests": json.dumps([[instant(row.created_at), row.result] for row in valid]),
    }


def _report_file(pair: Pair, evidence: Evidence, rows, sessions) -> dict[str, Any]:
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
                **levels_stored(sessions[session.pk].levels),
                "data": _session_file(pair, evidence, session),
            }
            for session in evidence.sessions
        ],
        "documents": [
            {
                "instruments": [pair.instruments[tool].pk for tool in kept.summaries],
                "results": {
                    str(pair.instruments[tool].pk): {"status": int(row.status), "result": row.result or 0.0}
                    for tool, row in kept.summaries.items()
                },
                "created_at": instant(kept.request.created_at),
            }
            for kept in evidence.kept
            if kept.request.session_id is None
        ],
    }


def _audit_file(pair: Pair, evidence: Evidence):
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
            str(kept.request.pk): _request_audit(kept, provider.pk) for kept in evidence.kept if AUDITED in kept.answers
        },
        "enrolment_samples": {str(sample.pk): _sample_audit(sample) for sample in samples},
    }
    return json_stored(pair.learner, Kind.REPORT_AUDIT, content)


def _request_audit(kept: Kept, provider_id: int) -> dict[str, Any]:
    answer, summary = kept.answers[AUDITED], kept.summaries[AUDITED]
    return {
        "id": kept.request.pk,
        "created_at": instant(kept.request.created_at),
        "error_message": kept.request.error_message,
        "session": kept.request.session_id,
        "result": summary.result or 0.0,
        "status": int(kept.request.status),
        "error_message_res": summary.error_message,
        "message_code": summary.message_code_id,
        "code": int(summary.code),
        "results": {
            str(provider_id): {
                "status": int(answer.status),
                "result": answer.result or 0.0,
                "audit": faces_seen(kept, AUDITED),
            }
        },
        "data": kept.image,
        "metadata": {"mimetype": "image/png", "filename": None, "context": {}},
    }


def _sample_audit(sample) -> dict[str, Any]:
    with store().open(sample.data.storage_key) as file:
        return json.load(file)
