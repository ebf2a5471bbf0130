"""/lapi/v1/alert/{institution_id}/{learner_id}/"""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers

from kernel.access import grant
from kernel.caller import Role
from kernel.http.parsers import JSONParser
from kernel.serializers import AnyJSONField
from learners.api.shared.captures import (
    LEARNER_ID,
    TAKEN_OR_REFUSED_FOR_GOOD,
    InstrumentIdsField,
    NotedMomentField,
    own,
    path_of,
    taken,
)
from reports.api.shared.captures import ActivityCaptureView, InActivity
from reports.models import AlertLevel
from reports.services.captures import alert_create


@extend_schema_field({"oneOf": [{"type": "string", "enum": [word.lower() for word in AlertLevel.__members__]},
                                {"type": "integer", "enum": [level.value for level in AlertLevel]}]})  # fmt: skip
class AlertLevelField(serializers.Field[AlertLevel, Any, str, Any]):
    """A word or its number."""

    default_error_messages = {"invalid": "Choose info, warning, alert, error or 0 to 3."}

    def to_internal_value(self, data: Any) -> AlertLevel:
        words = {level.name.lower(): level for level in AlertLevel}
        words |= {str(level.value): level for level in AlertLevel}
        if isinstance(data, bool) or str(data).lower() not in words:
            self.fail("invalid")
        return words[str(data).lower()]


class AlertSerializer(InActivity):
    level = AlertLevelField()
    message_code = AnyJSONField(
        required=False,
        allow_null=True,
        help_text="A text; it may also stand in `data`. An unknown one is kept as text.",
    )
    data = AnyJSONField(allow_null=True)  # type: ignore[assignment] # the field of that name, not the body
    instruments = InstrumentIdsField(required=False, allow_null=True, allow_empty=True)
    raised_at = NotedMomentField(
        required=False, allow_null=True, help_text="One that cannot be read is the time of arrival."
    )


class AlertView(ActivityCaptureView):
    access = {Role.LEARNER: grant("post", parent=own)}
    parser_classes = (JSONParser,)

    @extend_schema(
        operation_id="lapi_alert", parameters=[LEARNER_ID], request=AlertSerializer, responses=TAKEN_OR_REFUSED_FOR_GOOD
    )
    def post(self, request, **_):
        """Something that a sensor noticed while the learner works on an activity."""
        body = self.read_capture(AlertSerializer)
        context = self.activity_context(body)
        alert = alert_create(
            learner=self.learner,
            activity=context.activity,
            session=context.session,
            level=body["level"],
            code=body.get("message_code"),
            data=body["data"],
            instruments=self.instruments(context, body.get("instruments") or []),
            raised_at=body.get("raised_at") or timezone.now(),
        )
        return taken(path_of(self.learner, "alert", alert.pk))
