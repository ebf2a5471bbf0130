"""/institution/{institution_id}/"""

from typing import Any

from django.db.models import Q
from django_filters import rest_framework as filters

from institutions.models import Institution
from institutions.services.institutions import institution_update
from kernel.access import READ, UPDATE, grant
from kernel.caller import Role
from kernel.scope import Scope
from kernel.serializers import BlankableCharField, ResourceSerializer
from kernel.viewsets import ResourceViewSet

DOCUMENTED = (
    "id", "acronym", "name", "external_ic", "mail_domain", "disable_vle_learner_creation",
    "disable_vle_instructor_creation", "disable_vle_user_creation", "allow_learner_report", "allow_learner_audit",
    "allow_valid_audit", "created_at", "updated_at",
)  # fmt: skip


WITHDRAWAL = (
    "withdrawal_models", "withdrawal_models_reason", "withdrawal_evidence", "withdrawal_evidence_reason",
)  # fmt: skip
REASON: dict[str, Any] = {
    "max_length": 10_000,
    "help_text": "Told to learners.",
    "style": {"base_template": "textarea.html"},
}


class InstitutionSerializer(ResourceSerializer):
    """`allowed_domains` follows the documented keys: dashboards read it, and it is a text, never null."""

    allowed_domains = BlankableCharField(help_text="Where dashboards may send people back to, separated by commas.")

    class Meta:
        model = Institution
        fields: tuple[str, ...] = (*DOCUMENTED, "allowed_domains")
        read_only_fields = ("id", "acronym", "name")


class InstitutionSettingsSerializer(InstitutionSerializer):
    """The institution itself. Inside other answers its settings are nobody's business."""

    withdrawal_models_reason = BlankableCharField(**REASON)
    withdrawal_evidence_reason = BlankableCharField(**REASON)

    class Meta(InstitutionSerializer.Meta):
        fields = (
            *InstitutionSerializer.Meta.fields, "contest_days", "time_zone", *WITHDRAWAL, "publishes_transparency",
            "allow_own_names",
        )  # fmt: skip


class InstitutionFilter(filters.FilterSet):
    class Meta:
        model = Institution
        fields = ("acronym", "name")


def own_institution(me):
    return Q(pk=me.institution_id)


class InstitutionViewSet(ResourceViewSet):
    queryset = Institution.objects.all()
    serializer_class = InstitutionSettingsSerializer
    filterset_class = InstitutionFilter
    search_fields = ("search_text",)
    ordering = ("created_at", "pk")
    orderable = {name: name for name in InstitutionSettingsSerializer.Meta.fields}
    lookup_url_kwarg = "institution_id"
    scope = Scope(root_kwarg="institution_id")
    access = {
        Role.GLOBAL: grant(READ, UPDATE),
        Role.ADMIN: grant(READ, UPDATE, rows=own_institution),
        Role.MEMBER: grant(READ, rows=own_institution),
    }

    def perform_update(self, serializer):
        institution_update(institution=serializer.instance, **serializer.validated_data)
