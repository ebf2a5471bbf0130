"""/institution/{parent_lookup_institution_id}/ic/{id}/ and ic/current/"""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action

from institutions.api.institution import InstitutionSerializer
from institutions.models import InformedConsent, Institution
from institutions.services import consents
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.filters import ColumnFilter, InstantFilter
from kernel.scope import under
from kernel.serializers import ResourceSerializer
from kernel.viewsets import ResourceViewSet


class InstitutionInformedConsentSerializer(ResourceSerializer):
    institution = InstitutionSerializer(read_only=True)

    class Meta:
        model = InformedConsent
        fields = ("id", "institution", "version", "valid_from", "created_at", "updated_at")

    def validate_version(self, value: str) -> str:
        return consents.version_normalised(value)


QUERY = (("limit", int), ("offset", int), ("ordering", str), ("search", str))


class CurrentInformedConsentSerializer(serializers.Serializer[Any]):
    """A page of at most one consent, whose values stand beside the page's, too."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = InstitutionInformedConsentSerializer(many=True)
    id = serializers.IntegerField(required=False)
    institution = InstitutionSerializer(required=False)
    version = serializers.CharField(required=False)
    valid_from = serializers.DateTimeField(required=False)
    created_at = serializers.DateTimeField(required=False)
    updated_at = serializers.DateTimeField(required=False)


class InformedConsentFilter(filters.FilterSet):
    id = ColumnFilter()
    version = ColumnFilter(lookup_expr="icontains")
    valid_from = InstantFilter()


class InformedConsentViewSet(ResourceViewSet):
    queryset = InformedConsent.objects.all()
    serializer_class = InstitutionInformedConsentSerializer
    filterset_class = InformedConsentFilter
    search_fields = ("version",)
    orderable = {name: name for name in ("id", "institution", "valid_from", "created_at", "updated_at")} | {
        "version": ("major", "minor", "patch")
    }
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    conflicts = True
    tagged_actions = frozenset({"current"})
    access = {
        Role.GLOBAL | Role.MEMBER: grant(READ, "current"),
        Role.ADMIN | Role.LEGAL: grant(WRITE),
    }

    def perform_create(self, serializer):
        serializer.instance = consents.consent_create(institution=self.parent, **serializer.validated_data)

    def perform_update(self, serializer):
        consents.consent_update(consent=serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance):
        consents.consent_delete(consent=instance)

    @extend_schema(
        operation_id="institution_ic_current_list",
        parameters=[OpenApiParameter(name, kind, description="Changes nothing: there is one.") for name, kind in QUERY],
        responses=CurrentInformedConsentSerializer,
    )
    @action(detail=False, filterset_class=None)
    def current(self, request, **_):
        """A page with the highest version that is valid now, or with none. Its keys stand beside the page's, too."""
        valid_consents = consents.newest_valid(self.get_queryset())
        valid_consents = self.columns(valid_consents) if self.compiled else self.whole(valid_consents)
        rows = self.read(valid_consents[:1])
        page = {"count": len(rows), "next": None, "previous": None, "results": rows}
        return self.detail_answer(page | (rows[0] if rows else {}))
