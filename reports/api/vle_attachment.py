"""/vle/{parent_lookup_activity__vle_id}/course/{…course_id}/activity/{…activity_id}/attachment/{learner_id}/"""

from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from courses.api.vle_assessment import SessionNumberField
from courses.models import Activity, ActivityInstrument
from courses.queries import ActivityContext, activity_context, takes_documents
from files.quotas import with_use
from kernel.access import grant
from kernel.caller import Role
from kernel.http.parsers import ReceivesSample
from kernel.http.renderers import JSONRenderer
from kernel.scope import under
from kernel.serializers import ResourceSerializer
from kernel.viewsets import ResourceViewSet
from learners.api.shared.captures import (
    LEARNER_ID,
    TAKEN_OR_REFUSED,
    RefusedInBody,
    RefusedSerializer,
    SampleSerializer,
    instruments_among,
    path_of,
    taken,
    uuid_read,
)
from learners.models import Learner
from learners.queries import instruments_applying, learner_with_state
from learners.services import learner_state_known
from reports.api.shared.captures import raise_no_session
from reports.services.captures import request_create


class AttachmentInstrumentSerializer(ResourceSerializer):
    class Meta:
        model = ActivityInstrument
        fields = ("id", "instrument", "options", "active", "alternative_to", "created_at", "updated_at")
        read_only_fields = fields


class AttachmentSerializer(SampleSerializer):
    """A document. `close_session` and `close_at`, which some clients send, change nothing."""

    session_id = SessionNumberField()


NOTHING = OpenApiResponse(
    {"type": "array", "items": {}, "maxItems": 0}, "No such learner in the course: no instrument."
)


class AttachmentViewSet(RefusedInBody, ReceivesSample, ResourceViewSet):
    root = "vle"
    queryset = ActivityInstrument.objects.all()
    serializer_class = AttachmentInstrumentSerializer
    renderer_classes = (JSONRenderer,)
    pagination_class = None
    filter_backends = ()
    lookup_url_kwarg = "learner_id"
    scope = under(
        Activity,
        rows="activity",
        parent_lookup_activity_id="pk",
        parent_lookup_activity__course_id="course",
        parent_lookup_activity__vle_id="vle",
    )
    access = {Role.VLE: grant("wanted", "send")}

    def handle_exception(self, exc: Exception) -> Response:
        answer = super().handle_exception(exc)
        if self.action == "wanted" and answer.status_code == 404:
            answer.data = []  # the plugin counts the entries whatever the status: another type would stop its whole run
        return answer

    @extend_schema(
        operation_id="vle_attachment_wanted",
        parameters=[LEARNER_ID],
        responses={200: AttachmentInstrumentSerializer(many=True), 400: RefusedSerializer, 404: NOTHING},
    )
    @action(detail=True)
    def wanted(self, request, **_):
        """The activity's instruments that take documents of this learner."""
        learner = self._learner()
        rows = _document_instruments(self._activity_context(learner), learner)
        return Response(self.get_serializer(rows, many=True).data)

    @extend_schema(
        operation_id="vle_attachment_send",
        parameters=[LEARNER_ID],
        request=AttachmentSerializer,
        responses=TAKEN_OR_REFUSED,
    )
    @wanted.mapping.post
    def send(self, request, **_):
        """A document that the learner has handed in."""
        learner = self._learner()
        body = self.body(AttachmentSerializer)
        context = self._activity_context(learner, body.get("session_id"))
        document = request_create(
            learner=learner,
            activity=context.activity,
            session=context.session,
            sample=body["data"],
            instruments=instruments_among(
                (row.instrument for row in _document_instruments(context, learner)), body["instruments"]
            ),
            metadata=body["metadata"],
            is_document=True,
        )
        return taken(path_of(learner, "request", document.pk))

    def _learner(self) -> Learner:
        """The learner of the URL, who attends the course."""
        learner_id = uuid_read(self.kwargs["learner_id"])
        if learner_id is None:
            raise ValidationError({"learner_id": [serializers.UUIDField.default_error_messages["invalid"]]})
        course = self.kwargs["parent_lookup_activity__course_id"]  # checked already: the activity is in this course
        attending = Learner.objects.filter(institution=self.tenant_id, courses=course, learner_id=learner_id)
        learner = learner_with_state(with_use(attending, learner_id))
        if learner is None:
            raise Http404
        return learner

    def _activity_context(self, learner: Learner, number: int | None = None) -> ActivityContext:
        """The activity of the URL, with the learner's session of this number; 400 if there is no such session."""
        session = {} if number is None else {"id": number, "learner": learner.pk}
        context = activity_context(Activity.objects.filter(pk=self.link["activity"]), **session)
        if context is None:
            raise Http404
        if number is not None and context.session is None:
            raise_no_session()
        return context


def _document_instruments(context: ActivityContext, learner: Learner) -> list[ActivityInstrument]:
    """The instruments of the activity that take documents of this learner."""
    if not context.activity.enabled:
        return []
    rows = instruments_applying(learner.pk, context.instruments, learner_state_known(learner).send)
    return [row for row in rows if takes_documents(row)]
