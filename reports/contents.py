"""The JSON behind a report, made when it is read: sessions with their results over time, documents, alerts.

The forms are those that dashboards read: both lists are always there, a session's `data` has an entry for each of its
instruments, and `requests` is JSON inside a text. Of all keys only `closed_at` may be null: of an open session. What
was sent with an alert is evidence: who may not read that finds nothing in it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from itertools import groupby
from typing import Any

import orjson

from files.contents import SAMPLE, Content, json_of, maker, samples_linked
from files.links import Links
from files.models import Made, StoredFile
from kernel.caller import Caller
from reports.arithmetic import OPEN, RequestResult, ResultStatus, instrument_level, result_mean
from reports.contests import contest_state
from reports.models import Alert, Report, ReportInstrument, ReportSession
from reports.models import RequestResult as Row
from reports.queries import sessions_demonstrated
from reports.sentences import DEMONSTRATION
from reports.visibility import Visibility, is_flagging, report_shown

JSON = "application/json"


@maker(Made.REPORT)
def report_content(caller: Caller, key: int, name: str, links: Links) -> Content | None:
    shown = report_shown(caller, key)
    if shown is None:
        return None
    report, visibility = shown
    content = report_json(report, visibility, links)
    return Content(report.institution_id, report.learner_id, Made.REPORT, report.pk, JSON, content)


def instant(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def report_json(report: Report, visibility: Visibility, links: Links) -> Iterator[bytes]:
    """{"sessions": [...], "documents": [...], "demonstration": "", "contest": {}}, a session at a time."""
    pair: dict[str, Any] = {"activity": report.activity_id, "learner": report.learner_id}
    rows = (
        ReportSession.objects.filter(report=report.pk).select_related("session").order_by("session__started_at", "pk")
    )
    alerts, demonstrated = _alerts(pair), sessions_demonstrated(**pair)
    yield b'{"sessions":['
    for number, row in enumerate(rows):
        told = [_alert(alert, visibility, links) for alert in alerts.get(row.session_id, ())]
        yield b"," * bool(number) + orjson.dumps(_session(row, told, row.session_id in demonstrated))
    yield b'],"documents":['
    for number, document in enumerate(_documents(report.pk, pair)):
        yield b"," * bool(number) + orjson.dumps(document)
    yield b'],"demonstration":' + orjson.dumps(_label(bool(demonstrated)))
    contest = contest_state(report.contest, report.identity_level, report.content_level, report.integrity_level)
    yield b',"contest":' + orjson.dumps(contest or {}) + b"}"


def _label(is_demonstrated: bool) -> str:
    return DEMONSTRATION if is_demonstrated else ""


def _alerts(pair: dict[str, Any]) -> dict[int, list[Alert]]:
    """The alerts of each session."""
    found: dict[int, list[Alert]] = {}
    rows = Alert.objects.filter(session__isnull=False, **pair).select_related("data").order_by("raised_at", "pk")
    for alert in rows.prefetch_related("instruments"):
        found.setdefault(alert.session_id or 0, []).append(alert)
    return found


def _alert(alert: Alert, visibility: Visibility, links: Links) -> dict[str, Any]:
    return {
        "level": alert.level,
        "message_code": alert.message_code_id or alert.unknown_code,
        "raised_at": instant(alert.raised_at),
        "instruments": sorted(instrument.pk for instrument in alert.instruments.all()),
        "data": _told(alert.data, links) if visibility.shows(is_flagging(alert.level)) else {},
    }


def _told(file: StoredFile | None, links: Links) -> Any:
    """What was sent with an alert, with addresses in place of pictures; {} for nothing, or what has been erased."""
    stored = json_of(file)
    if file is None or not isinstance(stored, dict):
        return {}
    data = samples_linked(stored, lambda number: str(links(file.pk, f"sample-{number}.data", SAMPLE))).get("data")
    return {} if data is None else data


def _session(row: ReportSession, alerts: list[dict[str, Any]], is_demonstrated: bool) -> dict[str, Any]:
    return {
        "id": row.session_id,
        "total_requests": row.total_requests,
        "pending_requests": row.pending_requests,
        "valid_requests": row.valid_requests,
        "processed_requests": row.processed_requests,
        "created_at": instant(row.session.started_at),
        "closed_at": instant(row.session.closed_at),
        "identity_level": row.identity_level,
        "content_level": row.content_level,
        "integrity_level": row.integrity_level,
        "data": session_json(row.session_id, alerts, is_demonstrated),
    }


def session_json(session_id: int, alerts: list[dict[str, Any]], is_demonstrated: bool) -> dict[str, Any]:
    results: dict[int, list[RequestResult]] = {}
    rows = Row.objects.filter(request__session=session_id).order_by("request__created_at", "request")
    columns = ("instrument", "request__created_at", "status", "result", "code")
    for instrument, *values in rows.values_list(*columns).iterator():
        results.setdefault(instrument, []).append(RequestResult(*values))
    return {
        "session_id": session_id,
        "demonstration": _label(is_demonstrated),
        "instruments": sorted(results),
        "alerts": alerts,
        "data": {str(instrument): _series(results[instrument]) for instrument in sorted(results)},
    }


def _series(results: list[RequestResult]) -> dict[str, Any]:
    """The results of an instrument in a session; its `code` is on the scale of levels."""
    valid = [item for item in results if item.status == ResultStatus.PROCESSED]
    closed = sum(item.status not in OPEN for item in results)
    confidence = Fraction(len(valid), closed) if closed else Fraction(0)
    points = [[instant(item.created_at), item.result or 0.0] for item in valid]
    return {
        "total": len(results),
        "valid": len(valid),
        "confidence": len(valid) / len(results),
        "result": float(result_mean(valid)),
        "code": int(instrument_level(results, confidence)),
        "requests": orjson.dumps(points).decode(),
    }


def _documents(report: int, pair: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What was handed in outside of a session. An instrument that has no row in the report yet is left out."""
    where = {f"request__{name}": key for name, key in pair.items()}
    counted = ReportInstrument.objects.filter(report=report).values("instrument")
    rows = Row.objects.filter(request__session=None, instrument__in=counted, **where)
    columns = ("request", "request__created_at", "instrument", "status", "result")
    ordered = rows.order_by("request__created_at", "request", "instrument").values_list(*columns)
    for _, results in groupby(ordered.iterator(), key=lambda row: row[0]):
        document: dict[str, Any] = {"instruments": [], "results": {}}
        for _, at, instrument, status, result in results:
            document["instruments"].append(instrument)
            document["results"][str(instrument)] = {"status": status, "result": result or 0.0}
            document["created_at"] = instant(at)
        yield document
