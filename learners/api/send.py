"""/institution/{parent_lookup_institution_id}/send/{id}/"""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import empty
from rest_framework.response import Response

from institutions.api.institution import InstitutionSerializer
from institutions.models import Institution
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import ColumnFilter, FoldedColumnFilter
from kernel.schema import problems
from kernel.scope import under
from kernel.serializers import AnyJSONField, BodySerializer, Computed, MomentField, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from learners import services
from learners.models import SENDAllowance, SENDCategory, SENDOption
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


class SENDAllowancesField(Computed, serializers.MultipleChoiceField):
    """A list, sorted; a form sends each chosen value under the name of the field."""

    def __init__(self) -> None:
        super().__init__(list, "allowances", choices=SENDAllowance.choices)
        self.read_only, self.required = False, False

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict):  # its keys would be taken
            self.fail("not_a_list", input_type="dict")
        return {"allowances": sorted(serializers.MultipleChoiceField.to_internal_value(self, data))}


class InstitutionSENDCategorySerializer(ResourceSerializer):
    institution = InstitutionSerializer(read_only=True)
    data = SENDDataField()  # type: ignore[assignment] # declared fields are taken out of the class
    allowances = SENDAllowancesField()

    class Meta:
        model = SENDCategory
        fields = (
            "id", "institution", "data", "description", "created_at", "updated_at", "extra_time", "allowances",
        )  # fmt: skip


MOST = 500  # learners at once


class SENDGiveLearnerSerializer(BodySerializer):
    id = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="Of a learner.")
    expires_at = MomentField(required=False, allow_null=True, default=None, help_text="Null or left out: for good.")


class SENDGiveSerializer(BodySerializer):
    learners = serializers.ListField(child=SENDGiveLearnerSerializer(), allow_empty=False, max_length=MOST)

    def validate_learners(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        keys = [each["id"] for each in value]
        if len({*keys}) < len(keys):
            raise serializers.ValidationError("Each learner once.")
        return value


OUTCOMES = (("given", "has it now"), ("kept", "had it before: it stays as it is"), ("unknown", "is no learner here"))


class SENDOutcomeSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    outcome = serializers.ChoiceField(OUTCOMES)
    assignment = serializers.IntegerField(allow_null=True, help_text="The id of the new one.")
    expires_at = serializers.DateTimeField(allow_null=True)


class SENDGivenSerializer(serializers.Serializer[Any]):
    """One outcome for each learner, in the order in which they were sent."""

    given = serializers.IntegerField(help_text="So many have it now who did not have it.")
    results = SENDOutcomeSerializer(many=True)


class SENDCategoryFilter(filters.FilterSet):
    id = ColumnFilter()
    description = FoldedColumnFilter(lookup_expr="folded_exact")


class SENDCategoryViewSet(ResourceViewSet):
    queryset = SENDCategory.objects.all()
    serializer_class = InstitutionSENDCategorySerializer
    filterset_class = SENDCategoryFilter
    search_fields = ("search_text",)
    orderable = {name: name for name in InstitutionSENDCategorySerializer.Meta.fields if name != "allowances"}
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.GLOBAL: grant(READ), Role.ADMIN | Role.SEND: grant(READ, WRITE, "give")}

    @extend_schema(request=SENDGiveSerializer, responses={200: SENDGivenSerializer, **problems(400, 404, 409)})
    @action(detail=True, methods=["post"])
    def give(self, request, **_):
        """Give it to up to 500 learners: a fixed number of statements, one line of the trail for each."""
        category, body = self.get_object(), self.body(SENDGiveSerializer)
        until = {each["id"]: each["expires_at"] for each in body["learners"]}
        found = {each.learner: each for each in services.send_give(category=category, until=until)}
        given = sum(each.row is not None for each in found.values())
        results = [_outcome(key, found.get(key)) for key in until]
        return Response(SENDGivenSerializer({"given": given, "results": results}).data)

    def lock_first(self):
        if self.action == "destroy":
            services.assignments_locked(institution_id=self.tenant_id, category_id=self.kwargs[self.lookup_url_kwarg])

    def perform_create(self, serializer):
        serializer.instance = services.send_category_create(institution=self.parent, **serializer.validated_data)

    def perform_update(self, serializer):
        services.send_category_update(category=serializer.instance, **serializer.validated_data)


def _outcome(key: int, found: services.Given | None) -> dict[str, Any]:
    if found is None:
        return {"id": key, "outcome": "unknown", "assignment": None, "expires_at": None}
    row = found.row
    word = "kept" if row is None else "given"
    return {"id": key, "outcome": word, "assignment": row and row.pk, "expires_at": found.expires_at}
