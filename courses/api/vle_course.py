"""/vle/{vle_id}/course/{id}/"""

from datetime import UTC, datetime
from typing import Any

from django_filters import rest_framework as filters

from courses.api.course import CourseViewSet, InstitutionCourseSerializer
from courses.models import Course
from courses.services import courses
from institutions.models import VLE
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import IdentifierFilter, KeyFilter
from kernel.scope import under
from kernel.serializers import NameField, ResourceSerializer

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


# Dates of courses and activities. VLEs send 1970-01-01T00:00:00Z for "no date": it is stored as null.
class VLEDatesSerializer(ResourceSerializer):
    def validate_start(self, value: datetime | None) -> datetime | None:
        return None if value == NEVER else value

    def validate_end(self, value: datetime | None) -> datetime | None:
        return None if value == NEVER else value


class VLECourseSerializer(VLEDatesSerializer, InstitutionCourseSerializer):
    """`enabled`: some activity of the course is enabled. Unset dates may be sent as 1970-01-01T00:00:00Z."""

    code = NameField(max_length=250)
    cut = frozenset({"code"})

    class Meta:
        model = Course
        fields: tuple[str, ...] = (
            "id", "vle", "code", "vle_course_id", "description", "start", "end", "enabled", "created_at", "updated_at",
        )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs  # the service checks that the id is new, and reports it for the whole row, as VLEs expect


class VLECourseFilter(filters.FilterSet):
    code = filters.CharFilter()
    vle_course_id = IdentifierFilter()
    description = filters.CharFilter()
    vle = KeyFilter()


class VLECourseViewSet(CourseViewSet):
    root = "vle"
    serializer_class = VLECourseSerializer
    filterset_class = VLECourseFilter
    scope = under(VLE, rows="vle", same_tenant=("vle__institution",), vle_id="pk")
    access = {Role.VLE: grant(READ, WRITE)}

    def perform_create(self, serializer):
        serializer.instance = courses.course_create(vle=self.parent, **serializer.validated_data)

    def perform_update(self, serializer):
        courses.course_update(course=serializer.instance, **serializer.validated_data)
