"""Reports, their requests and the audits of their instruments."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from benchmarks.pages.shared import EVIDENCE_SECONDS, Call, Object, Rows, Sql, links, page
from reports import arithmetic
from reports.sentences import fact_sentences

PERCENT = "floor({0} * 100 + 0.5)::int"
HERE = "r.activity_id = %(second)s AND r.institution_id = %(home)s AND a.course_id = %(first)s"
REPORTS = Sql(
    f"""r.id, r.identity_level, r.content_level, r.integrity_level, u.id, u.uid, u.first_name, u.last_name, u.email,
        l.learner_id, r.contest, l.is_restricted,
        (SELECT json_agg(json_build_object(
                    'instrument', i.name, 'enrolment', {PERCENT.format("d.enrolment")},
                    'confidence', {PERCENT.format("d.confidence")}, 'result', {PERCENT.format("d.result")},
                    'identity_level', d.identity_level, 'content_level', d.content_level,
                    'integrity_level', d.integrity_level, 'instrument_id', d.instrument_id) ORDER BY d.instrument_id)
           FROM reports_reportinstrument d JOIN institutions_instrument i ON i.id = d.instrument_id
          WHERE d.report_id = r.id)""",
    """reports_report r JOIN courses_activity a ON a.id = r.activity_id
       JOIN learners_learner l ON l.user_id = r.learner_id JOIN institutions_user u ON u.id = r.learner_id""",
    HERE,
    "r.id",
    count="reports_report r JOIN courses_activity a ON a.id = r.activity_id",
)
# One row for each instrument of the report.
LONG = f"""
SELECT r.id, r.identity_level, r.content_level, r.integrity_level, u.id, u.uid, u.first_name, u.last_name, u.email,
       l.learner_id, r.contest, l.is_restricted, r.id,
       EXISTS (SELECT FROM reports_alert w
                WHERE w.activity_id = r.activity_id AND w.learner_id = r.learner_id AND w.session_id IS NOT NULL),
       d.instrument_id, d.enrolment, d.confidence, d.result, d.identity_level, d.content_level, d.integrity_level,
       i.name, i.acronym, p.id, p.inverted_polarity, p.warning_below, p.alert_below,
       {", ".join(f"h.b{n}" for n in range(10))}, {", ".join(f"g.b{n}" for n in range(10))}
  FROM reports_report r JOIN courses_activity a ON a.id = r.activity_id
  JOIN learners_learner l ON l.user_id = r.learner_id JOIN institutions_user u ON u.id = r.learner_id
  LEFT JOIN reports_reportinstrument d ON d.report_id = r.id
  LEFT JOIN institutions_instrument i ON i.id = d.instrument_id
  LEFT JOIN LATERAL (SELECT * FROM institutions_provider q WHERE q.instrument_id = d.instrument_id AND q.enabled
                      ORDER BY q.id LIMIT 1) p ON true
  LEFT JOIN reports_learnerinstrumenthistogram h ON h.learner_id = r.learner_id AND h.instrument_id = d.instrument_id
  LEFT JOIN reports_activityinstrumenthistogram g
         ON g.activity_id = r.activity_id AND g.instrument_id = d.instrument_id
 WHERE {HERE} AND r.id = %(third)s ORDER BY d.instrument_id"""


def reports(call: Call, is_list: bool) -> Rows:
    if not is_list:
        return long_report(call)
    records = REPORTS(call, is_list)
    return page(records, [report(*columns, detail=detail or []) for _, *columns, detail in records])


def report(
    id: int, identity: int, content: int, integrity: int, learner: int, uid: str, first: str, last: str,
    email: str | None, pseudonym: str, contest: Any, restricted: bool, *, detail: Any,
) -> Object:  # fmt: skip
    return {
        "id": id, "identity_level": identity, "content_level": content, "integrity_level": integrity,
        "learner": {
            "id": learner, "uid": uid, "first_name": first, "last_name": last, "email": email or "",
            "learner_id": pseudonym,
        },
        "detail": detail, "contest": contest, "is_restricted": restricted,
    }  # fmt: skip


def long_report(call: Call) -> Rows:
    records = call.run(LONG)
    if not records:
        return 0, []
    data, alerted = records[0][12:14]
    link = links(call, EVIDENCE_SECONDS)
    detail = [measured(alerted, row[14:]) for row in records if row[14] is not None]
    address = {"data": link(data, "report.json", "report_made")}
    return 1, [report(*records[0][:12], detail=detail) | address]


def measured(alerted: bool, row: tuple[Any, ...]) -> Object:
    """The statistics are the service's own: they are arithmetic, not reading."""
    instrument, enrolment, confidence, result, identity, content, integrity, name, acronym, *rest = row
    provider, inverted, warning, alert, *bins = rest
    learner, activity = ([count or 0 for count in half] for half in (bins[:10], bins[10:]))
    values = arithmetic.instrument_statistics(
        arithmetic.InstrumentMeasurement(result, confidence, learner, activity, alerted),
        None if provider is None else arithmetic.Provider(provider, instrument, inverted, warning, alert),
    )
    return {
        "instrument": name, "enrolment": percent(enrolment), "confidence": percent(confidence),
        "result": percent(result), "identity_level": identity, "content_level": content, "integrity_level": integrity,
        "instrument_id": instrument, "instrument_acronym": acronym, "learner_histogram": learner,
        "activity_histogram": activity, "instrument_polarity": values.polarity, "result_bean": values.result_bean,
        "thresholds": values.thresholds, "prob_learner": values.prob_learner, "prob_context": values.prob_context,
        "h_prob_learner": values.h_prob_learner, "h_prob_context": values.h_prob_context, "facts": values.facts,
        "fact_sentences": fact_sentences(values.facts),
        "demonstration": "",  # no provider of the roster is one
    }  # fmt: skip


def percent(fraction: Decimal) -> int:
    return int(fraction * 100 + Decimal("0.5"))


# One row for each result of a request of the page. The pair is selected first: joined, it would be read per request.
REQUESTS = """
WITH pair AS MATERIALIZED (
    SELECT r.activity_id, r.learner_id FROM reports_report r JOIN courses_activity a ON a.id = r.activity_id
     WHERE r.id = %(third)s AND {here}
)
SELECT q.*, x.id, x.status, x.result, x.error_message, x.code, x.audit_id, x.created_at, x.updated_at, x.instrument_id,
       x.message_code_id
  FROM (SELECT {count}, q.id, q.status, q.data_id, q.error_message, q.created_at, q.updated_at, q.learner_id,
               q.activity_id, q.session_id, q.message_code_id,
               ARRAY(SELECT instrument_id FROM reports_request_instruments WHERE request_id = q.id
                      ORDER BY instrument_id)
          FROM {rows} {page}) q
  LEFT JOIN reports_requestresult x ON x.request_id = q.id ORDER BY q.session_id, q.id, x.instrument_id"""
OF_PAIR = """reports_request q WHERE q.activity_id = (SELECT activity_id FROM pair)
                                 AND q.learner_id = (SELECT learner_id FROM pair)"""
REQUEST_PAGE = REQUESTS.format(
    here=HERE,
    count=f"(SELECT count(*) FROM {OF_PAIR})",
    rows=OF_PAIR,
    page="ORDER BY q.session_id, q.id LIMIT %(limit)s OFFSET %(offset)s",
)
REQUEST = REQUESTS.format(here=HERE, count=1, rows=OF_PAIR, page="AND q.id = %(id)s")


def requests(call: Call, is_list: bool) -> Rows:
    records, link = call.run(REQUEST_PAGE if is_list else REQUEST), links(call, EVIDENCE_SECONDS)
    rows: dict[int, Object] = {}
    for (
        _, id, status, data, error, created, updated, learner, activity, session, message, instruments, *result
    ) in records:  # fmt: skip
        row = rows.get(id)
        if row is None:
            row = rows[id] = {
                "id": id, "result": [], "status": status,
                "data": None if data is None else link(data, "request.json"), "error_message": error,
                "created_at": created, "updated_at": updated, "learner": learner, "activity": activity,
                "session": session, "message_code": message, "instruments": instruments,
            }  # fmt: skip
        if result[0] is not None:
            row["result"].append(request_result(link, id, *result))
    return page(records, [*rows.values()])


def request_result(
    link: Any, request: int, id: int, status: int, result: float | None, error: str | None, code: int,
    audit: int | None, created: datetime, updated: datetime, instrument: int, message: str | None,
) -> Object:  # fmt: skip
    return {
        "id": id, "status": status, "result": result, "error_message": error, "code": code,
        "audit": None if audit is None else link(audit, "result_audit.json"), "created_at": created,
        "updated_at": updated, "request": request, "instrument": instrument, "message_code": message,
    }  # fmt: skip


AUDITS = Sql(
    f"""d.id, {PERCENT.format("d.enrolment")}, {PERCENT.format("d.confidence")}, {PERCENT.format("d.result")},
        d.identity_level, d.content_level, d.integrity_level, d.id, d.created_at, d.updated_at, d.report_id,
        d.instrument_id""",
    """reports_reportinstrument d JOIN reports_report r ON r.id = d.report_id
       JOIN courses_activity a ON a.id = r.activity_id""",
    f"r.id = %(third)s AND {HERE}",
    "d.instrument_id",
    order="d.id",
)


def audits(call: Call, is_list: bool) -> Rows:
    records, link = AUDITS(call, is_list), links(call, EVIDENCE_SECONDS)
    return page(
        records,
        [
            {
                "id": id, "enrolment": enrolment, "confidence": confidence, "result": result,
                "identity_level": identity, "content_level": content, "integrity_level": integrity,
                "audit_data": link(file, "report_audit.json", "audit_made"), "created_at": created,
                "updated_at": updated, "report": report, "instrument": instrument,
            }
            for _, id, enrolment, confidence, result, identity, content, integrity, file, created, updated, report,
            instrument in records
        ],
    )  # fmt: skip
