"""/provider/{provider_id}/"""

from typing import Any

from institutions.api.instrument import InstrumentSerializer
from institutions.api.vle import no_credentials
from institutions.models import Provider
from institutions.row_rules import own
from kernel.access import grant
from kernel.caller import Role
from kernel.scope import Scope
from kernel.serializers import Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet


def number(value: Any) -> float | None:
    return None if value is None else float(value)


class ProviderSelfSerializer(ResourceSerializer):
    instrument = InstrumentSerializer(read_only=True, allow_null=True)
    credentials = Computed(no_credentials)
    warning_below = Computed(number, "warning_below")
    alert_below = Computed(number, "alert_below")

    class Meta:
        model = Provider
        fields = (
            "id", "instrument", "name", "queue", "description", "url", "version", "acronym", "allow_validation",
            "inverted_polarity", "image", "has_service", "service_port", "options_schema", "options", "credentials",
            "enabled", "validation_active", "warning_below", "alert_below",
        )  # fmt: skip
        read_only_fields = fields


class ProviderSelfViewSet(ResourceViewSet):
    """What a provider reads of itself. There is no list: no provider sees another."""

    root = "provider"
    queryset = Provider.objects.all()
    serializer_class = ProviderSelfSerializer
    lookup_url_kwarg = "provider_id"
    scope = Scope(root_kwarg="provider_id")
    access = {Role.PROVIDER: grant("retrieve", rows=own)}
