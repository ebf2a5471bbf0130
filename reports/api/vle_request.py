"""/vle/{vle_id}/course/{course_id}/activity/{activity_id}/learner/{learner_id}/request/{id}/"""

from kernel.access import READ, grant
from kernel.caller import Role
from kernel.scope import under
from learners.models import Learner
from reports.api.request import (
    InstitutionCourseActivityReportRequestResultSerializer,
    InstitutionCourseActivityReportRequestSerializer,
    ReportRequestViewSet,
)
from reports.api.shared.evidence import LinkField
from reports.api.vle_report import no_evidence


class VLECourseActivityLearnerRequestResultSerializer(InstitutionCourseActivityReportRequestResultSerializer):
    audit = LinkField(no_evidence)


class VLECourseActivityLearnerRequestSerializer(InstitutionCourseActivityReportRequestSerializer):
    result = VLECourseActivityLearnerRequestResultSerializer(source="results", many=True, read_only=True)
    data = LinkField(no_evidence)


class VLERequestViewSet(ReportRequestViewSet):
    """What was asked of a learner of the activity's course."""

    root = "vle"
    serializer_class = VLECourseActivityLearnerRequestSerializer
    orderable = {name: column for name, column in ReportRequestViewSet.orderable.items() if name != "data"}
    shows_people = True
    scope = under(
        Learner,
        rows={"activity": "courses__activities", "learner": "pk"},
        learner_id="pk",
        activity_id="courses__activities",
        course_id="courses",
        vle_id="courses__vle",
    )
    access = {Role.VLE: grant(READ)}
