"""/vle/{vle_id}/course/{id}/"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.utils import html

from courses.api.course import CourseViewSet, InstitutionCourseSerializer
from courses.models import Course
from courses.services import courses
from institutions.models import VLE
from institutions.services.vles import vle_warn
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import IdentifierFilter, KeyFilter
from kernel.scope import under
from kernel.serializers import NameField, ResourceSerializer

DATES = ("start", "end")
UNREAD = "{!r} is no date that can be read; none is stored"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


# Dates of courses and activities. VLEs send 1970-01-01T00:00:00Z for "no date": it is stored as null. So is one that
# cannot be read, and the VLE's page says so: no exam fails for a date.
class VLEDatesSerializer(ResourceSerializer):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unread: dict[str, str] = {}  # {name: what is said of the date}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            self.unread = {name: UNREAD.format(str(data[name])[:60]) for name in DATES if not self._is_read(name, data)}
            if self.unread:
                data = data.copy()  # type: ignore[attr-defined] # of JSON or of a form
                for name in self.unread:
                    data[name] = None
        return super().to_internal_value(data)

    def _is_read(self, name: str, data: Mapping[str, Any]) -> bool:
        value = data.get(name)
        if value is None or (value == "" and html.is_html_input(data)):
            return True
        try:
            self.fields[name].to_internal_value(value)
        except (serializers.ValidationError, OverflowError):
            return False
        return True

    def warn(self, vle_id: int) -> None:
        """Tell the VLE's page which dates were not read."""
        if self.unread:
            vle_warn(vle_id=vle_id, warnings=self.unread)

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
        serializer.warn(self.caller.id)
        serializer.instance = courses.course_create(vle=self.parent, **serializer.validated_data)

    def perform_update(self, serializer):
        serializer.warn(self.caller.id)
        courses.course_update(course=serializer.instance, **serializer.validated_data)
