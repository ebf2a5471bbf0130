"""Request bodies: JSON by orjson, forms, and samples that go to a file; all of a bounded size."""

from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
from django.conf import settings
from django.http import UnreadablePostError
from rest_framework import parsers, status
from rest_framework.exceptions import APIException, ParseError

from kernel.http.spooled import CHUNK, Content, Scanner
from kernel.nesting import is_too_deep

DEEPEST_BODY = 500  # of no field so many are taken; but what a refusal repeats of them, Python can still write


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
        return _parsed(stream.read())


def _parsed(text: bytes):
    try:
        # Refuses NaN, broken UTF-8 and nesting deeper than its own limit, all as a ValueError.
        body = orjson.loads(text)
    except ValueError as error:
        raise ParseError(f"JSON parse error - {error}") from error
    # Counted first, which is quick: hardly any body has so many marks that it could be so deep.
    if text.count(b"[") + text.count(b"{") > DEEPEST_BODY and is_too_deep(body, DEEPEST_BODY):
        raise ParseError(f"The body is nested too deeply: at most {DEEPEST_BODY} levels.")
    return body


class SampleParser(parsers.BaseParser):
    """JSON with a sample as data URL at `data`: it goes to a file while it is read, and stands there as a Content.

    The body is read to its end whatever is wrong with it: clients that are still sending hear no answer. The view,
    which mixes in ReceivesSample, is given the Content to close.
    """

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        _refuse_too_large(parser_context)
        content = parser_context["view"].content = Content(settings.SAMPLE_BYTES, settings.SPOOL_DIR)
        scanner = Scanner("data", content.take, settings.REQUEST_BODY_BYTES)
        try:
            while chunk := stream.read(CHUNK):
                scanner.feed(chunk)
        except UnreadablePostError as error:
            raise ParseError("The body ended before its time.") from error
        content.end()
        if scanner.is_too_long or content.is_too_large:
            limits = f"{settings.SAMPLE_BYTES} bytes, and the body beside it {settings.REQUEST_BODY_BYTES}"
            raise TooLarge(f"A sample may have at most {limits}.")
        body = _parsed(bytes(scanner.rest))
        if scanner.is_broken or scanner.times > 1:
            raise ParseError("JSON parse error - data is no string, or stands there twice")
        if scanner.was_streamed:
            body["data"] = content
        return body


class ReceivesSample:
    """A view that reads a sample with its body."""

    parser_classes: Any = (SampleParser,)
    content: Content | None = None

    @property
    def body_bytes(self) -> int:
        """Base64 takes four letters for three bytes, and JSON may write each of them as two: `\\/`."""
        return settings.SAMPLE_BYTES * 8 // 3 + settings.REQUEST_BODY_BYTES

    def dispatch(self, request, *args, **kwargs):
        try:
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        finally:
            if self.content is not None:
                self.content.close()


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
