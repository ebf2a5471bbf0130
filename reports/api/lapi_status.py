"""/lapi/v1/status/{institution_id}/{learner_id}/"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from kernel.access import grant
from kernel.caller import Role
from kernel.http.parsers import JSONParser
from kernel.ids import bounded_id
from kernel.schema import problems
from learners.api.shared.captures import (
    LEARNER_ID,
    CaptureView,
    OfLearner,
    PlainListField,
    RefusedSerializer,
    own,
    path_of,
)
from reports.queries import capture_states

MOST_SAMPLES = 1000
STATES = ("NOT_FOUND", "PENDING", "VALID", "ERROR", "TIMEOUT")


class StatusRequestSerializer(OfLearner):
    samples = PlainListField(child=serializers.CharField(max_length=255), max_length=MOST_SAMPLES)


class SampleStateSerializer(serializers.Serializer[Any]):
    """`info` is {"validations": {provider: {"error_message"}}}."""

    sample = serializers.CharField()
    status = serializers.ChoiceField(STATES)
    info = serializers.DictField()


class StatusView(CaptureView):
    access = {Role.LEARNER: grant("post", parent=own)}
    parser_classes = (JSONParser,)

    @extend_schema(
        operation_id="lapi_status",
        parameters=[LEARNER_ID],
        request=StatusRequestSerializer,
        responses={
            200: SampleStateSerializer(many=True),
            400: RefusedSerializer,
            **problems(401, 403, 404, 413, 415),
        },
    )
    def post(self, request, **_):
        """What has become of the learner's own samples, by their names."""
        names = self.body(StatusRequestSerializer)["samples"]
        keys = {name: key for name in names if (key := self._key(name)) is not None}
        state_by_key = capture_states(self.learner.pk, {*keys.values()}, self.caller.assessment_session_id)
        states = {name: state_by_key[key] for name, key in keys.items() if key in state_by_key}
        return Response([_state(name, *states.get(name, ("NOT_FOUND", {"validations": {}}))) for name in names])

    def _key(self, name: str) -> tuple[str, int] | None:
        """(kind, id) in a name that `path_of` made for this learner; None for any other text."""
        kind, _, digits = name.removeprefix(f"{self.learner.learner_id}/").partition("/")
        number = bounded_id(digits)
        return (kind, number) if number and name == path_of(self.learner, kind, number) else None


def _state(name: str, status: str, info: dict[str, Any]) -> dict[str, Any]:
    return {"sample": name, "status": status, "info": info}
