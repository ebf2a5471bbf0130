"""/vle/{vle_id}/course/{course_id}/activity/{activity_id}/learner/{id}/"""

from courses.api.vle_course_learner import VLECourseLearnerSerializer, VLECourseLearnerViewSet, VLELearnerFilter
from courses.models import Activity
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.viewsets import ResourceViewSet
from learners.models import Learner


class VLEActivityLearnerViewSet(ResourceViewSet):
    """The learners of the activity's course."""

    root = "vle"
    shows_people = True
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
