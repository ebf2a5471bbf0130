"""Base classes of a course's instructors and learners: memberships, created and deleted by the person's uid."""

from django_filters import rest_framework as filters

from courses.models import Adder, Course
from courses.services import members
from institutions.api.shared.people import RoleSerializer
from kernel.caller import CallerKind, Role
from kernel.filters import FoldedFilter, IdentifierFilter
from kernel.scope import under
from kernel.viewsets import ResourceViewSet


# A member of a course. Only the uid can be written; the person's own values are read-only here.
class MemberSerializer(RoleSerializer):
    def get_fields(self):
        fields = super().get_fields()
        for name, field in fields.items():
            if name != "uid":
                field.read_only, field.required = True, False
        return fields


class MemberFilter(filters.FilterSet):
    uid = IdentifierFilter("user__uid")
    first_name = FoldedFilter("user__first_name")
    last_name = FoldedFilter("user__last_name")
    email = IdentifierFilter("user__email")


class MemberViewSet(ResourceViewSet):
    membership: members.Membership
    links_to = "course"
    locks_row = False  # only the link changes: the services lock the role and the course, in this order
    lock_before = ("user",)  # where If-Match asks for the row's lock, as for the role itself
    # Rows are roles, so that their id is the person's.
    scope = under(
        Course,
        rows="courses",
        tenant="institution",
        parent_lookup_id="pk",
        parent_lookup_vle__institution_id="institution",
    )

    reads_parent = False

    @property
    def added_by(self) -> members.AddedBy:
        kind = Adder.VLE if self.caller.kind is CallerKind.VLE else Adder.PERSON
        return members.AddedBy(kind, self.caller.id)

    @property
    def may_give_role(self) -> bool:
        return Role.ADMIN in self.roles

    def perform_create(self, serializer):
        serializer.instance = members.member_add(
            course=self.parent,
            membership=self.membership,
            uid=serializer.validated_data["uid"],
            may_give_role=self.may_give_role,
            by=self.added_by,
        )

    def perform_update(self, serializer):
        if "uid" in serializer.validated_data:
            serializer.instance = members.member_replace(
                course=self.parent,
                membership=self.membership,
                member=serializer.instance,
                uid=serializer.validated_data["uid"],
                may_give_role=self.may_give_role,
                by=self.added_by,
            )

    def perform_destroy(self, instance):
        members.members_unlink(course=self.parent, membership=self.membership, members=[instance])
