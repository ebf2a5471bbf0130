"""/institution/{parent_lookup_institution_id}/instrument/{id}/"""

from institutions.models import Institution, Instrument
from tesla_api.api.access import READ, grant
from tesla_api.api.caller import Role
from tesla_api.api.scope import shared
from tesla_api.api.serializers import ResourceSerializer
from tesla_api.api.viewsets import ResourceViewSet


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
    search_fields = ("name", "acronym", "description")
    ordering = ("acronym", "pk")
    orderable = {name: name for name in InstrumentSerializer.Meta.fields}
    scope = shared(Institution, parent_lookup_institution_id="pk")
    access = {Role.GLOBAL | Role.MEMBER: grant(READ)}
