"""/vle/{vle_id}/assessment/"""

from collections.abc import Mapping
from typing import Any

import orjson
from django.core.exceptions import ValidationError as InvalidAddress
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from courses.api.session import CORNER, CORNERS
from courses.links import CONNECTOR, DATA, session_path
from courses.models import AssessmentSession
from courses.queries import activity_context_of_vle
from courses.services import assessments
from institutions.services.named import is_meant
from institutions.services.vles import vle_warn
from kernel.access import grant
from kernel.caller import Role
from kernel.domain import Invalid, Unknown
from kernel.ids import bounded_id
from kernel.nesting import is_too_deep
from kernel.procedures import ProcedureView
from kernel.schema import WRONG_VALUES, ErrorSerializer, problems
from kernel.serializers import BodySerializer, IdentifierField, named_number
from kernel.text import identifier_key, language_in, line_of, prose_of, validate_web_address
from learners.api.learner import MissingEnrolmentsSerializer

OF_NEW = ("vle_activity_type", "vle_activity_id", "vle_learner_uid")
OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}
NO_SESSION = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
LONGEST_ADDRESS, LONGEST_MESSAGE, LONGEST_SHOWN = 2048, 10_000, 40


class SessionNumberField(serializers.IntegerField):
    """A number or its text, as VLEs store it. A number that no session can have is unknown, not invalid."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**OPTIONAL | kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not (type(data) is int or (isinstance(data, str) and data.isascii() and data.isdigit())):
            self.fail("invalid")
        return bounded_id(data) or 0


def warn(field: serializers.Field, sent: Any, text: str) -> None:
    """Tell the VLE that a setting is not used as it was sent."""
    shown = "..." if is_too_deep(sent) else orjson.dumps(sent, default=str).decode()  # a form may send a file
    shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."
    field.root.warnings[str(field.field_name)] = f"{shown}: {text}"  # type: ignore[attr-defined] # the whole body's


class SettingField(serializers.Field[Any, Any, Any, Any]):
    """A setting of the exam's page or time. What cannot be used is replaced or left out, with a warning.

    Nobody who sits an exam can mend a VLE's settings, and a refusal would leave the exam unproctored.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**OPTIONAL | kwargs)


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": assessments.LONGEST, "nullable": True})
class MinutesField(SettingField):
    usual, longest = assessments.MINUTES, assessments.LONGEST

    def to_internal_value(self, data: Any) -> int:
        try:
            minutes = 0 if isinstance(data, bool) else int(data)
        except (TypeError, ValueError, OverflowError):
            minutes = 0
        if minutes < 1:
            warn(self, data, f"not a number of minutes, {self.usual} are used")
            return self.usual
        if minutes > self.longest:
            days = self.longest // (24 * 60)
            warn(self, data, f"more than {'a day' if days == 1 else f'{days} days'}, {self.longest} minutes are used")
        return min(minutes, self.longest)


@extend_schema_field({"type": "string", "enum": list(CORNERS), "nullable": True})
class CornerField(SettingField):
    def to_internal_value(self, data: Any) -> str:
        if data in CORNERS:
            return data
        warn(self, data, f"none of {', '.join(CORNERS)}; {CORNER} is used")
        return CORNER


@extend_schema_field({"type": "string", "maxLength": 10, "nullable": True})
class LocaleField(SettingField):
    def to_internal_value(self, data: Any) -> str | None:
        language = language_in(data)
        if data not in ("", language):
            warn(self, data, f"no language code, {language or 'the language of the learner'} is used")
        return language


@extend_schema_field({"type": "string", "maxLength": LONGEST_ADDRESS, "nullable": True})
class ReturnAddressField(SettingField):
    def to_internal_value(self, data: Any) -> str | None:
        address = line_of(data).strip() if isinstance(data, str) else data
        try:
            if address == "":
                return None
            validate_web_address(address)
        except InvalidAddress:
            is_address = False
        else:
            is_address = len(address) <= LONGEST_ADDRESS
        if not is_address:
            warn(self, data, "no http or https address, it is left out")
        return address if is_address else None


@extend_schema_field({"type": "string", "maxLength": LONGEST_MESSAGE, "nullable": True})
class MessageField(SettingField):
    def to_internal_value(self, data: Any) -> str | None:
        if not isinstance(data, str):
            warn(self, data, "no text, it is left out")
            return None
        text = prose_of(data)
        if len(text) > LONGEST_MESSAGE:
            warn(self, data, f"longer than {LONGEST_MESSAGE} characters, the rest is left out")
        return text[:LONGEST_MESSAGE] or None


class AssessmentOptionsSerializer(BodySerializer):
    floating_menu_initial_pos = CornerField()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping):
            return super().to_internal_value(data)
        if data != []:  # PHP writes an empty object so
            warn(self, data, "no object, it is left out")
        return {}


class AssessmentBodySerializer(BodySerializer):
    """An activity and a learner for a new session; or `session_id` of one that goes on or, with `close`, ends."""

    vle_activity_type = IdentifierField(max_length=250, **OPTIONAL)
    vle_activity_id = IdentifierField(max_length=250, **OPTIONAL)
    vle_learner_uid = IdentifierField(max_length=255, **OPTIONAL)
    max_ttl = MinutesField(help_text=f"Minutes; {assessments.MINUTES} if null.")
    redirect_reject_url = ReturnAddressField()
    reject_message = MessageField()
    locale = LocaleField()
    session_id = SessionNumberField()
    options = AssessmentOptionsSerializer(**OPTIONAL)
    close = serializers.BooleanField(**OPTIONAL)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: dict[str, str] = {}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Removes nulls, which count as missing, and adds the warnings about settings."""
        values = {name: value for name, value in attrs.items() if value is not None}
        needed = ("session_id",) if values.get("close") else OF_NEW
        if "session_id" not in values and (missing := [name for name in needed if name not in values]):
            raise ValidationError({name: ["This field is required."] for name in missing})
        return values | {"warnings": self.warnings}


class AssessmentDataSerializer(serializers.Serializer[Any]):
    """Where a browser finds what it needs, without header and as long as the session is open; null when it is not."""

    id = serializers.IntegerField()
    session = serializers.IntegerField()
    connector = serializers.URLField(allow_null=True)
    data = serializers.URLField(allow_null=True)  # type: ignore[assignment] # fields leave the class


class AssessmentSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    data = AssessmentDataSerializer()  # type: ignore[assignment] # fields leave the class
    started_at = serializers.DateTimeField()
    checked_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    auto_closed = serializers.BooleanField(allow_null=True)
    activity = serializers.IntegerField()
    learner = serializers.IntegerField()
    warnings = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="By the name of a setting of the body: why it was not used as it was sent. Empty if all were.",
    )


class NotReadySerializer(serializers.Serializer[Any]):
    status = named_number(assessments.Lack)
    message = serializers.CharField()
    enrolments = MissingEnrolmentsSerializer()


OVER = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1}
WRONG_OR_OVER = {"oneOf": [WRONG_VALUES, OVER]}


class AssessmentView(ProcedureView):
    root, root_kwarg = "vle", "vle_id"
    access = {Role.VLE: grant("post")}

    @extend_schema(
        operation_id="vle_assessment_create",
        request=AssessmentBodySerializer,
        responses={
            200: AssessmentSerializer,
            400: OpenApiResponse(WRONG_OR_OVER, "A value is wrong; or one text in a list: the session is over."),
            **problems(401, 403, 413, 415),
            404: OpenApiResponse(
                {"oneOf": [{"type": "string"}, NO_SESSION]},
                "No such activity or learner: a text. No such session: an object.",
            ),
            406: OpenApiResponse(
                PolymorphicProxySerializer("NotReadyOrAcceptable", [NotReadySerializer, ErrorSerializer], None),
                "The learner cannot be assessed yet; or Accept names nothing that there is.",
            ),
        },
    )
    def post(self, request, **_):
        """Open a session for a learner in an activity, go on with one, or close it.

        A session that is over is 400 with a list of one text.
        """
        body = self.body(AssessmentBodySerializer)
        answer = self.answered(body)
        if body["warnings"]:
            vle_warn(vle_id=self.caller.id, warnings=body["warnings"])
        return answer

    def answered(self, body: dict[str, Any]) -> Response:
        try:
            session = self.session(body)
        except Unknown as error:
            return Response(str(error), status.HTTP_404_NOT_FOUND)
        except assessments.Closed as error:
            return Response([str(error)], status.HTTP_400_BAD_REQUEST)
        except assessments.NotReady as error:
            problem = {"status": error.lack.value, "message": str(error), "enrolments": error.enrolments}
            return Response(problem, status.HTTP_406_NOT_ACCEPTABLE)
        return Response(self.answer(session) | {"warnings": {name: [text] for name, text in body["warnings"].items()}})

    def session(self, body: dict[str, Any]) -> AssessmentSession:
        if "session_id" in body:
            session = self.existing_session(body)
            change = assessments.session_close if body.get("close") else assessments.session_continue
            return change(session=session)
        context = activity_context_of_vle(self.caller.id, body["vle_activity_type"], body["vle_activity_id"])
        if context is None:
            raise Unknown("Activity not found")
        return assessments.session_open(
            activity=context.activity,
            instruments=context.instruments,
            uid=body["vle_learner_uid"],
            max_ttl=body.get("max_ttl", assessments.MINUTES),
            locale=body.get("locale"),
            credential_id=self.caller.credential_id,
            options={
                **body.get("options", {}),
                "redirect_reject_url": body.get("redirect_reject_url"),
                "reject_message": body.get("reject_message"),
            },
        )

    def existing_session(self, body: dict[str, Any]) -> AssessmentSession:
        """The VLE's session with this number. Invalid if the body names another learner or activity."""
        rows = AssessmentSession.objects.select_related("activity", "learner__user")
        session = rows.filter(pk=body["session_id"], activity__vle=self.root_id).first()
        if session is None:
            raise NotFound("Session not found")
        activity, person = session.activity, session.learner.user
        own = (activity.vle_activity_type, activity.vle_activity_id, person.uid)
        named = tuple(body.get(name, value) for name, value in zip(OF_NEW, own, strict=True))
        if named[:2] != own[:2] or not is_meant(person, identifier_key(named[2])):
            raise Invalid(session_id="This session is another learner's or of another activity.")
        return session

    def answer(self, session: AssessmentSession) -> dict[str, Any]:
        return {
            "id": session.pk,
            "data": {
                "id": session.pk,
                "session": session.pk,
                "connector": self.link(session, CONNECTOR),
                "data": self.link(session, DATA),
            },
            "started_at": session.started_at,
            "checked_at": session.checked_at,
            "closed_at": session.closed_at,
            "auto_closed": session.auto_closed,
            "activity": session.activity_id,
            "learner": session.learner_id,
        }

    def link(self, session: AssessmentSession, name: str) -> str | None:
        return None if session.is_over else self.request.build_absolute_uri(session_path(session, name))
