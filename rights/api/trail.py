"""/me/trail/{id}/: who changed or looked at what is held about the caller, in the words of told.py."""

from collections.abc import Collection
from typing import Any

from django_filters import rest_framework as filters

from kernel.access import READ, grant
from kernel.caller import Role
from kernel.filters import MomentFilter
from kernel.serializers import Batch, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from rights.row_rules import own_lines
from rights.told import OwnLine, lines_told
from trail.models import Line


def own_lines_told(keys: Collection[int], view: Any) -> dict[int, OwnLine]:
    return lines_told(list(Line.objects.filter(pk__in=keys)), view.caller.id, view.caller.institution_id)


class OwnLineSerializer(ResourceSerializer):
    told = Batch(own_lines_told)

    class Meta:
        model = Line
        fields = ("id", "written_at", "verb", "resource", "signed_in", "told")
        read_only_fields = fields


class OwnLineFilter(filters.FilterSet):
    verb = filters.CharFilter()
    resource = filters.CharFilter()
    written_at__gte = MomentFilter("written_at", "gte")
    written_at__lte = MomentFilter("written_at", "lte")


class OwnLineViewSet(ResourceViewSet):
    root = "me"
    queryset = Line.objects.all()
    serializer_class = OwnLineSerializer
    filterset_class = OwnLineFilter
    search_fields = ("verb", "resource")
    orderable = {name: name for name in ("id", "written_at")}
    access = {Role.GLOBAL | Role.MEMBER: grant(READ, rows=own_lines)}
