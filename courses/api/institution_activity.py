"""/institution/{parent_lookup_institution_id}/activity/{id}/: the activities of all courses, in one list."""

from django_filters import rest_framework as filters

from courses.api.activity import ActivityFilter
from courses.models import Activity, Course
from courses.queries import CourseName, course_named
from courses.row_rules import taught
from institutions.models import Institution
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.filters import TenantFilter
from kernel.scope import under
from kernel.serializers import Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet


class InstitutionActivitySerializer(ResourceSerializer):
    """`course` names the address below which the whole activity is."""

    course = Computed(course_named, "course_id", *(f"course__{name}" for name in CourseName._fields))

    class Meta:
        model = Activity
        fields = (
            "id", "course", "vle_activity_type", "vle_activity_id", "name", "start", "end", "enabled", "created_at",
            "updated_at",
        )  # fmt: skip


class InstitutionActivityFilter(ActivityFilter):
    course = TenantFilter("course", queryset=Course.objects.all())
    enabled = filters.BooleanFilter()


class InstitutionActivityViewSet(ResourceViewSet):
    queryset = Activity.objects.all()
    serializer_class = InstitutionActivitySerializer
    filterset_class = InstitutionActivityFilter
    search_fields = ("search_text",)
    orderable = {name: name for name in InstitutionActivitySerializer.Meta.fields}
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {
        Role.GLOBAL | Role.ADMIN | Role.DATA: grant(READ),
        Role.INSTRUCTOR: grant(READ, rows=taught("course__")),
    }
