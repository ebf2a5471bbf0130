"""/vle/{vle_id}/assessment/"""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from courses.api.session import CORNER, CORNERS
from courses.links import CONNECTOR, DATA, session_path
from courses.models import AssessmentSession
from courses.queries import activity_context_of_vle
from courses.services import assessments
from kernel.access import grant
from kernel.caller import Role
from kernel.domain import Invalid, Unknown
from kernel.ids import bounded_id
from kernel.procedures import ProcedureView
from kernel.schema import WRONG_VALUES, ErrorSerializer, problems
from kernel.serializers import BodySerializer, named_number
from kernel.text import validate_language, validate_web_address
from learners.api.learner import MissingEnrolmentsSerializer
from signin.services.launchers import LONGEST

OF_NEW = ("vle_activity_type", "vle_activity_id", "vle_learner_uid")
OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}
PROSE = {"base_template": "textarea.html"}


class SessionNumberField(serializers.IntegerField):
    """A number or its text, as VLEs store it. A number that no session can have is unknown, not invalid."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**OPTIONAL | kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not (type(data) is int or (isinstance(data, str) and data.isascii() and data.isdigit())):
            self.fail("invalid")
        return bounded_id(data) or 0


class CornerField(serializers.ChoiceField):
    """An unknown word is taken as the default corner: if it were refused, the VLE would have no session at all."""

    def to_internal_value(self, data: Any) -> str:
        return CORNER if isinstance(data, str) and data not in CORNERS else super().to_internal_value(data)


class AssessmentOptionsSerializer(BodySerializer):
    floating_menu_initial_pos = CornerField(CORNERS, **OPTIONAL)


class AssessmentBodySerializer(BodySerializer):
    """An activity and a learner for a new session; or `session_id` of one that goes on or, with `close`, ends."""

    vle_activity_type = serializers.CharField(max_length=250, **OPTIONAL)
    vle_activity_id = serializers.CharField(max_length=250, **OPTIONAL)
    vle_learner_uid = serializers.CharField(max_length=255, **OPTIONAL)
    max_ttl = serializers.IntegerField(
        min_value=1, max_value=LONGEST, help_text=f"Minutes; {assessments.MINUTES} if null.", **OPTIONAL
    )
    redirect_reject_url = serializers.CharField(
        max_length=2048, allow_blank=True, validators=[validate_web_address], **OPTIONAL
    )
    reject_message = serializers.CharField(max_length=10_000, allow_blank=True, style=PROSE, **OPTIONAL)
    locale = serializers.CharField(max_length=10, allow_blank=True, validators=[validate_language], **OPTIONAL)
    session_id = SessionNumberField()
    options = AssessmentOptionsSerializer(**OPTIONAL)
    close = serializers.BooleanField(**OPTIONAL)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Removes nulls: they count as missing."""
        values = {name: value for name, value in attrs.items() if value is not None}
        needed = ("session_id",) if values.get("close") else OF_NEW
        if "session_id" not in values and (missing := [name for name in needed if name not in values]):
            raise ValidationError({name: ["This field is required."] for name in missing})
        return values


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
            404: OpenApiResponse(OpenApiTypes.STR, "No such activity, learner or session: a text, not an object."),
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
        body = self.read(AssessmentBodySerializer)
        try:
            session = self.session(body)
        except Unknown as error:
            return Response(str(error), status.HTTP_404_NOT_FOUND)
        except assessments.Closed as error:
            return Response([str(error)], status.HTTP_400_BAD_REQUEST)
        except assessments.NotReady as error:
            problem = {"status": error.lack.value, "message": str(error), "enrolments": error.enrolments}
            return Response(problem, status.HTTP_406_NOT_ACCEPTABLE)
        return Response(self.answer(session))

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
            locale=body.get("locale") or None,
            options={
                **body.get("options", {}),
                "redirect_reject_url": body.get("redirect_reject_url") or None,
                "reject_message": body.get("reject_message") or None,
            },
        )

    def existing_session(self, body: dict[str, Any]) -> AssessmentSession:
        """The VLE's session with this number. Invalid if the body names another learner or activity."""
        rows = AssessmentSession.objects.select_related("activity", "learner__user")
        session = rows.filter(pk=body["session_id"], activity__vle=self.root_id).first()
        if session is None:
            raise Unknown("Session not found")
        own = (session.activity.vle_activity_type, session.activity.vle_activity_id, session.learner.user.uid)
        if any(body.get(name, value) != value for name, value in zip(OF_NEW, own, strict=True)):
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
