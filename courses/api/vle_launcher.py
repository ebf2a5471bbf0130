"""/vle/{vle_id}/launcher/"""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from courses.api.session import address
from courses.api.vle_assessment import NO_SESSION, OPTIONAL, MinutesField, ReturnAddressField, SessionNumberField
from courses.models import AssessmentSession
from courses.row_rules import members_of_vle
from institutions.models import VLE, User
from institutions.services.named import person_meant
from institutions.services.vles import vle_warn
from kernel.access import grant
from kernel.caller import Role
from kernel.domain import Invalid, Unknown
from kernel.procedures import ProcedureView
from kernel.schema import problems
from kernel.serializers import BodySerializer, IdentifierField
from kernel.text import identifier_key
from learners.models import Learner
from signin.models import Launcher, Target
from signin.services.launchers import LONGEST, MINUTES, launcher_create


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": LONGEST, "nullable": True})
class LifetimeField(MinutesField):
    usual, longest = MINUTES, LONGEST


class LauncherBodySerializer(BodySerializer):
    vle_user_uid = IdentifierField(max_length=255)
    target = serializers.ChoiceField(Target.names, help_text=f"{Target.DASHBOARD.name} if null.", **OPTIONAL)
    target_url = ReturnAddressField(help_text="Left out, with a warning, if it is no web address.")
    ttl = LifetimeField(help_text=f"Minutes; {MINUTES} if null or no such number, {LONGEST} at most, with a warning.")
    session_id = SessionNumberField(help_text="An assessment session of this person.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: dict[str, str] = {}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in attrs.items() if value is not None} | {"warnings": self.warnings}


class LauncherSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    token = serializers.UUIDField(help_text="Told only now.")
    url = serializers.URLField(help_text="Where a dashboard exchanges the launcher, once, for tokens.")
    warnings = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Values that were not used as they were sent; left out if there are none.",
    )


class LauncherView(ProcedureView):
    root, root_kwarg = "vle", "vle_id"
    access = {Role.VLE: grant("post")}

    @extend_schema(
        operation_id="vle_launcher_create",
        request=LauncherBodySerializer,
        responses={
            200: LauncherSerializer,
            **problems(400, 401, 403, 413, 415),
            404: OpenApiResponse(
                {"oneOf": [{"type": "string"}, NO_SESSION]}, "No such person: a text. No such session: an object."
            ),
        },
    )
    def post(self, request, **_):
        """A ticket with which one person enters a dashboard, once, without a password.

        The person is a member of one of the VLE's courses, unless the institution lets its VLEs send everybody.
        """
        body = self.body(LauncherBodySerializer)
        try:
            launcher, token = self.launcher(body)
        except Unknown as error:
            return Response(str(error), status.HTTP_404_NOT_FOUND)
        query = urlencode({"id": launcher.pk, "token": token})
        url = f"{address(request, settings.DASHBOARD_URL)}/ui/auth/launcher?{query}"
        answer: dict[str, Any] = {"id": launcher.pk, "token": token, "url": url}
        if body["warnings"]:
            vle_warn(vle_id=self.caller.id, warnings=body["warnings"])
            answer["warnings"] = {name: [text] for name, text in body["warnings"].items()}
        return Response(answer)

    def launcher(self, values: dict[str, Any]) -> tuple[Launcher, str]:
        home: Any = self.tenant_id
        people = User.objects.filter(institution=home, pk=person_meant(home, identifier_key(values["vle_user_uid"])))
        if not self.tenant.launcher_everywhere:
            people = people.filter(members_of_vle(self.root_id))
        person = people.first()
        if person is None:
            raise Unknown("User not found")
        target = Target[values.get("target", Target.DASHBOARD.name)]
        if target is Target.LAPI and not Learner.objects.filter(pk=person.pk).exists():
            raise Invalid(target="This person is no learner.")
        return launcher_create(
            vle=get_object_or_404(VLE, pk=self.root_id),
            person=person,
            target=target,
            target_url=values.get("target_url") or None,
            minutes=values.get("ttl", MINUTES),
            session=self.session(person, values.get("session_id")),
            credential_id=self.request.user.credential_id,
        )

    def session(self, person: User, number: int | None) -> AssessmentSession | None:
        if number is None:
            return None
        session = AssessmentSession.objects.filter(pk=number, learner=person.pk, activity__vle=self.root_id).first()
        if session is None:
            raise NotFound("Session not found")
        return session
