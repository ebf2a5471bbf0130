"""/institution/{parent_lookup_institution_id}/erasure/{id}/: erasing learners' data, for data administrators."""

from typing import Any

from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from institutions.models import Institution, User
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.filters import TenantFilter
from kernel.ids import bounded_id
from kernel.recording import Entry, saw
from kernel.schema import problems
from kernel.scope import under
from kernel.serializers import BodySerializer, Computed, IdToLookUpField, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from learners.models import Learner
from rights.api.correction import is_sent
from rights.api.erasure import ErasurePreviewSerializer, kept_told, percent_done, preview_of
from rights.api.hold import LONGEST, PERSON, PersonConcerned, person_concerned
from rights.models import Erasure
from rights.services import erasures


def about(key: int | None, uid: str, first_name: str, last_name: str, email: str | None) -> PersonConcerned | None:
    return None if key is None else person_concerned(uid, first_name, last_name, email)


class ErasureSerializer(ResourceSerializer):
    person_id = IdToLookUpField(min_value=1, max_value=2**63 - 1, allow_null=True)
    about = Computed(about, "person_id", *PERSON)
    by_vle = Computed(is_sent, "sent_by", help_text="It was asked for after coming from a VLE, without a password.")
    reason = serializers.CharField(max_length=LONGEST, style={"base_template": "textarea.html"})
    progress = Computed(percent_done, "total", "left", "state", help_text="Percent.")
    kept = Computed(kept_told, "kept", help_text="What is kept and why, once it is carried out.")

    class Meta:
        model = Erasure
        fields = (
            "id", "person_id", "about", "is_own", "by_vle", "reason", "state", "answer", "phase", "progress", "told_at",
            "kept", "erased", "decided_at", "decided_by_id", "finished_at", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = (
            "is_own", "state", "answer", "phase", "told_at", "erased", "decided_at", "decided_by_id", "finished_at",
        )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The service looks whether another one is open, under its lock: that is no wrong value of the body."""
        return attrs

    def validate_person_id(self, value: int | None) -> int:
        """Null only where it is read: the person may be gone."""
        if value is None:
            self.fields["person_id"].fail("null")
        return value  # type: ignore[return-value] # not null by now


class RefuseBodySerializer(BodySerializer):
    answer = serializers.CharField(
        max_length=LONGEST, style={"base_template": "textarea.html"}, help_text="The reasons, which the learner reads."
    )


class ErasureFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=Erasure.State.choices)
    person_id = TenantFilter("person", queryset=User.objects.all())


class ErasureViewSet(ResourceViewSet):
    queryset = Erasure.objects.all()
    serializer_class = ErasureSerializer
    filterset_class = ErasureFilter
    search_fields = ("person__search_text", "reason", "answer")
    orderable = {name: name for name in ("id", "state", "created_at", "decided_at", "finished_at")}
    shows_people = True
    conflicts = True
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.DATA: grant(READ, "create", "preview", "accept", "refuse")}

    def perform_create(self, serializer):
        serializer.instance = erasures.erasure_begin(
            institution_id=self.parent.pk, by_id=self.caller.id, **serializer.validated_data
        )

    @extend_schema(
        parameters=[OpenApiParameter("person_id", int, required=True, description="The id of a learner.")],
        responses={200: ErasurePreviewSerializer, **problems(404)},
    )
    @action(detail=False)
    def preview(self, request, **_):
        """What erasing this learner's data would do now; nothing is changed."""
        key = bounded_id(request.query_params.get("person_id"))
        if key is None or not Learner.objects.filter(pk=key, institution=self.tenant_id).exists():
            raise Http404
        saw(Entry("read", "institution/erasure/preview", self.tenant_id, self.tenant_id, key, {"rows": 1}))
        return Response(preview_of(key))

    @extend_schema(request=None, responses={200: ErasureSerializer, **problems(403, 404, 409)})
    @action(detail=True, methods=["post"])
    def accept(self, request, **_):
        """Carry out what a learner has asked for."""
        with erasures.one_transaction():
            saved = erasures.erasure_accept(erasure=self.get_object(), by_id=self.caller.id)
            self.recorded("accept", saved)
        return Response(self.read_one(pk=saved.pk))

    @extend_schema(request=RefuseBodySerializer, responses={200: ErasureSerializer, **problems(400, 403, 404, 409)})
    @action(detail=True, methods=["post"])
    def refuse(self, request, **_):
        """Do not carry it out, with the reasons, which the learner reads."""
        erasure = self.get_object()
        body = self.body(RefuseBodySerializer)
        with erasures.one_transaction():
            saved = erasures.erasure_refuse(erasure=erasure, by_id=self.caller.id, **body)
            self.recorded("refuse", saved)
        return Response(self.read_one(pk=saved.pk))
