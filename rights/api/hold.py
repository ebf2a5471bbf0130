"""/institution/{parent_lookup_institution_id}/hold/{id}/: legal holds, set and released by data administrators."""

from typing import Any, TypedDict

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from institutions.models import Institution, User
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.filters import TenantFilter
from kernel.schema import problems
from kernel.scope import under
from kernel.serializers import BodySerializer, Computed, IdToLookUpField, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from rights.models import LegalHold, hold_in_force
from rights.services import holds

LONGEST = 10_000  # letters


class PersonConcerned(TypedDict):
    uid: str
    first_name: str
    last_name: str
    email: str


def person_concerned(uid: str, first_name: str, last_name: str, email: str | None) -> PersonConcerned:
    return PersonConcerned(uid=uid, first_name=first_name, last_name=last_name, email=email or "")


PERSON = tuple(f"person__{name}" for name in ("uid", "first_name", "last_name", "email"))


class LegalHoldSerializer(ResourceSerializer):
    person_id = IdToLookUpField(min_value=1, max_value=2**63 - 1)
    about = Computed(person_concerned, *PERSON)
    reason = serializers.CharField(max_length=LONGEST, style={"base_template": "textarea.html"})
    in_force = Computed(hold_in_force, "released_at", "until", "institution__time_zone")

    class Meta:
        model = LegalHold
        fields = (
            "id", "person_id", "about", "reason", "until", "in_force", "set_by_id", "released_at", "released_by_id",
            "release_reason", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("set_by_id", "released_at", "released_by_id", "release_reason")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The service looks whether another hold is in force, under its lock: that is no wrong value of the body."""
        return attrs


class ReleaseBodySerializer(BodySerializer):
    reason = serializers.CharField(max_length=LONGEST, style={"base_template": "textarea.html"})


class LegalHoldFilter(filters.FilterSet):
    person_id = TenantFilter("person", queryset=User.objects.all())
    is_released = filters.BooleanFilter("released_at", lookup_expr="isnull", exclude=True)


class LegalHoldViewSet(ResourceViewSet):
    queryset = LegalHold.objects.all()
    serializer_class = LegalHoldSerializer
    filterset_class = LegalHoldFilter
    search_fields = ("person__search_text", "reason", "release_reason")
    orderable = {name: name for name in ("id", "person_id", "until", "released_at", "created_at")}
    shows_people = True
    conflicts = True
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.ADMIN: grant(READ), Role.DATA: grant(READ, "create", "release")}

    def perform_create(self, serializer):
        serializer.instance = holds.hold_create(
            institution_id=self.parent.pk, by_id=self.caller.id, **serializer.validated_data
        )

    @extend_schema(request=ReleaseBodySerializer, responses={200: LegalHoldSerializer, **problems(400, 404)})
    @action(detail=True, methods=["post"])
    def release(self, request, **_):
        """The hold is over, for a reason; a second time it is no change."""
        hold = self.get_object()
        body = self.body(ReleaseBodySerializer)
        with holds.one_transaction():
            saved = holds.hold_release(hold=hold, by_id=self.caller.id, **body)
            self.recorded("release", saved)
        return Response(self.read_one(pk=saved.pk))
