"""/institution/{parent_lookup_institution_id}/instrument/{id}/"""

from institutions.models import Institution, Instrument
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.scope import shared
from kernel.serializers import ResourceSerializer
from kernel.viewsets import ResourceViewSet


class InstrumentSerializer(ResourceSerializer):
    class Meta:
        model = Instrument
        fields = (
            "id", "options_schema", "name", "acronym", "queue", "enabled", "requires_enrolment", "description",
            "identity", "originality", "authorship", "integrity", "created_at", "updated_at",
        )  # fmt: skip


class InstrumentViewSet(ResourceViewSet):
    """Shared by all institutions; a disabled one does not exist for anybody."""

    queryset = Instrument.objects.filter(enabled=True)
    serializer_class = InstrumentSerializer
    search_fields = ("search_text",)
    ordering = ("acronym", "pk")
    orderable = {name: name for name in InstrumentSerializer.Meta.fields}
    scope = shared(Institution, parent_lookup_institution_id="pk")
    access = {Role.GLOBAL | Role.MEMBER: grant(READ)}
