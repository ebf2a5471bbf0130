"""/institution/{parent_lookup_institution_id}/group/{parent_lookup_id}/course/{id}/"""

from typing import Any

from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from rest_framework import serializers

from courses.models import Course, CourseGroup, GroupCourse
from courses.row_rules import of_own_vle
from courses.services import groups
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import IdentifierFilter, IntegerFilter, MomentFilter
from kernel.scope import under
from kernel.serializers import IdToLookUpField, ResourceSerializer
from kernel.viewsets import ResourceViewSet

OF_COURSE = ("vle_id", "vle_course_id", "code", "description", "start", "end", "created_at", "updated_at")


class InstitutionCourseGroupCourseSerializer(ResourceSerializer):
    """A course in the group; which one is all that can be written."""

    id = IdToLookUpField(source="course_id")
    vle_id = serializers.IntegerField(source="course.vle_id", read_only=True)
    vle_course_id = serializers.CharField(source="course.vle_course_id", read_only=True)
    code = serializers.CharField(source="course.code", read_only=True)
    description = serializers.CharField(source="course.description", read_only=True, allow_null=True)
    start = serializers.DateTimeField(source="course.start", read_only=True, allow_null=True)
    end = serializers.DateTimeField(source="course.end", read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(source="course.created_at", read_only=True)
    updated_at = serializers.DateTimeField(source="course.updated_at", read_only=True)

    class Meta:
        model = GroupCourse
        fields = (
            "id", "vle_id", "vle_course_id", "code", "description", "start", "end", "created_at", "updated_at",
        )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs  # a course that is in the group already may be added again


class GroupCourseFilter(filters.FilterSet):
    vle_id = IntegerFilter("course__vle")
    vle_course_id = IdentifierFilter("course__vle_course_id")
    description = filters.CharFilter("course__description")
    code = filters.CharFilter("course__code")
    start = MomentFilter("course__start")
    end = MomentFilter("course__end")


class GroupCourseViewSet(ResourceViewSet):
    queryset = GroupCourse.objects.all()
    serializer_class = InstitutionCourseGroupCourseSerializer
    filterset_class = GroupCourseFilter
    lookup_field = "course"
    locks_row = False  # the service locks the new course first
    search_fields = ("course__search_text",)
    ordering = ("course", "pk")
    orderable = {"id": "course", **{name: f"course__{name}" for name in OF_COURSE}}
    scope = under(CourseGroup, rows="group", parent_lookup_id="pk", parent_lookup_institution_id="institution")
    access = {
        Role.GLOBAL | Role.MEMBER: grant(READ, rows=of_own_vle("course__")),
        Role.ADMIN | Role.DATA: grant(WRITE),
    }

    def perform_create(self, serializer):
        serializer.instance = groups.group_course_add(group=self.parent, course=self.course(serializer))

    def perform_update(self, serializer):
        if serializer.validated_data:
            groups.group_course_swap(membership=serializer.instance, course=self.course(serializer))

    def course(self, serializer) -> Course:
        return get_object_or_404(self.tenant.courses, pk=serializer.validated_data["course_id"])
