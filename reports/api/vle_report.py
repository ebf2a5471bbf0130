"""/vle/{vle_id}/course/{course_id}/activity/{activity_id}/report/{id}/"""

from courses.models import Activity
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.scope import under
from reports.api.report import InstitutionCourseActivityReportLongSerializer, ReportViewSet
from reports.api.shared.evidence import LinkField


def no_evidence() -> str | None:
    """Evidence is for people."""


class VLECourseActivityReportLongSerializer(InstitutionCourseActivityReportLongSerializer):
    data = LinkField(no_evidence)


class VLEReportViewSet(ReportViewSet):
    root = "vle"
    detail_serializer_class = VLECourseActivityReportLongSerializer
    shows_people = True
    scope = under(Activity, rows="activity", activity_id="pk", course_id="course", vle_id="vle")
    access = {Role.VLE: grant(READ)}
