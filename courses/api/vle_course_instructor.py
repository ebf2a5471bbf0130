"""/vle/{vle_id}/course/{course_id}/instructor/{id}/"""

from courses.api.shared.vle_members import VLEMemberSerializer, VLEMemberViewSet
from courses.services.members import INSTRUCTORS
from institutions.models import Instructor


class VLECourseInstructorSerializer(VLEMemberSerializer):
    class Meta:
        model = Instructor
        fields = (
            "id", "uid", "username", "first_name", "last_name", "email", "locale", "last_login", "inst_admin",
            "legal_admin", "send_admin", "data_admin", "created_at", "updated_at",
        )  # fmt: skip


class VLECourseInstructorViewSet(VLEMemberViewSet):
    queryset = Instructor.objects.all()
    serializer_class = VLECourseInstructorSerializer
    membership = INSTRUCTORS
    search_fields = ("user__search_text",)
    orderable = {name: f"user__{name}" for name in VLECourseInstructorSerializer.Meta.fields}
