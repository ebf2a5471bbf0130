"""/institution/{parent_lookup_institution_id}/send/{id}/"""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers
from rest_framework.fields import empty

from institutions.api.institution import InstitutionSerializer
from institutions.models import Institution
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import ColumnFilter, FoldedColumnFilter
from kernel.scope import under
from kernel.serializers import AnyJSONField, BodySerializer, Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from learners import services
from learners.models import SENDCategory, SENDOption
from learners.queries import send_data


class InstitutionSENDCategoryDataSerializer(BodySerializer):
    """What a category switches on, and the ids of the instruments that it takes away. Null is an empty list."""

    enabled_options = serializers.ListField(
        child=serializers.ChoiceField(SENDOption.choices), required=False, allow_null=True
    )
    disabled_instruments = serializers.ListField(child=serializers.IntegerField(), required=False, allow_null=True)


class SENDDataField(Computed, AnyJSONField):
    """Answered with both keys; taken as an object with both, one or none, in forms as JSON text.

    The service checks the values, because it reads the instruments that exist now.
    """

    default_error_messages = {"no_object": "Send an object with enabled_options, disabled_instruments or both."}

    def __init__(self) -> None:
        super().__init__(send_data, "data", initial=send_data({}))
        self.read_only, self.required = False, False

    def get_value(self, dictionary):
        """A form sends all its fields: a blank one counts as missing."""
        value = super().get_value(dictionary)
        return empty if getattr(value, "is_json_string", False) and not value.strip() else value

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        value = self.shallow(self.parsed(str(data)) if getattr(data, "is_json_string", False) else data)
        if not isinstance(value, dict):
            self.fail("no_object")
        return {"data": {key: value[key] for key in send_data({}) if key in value}}


class SENDDataFieldSchema(OpenApiSerializerFieldExtension):
    target_class = SENDDataField

    def map_serializer_field(self, auto_schema, direction):
        return auto_schema.resolve_serializer(InstitutionSENDCategoryDataSerializer, direction).ref


class InstitutionSENDCategorySerializer(ResourceSerializer):
    institution = InstitutionSerializer(read_only=True)
    data = SENDDataField()  # type: ignore[assignment] # declared fields are taken out of the class

    class Meta:
        model = SENDCategory
        fields = ("id", "institution", "data", "description", "created_at", "updated_at")


class SENDCategoryFilter(filters.FilterSet):
    id = ColumnFilter()
    description = FoldedColumnFilter(lookup_expr="folded_exact")


class SENDCategoryViewSet(ResourceViewSet):
    queryset = SENDCategory.objects.all()
    serializer_class = InstitutionSENDCategorySerializer
    filterset_class = SENDCategoryFilter
    search_fields = ("search_text",)
    orderable = {name: name for name in InstitutionSENDCategorySerializer.Meta.fields}
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.GLOBAL: grant(READ), Role.ADMIN | Role.SEND: grant(READ, WRITE)}

    def lock_first(self):
        if self.action == "destroy":
            services.assignments_locked(institution_id=self.tenant_id, category_id=self.kwargs[self.lookup_url_kwarg])

    def perform_create(self, serializer):
        serializer.instance = services.send_category_create(institution=self.parent, **serializer.validated_data)

    def perform_update(self, serializer):
        services.send_category_update(category=serializer.instance, **serializer.validated_data)
