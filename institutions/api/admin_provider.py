"""/admin/instrument/{parent_lookup_instrument_id}/provider/{id}/ and its credentials/"""

from typing import Any

from django.db import transaction
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from institutions.api.instrument import InstrumentSerializer
from institutions.api.shared.administration import AdministrationSerializer, AdministrationViewSet
from institutions.api.vle import RotationSerializer, no_credentials
from institutions.models import Instrument, Provider
from institutions.services import instruments
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import ColumnFilter, FoldedColumnFilter
from kernel.scope import under
from kernel.serializers import BlankableCharField, Computed, ObjectField
from kernel.text import validate_web_address


class ThresholdField(serializers.DecimalField):
    """A fraction, answered as a number."""

    def __init__(self, **kwargs):
        kwargs |= {"required": False, "allow_null": True, "coerce_to_string": False, "min_value": 0, "max_value": 1}
        super().__init__(max_digits=5, decimal_places=4, **kwargs)

    def to_representation(self, value):
        return float(value)


class AdminProviderSerializer(AdministrationSerializer):
    """`credentials` are told once, in the answers that issue them."""

    instrument = InstrumentSerializer(read_only=True)
    queue = BlankableCharField(max_length=50)
    description = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, style={"base_template": "textarea.html"}
    )
    url = serializers.CharField(
        max_length=250, required=False, allow_null=True, allow_blank=True, validators=[validate_web_address]
    )
    image = BlankableCharField(max_length=250)
    service_port = serializers.IntegerField(min_value=1, max_value=65535, required=False, allow_null=True)
    options_schema = ObjectField(required=False, allow_null=True)
    options = ObjectField(required=False, allow_null=True)
    credentials = Computed(no_credentials)
    warning_below = ThresholdField()
    alert_below = ThresholdField()

    class Meta:
        model = Provider
        fields = (
            "id", "instrument", "name", "queue", "description", "url", "version", "acronym", "allow_validation",
            "inverted_polarity", "image", "has_service", "service_port", "options_schema", "options", "credentials",
            "enabled", "validation_active", "warning_below", "alert_below", "created_at", "updated_at",
        )  # fmt: skip

    def validate_url(self, value: str | None) -> str | None:
        return value or None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs  # the service checks the whole row and names the missing threshold


class AdminProviderFilter(filters.FilterSet):
    id = ColumnFilter()
    name = FoldedColumnFilter()
    description = FoldedColumnFilter()


class AdminProviderViewSet(AdministrationViewSet):
    queryset = Provider.objects.select_related("instrument")
    serializer_class = AdminProviderSerializer
    filterset_class = AdminProviderFilter
    fast_rows = False  # a handful of rows, with thresholds that are decimals and answered as numbers
    search_fields = ("search_text",)
    orderable = {
        name: name for name in AdminProviderSerializer.Meta.fields if name not in ("instrument", "credentials")
    }
    scope = under(Instrument, rows="instrument", parent_lookup_instrument_id="pk")
    access = {Role.GLOBAL: grant(READ, WRITE, "credentials")}

    def create_row(self, values: dict[str, Any]) -> Provider:
        provider, self.issued = instruments.provider_create(instrument=self.parent, **values)
        return provider

    def update_row(self, row: Provider, values: dict[str, Any]) -> Provider:
        return instruments.provider_update(provider=row, **values)

    def delete_row(self, row: Provider) -> None:
        instruments.shared_delete(row=row)

    def extend_answer(self, values):
        return values | {"credentials": self.issued} if self.action in ("create", "credentials") else values

    @extend_schema(request=RotationSerializer, responses={201: AdminProviderSerializer})
    @action(detail=True, methods=["post"])
    def credentials(self, request, **_):
        """New credentials; the present ones end at once or after `overlap_minutes`."""
        body = self.body(RotationSerializer)
        with transaction.atomic():
            provider = self.locked()
            self.issued = instruments.provider_credentials_rotate(provider=provider, **body)
            self.recorded("credentials", provider, **body)
            return Response(self.read_back(provider), status.HTTP_201_CREATED)
