"""The translation of all errors to HTTP, and JSON answers outside DRF's views."""

import logging
import sys

from django.core.exceptions import NON_FIELD_ERRORS, RequestDataTooBig, TooManyFieldsSent
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import IntegrityError
from django.db.models import ProtectedError, RestrictedError
from django.http import JsonResponse
from rest_framework import exceptions
from rest_framework.serializers import as_serializer_error
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from kernel.constraints import REFUSED, TAKEN, blamed, violated_fields
from kernel.domain import (
    Conflict,
    Counted,
    DomainError,
    Forbidden,
    Full,
    Invalid,
    Outdated,
    TooMany,
    Unavailable,
    Unknown,
)
from kernel.http.parsers import TooLarge
from kernel.http.repeats import FULL, RETRY_AFTER, has_no_room, passing_answer
from kernel.repeats import is_passing
from kernel.states import Changed
from kernel.writes import Taken

logger = logging.getLogger(__name__)
_AS_A_WHOLE: dict[str, str] = {NON_FIELD_ERRORS: api_settings.NON_FIELD_ERRORS_KEY}  # errors of no single field


class ConflictAnswer(exceptions.APIException):
    status_code = 409
    default_code = "conflict"


class UnavailableAnswer(exceptions.APIException):
    status_code = 503
    default_code = "unavailable"

    def __init__(self, detail: str, wait: int) -> None:
        super().__init__(detail)
        self.wait = wait  # DRF's handler sends it as Retry-After


def handler(exc, context):
    if is_passing(exc):
        return None  # the view is repeated
    translated = _translate(exc, context["view"])
    if isinstance(translated, exceptions.ValidationError):
        translated.detail = _named(translated.detail)
    return exception_handler(translated, context)


def _named(detail):
    """The same with texts as keys: the places of a list are numbers, which JSON has not as names."""
    if isinstance(detail, dict):
        return {str(name): _named(each) for name, each in detail.items()}
    return detail


def _translate(exc, view):
    match exc:
        case Taken():
            return _everything_taken(exc, view)
        case Invalid():
            return _invalid(exc, view)
        case DomainError():
            return refusal(exc)
        case ModelValidationError():
            details = as_serializer_error(exc)
            return exceptions.ValidationError({_AS_A_WHOLE.get(name, name): texts for name, texts in details.items()})
        case ProtectedError() | RestrictedError():
            return ConflictAnswer("Other rows depend on this one.")
        case IntegrityError():  # the base class of the two above
            return exceptions.ValidationError(_lost_race(exc, view))
        case RequestDataTooBig() | TooManyFieldsSent():
            return exceptions.ParseError("The body is too large.")
        case OSError() if has_no_room(exc):
            logger.error("%s", exc)
            return UnavailableAnswer(FULL, RETRY_AFTER)
    return exc


def refusal(error: DomainError) -> Exception:
    """As DRF knows it."""
    match error:
        case Conflict():
            return ConflictAnswer(str(error))
        case Outdated():
            return Changed(str(error))
        case Forbidden():
            return exceptions.PermissionDenied(str(error))
        case Unknown():
            return exceptions.NotFound(str(error))
        case Unavailable():
            return UnavailableAnswer(str(error), error.wait)
        case TooMany():
            return exceptions.Throttled(error.wait)
    return error


def _invalid(error: Invalid, view) -> exceptions.APIException:
    if isinstance(error, Full):
        return TooLarge(" ".join(error.fields.values()))
    if isinstance(error, Counted):
        error.count()
    names = {source: name for name, source in _writable(view).items()}
    return exceptions.ValidationError({names.get(name, name): [text] for name, text in error.fields.items()})


def _everything_taken(error: Taken, view) -> Exception:
    """All violated constraints of the row: the view's transaction is rolled back by now, so queries are possible."""
    try:
        error.ask()
    except ModelValidationError as everything:
        return _translate(everything, view)
    return _invalid(error, view)


def _lost_race(error: IntegrityError, view) -> dict[str, list[str]]:
    fields = violated_fields(error)
    if not fields:
        logger.warning("refused by the database: %s", error)
    name = blamed(fields, _writable(view))
    return {_AS_A_WHOLE.get(name, name): [TAKEN if fields else REFUSED]}


def _writable(view) -> dict[str, str]:
    """{name in a body: name in the model} of the writable fields."""
    serializer = getattr(view, "serializer_class", None)
    declared = serializer().fields if serializer else {}
    return {name: str(field.source) for name, field in declared.items() if not field.read_only}


def _answer(status: int, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status)


def bad_request(request, exception=None):
    return _answer(400, "Bad request.")


def permission_denied(request, exception=None):
    return _answer(403, "You do not have permission to perform this action.")


def not_found(request, exception=None):
    return _answer(404, "Not found.")


def server_error(request):
    # Raised by middleware, or while a page was rendered.
    return passing_answer(sys.exc_info()[1]) or _answer(500, "Server error.")


def csrf_failure(request, reason=""):
    return _answer(403, f"CSRF Failed: {reason}")
