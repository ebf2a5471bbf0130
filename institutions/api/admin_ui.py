"""/admin/ui/{id}/"""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers

from institutions.api.shared.administration import AdministrationSerializer, AdministrationViewSet
from institutions.models import UIOption
from institutions.services import routes
from kernel.filters import ColumnFilter


class AdminUIOptionSerializer(AdministrationSerializer):
    roles = serializers.CharField(
        max_length=250,
        required=False,
        allow_null=True,
        allow_blank=True,
        help_text="Comma-separated; null is everyone.",
    )

    class Meta:
        model = UIOption
        fields = ("id", "route", "enabled", "roles", "created_at", "updated_at")


class AdminUIOptionFilter(filters.FilterSet):
    id = ColumnFilter()
    route = ColumnFilter(lookup_expr="icontains")


class AdminUIOptionViewSet(AdministrationViewSet):
    """The rows of all institutions: a route exists as long as it has one. Institutions' own rows are theirs."""

    queryset = UIOption.objects.filter(institution=None)
    serializer_class = AdminUIOptionSerializer
    filterset_class = AdminUIOptionFilter
    search_fields = ("route",)
    orderable = {name: name for name in AdminUIOptionSerializer.Meta.fields}

    def create_row(self, values: dict[str, Any]) -> UIOption:
        return routes.global_option_create(**values)

    def update_row(self, row: UIOption, values: dict[str, Any]) -> UIOption:
        return routes.global_option_update(option=row, **values)

    def delete_row(self, row: UIOption) -> None:
        row.delete()
