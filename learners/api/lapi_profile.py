"""/lapi/v1/profile/{institution_id}/{learner_id}/"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from kernel.access import grant
from kernel.caller import Caller, Role
from kernel.schema import problems
from learners.api.shared.captures import LEARNER_ID, CaptureView, own
from signin.services.sessions import feeds_exam_only


class LearnerProfileSerializer(serializers.Serializer[Any]):
    learner_id = serializers.UUIDField()
    institution_id = serializers.IntegerField()
    email = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()


def may_know_more(caller: Caller) -> bool:
    """Not with tokens of an assessment session whose VLE has got another secret: these are for captures alone."""
    return not feeds_exam_only(caller)


class LearnerProfileView(CaptureView):
    access = {Role.LEARNER: grant("get", parent=own, when=may_know_more)}

    @extend_schema(
        operation_id="lapi_profile",
        parameters=[LEARNER_ID],
        responses={200: LearnerProfileSerializer, **problems(401, 403, 404)},
    )
    def get(self, request, **_):
        """Who is being captured."""
        person = self.learner.user
        return Response(
            {
                "learner_id": self.learner.learner_id,
                "institution_id": self.learner.institution_id,
                "email": person.email or "",
                "first_name": person.first_name,
                "last_name": person.last_name,
            }
        )
