"""Deleting what is older than its institution keeps it: by kind, with files, without what is held back."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from console.templatetags.console import instant, instant_words
from courses.models import AssessmentSession
from files.models import Kind as FileKind
from files.models import StoredFile
from files.services import file_store
from institutions.services.institutions import institution_obstacles
from kernel.recording import Entry, command, record
from learners.models import Enrolment, EnrolmentSample, EnrolmentSampleValidation
from pipeline.jobs import enqueue
from pipeline.running import run_due
from reports.models import (
    ActivityInstrumentHistogram,
    Alert,
    LearnerInstrumentHistogram,
    Report,
    ReportSession,
    Request,
    RequestProviderResult,
    RequestResult,
)
from reports.services.merging import people_merge
from retention.models import Kind, Period
from retention.queries import periods_of
from retention.services import kinds
from retention.services.applying import part_deleted, retention_applied
from retention.services.kinds import STEPS, WORK
from rights.models import Contest, LegalHold
from tests.contests import contest_of, file_of
from tests.contract.lock_order import followed
from tests.guards import lifted
from tests.reports.work import Work, differences
from tests.trail.test_chain import _own_transaction, sealed  # noqa: F401 - a fixture of each test
from trail.models import Line

OLD = timezone.now() - timedelta(days=400)


class Past(Work):
    """bob's and ann's work of long ago, with what was captured."""

    def __init__(self, home):
        super().__init__(home)
        Contest.objects.all().delete()
        Period.objects.all().delete()

    def file(self, kind: str, name: str = "bob") -> StoredFile:
        return file_store(
            institution=self.home.institution, owner=self.home.people[name], kind=FileKind(kind),
            media_type="application/json", content=[b"{}"], extension="json",
        )  # fmt: skip

    def captured(self, name: str = "bob", **values) -> Request:
        """Verified, with a file and what the provider noted."""
        request = self.request(name=name, data=self.file("request", name), **values)
        self.answer(request, result=0.2)
        audit = self.file("result_audit", name)
        for model in (RequestResult, RequestProviderResult):
            model.objects.filter(request=request).update(audit=audit)
        Request.objects.filter(pk=request.pk).update(created_at=OLD)
        return request

    def session_with_alert(self, name: str = "bob") -> AssessmentSession:
        session = self.session(name)
        self.captured(name, session=session)
        Alert.objects.create(
            institution=self.home.institution, learner=session.learner, activity=session.activity, session=session,
            level=2, raised_at=OLD, data=self.file("alert", name),
        )  # fmt: skip
        AssessmentSession.objects.filter(pk=session.pk).update(closed_at=OLD, started_at=OLD)
        enqueue("reports.session", [session.pk])
        run_due()
        Alert.objects.update(created_at=OLD)
        return session

    def kept(self, **days: int) -> None:
        for kind, number in days.items():
            Period.objects.create(institution=self.home.institution, kind=kind, days=number)


@pytest.fixture
def past(world):
    return Past(world.home)


def applied(**options) -> dict[str, dict]:
    return {row.kind: row.as_dict() for row in retention_applied(**options)}


def levels(report: Report) -> tuple[int, int, int]:
    report.refresh_from_db()
    return report.identity_level, report.content_level, report.integrity_level


def test_evidence_goes_and_levels_stay(past):
    """The results stay: a report rebuilt of them is the same. What is younger stays, and what was handed in."""
    old, young, paper = past.captured(session=past.session()), past.request(data=past.file("request")), past.captured()
    Request.objects.filter(pk=young.pk).update(session=past.session())
    before = levels(past.report())
    past.kept(captures=100)
    with followed() as order:
        assert applied()["captures"] == {
            "institution": "HOME", "kind": "captures", "days": 100, "deleted": {"requests": 1}, "files": 2,
            "held": {"legal_hold": 0, "contest": 0},
        }  # fmt: skip
    if connection.vendor == "postgresql":
        assert order.faults == []
    old.refresh_from_db()
    assert old.data_id is None
    assert not RequestProviderResult.objects.filter(request=old, audit__isnull=False)
    assert Request.objects.filter(pk__in=(young.pk, paper.pk), data__isnull=False).count() == 2
    report = past.report()
    assert (levels(report), report.evidence_deleted_after) == (before, 100)
    Request.objects.filter(pk=young.pk).delete()
    run_due()
    assert applied()["captures"]["deleted"] == {}
    past.kept(documents=100)
    assert applied()["documents"]["files"] == 2
    assert StoredFile.objects.filter(kind__in=("request", "result_audit"), owner=past.home.people["bob"]).count() == 1


def test_the_report_says_that_evidence_was_deleted(past, as_, signed_in, world):
    past.captured()
    past.kept(documents=30)
    applied()
    report = past.report()
    body = as_("bob").get(f"/api/v2/me/report/{report.pk}/").json()
    assert body["evidence_deleted"].startswith("Evidence deleted after 30 days")
    place = f"courses/{world.home.course.pk}/activities/{world.home.activity.pk}/reports/{report.pk}/"
    page = signed_in("data").get(f"/console/{world.home.institution.pk}/{place}")
    assert "Evidence deleted after 30 days" in page.text
    assert "Evidence deleted after 30 days" in signed_in("bob").get(f"/me/reports/{report.pk}/").text


def test_alerts_go_and_their_numbers_stay(past):
    session = past.session_with_alert()
    row = ReportSession.objects.get(session=session)
    before = (row.alert_alerts, levels(row.report))
    assert before[0] == 1
    past.kept(alerts=100)
    assert (applied()["alerts"]["deleted"], applied()["alerts"]["deleted"]) == ({"alerts": 1}, {})
    assert not Alert.objects.exists()
    assert not StoredFile.objects.filter(kind="alert").exists()
    row.refresh_from_db()
    assert (row.alert_alerts, levels(row.report)) == before
    assert differences(institution=past.home.institution.pk) == []


def test_reports_go_with_all_they_were_made_of(past):
    """What others have stays counted; a session that is open, a contest and a hold keep reports."""
    session = past.session_with_alert()
    past.captured("ann")
    contest = contest_of(past.home, report=past.report(), state="upheld", decided_at=OLD)
    file_of(contest, past.home)
    Report.objects.update(updated_at=OLD)
    past.kept(reports=100)
    assert applied(dry_run=True)["reports"]["deleted"] == {
        "reports": 2, "sessions": 1, "requests": 2, "alerts": 1,
    }  # fmt: skip
    AssessmentSession.objects.filter(pk=session.pk).update(closed_at=None)
    held = applied()["reports"]
    assert (held["deleted"]["reports"], held["held"]["session"]) == (1, 1)
    AssessmentSession.objects.filter(pk=session.pk).update(closed_at=OLD)
    LegalHold.objects.create(institution=past.home.institution, person=past.home.people["bob"], reason="A lawsuit.")
    held = applied()["reports"]
    assert (held["deleted"].get("reports", 0), held["held"]["legal_hold"]) == (0, 1)
    LegalHold.objects.all().delete()
    Report.objects.update(contest={"is_final": False})
    assert applied()["reports"]["held"]["contest"] == 1
    Report.objects.update(contest={"is_final": True})
    with followed() as order:
        assert applied()["reports"]["deleted"] == {"alerts": 1, "requests": 1, "reports": 1, "sessions": 1}
    if connection.vendor == "postgresql":
        assert order.faults == []
    for model in (Report, Request, Alert, AssessmentSession, StoredFile):
        assert not model.objects.filter(institution=past.home.institution).exists(), model
    contest.refresh_from_db()
    assert (contest.reason, contest.report_id) == ("", None)
    for model in (LearnerInstrumentHistogram, ActivityInstrumentHistogram):
        assert not [row for row in model.objects.all() if any(getattr(row, f"b{n}") for n in range(10))]
    assert differences(institution=past.home.institution.pk) == []


def test_what_no_report_was_made_of_goes_too(past):
    session = past.session()
    request = Request.objects.create(
        institution=past.home.institution,
        learner=session.learner,
        activity=past.home.activity,
        data=past.file("request"),
    )
    in_session = Request.objects.create(
        institution=past.home.institution, learner=session.learner, activity=past.home.activity, session=session
    )
    alert = Alert.objects.create(
        institution=past.home.institution, learner=session.learner, activity=session.activity, level=2, raised_at=OLD
    )
    AssessmentSession.objects.filter(pk=session.pk).update(closed_at=OLD, started_at=OLD)
    Request.objects.filter(pk__in=(request.pk, in_session.pk)).update(created_at=OLD)
    Alert.objects.filter(pk=alert.pk).update(created_at=OLD)
    past.kept(reports=100)
    assert applied(dry_run=True)["reports"]["deleted"] == {"reports": 0, "sessions": 1, "requests": 2, "alerts": 1}
    assert applied()["reports"]["deleted"] == {"sessions": 1, "requests": 2, "alerts": 1}
    assert not StoredFile.objects.exists()


def test_samples_and_models_go_on_their_own(past):
    bob = past.home.learners["bob"]
    sample = EnrolmentSample.objects.create(institution=past.home.institution, learner=bob, data=past.file("sample"))
    EnrolmentSampleValidation.objects.create(sample=sample, provider=past.fr, info=past.file("validation"))
    model = Enrolment.objects.get(learner=bob)
    Enrolment.objects.filter(pk=model.pk).update(model=past.file("model"), updated_at=OLD)
    model.model_samples.add(sample)
    EnrolmentSample.objects.update(created_at=OLD)
    past.kept(samples=100)
    assert (applied()["samples"]["files"], Enrolment.objects.filter(pk=model.pk).exists()) == (2, True)
    past.captured()
    assert past.row().enrolment
    Enrolment.objects.filter(pk=model.pk).update(updated_at=OLD)
    past.kept(models=100)
    assert applied()["models"]["deleted"] == {"models": 1}
    told = Line.objects.filter(verb="delete", resource="institution/learner/enrolment", person_id=bob.pk).order_by("pk")
    assert [json.loads(line.details) for line in told] == [{"samples": 1}, {"models": 1}]
    assert told[0].row_key == f"{past.home.institution.pk}/{bob.pk}"
    run_due()
    assert not past.row().enrolment
    assert not StoredFile.objects.filter(kind__in=("sample", "validation", "model")).exists()


def test_nothing_goes_without_a_period_or_of_another_institution(past, world):
    request = past.captured()
    Period.objects.create(institution=world.away.institution, kind="documents", days=1)
    assert applied()["documents"]["deleted"] == {}
    request.refresh_from_db()
    assert request.data_id is not None


def test_what_is_held_since_it_was_read_stays(past):
    past.captured()
    step, home = WORK[0], past.home.institution.pk
    free = step.free(step.rows(home, None), home)
    keys = [*free.values_list("pk", flat=True)]
    LegalHold.objects.create(institution=past.home.institution, person=past.home.people["bob"], reason="A lawsuit.")
    assert part_deleted(step, free, keys, home, 1).rows == {}
    assert Report.objects.filter(pk__in=keys).exists()


def test_few_rows_go_together_where_each_has_many_requests(past, monkeypatch):
    for name in ("ann", "bob"):
        past.captured(name)
    step, home = WORK[0], past.home.institution.pk
    free = step.free(step.rows(home, None), home)
    keys = [*free.order_by("pk").values_list("pk", flat=True)]
    for most, together in ((2, 2), (1, 1), (0, 1)):
        monkeypatch.setattr(kinds, "REQUESTS", most)
        assert step.next_part(free, 0) == keys[:together]
    assert [step.next_part(free, key) for key in keys] == [keys[1:], []]


def test_command_reports_and_leaves_a_line(past):
    past.captured()
    past.kept(documents=100, alerts=5)
    out = StringIO()
    call_command("apply_retention", "--dry-run", stdout=out)
    assert "HOME documents, older than 100 days: would be deleted: 1 requests" in out.getvalue()
    assert not Line.objects.filter(resource="institution/retention").exists()
    out = StringIO()
    call_command("apply_retention", "--institution", "HOME", "--json", stdout=out)
    outcomes = {row["kind"]: row for row in json.loads(out.getvalue())["outcomes"]}
    assert outcomes["documents"]["files"] == 2
    lines = Line.objects.filter(resource="institution/retention", verb="erase").order_by("pk")
    assert [(line.row_key, line.actor_kind) for line in lines] == [("alerts", "command"), ("documents", "command")]
    assert json.loads(lines[1].details)["deleted"] == {"requests": 1}
    told = Line.objects.get(verb="delete", resource="institution/course/activity/request")
    assert (told.person_id, told.actor_kind) == (past.home.people["bob"].pk, "command")
    out = StringIO()
    call_command("apply_retention", "--institution", "AWAY", stdout=out)
    assert "No retention period" in out.getvalue()
    with pytest.raises(CommandError, match="no institution"):
        call_command("apply_retention", "--institution", "NONE")


def test_lines_of_the_trail_are_cut(past, signed_in, as_, world, settings):
    """Of one institution, up to the first line about a held person. Who reads lines is told of it."""
    home, bob = past.home.institution.pk, past.home.people["bob"]
    for person in (None, past.home.people["ann"].pk, bob.pk, None):
        record(Entry("update", "institution/learner", person or "", home, person), by=command("test"))
    record(Entry("update", "institution/learner", "", world.away.institution.pk), by=command("test"))
    with lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE trail_line SET written_at = %s", [OLD])
    record(Entry("update", "institution/learner", "", home), by=command("test"))
    sealed(sign_now=True)
    past.kept(trail=365)
    assert periods_of(home)["trail"] == 365
    LegalHold.objects.create(institution=past.home.institution, person=bob, reason="A lawsuit.")
    expected = {"institution": "HOME", "kind": "trail", "days": 365, "deleted": {"lines": 2}, "files": 0,
                "held": {"legal_hold": 2}}  # fmt: skip
    with followed() as order:
        assert applied(dry_run=True)["trail"] == applied()["trail"] == expected
    if connection.vendor == "postgresql":
        assert order.faults == []
    (told,) = Line.objects.filter(resource="institution/retention", row_key="trail", verb="erase")
    assert json.loads(told.details) == {"days": 365, "deleted": {"lines": 2}, "files": 0, "held": {"legal_hold": 2}}
    LegalHold.objects.all().delete()
    settings.TRAIL_LEAST_DAYS = 500  # the operator says so later
    assert (applied()["trail"]["deleted"], periods_of(home)["trail"]) == ({"lines": 0}, 500)
    settings.TRAIL_LEAST_DAYS = 365
    with lifted(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM trail_link WHERE position = 3")
    out = StringIO()
    call_command("apply_retention", stdout=out)
    assert "deleted: nothing, 0 files; held back: 2 because the trail is not what was sealed" in out.getvalue()
    gone = f"Lines that were written until {instant_words(OLD)} are deleted"
    assert gone in signed_in("data").get(f"/console/{home}/trail/").text
    assert f"Lines that were written until {instant(OLD)} are deleted" in signed_in("bob").get("/me/trail/").text
    answer = as_("data").get(f"/api/v2/institution/{home}/trail/export/")
    assert answer["Content-Disposition"] == f'attachment; filename="trail-{home}-after-{OLD:%Y-%m-%d}.csv"'
    kept = {kind["kind"]: kind["kept"] for kind in as_("bob").get("/api/v2/me/held/").json()["kinds"]}["trail"]
    assert (kept[:42], "A legal hold" in kept) == ("Deleted 365 days after they were written, ", True)


def test_periods_do_not_keep_an_institution(past):
    past.kept(alerts=5)
    assert not [text for text in institution_obstacles(institution=past.home.institution) if "period" in text]


def test_a_kind_is_not_renamed_and_days_have_bounds(as_, world):
    base = f"/api/v2/institution/{world.home.institution.pk}/retention/"
    data = as_("data")
    assert data.patch(f"{base}captures/", {"kind": "alerts"}, format="json").json().keys() == {"kind"}
    for days in (0, 36_501, None, "x"):
        assert data.post(base, {"kind": "alerts", "days": days}, format="json").json().keys() == {"days"}
    assert data.post(base, {"kind": "captures", "days": 5}, format="json").status_code == 400
    assert data.post(base, {"kind": "trail", "days": 364}, format="json").json().keys() == {"days"}
    assert data.post(base, {"kind": "trail", "days": "x"}, format="json").json().keys() == {"days"}
    assert data.post(base, {"kind": "trail", "days": 365}, format="json").status_code == 201
    assert data.patch(f"{base}trail/", {"days": 30}, format="json").json().keys() == {"days"}
    assert data.put(f"{base}trail/", {"kind": "trail", "days": 400}, format="json").status_code == 200
    told = Line.objects.filter(resource="institution/retention").latest("pk")
    assert (told.verb, json.loads(told.details)["days"]) == ("update", [365, 400])
    assert data.post(base, {"kind": "everything", "days": 5}, format="json").json().keys() == {"kind"}


def test_every_kind_has_its_steps():
    assert STEPS.keys() == {*Kind} - {Kind.TRAIL}  # whose lines are cut: see tests/trail/test_cutting.py


def test_a_merged_report_still_says_that_evidence_was_deleted(past):
    for name in ("ann", "bob"):
        past.captured(name)
    Report.objects.filter(learner=past.home.learners["bob"]).update(evidence_deleted_after=30)
    ann, bob, admin = (past.home.people[name].pk for name in ("ann", "bob", "admin"))
    people_merge(institution=past.home.institution, kept_id=ann, gone_id=bob, by_id=admin)
    assert past.report("ann").evidence_deleted_after == 30
