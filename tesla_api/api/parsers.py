"""Request bodies: JSON by orjson, and forms; all of a bounded size."""

from io import BytesIO
from urllib.parse import unquote_to_bytes

import orjson
from django.conf import settings
from rest_framework import parsers, status
from rest_framework.exceptions import APIException, ParseError


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


def _refuse_too_large(parser_context) -> None:
    """413 before the first byte is read. A body is never longer than its declared length: the server sees to it."""
    view, request = parser_context["view"], parser_context["request"]
    limit = getattr(view, "body_bytes", settings.REQUEST_BODY_BYTES)
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise TooLarge(f"The body may have at most {limit} bytes.")


class JSONParser(parsers.BaseParser):
    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        _refuse_too_large(parser_context)
        try:
            # Refuses NaN, broken UTF-8 and nesting deeper than its own limit, all as a ValueError.
            return orjson.loads(stream.read())
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error


class FormParser(parsers.FormParser):
    def parse(self, stream, media_type=None, parser_context=None):
        _refuse_too_large(parser_context)
        body = stream.read()
        try:
            unquote_to_bytes(body).decode()  # Django would put other signs in the place of broken ones
        except UnicodeDecodeError as error:
            raise ParseError("The form is not UTF-8.") from error
        return super().parse(BytesIO(body), media_type, parser_context)


class MultiPartParser(parsers.MultiPartParser):
    def parse(self, stream, media_type=None, parser_context=None):
        _refuse_too_large(parser_context)
        return super().parse(stream, media_type, parser_context)
