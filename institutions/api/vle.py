"""/institution/{parent_lookup_institution_id}/vle/{id}/ and its credentials/"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from institutions.api.shared.people import refuse_sent
from institutions.models import VLE, Institution, VLEType
from institutions.services import vles
from kernel.access import READ, WRITE, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import BodySerializer, Computed, ResourceSerializer
from kernel.text import validate_web_address
from kernel.viewsets import ResourceViewSet
from kernel.writes import one_transaction

ISSUES = "issues credentials"  # with which it would come back by itself


def lti_or_null(lti: dict[str, Any]) -> dict[str, Any] | None:
    return lti or None


def no_credentials() -> dict[str, Any] | None:
    """Credentials appear once, in the answer that issues them."""


class InstitutionVLESerializer(ResourceSerializer):
    type = serializers.ChoiceField(VLEType.choices)
    lti = Computed(lti_or_null, "lti")
    credentials = Computed(no_credentials)
    url = serializers.CharField(
        max_length=2048, required=False, allow_null=True, allow_blank=True, validators=[validate_web_address]
    )

    class Meta:
        model = VLE
        fields = ("id", "type", "lti", "name", "credentials", "url", "client_id")
        extra_kwargs = {"client_id": {"allow_blank": False}}

    def validate_url(self, value: str | None) -> str | None:
        return value or None


class RotationSerializer(BodySerializer):
    overlap_minutes = serializers.IntegerField(
        min_value=0, max_value=1440, default=0, help_text="How long the present credentials stay good."
    )


class VLERotationSerializer(RotationSerializer):
    close_sessions = serializers.BooleanField(
        default=False, help_text="Close the VLE's assessment sessions, which go on otherwise. Not with an overlap."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["close_sessions"] and attrs["overlap_minutes"]:
            raise serializers.ValidationError(
                {"close_sessions": ["Sessions are closed at once: leave overlap_minutes out, or this."]}
            )
        return attrs


class VLEViewSet(ResourceViewSet):
    queryset = VLE.objects.all()
    serializer_class = InstitutionVLESerializer
    search_fields = ("search_text",)
    lock_for_delete = ("institution",)
    orderable = {name: name for name in ("id", "type", "name", "url", "client_id")}
    scope = under(Institution, rows="institution", parent_lookup_institution_id="pk")
    access = {Role.GLOBAL: grant(READ), Role.ADMIN: grant(READ, WRITE, "credentials")}

    def perform_create(self, serializer):
        refuse_sent(self, ISSUES)
        vle, self.issued = vles.vle_create(institution=self.parent, **serializer.validated_data)
        serializer.instance = vle

    def perform_update(self, serializer):
        vles.vle_update(vle=serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance):
        vles.vle_delete(vle=instance)

    def extend_answer(self, values):
        """The credentials stand in the answer that issues them, and nowhere else."""
        return values | {"credentials": self.issued_credentials()} if self.action == "create" else values

    def issued_credentials(self) -> dict[str, Any]:
        return self.issued | {"api_url": self.request.build_absolute_uri("/api/v2")}

    @extend_schema(request=VLERotationSerializer, responses={201: InstitutionVLESerializer})
    @action(detail=True, methods=["post"])
    def credentials(self, request, **_):
        """New credentials; the present ones end at once or after `overlap_minutes`."""
        refuse_sent(self, ISSUES)
        body = self.body(VLERotationSerializer)
        vle = self.get_object()
        with one_transaction():
            self.issued = vles.vle_credentials_rotate(vle=vle, **body)
            self.recorded("credentials", vle, **body)
        return Response(self.read_one(pk=vle.pk) | {"credentials": self.issued_credentials()}, status.HTTP_201_CREATED)
