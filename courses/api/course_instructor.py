"""/institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_id}/instructor/{id}/"""

from courses.api.shared.members import MemberFilter, MemberSerializer, MemberViewSet
from courses.row_rules import attended, taught
from courses.services.members import INSTRUCTORS
from institutions.models import Instructor
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.serializers import BlankableEmailField


class InstitutionCourseInstructorSerializer(MemberSerializer):
    email = BlankableEmailField(source="user.email")

    class Meta:
        model = Instructor
        fields = ("id", "username", "uid", "first_name", "last_name", "email", "created_at", "updated_at")


class CourseInstructorViewSet(MemberViewSet):
    queryset = Instructor.objects.all()
    serializer_class = InstitutionCourseInstructorSerializer
    filterset_class = MemberFilter
    membership = INSTRUCTORS
    search_fields = ("user__search_text",)
    orderable = {name: f"user__{name}" for name in InstitutionCourseInstructorSerializer.Meta.fields}
    access = {
        Role.GLOBAL | Role.DATA: grant(READ),
        Role.ADMIN: grant(READ, WRITE),
        Role.INSTRUCTOR: grant(READ, WRITE, parent=taught()),
        Role.LEARNER: grant(READ, parent=attended()),
    }
