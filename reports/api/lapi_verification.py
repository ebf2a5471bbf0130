"""/lapi/v1/verification/{institution_id}/{learner_id}/"""

from drf_spectacular.utils import extend_schema

from kernel.access import grant
from kernel.caller import Role
from kernel.http.parsers import ReceivesSample
from learners.api.shared.captures import LEARNER_ID, TAKEN_OR_REFUSED_FOR_GOOD, SampleSerializer, own, path_of, taken
from reports.api.shared.captures import ActivityCaptureView, InActivity
from reports.services.captures import request_create


class VerificationSerializer(InActivity, SampleSerializer):
    pass


class VerificationView(ReceivesSample, ActivityCaptureView):
    access = {Role.LEARNER: grant("post", parent=own), Role.VLE: grant("post")}

    @extend_schema(
        operation_id="lapi_verification",
        parameters=[LEARNER_ID],
        request=VerificationSerializer,
        responses=TAKEN_OR_REFUSED_FOR_GOOD,
    )
    def post(self, request, **_):
        """A sample that instruments check, captured while the learner works on an activity."""
        body = self.read_capture(VerificationSerializer)
        context = self.activity_context(body)
        verification = request_create(
            learner=self.learner,
            activity=context.activity,
            session=context.session,
            sample=body["data"],
            instruments=self.instruments(context, body["instruments"]),
            metadata=body["metadata"],
        )
        return taken(path_of(self.learner, "request", verification.pk))
