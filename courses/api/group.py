"""/institution/{parent_lookup_institution_id}/group/{id}/"""

from typing import Any

from django_filters import rest_framework as filters

from courses.models import CourseGroup
from courses.services import groups
from institutions.api.institution import InstitutionSerializer
from institutions.api.shared.administration import MisnamedRefused
from institutions.models import Institution
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import FoldedFilter, TenantFilter
from kernel.scope import under
from kernel.serializers import ResourceSerializer, TenantRelatedField
from kernel.viewsets import ResourceViewSet


class InstitutionCourseGroupSerializer(MisnamedRefused, ResourceSerializer):
    institution = InstitutionSerializer(read_only=True)
    parent = TenantRelatedField(  # type: ignore[assignment] # declared fields are taken out of the class
        queryset=CourseGroup.objects.all(), required=False, allow_null=True
    )

    class Meta:
        model = CourseGroup
        fields = ("id", "institution", "parent", "name", "description", "created_at", "updated_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs  # the service checks the parent, because it locks the tree first


class GroupFilter(filters.FilterSet):
    name = FoldedFilter(lookup_expr="folded_contains")
    description = FoldedFilter(lookup_expr="folded_contains")
    parent = TenantFilter(queryset=CourseGroup.objects.all(), none=-1, help_text="Id of a group; -1: the roots.")


class GroupViewSet(ResourceViewSet):
    queryset = CourseGroup.objects.all()
    serializer_class = InstitutionCourseGroupSerializer
    filterset_class = GroupFilter
    search_fields = ("search_text",)
    orderable = {name: name for name in InstitutionCourseGroupSerializer.Meta.fields}
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {
        Role.GLOBAL | Role.MEMBER: grant(READ),
        Role.ADMIN | Role.DATA: grant(WRITE),
    }

    answers_from_memory = True
    # With its institution, which comes first, as in the services; new rows may refer to the institution meanwhile.
    lock_before = ("institution",)
    lock_keys = False

    def perform_create(self, serializer):
        serializer.instance = groups.group_create(institution=self.parent, **serializer.validated_data)

    def perform_update(self, serializer):
        groups.group_update(group=serializer.instance, is_locked=True, **serializer.validated_data)

    def perform_destroy(self, instance):
        groups.group_delete(group=instance, is_locked=True)
