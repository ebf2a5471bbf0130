"""/vle/{vle_id}/course/{course_id}/learner/{id}/"""

from django_filters import rest_framework as filters

from courses.api.shared.vle_members import VLEMemberFilter, VLEMemberSerializer, VLEMemberViewSet
from courses.services.members import LEARNERS
from kernel.filters import Identifying
from kernel.serializers import Batch
from learners import queries
from learners.api.learner import InstitutionLearnerSerializer, LearnerViewSet
from learners.models import Learner


class VLECourseLearnerSerializer(VLEMemberSerializer, InstitutionLearnerSerializer):
    enrolment_status = Batch(queries.enrolment_status)

    class Meta:
        model = Learner
        fields = (
            "id", "uid", "username", "first_name", "last_name", "email", "locale", "learner_id", "consent",
            "consent_accepted", "consent_rejected", "ic_status", "send", "enrolment_status", "joined_at", "last_login",
            "inst_admin", "legal_admin", "send_admin", "data_admin", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("consent_accepted", "consent_rejected")


class LearnerIdFilter(Identifying, filters.UUIDFilter):
    pass


class VLELearnerFilter(VLEMemberFilter):
    learner_id = LearnerIdFilter()


class VLECourseLearnerViewSet(VLEMemberViewSet):
    queryset = Learner.objects.all()
    serializer_class = VLECourseLearnerSerializer
    filterset_class = VLELearnerFilter
    shows_people = True
    membership = LEARNERS
    search_fields = ("user__search_text",)
    orderable = {
        name: column
        for name, column in LearnerViewSet.orderable.items()
        if name not in {"institution", "login_allowed"}
    }
