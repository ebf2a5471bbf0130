"""Middleware that repeats views which the database has refused because of other transactions: see kernel/repeats.py."""

import logging
from collections.abc import Callable
from typing import Any

from django.contrib.messages.storage import default_storage
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from kernel.http.parsers import rewind, sample_closed
from kernel.recording import request_begins
from kernel.repeats import is_busy, is_passing, repeated

logger = logging.getLogger(__name__)
RETRY_AFTER = 2  # seconds
BUSY, CHANGED = "The database is busy. Try again.", "This has been changed or deleted meanwhile."


def unavailable() -> JsonResponse:
    return JsonResponse({"detail": BUSY}, status=503, headers={"Retry-After": str(RETRY_AFTER)})


class RepeatedViews:
    """Middleware, the innermost: repeats views. When nothing helps, the answer is 503 with Retry-After, or 409."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase:
        request_begins(request)
        return answered_again(request, lambda: view(request, *args, **kwargs))


def answered_again(request: HttpRequest, view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer of a view to this request, which is called again where that helps."""

    def answer() -> HttpResponseBase:
        _begin_again(request)
        return view()

    try:
        return repeated(answer)
    except (OperationalError, InterfaceError, IntegrityError) as error:
        if not is_passing(error):
            raise
        logger.warning("%s %s: %s", request.method, request.path, error)
        _begin_again(request)
        return unavailable() if is_busy(error) else JsonResponse({"detail": CHANGED}, status=409)
    finally:
        sample_closed(request)


def _begin_again(request: HttpRequest) -> None:
    """Files are read from their start, and what a page wanted to say about a change that is taken back is not said."""
    rewind(request)
    if hasattr(request, "_messages"):
        request._messages = default_storage(request)
