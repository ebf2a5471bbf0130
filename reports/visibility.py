"""Who may read the evidence of a report. The same rule decides which links are shown and whether they can be followed.

Evidence is what was captured from a learner and what instruments derived from it: faces, voices, keystrokes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from courses.row_rules import attended, taught
from files.models import Kind, StoredFile
from files.permissions import readable
from institutions.models import Institution, OnWithdrawal
from kernel.caller import PEOPLE, Caller, Role
from learners.models import Enrolment, Withdrawal
from reports.arithmetic import Level, session_level
from reports.contests import StoredContest, is_contested
from reports.models import Alert, Report, ReportInstrument, Request, RequestProviderResult, RequestResult

UNRESTRICTED = Role.GLOBAL | Role.ADMIN | Role.DATA
DECIDING = Role.ADMIN | Role.DATA


@dataclass(frozen=True)
class Visibility:
    """What a caller may read of one report."""

    report: bool
    evidence: bool
    unflagged: bool  # also the evidence of instruments without a warning or alert

    def shows(self, flagged: bool) -> bool:
        """Whether the evidence is visible of an instrument that is, or is not, flagged with a warning or alert."""
        return self.evidence and (self.unflagged or flagged)


def is_closed(roles: Role, restricted: bool, contest: StoredContest | None) -> bool:
    """Whether evidence is restricted for a caller with these roles, because its learner has withdrawn the consent.

    While the report is contested, those who may decide it need the evidence.
    """
    return restricted and not (roles & DECIDING and is_contested(contest))


def report_visibility(roles: Role, institution: Institution, *, teaches: bool, owns: bool) -> Visibility:
    """What a caller with these roles in the report's institution may read.

    `teaches`: the caller teaches the report's course; `owns`: it is the caller's report, and of a course attended now.
    """
    if roles & UNRESTRICTED:
        return Visibility(report=True, evidence=True, unflagged=True)
    return Visibility(
        report=teaches or (owns and reports_shown(institution)),
        evidence=teaches or (owns and evidence_shown(institution)),
        unflagged=institution.allow_valid_audit,
    )


def reports_shown(institution: Institution) -> bool:
    """Whether learners may read their own reports."""
    return institution.allow_learner_report


def evidence_shown(institution: Institution) -> bool:
    """Whether learners may read the evidence of their own reports."""
    return institution.allow_learner_report and institution.allow_learner_audit


def own_work(me) -> Q:
    return Q(learner=me.id)


def is_flagged(identity_level: int, content_level: int, integrity_level: int) -> bool:
    """Whether an instrument's row with these levels has a warning or an alert."""
    return max(identity_level, content_level, integrity_level) >= Level.WARNING


def is_flagging(alert_level: int) -> bool:
    """Whether an alert of this level makes its session a warning or an alert."""
    return session_level([alert_level]) >= Level.WARNING


def flagged_rows() -> QuerySet[ReportInstrument]:
    """All rows for which `is_flagged` is true."""
    return ReportInstrument.objects.filter(
        Q(identity_level__gte=Level.WARNING)
        | Q(content_level__gte=Level.WARNING)
        | Q(integrity_level__gte=Level.WARNING)
    )


def flagged_asks(report: int) -> QuerySet[Any]:
    """(request, instrument) rows whose instrument is flagged in this report. Filter by the report's own requests."""
    instruments = flagged_rows().filter(report=report).values("instrument")
    return Request.instruments.through._default_manager.filter(instrument__in=instruments)


# Rules for the moment at which a link is followed.


def report_shown(caller: Caller, report_id: int) -> tuple[Report, Visibility] | None:
    """The report with what the caller may read of it, if the caller may read it."""
    rows = Report.objects.filter(pk=report_id)
    return next((found for found in _visible_reports(caller, rows) if found[1].report), None)


def audit_shown(caller: Caller, row: ReportInstrument) -> bool:
    """Whether the caller may read the evidence behind this row of a report."""
    flagged = is_flagged(row.identity_level, row.content_level, row.integrity_level)
    reports = Report.objects.filter(pk=row.report_id)
    return any(visibility.shows(flagged) for _, visibility in _visible_reports(caller, reports))


@readable(Kind.REQUEST)
def request_readable(caller: Caller, file: StoredFile) -> bool:
    return _request_evidence_readable(caller, file, Request.objects.filter(data=file))


@readable(Kind.RESULT_AUDIT)
def result_audit_readable(caller: Caller, file: StoredFile) -> bool:
    """The audit of a summary is that of one of its providers."""
    audited = (RequestResult.objects.filter(audit=file), RequestProviderResult.objects.filter(audit=file))
    keys = {key for rows in audited for key in rows.values_list("request", flat=True)}
    return _request_evidence_readable(caller, file, Request.objects.filter(pk__in=keys))


def _request_evidence_readable(caller: Caller, file: StoredFile, requests: QuerySet[Request]) -> bool:
    def of_pair(activity, learner) -> QuerySet[Request]:
        return requests.filter(activity=activity, learner=learner)

    def flagged(report: Report) -> bool:
        asked = of_pair(report.activity_id, report.learner_id).values("pk")
        return flagged_asks(report.pk).filter(request__in=asked).exists()

    return _evidence_readable(caller, file, Q(Exists(of_pair(OuterRef("activity"), OuterRef("learner")))), flagged)


@readable(Kind.ALERT)
def alert_readable(caller: Caller, file: StoredFile) -> bool:
    alerts = Alert.objects.filter(data=file, session__isnull=False)
    of_pair = alerts.filter(activity=OuterRef("activity"), learner=OuterRef("learner"))

    def flagged(_: Report) -> bool:
        return any(is_flagging(level) for level in alerts.values_list("level", flat=True))

    return _evidence_readable(caller, file, Q(Exists(of_pair)), flagged)


@readable(Kind.SAMPLE)
def sample_readable(caller: Caller, file: StoredFile) -> bool:
    """A sample from which a model was made is behind the results of that model's provider."""
    models = Enrolment.objects.filter(model_samples__data=file)
    instruments = models.values("provider__instrument")

    def flagged(report: Report) -> bool:
        return flagged_rows().filter(report=report.pk, instrument__in=instruments).exists()

    reports = Q(learner__in=models.values("learner"), details__instrument__in=instruments)
    withdrawn = Withdrawal.objects.filter(learner=file.owner_id).exclude(of_models=OnWithdrawal.KEEP)
    return _evidence_readable(caller, file, reports, flagged, is_restricted=withdrawn.exists())


def _evidence_readable(
    caller: Caller, file: StoredFile, reports: Q, flagged: Callable[[Report], bool], *, is_restricted: bool = False
) -> bool:
    rows = Report.objects.filter(reports, institution=file.institution_id).distinct()
    roles = caller.roles_in(file.institution_id)
    return any(
        visibility.evidence
        and not is_closed(roles, is_restricted, report.contest)
        and visibility.shows(flagged(report))
        for report, visibility in _visible_reports(caller, rows)
    )


def _visible_reports(caller: Caller, rows: QuerySet[Report]) -> Iterator[tuple[Report, Visibility]]:
    """These reports, each with what the caller may read of it now."""
    if caller.kind not in PEOPLE:
        return
    all_reports = Report.objects.filter(pk=OuterRef("pk"))
    teaching = all_reports.filter(taught("activity__course__")(caller))
    attending = all_reports.filter(attended("activity__course__")(caller), own_work(caller))
    for report in rows.annotate(teaches=Exists(teaching), owns=Exists(attending)).select_related(
        "institution", "learner"
    ):
        roles = caller.roles_in(report.institution_id)
        teaches = Role.INSTRUCTOR in roles and report.teaches
        owns = Role.LEARNER in roles and report.owns
        visibility = report_visibility(roles, report.institution, teaches=teaches, owns=owns)
        if is_closed(roles, report.learner.is_restricted, report.contest):
            visibility = replace(visibility, evidence=False)
        yield report, visibility
