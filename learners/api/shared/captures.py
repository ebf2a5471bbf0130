"""What all calls of the capture API have in common: who may call, what a sample is, how refusals look."""

from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty
from rest_framework.response import Response

from files.media import HEAD, agrees, is_known, media_type_named
from files.quotas import is_asked, with_stored_use
from institutions.models import Instrument
from kernel.access import Grant
from kernel.caller import Anyone, Caller
from kernel.domain import Invalid, Unknown
from kernel.fast.whole import Whole
from kernel.http.parsers import UnreadableJSONError
from kernel.http.renderers import JSONRenderer
from kernel.http.spooled import Content
from kernel.nesting import is_too_deep
from kernel.procedures import ProcedureView, marked
from kernel.schema import FIELD_ERRORS, problems
from kernel.scope import under
from kernel.serializers import BodySerializer, MomentField, ObjectField
from kernel.text import prose_of
from learners.models import Learner
from learners.queries import learner_with_state_from_rows, with_learner_state

MOST_INSTRUMENTS = 100
LEARNER_ID = OpenApiParameter("learner_id", OpenApiTypes.UUID, OpenApiParameter.PATH)


class TakenSerializer(serializers.Serializer[Any]):
    """It is stored. `path` is its name, which `status` knows."""

    status = serializers.ChoiceField(["OK"])
    path = serializers.CharField()


@extend_schema_field(FIELD_ERRORS)
class FieldErrorsField(serializers.DictField):
    pass


class RefusedSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["ERROR"])
    errors = FieldErrorsField()  # type: ignore[assignment] # fields leave the class


# Of documents, and of what browsers send: see CaptureTakingView.
TAKEN_OR_REFUSED = {200: TakenSerializer, 400: RefusedSerializer, **problems(401, 403, 404, 413, 415)}
TAKEN_OR_REFUSED_FOR_GOOD = {
    200: OpenApiResponse(
        PolymorphicProxySerializer("TakenOrRefused", [TakenSerializer, RefusedSerializer], None),
        "Stored; or with the status ERROR refused for good, whatever is wrong with it, and nothing is stored.",
    ),
    400: OpenApiResponse(
        RefusedSerializer, "No capture at all: no JSON, no object, or an object with none of these keys."
    ),
    **problems(401, 403, 404, 415, 503),
}


def taken(path: str) -> Response:
    return Response({"status": "OK", "path": path})


def path_of(learner: Learner, kind: str, key: int) -> str:
    """The name of something captured: it tells nobody where it is stored, and means nothing to anybody else."""
    return f"{learner.learner_id}/{kind}/{key}"


def uuid_read(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


class RefusedInBody:
    """Whatever is wrong with a body is 400 {"status": "ERROR", "errors": {...}}: clients look at `status`."""

    def handle_exception(self, exc: Exception) -> Response:
        answer = super().handle_exception(exc)  # type: ignore[misc]
        if answer.status_code == 400:
            errors = answer.data
            if isinstance(exc, ValidationError) is False and set(errors) == {"detail"}:
                errors = {"non_field_errors": [errors["detail"]]}
            answer.data = {"status": "ERROR", "errors": errors}
        return answer


def own(me: Caller | Anyone) -> Q:
    """The learner of the URL is the caller."""
    return Q(pk=me.id)


def outside_sessions(caller: Caller) -> bool:
    """Not with the token of one assessment session."""
    return caller.assessment_session_id is None


@cache
def _statement(grants: tuple[Grant, ...], asks_use: bool) -> Whole:
    """Reads the learner of the URL with what captures depend on."""
    scope = CaptureView.row_scope

    def rows(me, home, sent_by, **ids):
        found = with_learner_state(marked(scope, ids, grants, Anyone(me, home, sent_by)))
        return with_stored_use(found) if asks_use else found

    return Whole(rows, "me", "home", "sent_by", *scope.kwargs)


class CaptureView(RefusedInBody, ProcedureView):
    """/lapi/v1/<word>/{institution_id}/{learner_id}/: the access table says what the learner may do, and who else."""

    root, root_kwarg = "lapi", "institution_id"
    row_scope = under(Learner, rows={}, learner_id="learner_id", institution_id="institution")
    renderer_classes = (JSONRenderer,)

    takes = False  # captures, which quotas limit

    def read_row(self, scope, grants):
        learner_id = uuid_read(self.kwargs["learner_id"])
        if learner_id is None:
            return None
        ids = {"me": self.caller.id, "home": self.caller.institution_id, "sent_by": self.caller.vle_id}
        statement = _statement(tuple(grants), self.takes and is_asked(learner_id))
        rows = statement(**ids, learner_id=learner_id, institution_id=self.kwargs["institution_id"])
        return learner_with_state_from_rows(rows)

    @property
    def learner(self) -> Learner:
        """The learner of the URL."""
        return self.row  # read by enter()


class CaptureTakingView(CaptureView):
    """Takes captures from browsers.

    The web plugin repeats whatever is not answered 2xx, and only the ten oldest captures of its queue are ever tried.
    So whatever a capture is refused for is 200 with the status "ERROR", unless a repetition may mend it: that is 503.
    4xx is for callers who may capture nothing here, and for what is no capture at all: a body that is not declared as
    JSON, is no JSON or no object, or has none of the keys that its serializer declares.
    """

    takes = True
    is_capture = False  # what is sent is one; its JSON was read

    def read_capture(self, serializer: type[BodySerializer]) -> dict[str, Any]:
        """The body, checked."""
        body = self.request.data
        self.is_capture = isinstance(body, dict) and not serializer._declared_fields.keys().isdisjoint(body)
        return self.body(serializer)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Http404) and self._lacks_learner():
            exc = Unknown("There is no such learner.")
        answer = super().handle_exception(exc)
        if isinstance(exc, Unknown):
            errors = {"learner_id": [str(exc)]}
        elif answer.status_code == 413:
            errors = {"data": [answer.data["detail"]]}
        elif answer.status_code == 400 and (self.is_capture or isinstance(exc, UnreadableJSONError)):
            errors = answer.data["errors"]
        else:
            return answer
        return Response({"status": "ERROR", "errors": errors})

    def _lacks_learner(self) -> bool:
        """The caller may capture here, but nobody has the learner id of the URL."""
        may_capture = bool(self.roles) and any("post" in grant.actions for grant in self._grants_of_roles())
        return self.row is None and may_capture and uuid_read(self.kwargs["learner_id"]) is not None


@extend_schema_field({"type": "string", "description": "data:<media type>;base64,..."})
class SampleField(serializers.Field[Content, Any, str, Any]):
    default_error_messages = {"invalid": "Expected a data URL in base64."}

    def to_internal_value(self, data: Any) -> Content:
        if not isinstance(data, Content):
            self.fail("invalid")
        if data.problem and not data.is_empty:
            raise ValidationError(data.problem)
        return data


class PlainListField(serializers.ListField):
    def run_child_validation(self, data: Any) -> list[Any]:
        """What is wrong as plain texts: by place, the keys would be numbers, which JSON has not."""
        try:
            return super().run_child_validation(data)
        except ValidationError as error:
            by_place: dict[int, list[str]] = error.detail  # type: ignore[assignment] # as the base class makes it
            raise ValidationError(sorted({str(text) for texts in by_place.values() for text in texts})) from error


class InstrumentIdsField(PlainListField):
    child = serializers.IntegerField(min_value=1)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_empty": False, "max_length": MOST_INSTRUMENTS} | kwargs)


class ContextField(ObjectField):
    """What a plugin notes about a sample. An empty list is an empty object: PHP writes both alike."""

    def to_internal_value(self, data: Any) -> Any:
        if data == []:
            return {}
        return super().to_internal_value(data if is_too_deep(data) else _without_controls(data))


def _without_controls(value: Any) -> Any:
    if isinstance(value, dict):
        return {prose_of(name): _without_controls(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_controls(inner) for inner in value]
    return prose_of(value) if isinstance(value, str) else value


class NotedMomentField(MomentField):
    """An instant that is only shown: one that cannot be read is none, and the sample is taken."""

    def run_validation(self, data: Any = empty) -> Any:
        try:
            return super().run_validation(data)
        except serializers.ValidationError:
            return None


class MetadataSerializer(BodySerializer):
    cut = frozenset({"filename"})
    mimetype = serializers.CharField(max_length=255)
    filename = serializers.CharField(max_length=255, required=False, allow_null=True, allow_blank=True)
    context = ContextField(required=False, allow_null=True)  # type: ignore[assignment] # fields leave the class
    created_at = NotedMomentField(required=False, allow_null=True)

    def validate_mimetype(self, value: str) -> str:
        return media_type_named(value)


class SampleSerializer(BodySerializer):
    """A sample whose content is what its data URL and its metadata say."""

    data = SampleField()  # type: ignore[assignment] # fields leave the class
    instruments = InstrumentIdsField()
    metadata = MetadataSerializer()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        content: Content = attrs["data"]
        if content.is_empty:
            raise Invalid(data="This is empty.")
        declared = media_type_named(content.media_type)
        if not is_known(declared):
            raise Invalid(data="Samples of this media type are not taken.")
        if attrs["metadata"]["mimetype"] != declared:
            raise Invalid(metadata="mimetype: The data URL says another media type.")
        if not agrees(declared, content.head(HEAD)):
            raise Invalid(data="The content is not of the media type that is declared.")
        return attrs


class OfLearner(BodySerializer):
    """A body that repeats the learner of the URL."""

    reusable = True
    learner_id = serializers.UUIDField()

    def validate_learner_id(self, value: UUID) -> UUID:
        if value != self.context["view"].learner.learner_id:
            raise ValidationError("This is not the learner of the URL.")
        return value


def instruments_among(known: Iterable[Instrument], ids: Iterable[int]) -> list[Instrument]:
    """These instruments, each once; Invalid for one that is not among the known ones."""
    by_id = {instrument.pk: instrument for instrument in known}
    if unknown := sorted({*ids} - by_id.keys()):
        raise Invalid(instruments=f"{', '.join(map(str, unknown))}: nothing is taken for it here.")
    return [by_id[number] for number in sorted({*ids})]
