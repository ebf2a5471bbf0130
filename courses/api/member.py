"""What the sections on a course's instructors and learners have in common: links, made and unmade by uid."""

from functools import cached_property

from django_filters import rest_framework as filters

from courses.models import Course
from courses.services import members
from institutions.api.person import RoleSerializer
from kernel.caller import Role
from kernel.scope import under
from kernel.viewsets import ResourceViewSet


# Somebody in a course: what can be written is who, by uid. Nothing of the person is changed here.
class MemberSerializer(RoleSerializer):
    def get_fields(self):
        fields = super().get_fields()
        for name, field in fields.items():
            if name != "uid":
                field.read_only, field.required = True, False
        return fields


class MemberFilter(filters.FilterSet):
    uid = filters.CharFilter("user__uid")
    first_name = filters.CharFilter("user__first_name")
    last_name = filters.CharFilter("user__last_name")
    email = filters.CharFilter("user__email")


class MemberViewSet(ResourceViewSet):
    membership: members.Membership
    # Rows are roles, so that their id is the person's.
    scope = under(
        Course,
        rows="courses",
        tenant="institution",
        parent_lookup_id="pk",
        parent_lookup_vle__institution_id="institution",
    )

    @cached_property
    def parent(self) -> Course:
        """What access has found of the course, of which nothing else is asked here: no statement reads it again."""
        return Course(pk=self.kwargs[next(iter(self.scope.kwargs))], institution=self.tenant)

    @property
    def may_give_role(self) -> bool:
        return Role.ADMIN in self.roles

    def locked(self):
        return self.get_object()  # a link is what changes: the services lock both its ends, in their order

    def perform_create(self, serializer):
        serializer.instance = members.member_add(
            course=self.parent,
            membership=self.membership,
            uid=serializer.validated_data["uid"],
            may_give_role=self.may_give_role,
        )

    def perform_update(self, serializer):
        if "uid" in serializer.validated_data:
            serializer.instance = members.member_replace(
                course=self.parent,
                membership=self.membership,
                member=serializer.instance,
                uid=serializer.validated_data["uid"],
                may_give_role=self.may_give_role,
            )

    def perform_destroy(self, instance):
        members.members_unlink(course=self.parent, membership=self.membership, members=[instance])
