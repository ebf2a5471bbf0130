"""The proof that every submission is in one report, and counted once: what the tables say after a run."""

import sys
from typing import Any

from benchmarks.servers import Run

RESULTS = 2  # of each request: one of each provider
PROCESSED, VALID = 1, 3  # a result, a request
# Numbers of what may not be there.
FAULTS = {
    "requests that are not valid": f"SELECT count(*) FROM reports_request WHERE status <> {VALID}",
    "pairs of activity and learner without a report, or reports without a pair": """
        SELECT count(*) FROM (SELECT DISTINCT activity_id, learner_id FROM reports_request) p
          FULL JOIN reports_report r USING (activity_id, learner_id) WHERE p.learner_id IS NULL OR r.id IS NULL""",
    "reports that count other requests of an instrument than there are": """
        SELECT count(*) FROM reports_reportinstrument d JOIN reports_report r ON r.id = d.report_id
          LEFT JOIN (SELECT q.activity_id, q.learner_id, s.instrument_id, count(*) AS n FROM reports_request q
                       JOIN reports_requestresult s ON s.request_id = q.id GROUP BY 1, 2, 3) q
            ON q.activity_id = r.activity_id AND q.learner_id = r.learner_id AND q.instrument_id = d.instrument_id
         WHERE q.n IS DISTINCT FROM d.total_count OR d.processed_count <> d.total_count""",
    "jobs that are left": "SELECT count(*) FROM pipeline_job",
}  # fmt: skip
BINS = " + ".join(f"b{place}" for place in range(10))
# What has to be the number of submissions times the number behind it.
SUMS = {
    "requests": ("SELECT count(*) FROM reports_request", 1),
    "results of providers": (
        f"SELECT count(*) FROM reports_requestproviderresult WHERE status = {PROCESSED}", RESULTS,
    ),
    "requests counted in reports": ("SELECT sum(total_count) FROM reports_reportinstrument", RESULTS),
    "results counted in reports": ("SELECT sum(processed_count) FROM reports_reportinstrument", RESULTS),
    **{
        f"results in the histograms of {name}": (f"SELECT sum({BINS}) FROM reports_{table}histogram", RESULTS)
        for name, table in (
            ("activities", "activityprovider"), ("learners", "learnerprovider"),
            ("activities by instrument", "activityinstrument"), ("learners by instrument", "learnerinstrument"),
        )
    },
}  # fmt: skip


def _one(run: Run, statement: str) -> Any:
    return run.sql(statement)[0][0]


def proven(run: Run, submissions: int) -> list[str]:
    """Lines of what was found; ends the run with an error where something is wrong."""
    lines, wrong = [f"{submissions:>10} submissions"], []
    for name, (statement, times) in SUMS.items():
        found = int(_one(run, statement) or 0)
        lines.append(f"{found:>10} {name}")
        wrong += [lines[-1]] if found != times * submissions else []
    for name, statement in FAULTS.items():
        found = int(_one(run, statement))
        lines.append(f"{found:>10} {name}")
        wrong += [lines[-1]] if found else []
    activity = _one(run, "SELECT activity_id FROM reports_report GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
    reports = _one(run, f"SELECT count(*) FROM reports_report WHERE activity_id = {activity}")
    computed = run.python("manage", "rebuild_reports", f"--activity={activity}").strip()
    lines.append(f"{reports:>10} reports of the largest activity, computed from scratch: {computed}")
    if wrong:
        sys.exit("\n".join(["This is not so:", *wrong]))
    return lines
