"""/me/trail/{id}/: who changed or looked at what is held about the caller, in the words of told.py."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from kernel.access import READ, grant
from kernel.caller import Role
from kernel.filters import MomentFilter
from kernel.serializers import Batch, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from rights.row_rules import own_lines
from rights.told import OwnLine, lines_told, lists_opened
from trail.models import Line

LISTS_SINCE = timedelta(days=30)


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


class OpenedSerializer(serializers.Serializer[Any]):
    who = serializers.CharField(help_text="A role.")
    number = serializers.IntegerField(help_text="How many lists and pages.")


class ListsOpenedSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    opened = OpenedSerializer(many=True)


class OwnLineViewSet(ResourceViewSet):
    root = "me"
    queryset = Line.objects.all()
    serializer_class = OwnLineSerializer
    filterset_class = OwnLineFilter
    search_fields = ("verb", "resource")
    orderable = {name: name for name in ("id", "written_at")}
    access = {Role.GLOBAL | Role.MEMBER: grant(READ, "lists", rows=own_lines)}

    @extend_schema(responses={200: ListsOpenedSerializer})
    @action(detail=False)
    def lists(self, request, **_):
        """How often lists of people in which the caller may have been were opened, by roles."""
        since = timezone.now().replace(minute=0, second=0, microsecond=0) - LISTS_SINCE
        opened = lists_opened(self.caller, since) if self.caller.institution_id is not None else []
        return Response(ListsOpenedSerializer({"since": since, "opened": opened}).data)
