"""/provider/{provider_id}/answers/"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from institutions.models import Message
from kernel.access import grant
from kernel.caller import Role
from kernel.procedures import ProcedureView
from kernel.schema import problems
from kernel.serializers import BodySerializer
from learners.api.shared.providing import MessageCodeField
from reports.api.provider_request import ProviderResultAnswerSerializer
from reports.arithmetic import ResultStatus
from reports.services.counting import BATCH
from reports.services.verifying import NO_RESULT, Answer, results_answered


class TextOfCodeField(MessageCodeField):
    """As sent: all codes of a body are looked up at once."""

    def to_internal_value(self, data: Any) -> Any:
        return serializers.CharField.to_internal_value(self, data).upper()


class AnswerSerializer(ProviderResultAnswerSerializer):
    request = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    message_code = TextOfCodeField(default=None)

    def validate(self, attrs):
        if attrs["status"] == ResultStatus.PROCESSED and attrs["result"] is None:
            raise serializers.ValidationError({"result": NO_RESULT})
        return attrs


class AnswersSerializer(BodySerializer):
    results = AnswerSerializer(many=True, min_length=1, max_length=BATCH)  # type: ignore[call-arg] # of the list

    def validate_results(self, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """All codes of messages are looked up at once."""
        codes = {each["message_code"] for each in results} - {None}
        codes -= {*Message.objects.filter(code__in=codes).values_list("code", flat=True)} if codes else set()
        seen: set[int] = set()
        errors: Any = {}  # by place
        for place, each in enumerate(results):
            if each["message_code"] in codes:
                errors[place] = {"message_code": ["There is no message with this code."]}
            elif each["request"] in seen:
                errors[place] = {"request": ["Another answer before this one is to the same request."]}
            seen.add(each["request"])
        if errors:
            raise serializers.ValidationError(errors)
        return results


class OutcomeSerializer(serializers.Serializer[Any]):
    request = serializers.IntegerField()
    error = serializers.CharField(allow_null=True, help_text="Why the answer is not stored; null: it is.")


class OutcomesSerializer(serializers.Serializer[Any]):
    results = OutcomeSerializer(many=True, help_text="In the order of the answers.")


class ProviderAnswersView(ProcedureView):
    root, root_kwarg = "provider", "provider_id"
    access = {Role.PROVIDER: grant("post")}

    @extend_schema(
        operation_id="provider_answers_create",
        request=AnswersSerializer,
        responses={200: OutcomesSerializer, **problems(400, 401, 403, 404, 413, 415)},
    )
    def post(self, request, **_):
        """Answers to many requests at once, each as in PUT of a request; the whole call may be repeated.

        A wrong value is 400, and nothing is stored. An answer that would be 404 alone is told, the others are stored.
        """
        sent = self.body(AnswersSerializer)["results"]
        answers = {each.pop("request"): Answer(audit=each.pop("audit_data"), **each) for each in sent}
        refused = results_answered(provider=self.caller.id, answers=answers)
        return Response({"results": [{"request": key, "error": refused.get(key)} for key in answers]})
