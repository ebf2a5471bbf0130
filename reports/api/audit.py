"""/institution/{}/course/{}/activity/{}/report/{parent_lookup_report_id}/audit/{instrument_id}/"""

from typing import Any

from courses.row_rules import attended, taught
from files.models import Made
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import Computed
from kernel.viewsets import ResourceViewSet
from reports.api.report import LevelsSerializer
from reports.api.shared.evidence import Evidence, LinkField, may_read_evidence
from reports.arithmetic import percent
from reports.models import LEVELS, Report, ReportInstrument
from reports.visibility import is_closed, is_flagged, own_work


def audit_url(
    row: int, identity: int, content: int, integrity: int, restricted: bool, contest: Any, evidence: Evidence
) -> str | None:
    flagged = is_flagged(identity, content, integrity)
    closed = is_closed(evidence.roles, restricted, contest)
    return evidence.url(row, "report_audit.json", flagged=flagged, closed=closed, what=Made.AUDIT)


class InstitutionCourseActivityReportAuditSerializer(LevelsSerializer):
    """Percentages are whole numbers from 0 to 100."""

    enrolment = Computed(percent, "enrolment")
    confidence = Computed(percent, "confidence")
    result = Computed(percent, "result")
    audit_data = LinkField(
        audit_url, "pk", *LEVELS, "report__learner__is_restricted", "report__contest", per_request=Evidence
    )

    class Meta:
        model = ReportInstrument
        fields = (
            "id", "enrolment", "confidence", "result", *LEVELS, "audit_data", "created_at", "updated_at", "report",
            "instrument",
        )  # fmt: skip
        read_only_fields = fields


class ReportAuditViewSet(ResourceViewSet):
    queryset = ReportInstrument.objects.all()
    serializer_class = InstitutionCourseActivityReportAuditSerializer
    lookup_field = "instrument"
    lookup_url_kwarg = "instrument_id"
    search_fields = ("instrument__search_text",)
    orderable = {
        name: name
        for name in (
            "id", "enrolment", "confidence", "result", *LEVELS, "created_at", "updated_at", "report", "instrument",
        )
    }  # fmt: skip
    shows_people = True
    scope = under(
        Report,
        rows={"report": "pk", "report__learner": "learner"},
        parent_lookup_report_id="pk",
        parent_lookup_report__activity_id="activity",
        parent_lookup_report__activity__course_id="activity__course",
        parent_lookup_report__activity__vle__institution_id="institution",
    )
    access = {
        Role.GLOBAL | Role.ADMIN | Role.DATA: grant(READ),
        Role.INSTRUCTOR: grant(READ, parent=taught("activity__course__")),
        Role.LEARNER: grant(READ, parent=attended("activity__course__"), sees=own_work, when=may_read_evidence),
    }
