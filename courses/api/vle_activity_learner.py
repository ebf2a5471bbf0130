"""/vle/{vle_id}/course/{course_id}/activity/{activity_id}/learner/{id}/"""

from courses.api.vle_course_learner import VLECourseLearnerSerializer, VLECourseLearnerViewSet, VLELearnerFilter
from courses.models import Activity
from learners.models import Learner
from tesla_api.api.access import READ, grant
from tesla_api.api.caller import Role
from tesla_api.api.scope import under
from tesla_api.api.viewsets import ResourceViewSet


class VLEActivityLearnerViewSet(ResourceViewSet):
    """The learners of the activity's course."""

    root = "vle"
    queryset = Learner.objects.all()
    serializer_class = VLECourseLearnerSerializer
    filterset_class = VLELearnerFilter
    search_fields = VLECourseLearnerViewSet.search_fields
    orderable = VLECourseLearnerViewSet.orderable
    scope = under(
        Activity,
        rows={"courses": "course_id"},
        tenant="institution",
        activity_id="pk",
        course_id="course",
        vle_id="vle",
    )
    access = {Role.VLE: grant(READ)}
