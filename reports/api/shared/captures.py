"""What is captured in an activity: the activity, the session and the instruments that a body names."""

from typing import Any, NoReturn

from rest_framework import serializers

from courses.api.vle_assessment import SessionNumberField
from courses.queries import ActivityContext, activity_context_of_learner
from institutions.models import Instrument
from kernel.caller import CallerKind
from kernel.domain import Invalid
from learners.api.shared.captures import CaptureTakingView, OfLearner, instruments_among
from learners.queries import instruments_applying
from learners.services import learner_state_known


class InActivity(OfLearner):
    course_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    activity_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    session_id = SessionNumberField()


def raise_no_session() -> NoReturn:
    raise Invalid(session_id="The learner has no such session in this activity.")


class ActivityCaptureView(CaptureTakingView):
    def activity_context(self, body: dict[str, Any]) -> ActivityContext:
        """The activity and session that the body names, in one query."""
        bound = self.caller.assessment_session_id
        number = bound or body.get("session_id")
        vle = self.caller.id if self.caller.kind is CallerKind.VLE else self.caller.vle_id  # its own, or who sent it
        context = activity_context_of_learner(
            self.learner, course=body["course_id"], activity=body["activity_id"], vle=vle, session=number
        )
        if context is None:
            raise Invalid(activity_id="The learner attends no course with this activity.")
        if bound is not None and body.get("session_id") not in (None, bound):
            raise_no_session()  # of an earlier exam: the token is of this one
        if number is not None and context.session is None:
            raise_no_session()
        return context

    def instruments(self, context: ActivityContext, ids: list[int]) -> list[Instrument]:
        rows = instruments_applying(self.learner.pk, context.instruments, learner_state_known(self.learner).send)
        return instruments_among((row.instrument for row in rows), ids)
