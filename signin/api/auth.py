"""/api/v2/auth/: login, token/refresh, profile, logout"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.response import Response
from rest_framework.views import APIView

from kernel.caller import PEOPLE
from kernel.http.address import client_address
from kernel.schema import problems
from kernel.serializers import BodySerializer
from signin import tokens
from signin.api.profile import ProfileSerializer, profile
from signin.services import Refused
from signin.services.people import person_verified
from signin.services.sessions import pair_refreshed, session_end, session_open


class LoginSerializer(BodySerializer):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False, style={"input_type": "password"})
    institution = serializers.CharField(
        max_length=255, required=False, allow_null=True, allow_blank=True,
        help_text="Acronym of the institution whose account is meant, for people who have one in several.",
    )  # fmt: skip


class PairSerializer(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()


class SignedInSerializer(serializers.Serializer[Any]):
    token = PairSerializer()


class OpenView(APIView):
    """Answers whoever asks; an Authorization header, which may be out of date, does not disturb."""

    authentication_classes = ()
    permission_classes = ()

    def refused(self, answer: Any) -> Response:
        return Response(answer, status.HTTP_401_UNAUTHORIZED, headers={"WWW-Authenticate": "JWT"})


class SignedIn(BasePermission):
    def has_permission(self, request, view) -> bool:
        return request.user.is_authenticated


class SignedInPerson(SignedIn):
    """Modules have no profile."""

    def has_permission(self, request, view) -> bool:
        return super().has_permission(request, view) and request.user.kind in PEOPLE


class LoginView(OpenView):
    @extend_schema(
        operation_id="auth_login",
        request=LoginSerializer,
        responses={200: SignedInSerializer, **problems(400, 401, 413, 415, 429, 503)},
    )
    def post(self, request):
        """Sign in with e-mail and password."""
        body = LoginSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        address = client_address(request)
        try:
            person = person_verified(**body.validated_data, address=address)
        except Refused as error:
            return self.refused({"detail": str(error)})
        session = session_open(person=person, address=address)
        return Response({"token": tokens.pair(session)})


def _tokens_of_request(body: Any, authorization: str) -> tuple[str | None, str | None] | None:
    """(refresh token, access token) from one of the three forms that clients send; None for a body without any token.

    {"token": {"access_token", "refresh_token"}} - {"token": access} with `Authorization: JWT <refresh>` -
    {"refresh_token": refresh}. A value that is not a string counts as missing.
    """
    if not isinstance(body, dict):
        return None
    token = body.get("token")
    if isinstance(token, dict):
        refresh, access = token.get("refresh_token"), token.get("access_token")
        access = access if isinstance(access, str) else ""  # required in this form: "" is refused as invalid
    elif isinstance(token, str):
        scheme, _, refresh = authorization.partition(" ")
        refresh, access = (refresh.strip() if scheme.upper() in {"JWT", "BEARER"} else None), token
    elif "refresh_token" in body:
        refresh, access = body["refresh_token"], None
    else:
        return None
    return (refresh if isinstance(refresh, str) else None), access


class RefreshRequestSerializer(serializers.Serializer[Any]):
    token = serializers.JSONField(required=False, help_text="The access token, or an object with both tokens.")
    refresh_token = serializers.CharField(required=False)


class RefreshView(OpenView):
    @extend_schema(
        operation_id="auth_refresh",
        request=RefreshRequestSerializer,
        responses={200: SignedInSerializer, **problems(400, 403, 413, 415)},
    )
    def post(self, request):
        """A new access token for a session that goes on. A failure is 403, never 401: clients wait for themselves."""
        body = request.data
        pair = _tokens_of_request(
            body.dict() if hasattr(body, "dict") else body, request.META.get("HTTP_AUTHORIZATION", "")
        )
        if pair is None:
            raise serializers.ValidationError({"token": ["This field is required."]})
        refresh, access = pair
        try:
            if refresh is None:
                raise Refused("There is no refresh token.")
            return Response({"token": pair_refreshed(refresh=refresh, access=access)})
        except Refused as error:
            raise PermissionDenied(str(error)) from error


class LogoutView(APIView):
    permission_classes = (SignedIn,)

    @extend_schema(operation_id="auth_logout", responses={204: None, **problems(401)})
    def delete(self, request):
        """End the session: all its tokens are refused from now on."""
        if request.user.session_id is not None:
            caller = request.user
            person = caller.id if caller.kind in PEOPLE else None
            session_end(session_id=caller.session_id, institution_id=caller.institution_id, person_id=person)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ProfileView(APIView):
    permission_classes = (SignedInPerson,)

    @extend_schema(operation_id="auth_profile", responses={200: ProfileSerializer, **problems(401, 403)})
    def get(self, request):
        """Who is signed in, with roles and the routes that a dashboard may show."""
        return Response(profile(request.user))
