"""/vle/{vle_id}/course/{course_id}/activity/{id}/"""

from django_filters import rest_framework as filters

from courses.api.activity import ActivityViewSet
from courses.api.course import is_enabled
from courses.api.vle_course import VLECourseSerializer, VLEDatesSerializer
from courses.models import Activity, Course
from courses.services import activities
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import IdentifierFilter, KeyFilter
from kernel.scope import under
from kernel.serializers import Computed, NameField, OpaqueTextField


def course_is_enabled(view) -> bool:
    return Activity.objects.filter(course=view.kwargs["course_id"], enabled=True).exists()


class VLEActivityCourseSerializer(VLECourseSerializer):
    enabled = Computed(is_enabled, per_request=course_is_enabled)


class VLECourseActivitySerializer(VLEDatesSerializer):
    """An activity under the VLE's own type and id. Unset dates may be sent as 1970-01-01T00:00:00Z."""

    course = VLEActivityCourseSerializer(read_only=True)
    name = NameField(max_length=255)
    conf = OpaqueTextField()
    cut = frozenset({"name"})

    class Meta:
        model = Activity
        fields = (
            "id", "course", "vle_activity_type", "vle_activity_id", "name", "description", "enabled", "start", "end",
            "conf", "created_at", "updated_at",
        )  # fmt: skip


class VLEActivityFilter(filters.FilterSet):
    vle_activity_type = IdentifierFilter()
    vle_activity_id = IdentifierFilter()
    name = filters.CharFilter()
    course_id = KeyFilter("course")
    vle_id = KeyFilter("vle")


class VLEActivityViewSet(ActivityViewSet):
    root = "vle"
    serializer_class = VLECourseActivitySerializer
    filterset_class = VLEActivityFilter
    orderable = {name: name for name in VLECourseActivitySerializer.Meta.fields}
    scope = under(Course, rows="course", same_tenant=("course__vle__institution",), course_id="pk", vle_id="vle")
    access = {Role.VLE: grant(READ, WRITE)}

    def perform_create(self, serializer):
        serializer.warn(self.caller.id)
        serializer.instance = activities.activity_register(course=self.parent, **serializer.validated_data)

    def perform_update(self, serializer):
        serializer.warn(self.caller.id)
        activities.activity_refresh(activity=serializer.instance, **serializer.validated_data)
