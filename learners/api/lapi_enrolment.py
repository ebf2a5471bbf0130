"""/lapi/v1/enrolment/{institution_id}/{learner_id}/"""

from drf_spectacular.utils import extend_schema

from institutions.models import Instrument
from kernel.access import grant
from kernel.caller import Role
from kernel.http.parsers import ReceivesSample
from learners.api.shared.captures import (
    LEARNER_ID,
    TAKEN_OR_REFUSED_FOR_GOOD,
    CaptureTakingView,
    OfLearner,
    SampleSerializer,
    instruments_among,
    outside_sessions,
    own,
    path_of,
    taken,
)
from learners.services import sample_create


class EnrolmentSampleSerializer(OfLearner, SampleSerializer):
    pass


class EnrolmentView(ReceivesSample, CaptureTakingView):
    access = {Role.LEARNER: grant("post", parent=own, when=outside_sessions)}

    @extend_schema(
        operation_id="lapi_enrolment",
        parameters=[LEARNER_ID],
        request=EnrolmentSampleSerializer,
        responses=TAKEN_OR_REFUSED_FOR_GOOD,
    )
    def post(self, request, **_):
        """A sample that instruments learn the learner from."""
        body = self.read_capture(EnrolmentSampleSerializer)
        learning = Instrument.objects.filter(enabled=True, requires_enrolment=True)
        sample = sample_create(
            learner=self.learner,
            sample=body["data"],
            instruments=instruments_among(learning, body["instruments"]),
            metadata=body["metadata"],
        )
        return taken(path_of(self.learner, "sample", sample.pk))
