"""/institution/{parent_lookup_learner__institution_id}/learner/{parent_lookup_learner_id}/send/{id}/"""

from institutions.row_rules import own
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import ResourceSerializer, TenantRelatedField
from kernel.viewsets import ResourceViewSet
from learners import services
from learners.api.send import InstitutionSENDCategorySerializer
from learners.models import Learner, SENDCategory, SENDLearner


class InstitutionSENDLearnerSerializer(ResourceSerializer):
    category = TenantRelatedField(queryset=SENDCategory.objects.all())
    info = InstitutionSENDCategorySerializer(source="category", read_only=True)

    class Meta:
        model = SENDLearner
        fields = ("id", "expires_at", "category", "info")


class LearnerSENDViewSet(ResourceViewSet):
    # Includes expired assignments, so that staff see the needs that a learner had before.
    queryset = SENDLearner.objects.all()
    serializer_class = InstitutionSENDLearnerSerializer
    search_fields = ("category__search_text",)
    orderable = {name: name for name in ("id", "expires_at", "category")}
    shows_people = True
    scope = under(
        Learner,
        rows="learner",
        same_tenant=("category__institution",),
        parent_lookup_learner_id="pk",
        parent_lookup_learner__institution_id="institution",
    )
    access = {
        Role.GLOBAL: grant(READ),
        Role.ADMIN | Role.SEND: grant(READ, WRITE),
        Role.LEARNER: grant(READ, parent=own),
    }

    def perform_create(self, serializer):
        serializer.instance = services.send_assign(learner=self.parent, **serializer.validated_data)

    def perform_update(self, serializer):
        services.send_assignment_update(assignment=serializer.instance, **serializer.validated_data)
