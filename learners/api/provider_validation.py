"""/provider/{provider_id}/enrolment/{learner_uuid}/sample/{sample_id}/validation/{id}/ and its status/"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from files.links import evidence_links
from institutions.api.provider_self import number
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import AnyJSONField, BodySerializer, Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from learners import validating
from learners.api.provider_sample import ProviderSampleSerializer
from learners.api.shared.providing import (
    ErrorTextField,
    FileField,
    FractionField,
    MessageCodeField,
    info_url,
)
from learners.models import EnrolmentSample, EnrolmentSampleValidation, ValidationStatus
from learners.row_rules import own_sample, own_validation


class ProviderValidationAnswerSerializer(BodySerializer):
    """What is left out stays as it is."""

    cut = frozenset({"error_message"})
    status = serializers.ChoiceField(ValidationStatus.choices)
    error_message = ErrorTextField()
    validation_info = AnyJSONField(
        required=False, allow_null=True, help_text="Whatever the provider wants to find again at `info`."
    )
    message_code_id = MessageCodeField()
    contribution = FractionField(help_text="Of a complete model.")


class ProviderValidationStatusSerializer(BodySerializer):
    status = serializers.ChoiceField(ValidationStatus.choices)


class ProviderValidationSerializer(ResourceSerializer):
    status = serializers.ChoiceField(ValidationStatus.choices, read_only=True)
    sample = ProviderSampleSerializer(read_only=True)
    info = FileField(info_url, "info_id", per_request=evidence_links)
    contribution = Computed(number, "contribution")
    bodies = {"update": ProviderValidationAnswerSerializer}

    class Meta:
        model = EnrolmentSampleValidation
        fields = (
            "id", "status", "info", "sample", "error_message", "message_code", "contribution", "created_at",
            "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class ProviderValidationViewSet(ResourceViewSet):
    """A provider's own validations of a sample: one, unless it is another's."""

    root = "provider"
    queryset = EnrolmentSampleValidation.objects.all()
    serializer_class = ProviderValidationSerializer
    orderable = {"id": "id"}
    locks_row = False  # the service locks it after the learner
    is_recorded = False  # the services do
    lock_keys = False
    lock_before = ("sample__learner__user", "sample__learner")
    scope = under(
        EnrolmentSample,
        rows="sample",
        sample_id="pk",
        learner_uuid="learner__learner_id",
        provider_id="validations__provider",
    )
    access = {Role.PROVIDER: grant(READ, "update", "status", rows=own_validation, sees=own_sample)}

    def perform_update(self, serializer):
        values: dict[str, Any] = dict(serializer.validated_data)
        if "validation_info" in values:
            values["info"] = values.pop("validation_info")
        validating.validation_answered(validation=serializer.instance, **values)

    @extend_schema(request=ProviderValidationStatusSerializer, responses={200: ProviderValidationSerializer})
    @action(detail=True, methods=["post"])
    def status(self, request, **_):
        """The provider works on the sample, or waits for something: its time begins anew."""
        body = self.body(ProviderValidationStatusSerializer)
        row = self.get_object()
        validating.validation_status_set(validation=row, status=body["status"])
        return Response(self.read_one(pk=row.pk))
