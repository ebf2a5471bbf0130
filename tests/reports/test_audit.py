"""/institution/{}/course/{}/activity/{}/report/{}/audit/{instrument_id}/: one row per instrument of a report."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from files.links import url_read
from reports.models import Report, ReportInstrument
from tests.reports.conftest import allow, another_activity, urls

KEYS = [
    "id", "enrolment", "confidence", "result", "identity_level", "content_level", "integrity_level", "audit_data",
    "created_at", "updated_at", "report", "instrument",
]  # fmt: skip
WHEN = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("switches", "ann", "bob"),
    [
        ({"learner_report": True}, 403, 403),
        ({"learner_audit": True}, 403, 403),
        ({"learner_report": True, "learner_audit": True}, 200, 404),
    ],
)
def test_learner_needs_both_switches(switches, ann, bob, as_, at, world):
    allow(world.home, **switches)
    for url in (at.audits, at.audit):
        assert as_("ann").get(url).status_code == ann
        assert as_("bob").get(url).status_code == bob  # another's report


def test_audit_row_is_found_by_its_instrument(as_, at, world):
    row = world.home.report_instrument
    ReportInstrument.objects.filter(pk=row.pk).update(
        enrolment=Decimal("0.285"), confidence=Decimal("0.004999"), result=1, integrity_level=4, created_at=WHEN,
        updated_at=WHEN,
    )  # fmt: skip
    answer, listed = as_("admin").get(at.audit).json(), as_("admin").get(at.audits).json()["results"][0]
    for found in (answer, listed):  # the address may be signed a minute later
        assert url_read(found["audit_data"]).file_id == row.pk
        found["audit_data"] = "an address"
    assert answer == listed
    assert answer == {
        "id": row.pk,
        "enrolment": 29,
        "confidence": 0,
        "result": 100,
        "identity_level": 2,
        "content_level": 1,
        "integrity_level": 4,
        "audit_data": "an address",
        "created_at": "2026-02-03T04:05:06Z",
        "updated_at": "2026-02-03T04:05:06Z",
        "report": world.home.report.pk,
        "instrument": 2,
    }
    assert list(answer) == KEYS


def test_primary_key_of_the_row_is_no_address(as_, at, world):
    far = ReportInstrument.objects.create(pk=987, report=world.home.report, instrument_id=5)
    assert as_("admin").get(f"{at.audits}5/").json()["id"] == 987
    for number in (far.pk, 1, 4, 987654321, 0, "ks", "9" * 30):  # 1 and 4 are instruments, but not of this report
        assert as_("admin").get(f"{at.audits}{number}/").status_code == 404


def test_only_rows_of_this_report(as_, at, world):
    home = world.home
    for learner, activity in (("bob", home.activity), ("ann", another_activity(home))):
        report = Report.objects.create(institution=home.institution, activity=activity, learner=home.learners[learner])
        ReportInstrument.objects.create(report=report, instrument_id=2)
        ReportInstrument.objects.create(report=report, instrument_id=1)
    mine = ReportInstrument.objects.create(report=home.report, instrument_id=1)
    body = as_("admin").get(at.audits).json()
    assert [row["id"] for row in body["results"]] == [home.report_instrument.pk, mine.pk]
    assert body["count"] == 2


def test_chain_that_is_broken_is_404(as_, at, world):
    home = world.home
    wrong = [urls(world.away).audits]
    for word, right, others in (
        ("report", home.report.pk, (world.away.report.pk, 987654321, 0, "abc")),
        ("activity", home.activity.pk, (another_activity(home).pk, world.away.activity.pk)),
        ("course", home.course.pk, (home.other_course.pk, world.away.course.pk)),
    ):
        wrong += [url.replace(f"/{word}/{right}/", f"/{word}/{n}/") for url in (at.audits, at.audit) for n in others]
    for who in ("admin", "teacher"):
        assert [url for url in wrong if as_(who).get(url).status_code != 404] == []


def test_audits_are_only_read(as_, at):
    assert as_("admin").post(at.audits, {}).status_code == 405
    for method in ("put", "patch", "delete"):
        assert getattr(as_("admin"), method)(at.audit, {}).status_code == 405


def test_search_and_ordering(as_, at, world):
    ReportInstrument.objects.create(report=world.home.report, instrument_id=1, confidence="0.5", content_level=3)
    for query, expected in (
        ("search=keystroke", [2]), ("search=FR", [1]), ("search=zebra", []), ("ordering=instrument", [1, 2]),
        ("ordering=confidence", [1, 2]), ("ordering=-content_level", [1, 2]), ("ordering=audit_data", [2, 1]),
        ("", [2, 1]),
    ):  # fmt: skip
        assert [row["instrument"] for row in as_("admin").get(f"{at.audits}?{query}").json()["results"]] == expected
