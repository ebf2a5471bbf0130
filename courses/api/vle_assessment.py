"""/vle/{vle_id}/assessment/"""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from courses.api.session import CORNER, CORNERS
from courses.links import CONNECTOR, DATA, session_path
from courses.models import AssessmentSession
from courses.queries import place_of_vle
from courses.services import assessments
from kernel.access import grant
from kernel.caller import Role
from kernel.domain import Invalid, Unknown
from kernel.ids import bounded_id
from kernel.procedures import ProcedureView
from kernel.schema import problems
from kernel.serializers import BodySerializer
from kernel.text import validate_language, validate_web_address
from learners.api.learner import MissingEnrolmentsSerializer
from signin.services.launchers import LONGEST

OF_NEW = ("vle_activity_type", "vle_activity_id", "vle_learner_uid")
OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}
PROSE = {"base_template": "textarea.html"}


class SessionNumberField(serializers.IntegerField):
    """A number, also as text, since VLEs keep it so. What no session can have is not wrong but unknown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**OPTIONAL | kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not (type(data) is int or (isinstance(data, str) and data.isascii() and data.isdigit())):
            self.fail("invalid")
        return bounded_id(data) or 0


class CornerField(serializers.ChoiceField):
    """Any other word is the default corner: a VLE that says it would only hear that there is no session."""

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
        """Without what is null: it counts as not said."""
        said = {name: value for name, value in attrs.items() if value is not None}
        needed = ("session_id",) if said.get("close") else OF_NEW
        if "session_id" not in said and (missing := [name for name in needed if name not in said]):
            raise ValidationError({name: ["This field is required."] for name in missing})
        return said


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
    """2: no consent, 3: a consent that is not valid, 4: an enrolment is missing."""

    status = serializers.IntegerField()
    message = serializers.CharField()
    enrolments = MissingEnrolmentsSerializer()


class AssessmentView(ProcedureView):
    root, root_kwarg = "vle", "vle_id"
    access = {Role.VLE: grant("post")}

    @extend_schema(
        operation_id="vle_assessment_create",
        request=AssessmentBodySerializer,
        responses={
            200: AssessmentSerializer,
            **problems(400, 401, 403, 413, 415),
            404: OpenApiResponse(OpenApiTypes.STR, "No such activity, learner or session: a text, not an object."),
            406: OpenApiResponse(NotReadySerializer, "The learner cannot be assessed yet."),
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
            told = {"status": error.lack.value, "message": str(error), "enrolments": error.enrolments}
            return Response(told, status.HTTP_406_NOT_ACCEPTABLE)
        return Response(self.shown(session))

    def session(self, said: dict[str, Any]) -> AssessmentSession:
        if "session_id" in said:
            found = self.known(said)
            change = assessments.session_close if said.get("close") else assessments.session_continue
            return change(session=found)
        place = place_of_vle(self.caller.id, said["vle_activity_type"], said["vle_activity_id"])
        if place is None:
            raise Unknown("Activity not found")
        return assessments.session_open(
            activity=place.activity,
            instruments=place.instruments,
            uid=said["vle_learner_uid"],
            max_ttl=said.get("max_ttl", assessments.MINUTES),
            locale=said.get("locale") or None,
            options={
                **said.get("options", {}),
                "redirect_reject_url": said.get("redirect_reject_url") or None,
                "reject_message": said.get("reject_message") or None,
            },
        )

    def known(self, said: dict[str, Any]) -> AssessmentSession:
        """The VLE's session of this number, of the learner and in the activity that are named beside it, if any is."""
        rows = AssessmentSession.objects.select_related("activity", "learner__user")
        found = rows.filter(pk=said["session_id"], activity__vle=self.root_id).first()
        if found is None:
            raise Unknown("Session not found")
        own = (found.activity.vle_activity_type, found.activity.vle_activity_id, found.learner.user.uid)
        if any(said.get(name, value) != value for name, value in zip(OF_NEW, own, strict=True)):
            raise Invalid(session_id="This session is another learner's or of another activity.")
        return found

    def shown(self, session: AssessmentSession) -> dict[str, Any]:
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
