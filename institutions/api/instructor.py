"""/institution/{parent_lookup_institution_id}/instructor/{id}/"""

from institutions.api.shared.people import RoleSerializer, RoleViewSet
from institutions.models import Institution, Instructor
from institutions.row_rules import own
from institutions.services import people
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import BlankableEmailField


class InstitutionInstructorSerializer(RoleSerializer):
    email = BlankableEmailField(source="user.email")

    class Meta:
        model = Instructor
        fields = (
            "id", "username", "last_login", "first_name", "last_name", "email", "locale", "created_at", "updated_at",
            "uid", "inst_admin", "legal_admin", "send_admin", "data_admin",
        )  # fmt: skip


class InstructorViewSet(RoleViewSet):
    queryset = Instructor.objects.all()
    serializer_class = InstitutionInstructorSerializer
    search_fields = ("user__search_text",)
    orderable = {name: f"user__{name}" for name in InstitutionInstructorSerializer.Meta.fields}
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    role = people.INSTRUCTOR
    shows_people = True
    access = {
        Role.GLOBAL | Role.LEGAL | Role.DATA: grant(READ),
        Role.ADMIN: grant(READ, WRITE),
        Role.MEMBER: grant(READ, rows=own),
    }

    def perform_create(self, serializer):
        self.refuse_new(serializer.validated_data)
        serializer.instance = people.instructor_create(institution=self.parent, **serializer.validated_data)
