"""/institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_id}/learner/{id}/"""

from courses.api.shared.members import MemberFilter, MemberSerializer, MemberViewSet
from courses.row_rules import attended, taught
from courses.services.members import LEARNERS
from institutions.row_rules import own
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.serializers import BlankableEmailField
from learners.api.learner import OF_PERSON, OF_ROLE, ConsentFilter, InstitutionLearnerSerializer
from learners.models import Learner


class InstitutionCourseLearnerSerializer(MemberSerializer, InstitutionLearnerSerializer):
    email = BlankableEmailField(source="user.email")  # type: ignore[assignment] # read-only

    class Meta:
        model = Learner
        fields = (
            "id", "institution", "username", "uid", "first_name", "last_name", "locale", "consent", "consent_accepted",
            "consent_rejected", "learner_id", "last_login", "send", "email", "ic_status", "login_allowed", "created_at",
            "updated_at", "joined_at",
        )  # fmt: skip


class CourseLearnerFilter(MemberFilter, ConsentFilter):
    pass


class CourseLearnerViewSet(MemberViewSet):
    queryset = Learner.objects.all()
    serializer_class = InstitutionCourseLearnerSerializer
    filterset_class = CourseLearnerFilter
    shows_people = True
    membership = LEARNERS
    search_fields = ("user__search_text",)
    orderable = {
        "id": "pk",
        **{name: name for name in OF_ROLE},
        **{name: f"user__{name}" for name in OF_PERSON if not name.endswith("_admin")},
    }
    access = {
        Role.GLOBAL | Role.DATA: grant(READ),
        Role.ADMIN: grant(READ, WRITE),
        Role.INSTRUCTOR: grant(READ, WRITE, parent=taught()),
        Role.LEARNER: grant(READ, parent=attended(), rows=own),
    }
