"""/institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_course_id}/activity/{id}/"""

from django_filters import rest_framework as filters
from rest_framework import serializers

from courses.models import Activity, Course
from courses.row_rules import attended, taught
from courses.services import activities
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import FoldedColumnFilter, InstantFilter
from kernel.scope import under
from kernel.serializers import ResourceSerializer
from kernel.viewsets import ResourceViewSet

SENT_BY_VLE = ("name", "start", "end", "description")


class InstitutionCourseActivitySerializer(ResourceSerializer):
    """`course_id` and `vle_id` follow the documented keys. What a VLE has told of its activity only the VLE changes."""

    course_id = serializers.IntegerField(read_only=True)
    vle_id = serializers.IntegerField(read_only=True)

    class Meta:
        model = Activity
        fields: tuple[str, ...] = (
            "id", "vle_activity_type", "vle_activity_id", "name", "start", "end", "description", "enabled", "conf",
            "created_at", "updated_at", "course_id", "vle_id",
        )  # fmt: skip
        read_only_fields = ("vle_activity_type", "vle_activity_id")

    def get_fields(self):
        fields = super().get_fields()
        if isinstance(self.instance, Activity) and self.instance.vle_activity_type != activities.MANUAL:
            for name in SENT_BY_VLE:
                fields[name].read_only = True
        return fields


class ActivityFilter(filters.FilterSet):
    name = FoldedColumnFilter()
    vle_activity_type = FoldedColumnFilter()
    start = InstantFilter()
    end = InstantFilter()


class ActivityViewSet(ResourceViewSet):
    queryset = Activity.objects.all()
    serializer_class: type[ResourceSerializer] = InstitutionCourseActivitySerializer
    filterset_class = ActivityFilter
    search_fields = ("search_text",)
    orderable = {name: name for name in InstitutionCourseActivitySerializer.Meta.fields}
    lock_for_delete = ("institution",)
    scope = under(
        Course,
        rows="course",
        parent_lookup_course_id="pk",
        parent_lookup_vle__institution_id="institution",
    )
    access = {
        Role.GLOBAL: grant(READ),
        Role.ADMIN: grant(READ, WRITE),
        Role.DATA: grant(READ, "destroy"),
        Role.INSTRUCTOR: grant(READ, WRITE, parent=taught()),
        Role.LEARNER: grant(READ, parent=attended()),
    }

    def perform_create(self, serializer):
        serializer.instance = activities.activity_create(
            course=self.parent, by_id=self.caller.person_id, **serializer.validated_data
        )

    def perform_update(self, serializer):
        activities.activity_update(
            activity=serializer.instance, by_id=self.caller.person_id, **serializer.validated_data
        )

    def perform_destroy(self, instance):
        activities.activity_delete(activity=instance)
