"""/institution/{parent_lookup_institution_id}/trail/{id}/ and export/: what was done and seen in the institution."""

import json
from collections.abc import Collection, Iterator
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.http import StreamingHttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action

from institutions.models import Institution, User
from kernel.access import READ, grant
from kernel.caller import PEOPLE, Role
from kernel.filters import IntegerFilter, MomentFilter
from kernel.http.renderers import JSONRenderer, TableRenderer
from kernel.schema import problems
from kernel.scope import under
from kernel.serializers import Batch, ResourceSerializer
from kernel.spreadsheets import streamed
from kernel.viewsets import ResourceViewSet
from trail.accounts import merged_into, person_of
from trail.models import Line
from trail.reading import Told, cut_until, told

LINES = 500  # that an export reads at once
EXPORTED = (
    "id", "written_at", "verb", "resource", "row_key", "person_id", "actor_kind", "actor_id", "signed_in",
    "signed_in_by", "request_id",
)  # fmt: skip


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


class AnyOfFilter(filters.BaseInFilter, filters.CharFilter):
    """Rows with any of these words, which have commas between them."""


def _accounts(number: int) -> list[int]:
    """The numbers under which lines tell of the person of this account; none once the account is deleted."""
    person = person_of(number)
    return [person, *merged_into([person])] if User.objects.filter(pk=person).exists() else []


class PersonFilter(IntegerFilter):
    def filter(self, rows: QuerySet[Line], number: int | None) -> QuerySet[Line]:
        return rows if number is None else rows.filter(person_id__in=_accounts(number))


class ActorFilter(IntegerFilter):
    """Numbers of VLEs and providers, and of people: accounts."""

    def filter(self, rows: QuerySet[Line], number: int | None) -> QuerySet[Line]:
        if number is None:
            return rows
        accounts, by_people = _accounts(number), Q(actor_kind__in=PEOPLE)
        found = (by_people & Q(actor_id__in=accounts)) | (~by_people & Q(actor_id=number))
        return rows.filter(found, actor_id__in={number, *accounts})


class LineFilter(filters.FilterSet):
    actor_kind = AnyOfFilter(lookup_expr="in")  # the numbers of people, VLEs and providers are each their own
    actor_id = ActorFilter()
    person_id = PersonFilter()
    verb = filters.CharFilter()
    resource = AnyOfFilter(lookup_expr="in")
    request_id = filters.CharFilter()
    written_at__gte = MomentFilter("written_at", "gte")
    written_at__lte = MomentFilter("written_at", "lte")


class LineViewSet(ResourceViewSet):
    queryset = Line.objects.all()
    serializer_class = LineSerializer
    filterset_class = LineFilter
    shows_people = True
    search_fields = ("verb", "resource", "row_key")
    orderable = {name: name for name in ("id", "written_at")}
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.DATA: grant(READ, "export")}

    @extend_schema(filters=True, responses={(200, TableRenderer.media_type): OpenApiTypes.STR, **problems(400)})
    @action(detail=False, renderer_classes=[JSONRenderer, TableRenderer])
    def export(self, request, **_):
        """The lines that the list would have, all of them, as a table for spreadsheets, the first one first.

        Its name says until when lines are deleted, if some are.
        """
        rows = self.filter_queryset(self.get_queryset())
        found = rows.order_by().aggregate(lines=Count("pk"), last=Max("pk"))
        self.seen(None, found["lines"])
        until = cut_until(self.tenant_id)
        name = f"trail-{self.tenant_id}" + (f"-after-{until:%Y-%m-%d}" if until else "")
        headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}.csv"'}
        table = streamed((*EXPORTED, "actor", "address", "details"), exported(rows, found["last"] or 0))
        return StreamingHttpResponse(table, content_type="text/csv; charset=utf-8", headers=headers)


def exported(rows: QuerySet[Line], last: int) -> Iterator[tuple[Any, ...]]:
    """The cells of these lines up to the last one, some read at a time: it may take long, and more are written."""
    rows, after = rows.filter(pk__lte=last).order_by("pk"), 0
    while part := list(rows.filter(pk__gt=after).values_list(*EXPORTED)[:LINES]):
        after = part[-1][0]
        opened = told([line[0] for line in part])
        for key, at, *columns in part:
            shown = opened[key]
            details = "" if shown["details"] is None else json.dumps(shown["details"], ensure_ascii=False)
            yield key, at.isoformat(), *columns, shown["name"], shown["address"], details
