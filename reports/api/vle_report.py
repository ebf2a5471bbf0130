"""/vle/{vle_id}/course/{course_id}/activity/{activity_id}/report/{id}/"""

from courses.models import Activity
from reports.api.evidence import LinkField
from reports.api.report import InstitutionCourseActivityReportLongSerializer, ReportViewSet
from tesla_api.api.access import READ, grant
from tesla_api.api.caller import Role
from tesla_api.api.scope import under


def no_evidence() -> str | None:
    """Evidence is for people."""


class VLECourseActivityReportLongSerializer(InstitutionCourseActivityReportLongSerializer):
    data = LinkField(no_evidence)


class VLEReportViewSet(ReportViewSet):
    root = "vle"
    detail_serializer_class = VLECourseActivityReportLongSerializer
    scope = under(Activity, rows="activity", activity_id="pk", course_id="course", vle_id="vle")
    access = {Role.VLE: grant(READ)}
