"""/institution/{parent_lookup_vle__institution_id}/course/{id}/"""

from django_filters import rest_framework as filters

from courses.models import Course
from courses.queries import COURSE_STATES, attends, course_state, has_enabled_activity, teaches
from courses.row_rules import ATTENDS, TEACHES, attended, taught
from courses.services.courses import course_delete
from institutions.api.vle_self import VLESelfSerializer
from institutions.models import VLE, Institution
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.fast.once import note
from kernel.filters import ColumnFilter, FoldedColumnFilter, InstantFilter
from kernel.row_rules import fact
from kernel.scope import under
from kernel.serializers import Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet

ROLES = {"LEARNER": attends, "INSTRUCTOR": teaches}  # of the caller in a course


def role_names(learner: bool, instructor: bool) -> list[str]:
    return ["LEARNER"] * learner + ["INSTRUCTOR"] * instructor


def is_enabled(some_activity: bool) -> bool:
    return some_activity


class VLESerializer(VLESelfSerializer):
    """`institution` follows the documented keys: dashboards read its id."""

    class Meta:
        model = VLE
        fields = ("id", "type", "name", "url", "client_id", "institution")


class InstitutionCourseSerializer(ResourceSerializer):
    """`enabled` follows the documented keys: some activity of the course is enabled."""

    vle = VLESerializer(read_only=True)
    user_roles = Computed(role_names, attends, teaches)
    enabled = Computed(is_enabled, has_enabled_activity)

    class Meta:
        model = Course
        fields = (
            "id", "vle", "vle_course_id", "code", "description", "start", "end", "user_roles", "created_at",
            "updated_at", "enabled",
        )  # fmt: skip


class CourseFilter(filters.FilterSet):
    id = ColumnFilter()
    code = FoldedColumnFilter()
    start = InstantFilter()
    end = InstantFilter()
    state = filters.ChoiceFilter(choices=[(state, state) for state in COURSE_STATES], method="by_state")
    user_roles = filters.ChoiceFilter(
        choices=[(role, role) for role in ROLES], method="by_own_role", help_text="What the caller is in the course."
    )

    def by_state(self, queryset, name: str, value: str):
        return queryset.filter(course_state(value))

    def by_own_role(self, queryset, name: str, value: str):
        return queryset.filter(ROLES[value](self.request.user.id))


def own_courses(me):
    return taught()(me) | attended()(me)


class CourseViewSet(ResourceViewSet):
    queryset = Course.objects.all()
    serializer_class = InstitutionCourseSerializer
    filterset_class = CourseFilter
    search_fields = ("search_text",)
    orderable = {
        name: name
        for name in ("id", "vle", "vle_course_id", "code", "description", "start", "end", "created_at", "updated_at")
    }
    lock_for_delete = ("institution",)
    scope = under(
        Institution,
        rows="institution",
        same_tenant=("vle__institution",),
        parent_lookup_vle__institution_id="pk",
    )
    access = {
        Role.GLOBAL: grant(READ),
        Role.ADMIN | Role.DATA: grant(READ, "destroy"),
        Role.MEMBER: grant(READ, rows=own_courses),
    }

    def after_reading(self, rows):
        """A page that goes on below one of them need not ask again what the caller is in it.

        Of people whom a VLE sent, the rules ask whether it is a course of that VLE, too.
        """
        for row in rows if self.caller.vle_id is None else ():
            if (roles := row.get("user_roles")) is not None:
                me, key = self.caller, row["id"]
                note({fact(TEACHES, me, key): "INSTRUCTOR" in roles, fact(ATTENDS, me, key): "LEARNER" in roles})

    def perform_destroy(self, instance):
        course_delete(course=instance)
