"""JSON by orjson. The browsable API is in browsable.py."""

from decimal import Decimal

import orjson
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer


class JSONRenderer(BaseRenderer):
    """What it does not know is an error: never silently null."""

    media_type, format, charset = "application/json", "json", None
    option = orjson.OPT_UTC_Z  # instants end in Z, as DRF writes them

    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=_text, option=self.option)


class IndentedJSON(JSONRenderer):
    """For people, inside the browsable API."""

    option = orjson.OPT_UTC_Z | orjson.OPT_INDENT_2


def _text(value):
    if isinstance(value, Decimal | Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
