"""JSON by orjson, and content negotiation. The browsable API is in browsable/renderer.py."""

from decimal import Decimal

import orjson
from django.utils.functional import Promise
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer


class JSONRenderer(BaseRenderer):
    """Unknown types raise TypeError; they are never written as null."""

    media_type, format, charset = "application/json", "json", None
    option = orjson.OPT_UTC_Z  # instants end in Z, as DRF writes them

    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=_text, option=self.option)


class TableRenderer(BaseRenderer):
    """For who asks for text/csv: the view streams the table itself, so that only refusals come here."""

    media_type, format, charset = "text/csv", "csv", None

    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:
        return JSONRenderer().render(data)


class Negotiation(DefaultContentNegotiation):
    """DRF's, with a shortcut for the Accept headers of programs: they get the first renderer."""

    def select_renderer(self, request, renderers, format_suffix=None):
        first = renderers[0]
        accepted = request.META.get("HTTP_ACCEPT", "*/*")
        if accepted in ("*/*", first.media_type) and not format_suffix and "format" not in request.query_params:
            return first, first.media_type
        return super().select_renderer(request, renderers, format_suffix)


class IndentedJSON(JSONRenderer):
    """For people, inside the browsable API."""

    option = orjson.OPT_UTC_Z | orjson.OPT_INDENT_2


def _text(value):
    if isinstance(value, Decimal | Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
