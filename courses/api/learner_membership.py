"""/institution/{parent_lookup_learner__institution_id}/learner/{parent_lookup_learner_id}/membership/{id}/

The courses of a learner, and who put the learner there: instructors of a course see their learners' consent, enrolment
and what special needs require of them.
"""

from typing import TypedDict

from courses.models import Course, CourseLearner
from courses.queries import adder_name
from courses.row_rules import of_own_vle
from institutions.row_rules import own
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from learners.models import Learner


class MembershipAdder(TypedDict):
    kind: str  # person, vle or import
    id: int | None  # of the person or the VLE
    name: str | None  # null when it is gone


def adder(kind: str | None, id: int | None, name: str | None) -> MembershipAdder | None:
    """Null for memberships from before this was recorded."""
    return None if kind is None else MembershipAdder(kind=kind, id=id, name=name)


class MembershipCourseSerializer(ResourceSerializer):
    class Meta:
        model = Course
        fields = ("id", "code", "description", "start", "end")


class LearnerMembershipSerializer(ResourceSerializer):
    course = MembershipCourseSerializer(read_only=True)
    added_by = Computed(adder, "added_by", "added_by_id", adder_name)

    class Meta:
        model = CourseLearner
        fields = ("id", "course", "added_by", "added_at")


class LearnerMembershipViewSet(ResourceViewSet):
    queryset = CourseLearner.objects.all()
    serializer_class = LearnerMembershipSerializer
    search_fields = ("course__search_text",)
    orderable = {name: name for name in ("id", "added_at")}
    shows_people = True
    scope = under(
        Learner,
        rows="learner",
        tenant="institution",
        same_tenant=("course__institution",),
        parent_lookup_learner_id="pk",
        parent_lookup_learner__institution_id="institution",
    )
    access = {
        Role.GLOBAL | Role.ADMIN | Role.DATA: grant(READ),
        Role.LEARNER: grant(READ, parent=own, rows=of_own_vle("course__")),
    }
