"""Reports that are there keep their values: what they were computed from is marked as counted, and counted."""

from django.db import migrations

OPEN = "(0, 6, 7)"
CLOSED = f"CASE WHEN x.status NOT IN {OPEN} THEN 1 ELSE 0 END"
CODE = "CASE WHEN x.status = 1 AND x.code = {} THEN 1 ELSE 0 END"

# Where the words differ: (PostgreSQL, SQLite).
WORDS = {
    "bin": ("CAST(FLOOR(CAST(result AS numeric) * 10) AS smallint)", "CAST(result * 10 AS integer)"),
    "object": ("jsonb_object_agg", "json_group_object"),
}

RESULTS = """
UPDATE reports_requestresult SET counted_status = status, counted_code = code,
    counted_result = COALESCE(CAST(ROUND(CAST(result AS numeric) * 1000000000) AS bigint), 0)
WHERE EXISTS (
    SELECT 1 FROM reports_request q
    JOIN reports_report r ON r.activity_id = q.activity_id AND r.learner_id = q.learner_id
    JOIN reports_reportinstrument d ON d.report_id = r.id AND d.instrument_id = reports_requestresult.instrument_id
    WHERE q.id = reports_requestresult.request_id
)"""
BINS = """
UPDATE reports_requestproviderresult SET counted_bin = CASE WHEN result >= 1 THEN 9 ELSE {bin} END
WHERE status = 1 AND result IS NOT NULL AND EXISTS (
    SELECT 1 FROM reports_request q
    JOIN reports_learnerproviderhistogram h
        ON h.learner_id = q.learner_id AND h.provider_id = reports_requestproviderresult.provider_id
    WHERE q.id = reports_requestproviderresult.request_id
)"""
ANSWERS = f"""
UPDATE reports_requestproviderresult SET counted_closed = TRUE
WHERE status NOT IN {OPEN} AND EXISTS (
    SELECT 1 FROM reports_request q
    JOIN institutions_provider p ON p.id = reports_requestproviderresult.provider_id
    JOIN reports_report r ON r.activity_id = q.activity_id AND r.learner_id = q.learner_id
    JOIN reports_reportinstrument d ON d.report_id = r.id AND d.instrument_id = p.instrument_id
    WHERE q.id = reports_requestproviderresult.request_id
)"""
INSTRUMENTS = f"""
UPDATE reports_reportinstrument SET total_count = c.total, closed_count = c.closed, processed_count = c.processed,
    result_sum = c.result_sum, pending_codes = c.pending, ok_codes = c.ok, warning_codes = c.warning,
    alert_codes = c.alert
FROM (
    SELECT r.id AS report, x.instrument_id AS instrument, COUNT(*) AS total, SUM({CLOSED}) AS closed,
        SUM(CASE WHEN x.status = 1 THEN 1 ELSE 0 END) AS processed,
        SUM(CASE WHEN x.status = 1 THEN x.counted_result ELSE 0 END) AS result_sum,
        SUM({CODE.format(0)}) AS pending, SUM({CODE.format(1)}) AS ok, SUM({CODE.format(2)}) AS warning,
        SUM({CODE.format(3)}) AS alert
    FROM reports_requestresult x
    JOIN reports_request q ON q.id = x.request_id
    JOIN reports_report r ON r.activity_id = q.activity_id AND r.learner_id = q.learner_id
    WHERE x.counted_status IS NOT NULL
    GROUP BY r.id, x.instrument_id
) AS c
WHERE c.report = reports_reportinstrument.report_id AND c.instrument = reports_reportinstrument.instrument_id"""
ANSWERED = """
UPDATE reports_reportinstrument SET answered = c.answered
FROM (
    SELECT n.report, n.instrument, {object}(CAST(n.provider AS text), n.number) AS answered
    FROM (
        SELECT r.id AS report, p.instrument_id AS instrument, x.provider_id AS provider, COUNT(*) AS number
        FROM reports_requestproviderresult x
        JOIN institutions_provider p ON p.id = x.provider_id
        JOIN reports_request q ON q.id = x.request_id
        JOIN reports_report r ON r.activity_id = q.activity_id AND r.learner_id = q.learner_id
        WHERE x.counted_closed
        GROUP BY r.id, p.instrument_id, x.provider_id
    ) AS n
    GROUP BY n.report, n.instrument
) AS c
WHERE c.report = reports_reportinstrument.report_id AND c.instrument = reports_reportinstrument.instrument_id"""
REQUESTS = """
UPDATE reports_request SET counted_status = status WHERE session_id IN (SELECT session_id FROM reports_reportsession)"""
ALERTS = """
UPDATE reports_alert SET is_counted = TRUE WHERE session_id IN (SELECT session_id FROM reports_reportsession)"""
ALERT_COUNTS = """
UPDATE reports_reportsession SET info_alerts = c.info, warning_alerts = c.warning, alert_alerts = c.alert,
    error_alerts = c.error
FROM (
    SELECT session_id AS session, SUM(CASE WHEN level = 0 THEN 1 ELSE 0 END) AS info,
        SUM(CASE WHEN level = 1 THEN 1 ELSE 0 END) AS warning, SUM(CASE WHEN level = 2 THEN 1 ELSE 0 END) AS alert,
        SUM(CASE WHEN level = 3 THEN 1 ELSE 0 END) AS error
    FROM reports_alert WHERE is_counted GROUP BY session_id
) AS c
WHERE c.session = reports_reportsession.session_id"""
# What the levels of a session tell; while it is pending they tell nothing, and the instruments of the report do.
KINDS = """
UPDATE reports_reportsession SET kinds = CASE WHEN identity_level > 1 THEN 1 ELSE 0 END
    + CASE WHEN content_level > 1 THEN 2 ELSE 0 END + CASE WHEN integrity_level > 1 THEN 4 ELSE 0 END"""
KINDS_PENDING = """
UPDATE reports_reportsession SET kinds = c.kinds
FROM (
    SELECT d.report_id AS report, MAX(CASE WHEN i.identity THEN 1 ELSE 0 END)
        + MAX(CASE WHEN i.originality OR i.authorship THEN 2 ELSE 0 END)
        + MAX(CASE WHEN i.integrity THEN 4 ELSE 0 END) AS kinds
    FROM reports_reportinstrument d JOIN institutions_instrument i ON i.id = d.instrument_id
    GROUP BY d.report_id
) AS c
WHERE c.report = reports_reportsession.report_id AND reports_reportsession.identity_level = 0
    AND reports_reportsession.content_level = 0 AND reports_reportsession.integrity_level = 0"""
STATEMENTS = (
    RESULTS, BINS, ANSWERS, INSTRUMENTS, ANSWERED, REQUESTS, ALERTS, ALERT_COUNTS, KINDS, KINDS_PENDING,
)  # fmt: skip


def count(apps, schema_editor):
    words = {name: of[schema_editor.connection.vendor == "sqlite"] for name, of in WORDS.items()}
    with schema_editor.connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement.format(**words))


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0004_counters"),
    ]

    operations = [
        migrations.RunPython(count, migrations.RunPython.noop, elidable=True),
    ]
