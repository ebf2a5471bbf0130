"""Middleware that repeats views which the database has refused because of other transactions: see kernel/repeats.py.

It also answers for what is away: the database, the store of files, or room on the disk.
"""

import errno
import logging
from collections.abc import Callable
from typing import Any

from django.contrib.messages.storage import default_storage
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from kernel.domain import Unavailable
from kernel.http.parsers import rewind, sample_closed
from kernel.recording import request_begins
from kernel.repeats import is_busy, is_slow, refers_to_nothing, repeated

logger = logging.getLogger(__name__)
RETRY_AFTER = 2  # seconds
RETRY_SLOW_AFTER = 30  # what was too slow would be so again at once
BUSY, CHANGED = "The database is busy. Try again.", "This has been changed or deleted meanwhile."
FULL = "Nothing can be stored at the moment."
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE}


def has_no_room(error: BaseException | None) -> bool:
    """Whether the file system takes nothing: an upload cannot be kept while it is read, say."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM


def passing_answer(error: BaseException | None) -> JsonResponse | None:
    """The answer to what may not be so for long; None for any other error."""
    match error:
        case Unavailable():
            return unavailable(str(error), error.wait)
        case _ if has_no_room(error):
            return unavailable(FULL, RETRY_AFTER)
        case _ if is_busy(error):
            return unavailable(BUSY, RETRY_SLOW_AFTER if is_slow(error) else RETRY_AFTER)
        case _ if refers_to_nothing(error):
            return JsonResponse({"detail": CHANGED}, status=409)
    return None


def unavailable(text: str, wait: int) -> JsonResponse:
    return JsonResponse({"detail": text}, status=503, headers={"Retry-After": str(wait)})


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
        response = repeated(answer)
    except (OperationalError, InterfaceError, IntegrityError, Unavailable, OSError) as error:
        passing = passing_answer(error)
        if passing is None:
            raise
        logger.warning("%s %s: %s", request.method, request.path, error)
        _begin_again(request)
        return passing
    else:
        if response.status_code == 503:  # a page that shows what the API has said
            response.headers.setdefault("Retry-After", str(RETRY_AFTER))
        return response
    finally:
        sample_closed(request)


def _begin_again(request: HttpRequest) -> None:
    """Files are read from their start, and what a page wanted to say about a change that is taken back is not said."""
    rewind(request)
    if hasattr(request, "_messages"):
        request._messages = default_storage(request)
