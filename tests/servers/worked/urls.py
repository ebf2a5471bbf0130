"""POST /worked/ asks for jobs and sends messages to providers, in one transaction."""

import json
import os

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from pipeline.jobs import enqueue, enqueue_for_provider
from tesla_api.urls import urlpatterns as of_the_service


@csrf_exempt
def asked(request: HttpRequest) -> JsonResponse:
    """{"keys": of the job worked.note, "messages": [[queue, task, key, argument, ...]]}."""
    body = json.loads(request.body)
    with transaction.atomic():
        enqueue("worked.note", body.get("keys", ()))
        for message in body.get("messages", ()):
            enqueue_for_provider(*message)
    return JsonResponse({"pid": os.getpid()})


urlpatterns = [path("worked/", asked, name="worked"), *of_the_service]
