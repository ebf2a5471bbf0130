"""/lapi/v1/profile/{institution_id}/{learner_id}/"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from kernel.access import grant
from kernel.caller import Role
from kernel.schema import problems
from learners.api.shared.captures import LEARNER_ID, CaptureView, own


class LearnerProfileSerializer(serializers.Serializer[Any]):
    learner_id = serializers.UUIDField()
    institution_id = serializers.IntegerField()
    email = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()


class LearnerProfileView(CaptureView):
    access = {Role.LEARNER: grant("get", parent=own)}

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
