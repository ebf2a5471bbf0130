"""Request bodies: JSON by orjson, forms, and samples that are written to a file; all of a limited size."""

import json
import logging
from io import BytesIO
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

import orjson
from django.conf import settings
from django.http import HttpRequest, UnreadablePostError
from rest_framework import parsers, status
from rest_framework.exceptions import APIException, ParseError

from kernel.access import ROOTS
from kernel.domain import Unavailable
from kernel.http.spooled import CHUNK, Content, Scanner
from kernel.nesting import is_too_deep

logger = logging.getLogger(__name__)
DEEPEST_BODY = 500  # fields allow less; this limit makes sure that an answer can contain the refused value


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class UnreadableJSONError(ParseError):
    """It is JSON, and cannot be read all the same: see `_is_json`."""


def _refuse_too_large(parser_context) -> None:
    """413 before the first byte is read. The server reads no more bytes than the declared length."""
    view, request = parser_context["view"], parser_context["request"]
    limit = getattr(view, "body_bytes", settings.REQUEST_BODY_BYTES)
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise TooLarge(f"The body may have at most {limit} bytes.")


def _read(stream, parser_context) -> bytes:
    """The body, which the request keeps: its view may be repeated (see repeats.py)."""
    body = parser_context["request"]._request._body = stream.read()
    return body


def rewind(request: HttpRequest) -> None:
    """Let the uploaded files of a view that is repeated be read from their start."""
    if hasattr(request, "_files"):
        for _, files in request.FILES.lists():
            for file in files:
                file.seek(0)


def drops_controls(view: Any) -> bool:
    """Texts sent to this view lose what cannot be stored. Look-ups find what a body with the same text has stored."""
    root = ROOTS.get(getattr(view, "root", ""))
    return root is not None and root.drops_controls


class JSONParser(parsers.BaseParser):
    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        _refuse_too_large(parser_context)
        return _parsed(_read(stream, parser_context), parser_context["view"])


def _parsed(text: bytes, view: Any):
    try:
        # ValueError for NaN, invalid UTF-8, half letters, and nesting deeper than its own limit.
        body = orjson.loads(text)
    except ValueError as error:
        body = _whole_letters(text) if drops_controls(view) else None
        if body is None:
            kind = UnreadableJSONError if _is_json(text) else ParseError
            raise kind(f"JSON parse error - {error}") from error
    # Counting brackets is fast, and nearly always shows that the body cannot be nested too deeply.
    if text.count(b"[") + text.count(b"{") > DEEPEST_BODY and is_too_deep(body, DEEPEST_BODY):
        raise UnreadableJSONError(f"The body is nested too deeply: at most {DEEPEST_BODY} levels.")
    return body


def _is_json(text: bytes) -> bool:
    """Whether orjson refuses what JSON allows, and scripts write.

    That is nesting without end, and half of a pair of surrogates, where a text was cut in the middle of an emoji.
    """
    try:
        _loaded(text)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _loaded(text: bytes) -> Any:
    return json.loads(text.decode(), parse_constant=_refuse_constant)


def _whole_letters(text: bytes) -> Any:
    """The body without halves of pairs of surrogates; None if that is not what is wrong with it."""
    try:
        body = _loaded(text)
        return None if is_too_deep(body, DEEPEST_BODY) else _cleaned(body)
    except (RecursionError, ValueError):
        return None


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return value.encode(errors="ignore").decode()
        case list():
            return [_cleaned(each) for each in value]
        case dict():
            return {_cleaned(name): _cleaned(each) for name, each in value.items()}
        case _:
            return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


class SampleParser(parsers.BaseParser):
    """JSON with a sample as data URL at `data`, which is written to a file while it is read and replaced by a Content.

    The body is read to its end even if it is invalid: clients that are still sending do not read an answer. The request
    keeps what was read, for a repetition of its view; `sample_closed` closes the Content.
    """

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        request = parser_context["request"]._request
        if not hasattr(request, "sample_body"):
            _refuse_too_large(parser_context)
            request.sample = Content(settings.SAMPLE_BYTES, settings.SPOOL_DIR)
            request._body = b""  # so that the REST framework comes here again, instead of reading the stream
            request.sample_body = self._read(stream, request.sample, parser_context["view"])
        return request.sample_body

    @staticmethod
    def _read(stream, content: Content, view: Any) -> Any:
        scanner = Scanner("data", content.take, settings.REQUEST_BODY_BYTES)
        try:
            while chunk := stream.read(CHUNK):
                scanner.feed(chunk)
        except UnreadablePostError as error:
            raise ParseError("The body ended before its time.") from error
        except OSError as error:
            logger.error("a sample cannot be spooled: %s", error)
            raise Unavailable("Samples cannot be stored at the moment.") from error
        content.end()
        if scanner.is_too_long or content.is_too_large:
            limits = f"{settings.SAMPLE_BYTES} bytes, and the body beside it {settings.REQUEST_BODY_BYTES}"
            raise TooLarge(f"A sample may have at most {limits}.")
        body = _parsed(bytes(scanner.rest), view)
        if scanner.is_broken or scanner.times > 1:
            raise ParseError("JSON parse error - data is no string, or stands there twice")
        if scanner.was_streamed:
            body["data"] = content
        return body


def sample_closed(request: HttpRequest) -> None:
    """Close the file of the request's sample, if it has one: the request is answered."""
    sample: Content | None = getattr(request, "sample", None)
    if sample is not None:
        sample.close()


class ReceivesSample:
    """Mixin of views whose body contains a sample."""

    parser_classes: Any = (SampleParser,)

    @property
    def body_bytes(self) -> int:
        """Base64 has four letters for three bytes, and JSON may write each of them as two: `\\/`."""
        return settings.SAMPLE_BYTES * 8 // 3 + settings.REQUEST_BODY_BYTES


class FormParser(parsers.FormParser):
    def parse(self, stream, media_type=None, parser_context=None):
        _refuse_too_large(parser_context)
        body = _read(stream, parser_context)
        try:
            unquote_to_bytes(body).decode()  # Django would replace invalid bytes by other characters
        except UnicodeDecodeError as error:
            raise ParseError("The form is not UTF-8.") from error
        return super().parse(BytesIO(body), media_type, parser_context)


class MultiPartParser(parsers.MultiPartParser):
    def parse(self, stream, media_type=None, parser_context=None):
        _refuse_too_large(parser_context)
        return super().parse(stream, media_type, parser_context)
