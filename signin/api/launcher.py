"""/api/v2/auth/token"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.response import Response

from kernel.http.address import client_address
from kernel.schema import problems
from signin import tokens
from signin.api.auth import OpenView, PairSerializer
from signin.services import Refused
from signin.services.launchers import launcher_redeem


class LauncherTicketSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(min_value=1, help_text="A number, or its digits as text.")
    token = serializers.CharField()


class LauncherView(OpenView):
    @extend_schema(
        operation_id="auth_token",
        request=LauncherTicketSerializer,
        responses={200: PairSerializer, **problems(401, 413, 415)},
    )
    def post(self, request):
        """Exchange a launcher, once, for a pair of tokens. Whatever is wrong with it is 401."""
        try:
            body = request.data
        except ParseError:
            body = None
        values = body if isinstance(body, dict) else {}
        try:
            session = launcher_redeem(id=values.get("id"), token=values.get("token"), address=client_address(request))
        except Refused as error:
            return self.refused({"detail": str(error)})
        return Response(tokens.pair(session))
