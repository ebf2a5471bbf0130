"""/institution/{parent_lookup_institution_id}/trail/{id}/: what was done and seen in the institution."""

from collections.abc import Collection
from typing import Any

from django_filters import rest_framework as filters

from institutions.models import Institution
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.filters import IntegerFilter, MomentFilter
from kernel.scope import under
from kernel.serializers import Batch, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from trail.models import Line
from trail.reading import Told, told


def told_of(keys: Collection[int], view: Any) -> dict[int, Told]:
    return told(keys)


class LineSerializer(ResourceSerializer):
    told = Batch(told_of)

    class Meta:
        model = Line
        fields = (
            "id", "written_at", "verb", "resource", "row_key", "person_id", "actor_kind", "actor_id", "signed_in",
            "signed_in_by", "request_id", "told",
        )  # fmt: skip
        read_only_fields = fields


class LineFilter(filters.FilterSet):
    actor_id = IntegerFilter()
    person_id = IntegerFilter()
    verb = filters.CharFilter()
    resource = filters.CharFilter()
    request_id = filters.CharFilter()
    written_at__gte = MomentFilter("written_at", "gte")
    written_at__lte = MomentFilter("written_at", "lte")


class LineViewSet(ResourceViewSet):
    queryset = Line.objects.all()
    serializer_class = LineSerializer
    filterset_class = LineFilter
    search_fields = ("verb", "resource", "row_key")
    orderable = {name: name for name in ("id", "written_at")}
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.DATA: grant(READ)}
