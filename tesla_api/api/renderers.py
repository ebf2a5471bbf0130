"""JSON by orjson, and the browsable API."""

from decimal import Decimal

import orjson
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer


class JSONRenderer(BaseRenderer):
    """What it does not know is an error: never silently null."""

    media_type, format, charset = "application/json", "json", None

    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:
        # Instants end in Z, as DRF writes them.
        return b"" if data is None else orjson.dumps(data, default=_text, option=orjson.OPT_UTC_Z)


def _text(value):
    if isinstance(value, Decimal | Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


class BrowsableRenderer(BrowsableAPIRenderer):
    """The browsable API; JSON inside it is indented."""

    def get_default_renderer(self, view):
        return _Indented()


class _Indented(JSONRenderer):
    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:
        if data is None:
            return b""
        return orjson.dumps(data, default=_text, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2)
