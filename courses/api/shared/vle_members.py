"""Base classes of the members of a VLE's course: the VLE registers people by uid, with name and e-mail."""

from django_filters import rest_framework as filters
from django_filters.constants import EMPTY_VALUES

from courses.api.shared.members import MemberFilter, MemberViewSet
from courses.models import Course
from courses.services import registrations
from institutions.api.shared.people import RoleSerializer
from institutions.services.named import person_meant
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import IdentifierFilter
from kernel.scope import under
from kernel.serializers import NameField, NewEmailField
from kernel.text import identifier_key

WRITABLE = {"uid", "first_name", "last_name", "email"}


class NamedFilter(IdentifierFilter):
    """The person whom a uid means: by it VLEs go on to name people of merged accounts."""

    def filter(self, queryset, value):
        if value in EMPTY_VALUES:
            return super().filter(queryset, value)
        return queryset.filter(
            pk=person_meant(self.parent.request.parser_context["view"].tenant_id, identifier_key(value))
        )


class VLEMemberFilter(MemberFilter):
    uid = NamedFilter("user__uid")
    email = IdentifierFilter("user__email")


class VLEMemberSerializer(RoleSerializer):
    first_name = NameField(source="user.first_name", max_length=150)
    last_name = NameField(source="user.last_name", max_length=150)
    email = NewEmailField(source="user.email")
    cut = frozenset({"first_name", "last_name"})

    def get_fields(self):
        fields = super().get_fields()
        for name, field in fields.items():
            if name not in WRITABLE:
                field.read_only, field.required = True, False
        return fields


class VLEMemberViewSet(MemberViewSet):
    root = "vle"
    links_to = ""  # a VLE tells of the person, too
    filterset_class: type[filters.FilterSet] = VLEMemberFilter
    scope = under(Course, rows="courses", tenant="institution", course_id="pk", vle_id="vle")
    access = {Role.VLE: grant(READ, WRITE)}
    answers_from_memory = True
    is_unknown = False

    def existing_row(self, values):
        exists, member = registrations.member_known(course=self.parent, membership=self.membership, **values)
        self.is_unknown = not exists
        return member

    def perform_create(self, serializer):
        serializer.instance = registrations.member_register(
            course=self.parent,
            vle_id=self.kwargs["vle_id"],
            membership=self.membership,
            by=self.added_by,
            is_unknown=self.is_unknown,
            **serializer.validated_data,
        )

    def perform_update(self, serializer):
        member = serializer.instance
        vle_id = self.kwargs["vle_id"]
        member.user = registrations.member_refresh(member=member, vle_id=vle_id, **serializer.validated_data)
