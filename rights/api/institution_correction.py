"""/institution/{parent_lookup_institution_id}/correction/{id}/: corrections that people ask for, with the answers."""

from typing import TypedDict

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from institutions.api.shared.people import changeable, refuse_launched
from institutions.models import Institution, User
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.domain import Forbidden
from kernel.filters import TenantFilter
from kernel.schema import problems
from kernel.scope import under
from kernel.serializers import BodySerializer, Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from rights.api.correction import LONGEST, is_sent
from rights.models import Correction
from rights.services import corrections


class Asking(TypedDict):
    id: int
    uid: str
    first_name: str
    last_name: str
    email: str


def asking(key: int, uid: str, first_name: str, last_name: str, email: str | None) -> Asking:
    return Asking(id=key, uid=uid, first_name=first_name, last_name=last_name, email=email or "")


class CorrectionSerializer(ResourceSerializer):
    person = Computed(asking, "person_id", *(f"person__{name}" for name in ("uid", "first_name", "last_name", "email")))
    field = serializers.ChoiceField(Correction.Field.choices, read_only=True)
    state = serializers.ChoiceField(Correction.State.choices, read_only=True)
    by_vle = Computed(is_sent, "sent_by", help_text="It was asked for after coming from a VLE, without a password.")

    class Meta:
        model = Correction
        fields = (
            "id", "person", "field", "before", "wanted", "reason", "by_vle", "state", "answer", "decided_at",
            "decided_by_id", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class RefuseCorrectionBodySerializer(BodySerializer):
    answer = serializers.CharField(
        max_length=LONGEST, style={"base_template": "textarea.html"}, help_text="Why, which the person reads."
    )


class CorrectionFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=Correction.State.choices)
    person = TenantFilter(queryset=User.objects.all())


class CorrectionViewSet(ResourceViewSet):
    queryset = Correction.objects.all()
    serializer_class = CorrectionSerializer
    filterset_class = CorrectionFilter
    search_fields = ("person__search_text", "wanted", "reason", "answer")
    orderable = {name: name for name in ("id", "field", "state", "created_at")}
    shows_people = True
    conflicts = True
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.ADMIN | Role.DATA: grant(READ, "accept", "refuse")}

    @extend_schema(request=None, responses={200: CorrectionSerializer, **problems(400, 403, 404, 409)})
    @action(detail=True, methods=["post"])
    def accept(self, request, **_):
        """Correct the account: as a change by the caller, whose rights decide whether it may be made."""
        correction = self.get_object()
        person = User.objects.get(pk=correction.person_id)
        may = changeable(self, person)
        refuse_launched(self, person, {correction.field: correction.wanted})
        if correction.field == "email" and person.pk == self.caller.id:
            raise Forbidden("Change your own address in your account: it needs your password.")
        with corrections.one_transaction():
            saved, changes = corrections.correction_accept(correction=correction, by_id=self.caller.id, may=may)
            self.recorded("accept", saved, None, **changes)
        return Response(self.read_one(pk=saved.pk))

    @extend_schema(
        request=RefuseCorrectionBodySerializer, responses={200: CorrectionSerializer, **problems(400, 404, 409)}
    )
    @action(detail=True, methods=["post"])
    def refuse(self, request, **_):
        """Change nothing, and say why."""
        correction = self.get_object()
        body = self.body(RefuseCorrectionBodySerializer)
        with corrections.one_transaction():
            saved = corrections.correction_refuse(correction=correction, by_id=self.caller.id, **body)
            self.recorded("refuse", saved)
        return Response(self.read_one(pk=saved.pk))
