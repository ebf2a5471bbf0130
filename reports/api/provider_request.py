"""/provider/{provider_id}/request/{id}/ and its status/; the id is the request's"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from files.links import Links, evidence_links
from institutions.models import Provider
from kernel.access import grant
from kernel.caller import Role
from kernel.scope import under
from kernel.serializers import AnyJSONField, BodySerializer, ResourceSerializer, named_number
from kernel.viewsets import ResourceViewSet
from learners.api.shared.providing import ErrorTextField, FileField, MessageCodeField
from reports.arithmetic import ResultCode, ResultStatus
from reports.models import Request, RequestProviderResult
from reports.providing import own_result
from reports.services import verifying

STATUSES = [(status.value, status.name) for status in ResultStatus]
CODES = [(code.value, code.name) for code in ResultCode]


def data_url(file_id: int | None, links: Links) -> str | None:
    return None if file_id is None else links(file_id, "request.json")


class ProviderResultAnswerSerializer(BodySerializer):
    """The whole answer: what is left out is none."""

    reusable = True
    cut = frozenset({"error_message"})
    status = serializers.ChoiceField(STATUSES)
    error_message = ErrorTextField(default=None)
    result = serializers.FloatField(min_value=0, max_value=1, allow_null=True, default=None)
    code = serializers.ChoiceField(CODES, default=ResultCode.PENDING.value)
    message_code = MessageCodeField(default=None)
    audit_data = AnyJSONField(allow_null=True, default=None, help_text="For those who audit the result.")


class ProviderResultStatusSerializer(BodySerializer):
    status = serializers.ChoiceField(STATUSES)


class ProviderRequestDataSerializer(ResourceSerializer):
    data = FileField(data_url, "data_id", per_request=evidence_links)  # type: ignore[assignment] # fields leave the class

    class Meta:
        model = Request
        fields = ("id", "data")
        read_only_fields = fields


class ProviderResultSerializer(ResourceSerializer):
    """A provider's result of a request; `id` is the result's, `request.data` where the captured sample is."""

    learner_id = serializers.UUIDField(source="request.learner.learner_id", read_only=True)
    request = ProviderRequestDataSerializer(read_only=True)
    status = named_number(ResultStatus)
    code = named_number(ResultCode)
    bodies = {"update": ProviderResultAnswerSerializer}

    class Meta:
        model = RequestProviderResult
        fields = (
            "id", "learner_id", "request", "status", "result", "code", "error_message", "message_code", "created_at",
            "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class ProviderRequestViewSet(ResourceViewSet):
    """Requests that the provider is asked to verify."""

    root = "provider"
    queryset = RequestProviderResult.objects.all()
    serializer_class = ProviderResultSerializer
    lookup_field = "request"
    locks_row = False  # the service locks it after the learner
    is_recorded = False  # the services do
    lock_keys = False
    answers_from_memory = True
    checks_rows = True
    lock_before = ("request__learner__user", "request__learner")
    scope = under(Provider, rows="provider", provider_id="pk")
    access = {Role.PROVIDER: grant("retrieve", "update", "status", rows=own_result)}

    def perform_update(self, serializer):
        values: dict[str, Any] = dict(serializer.validated_data)
        verifying.result_answered(row=serializer.instance, audit=values.pop("audit_data"), **values)

    @extend_schema(request=ProviderResultStatusSerializer, responses={200: ProviderResultSerializer})
    @action(detail=True, methods=["post"])
    def status(self, request, **_):
        """The provider works on the request, or waits for something: its time begins anew. 400 once it is processed."""
        body = self.body(ProviderResultStatusSerializer)
        row = self.get_object()
        verifying.result_status_set(row=row, status=body["status"])
        return Response(self.read_one(pk=row.pk))
