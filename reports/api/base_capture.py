"""What is captured in an activity: the activity, the session and the instruments that a body names."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError

from courses.api.vle_assessment import SessionNumberField
from courses.models import Activity, AssessmentSession
from courses.queries import learner_instruments
from institutions.models import Instrument
from kernel.caller import CallerKind
from learners.api.base_capture import CaptureView, OfLearner, instruments_among
from learners.models import Learner


class InActivity(OfLearner):
    course_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    activity_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    session_id = SessionNumberField()


def session_of(activity: Activity, learner: Learner, number: int | None) -> AssessmentSession | None:
    """The learner's session of the activity with this number; 400 for any other one."""
    if number is None:
        return None
    found = AssessmentSession.objects.filter(pk=number, activity=activity, learner=learner).first()
    if found is None:
        raise ValidationError({"session_id": ["The learner has no such session in this activity."]})
    return found


class ActivityCaptureView(CaptureView):
    def place(self, body: dict[str, Any]) -> tuple[Activity, AssessmentSession | None]:
        """Where the body says that it was captured."""
        activity = self._activity(body)
        bound = self.caller.assessment_session_id
        number = body.get("session_id")
        if bound is not None and number not in (None, bound):
            raise PermissionDenied
        return activity, session_of(activity, self.learner, bound or number)

    def _activity(self, body: dict[str, Any]) -> Activity:
        """An activity of a course that the learner attends; for a VLE one of its own."""
        attended = Activity.objects.filter(institution=self.learner.institution_id, course__learners=self.learner)
        if self.caller.kind is CallerKind.VLE:
            attended = attended.filter(vle=self.caller.id)
        found = attended.filter(pk=body["activity_id"], course=body["course_id"]).first()
        if found is None:
            raise ValidationError({"activity_id": ["The learner attends no course with this activity."]})
        return found

    def instruments(self, activity: Activity, ids: list[int]) -> list[Instrument]:
        rows = learner_instruments(activity.pk, self.learner.pk)
        return instruments_among((row.instrument for row in rows), ids)
