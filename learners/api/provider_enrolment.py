"""/provider/{provider_id}/enrolment/{learner_uuid}/ and its unlock/"""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from files.links import evidence_links
from institutions.api.provider_self import number
from institutions.models import Provider
from kernel.access import grant
from kernel.caller import Role
from kernel.schema import problems
from kernel.scope import under
from kernel.serializers import Batch, BodySerializer, Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from learners import enrolling
from learners.api.provider_model import ModelUpload, upload_for
from learners.api.shared.captures import PlainListField
from learners.api.shared.providing import FileField, FractionField, TextualUUIDField, model_url
from learners.models import Enrolment
from learners.queries import sample_counts
from learners.row_rules import lock_holds, own_enrolment

MOST_SAMPLES = 10_000
OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}
UNLOCKED = "Model unlocked"


def no_upload() -> ModelUpload | None:
    """The address for an upload stands in the answer that locks the model, and nowhere else."""


def is_true(value: Any) -> bool:
    return bool(value)


class ProviderEnrolmentLockSerializer(BodySerializer):
    learner_id = TextualUUIDField()
    task_id = TextualUUIDField(help_text="The task that locks the model; it may lock it again.")


class ProviderEnrolmentMetadataSerializer(BodySerializer):
    """What is left out or null stays as it is."""

    learner_id = TextualUUIDField(help_text="As in the address.", **OPTIONAL)
    task_id = TextualUUIDField(help_text="The task that has locked the model.")
    percentage = FractionField(help_text="How complete the model is.")
    can_analyse = serializers.BooleanField(**OPTIONAL)
    used_samples = PlainListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        max_length=MOST_SAMPLES,
        help_text="The samples that the task has used; those of earlier tasks stay.",
        **OPTIONAL,
    )

    def validate_learner_id(self, value: Any) -> Any:
        if value is not None and value != self.context["view"].kwargs["learner_uuid"]:
            raise ValidationError("This is another learner than the address names.")
        return value


class ProviderEnrolmentUnlockSerializer(BodySerializer):
    token = TextualUUIDField(help_text="The task that has locked the model.")


class ProviderEnrolmentSerializer(ResourceSerializer):
    """A provider's model of a learner, whom it knows by a pseudonym."""

    learner_id = serializers.UUIDField(source="learner.learner_id", read_only=True)
    model = FileField(model_url, "model_id", per_request=evidence_links)
    is_locked = Computed(is_true, lambda me: lock_holds())
    model_upload_url = Computed(no_upload)
    percentage = Computed(number, "percentage")
    model_total_samples = Batch(sample_counts, missing=0)
    bodies = {"create": ProviderEnrolmentLockSerializer, "update": ProviderEnrolmentMetadataSerializer}

    class Meta:
        model = Enrolment
        fields = (
            "id", "learner_id", "model", "is_locked", "model_upload_url", "percentage", "can_analyse",
            "model_total_samples",
        )  # fmt: skip
        read_only_fields = fields


class ProviderEnrolmentViewSet(ResourceViewSet):
    """Models that a provider makes of learners. POST locks one; PUT stores what is known of it, and unlocks it."""

    root = "provider"
    queryset = Enrolment.objects.all()
    serializer_class = ProviderEnrolmentSerializer
    lookup_field = "learner__learner_id"
    lookup_url_kwarg = "learner_uuid"
    lookup_value_converter = "uuid"
    locks_row = False  # the service locks it after the learner
    is_recorded = False  # the services do
    lock_keys = False
    lock_before = ("learner__user", "learner")
    scope = under(Provider, rows="provider", provider_id="pk")
    access = {Role.PROVIDER: grant("retrieve", "create", "update", "unlock", rows=own_enrolment)}

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, enrolling.NotLocked):
            return Response({"detail": str(exc)}, status.HTTP_406_NOT_ACCEPTABLE)
        return super().handle_exception(exc)

    def perform_create(self, serializer):
        self.task_id = serializer.validated_data["task_id"]
        serializer.instance = enrolling.enrolment_lock(provider_id=self.caller.id, **serializer.validated_data)

    def extend_answer(self, values):
        if self.action != "create":
            return values
        return values | {"model_upload_url": upload_for(self, values["id"], self.task_id)}

    def perform_update(self, serializer):
        values = {name: value for name, value in serializer.validated_data.items() if name != "learner_id"}
        enrolling.enrolment_stored(enrolment=serializer.instance, **values)

    @extend_schema(
        request=ProviderEnrolmentUnlockSerializer,
        responses={
            200: OpenApiResponse({"type": "string", "enum": [UNLOCKED]}, "A text."),
            **problems(403, 404),
        },
    )
    @action(detail=True, methods=["post"])
    def unlock(self, request, **_):
        """The task that has locked the model gives it up. 403 for another task, 406 if it is not locked."""
        body = self.body(ProviderEnrolmentUnlockSerializer)
        enrolling.enrolment_unlock(enrolment=self.get_object(), task_id=body["token"])
        return Response(UNLOCKED)
