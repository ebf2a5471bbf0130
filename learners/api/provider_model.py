"""/models/{token}/: where a provider uploads the model of a learner that it has locked.

Like a presigned POST of S3: a form of some fields and a file, without header. The signed token names one model, one
provider and one task, whose lock must still hold; the provider's rights are looked at again.
"""

import re
import time
from typing import Any, TypedDict
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.views import APIView

from files.links import signer
from files.permissions import caller_now
from kernel.caller import CallerKind
from kernel.domain import Unknown
from kernel.http.parsers import MultiPartParser, TooLarge
from kernel.schema import problems
from kernel.serializers import BodySerializer
from learners.enrolling import model_store
from learners.models import Enrolment
from learners.row_rules import LOCK

SALT = "learners.models"
NAME = "provider-model"
BESIDE = 64 * 1024  # bytes of a form beside its file
_TOKEN = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,17})-([0-9a-f]{32})-([0-9]{1,12})")
REFUSED = "This address is not valid any more: lock the model again."


class ModelUpload(TypedDict):
    url: str
    fields: dict[str, str]


def upload_for(view: Any, enrolment_id: int, task_id: UUID) -> ModelUpload:
    """Where the view's caller uploads the model while this task holds the lock."""
    expires = int(time.time() + LOCK.total_seconds())
    token = signer(SALT).sign(f"{enrolment_id}-{view.caller.id}-{task_id.hex}-{expires}")
    url = view.request.build_absolute_uri(reverse(NAME, args=[token]))
    return ModelUpload(url=url, fields={"key": "model.json"})


class TextOrFileField(serializers.FileField):
    """A part of a form, with the name of a file or without: then it is a text, of at most REQUEST_BODY_BYTES."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(ContentFile(data.encode(), "model.json") if isinstance(data, str) else data)


class ModelFormSerializer(BodySerializer):
    file = TextOrFileField(help_text="JSON.")

    def validate_file(self, file: Any) -> Any:
        if file.size > settings.MODEL_BYTES:
            raise TooLarge(f"A model may have at most {settings.MODEL_BYTES} bytes.")
        return file


class ProviderModelView(APIView):
    authentication_classes = ()
    permission_classes = ()
    parser_classes = (MultiPartParser,)

    @property
    def body_bytes(self) -> int:
        return settings.MODEL_BYTES + BESIDE

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        response._has_been_logged = True  # type: ignore[attr-defined] # whoever has the address can write
        return response

    @extend_schema(
        operation_id="provider_model_upload",
        parameters=[OpenApiParameter("token", OpenApiTypes.STR, OpenApiParameter.PATH)],
        request={"multipart/form-data": ModelFormSerializer},
        responses={204: OpenApiResponse(None, "It is stored."), **problems(400, 403, 404, 413, 415)},
        auth=[],
    )
    def post(self, request, token: str):
        """Upload the model that the address is for, in place of the earlier one; also a second time."""
        enrolment, task_id = _named(token)  # before the first byte of the form is read
        form = ModelFormSerializer(data=request.data, context={"view": self})
        form.is_valid(raise_exception=True)
        model_store(enrolment=enrolment, task_id=task_id, content=form.validated_data["file"])
        return Response(status=status.HTTP_204_NO_CONTENT)


def _named(token: str) -> tuple[Enrolment, UUID]:
    """The model and the task that the token is for. PermissionDenied if it is no good, Unknown if the model is gone."""
    try:
        match = _TOKEN.fullmatch(signer(SALT).unsign(token))
    except BadSignature as error:
        raise PermissionDenied(REFUSED) from error
    if match is None or int(match[4]) <= time.time() or caller_now(CallerKind.PROVIDER, int(match[2])) is None:
        raise PermissionDenied(REFUSED)
    rows = Enrolment.objects.select_related("learner__user", "learner__institution")
    enrolment = rows.filter(pk=int(match[1]), provider=int(match[2])).first()
    if enrolment is None:
        raise Unknown("There is no such model any more.")
    return enrolment, UUID(match[3])
