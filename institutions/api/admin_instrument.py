"""/admin/instrument/{id}/"""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers

from institutions.api.instrument import InstrumentSerializer
from institutions.api.shared.administration import AdministrationSerializer, AdministrationViewSet
from institutions.models import Instrument
from institutions.services import instruments
from kernel.filters import ColumnFilter, FoldedColumnFilter
from kernel.serializers import BlankableCharField, ObjectField


class AdminInstrumentSerializer(AdministrationSerializer):
    """`options_schema` may be sent as text, and is answered as an object. `queue` has a default."""

    options_schema = ObjectField(required=False, allow_null=True)
    queue = BlankableCharField(max_length=250)
    description = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, style={"base_template": "textarea.html"}
    )

    class Meta:
        model = Instrument
        fields = (*InstrumentSerializer.Meta.fields, "timeout_minutes")


class AdminInstrumentFilter(filters.FilterSet):
    id = ColumnFilter()
    name = FoldedColumnFilter()
    acronym = FoldedColumnFilter()


class AdminInstrumentViewSet(AdministrationViewSet):
    """Also those that are not enabled."""

    queryset = Instrument.objects.all()
    serializer_class = AdminInstrumentSerializer
    filterset_class = AdminInstrumentFilter
    search_fields = ("search_text",)
    orderable = {name: name for name in AdminInstrumentSerializer.Meta.fields}

    def create_row(self, values: dict[str, Any]) -> Instrument:
        return instruments.instrument_create(**values)

    def update_row(self, row: Instrument, values: dict[str, Any]) -> Instrument:
        return instruments.instrument_update(instrument=row, **values)

    def delete_row(self, row: Instrument) -> None:
        instruments.shared_delete(row=row)
