"""What the resources of providers have in common: links to files, fractions, codes of messages."""

import math
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from files.links import Links
from institutions.models import Message
from kernel.serializers import Computed

LONGEST_ERROR = 10_000  # characters; the rest is cut
PLACES = Decimal("0.000001")  # of a stored fraction


@extend_schema_field({"type": "string", "format": "uri", "nullable": True})
class FileField(Computed):
    """FileField(sample_url, "data_id", per_request=evidence_links): a signed address, for this provider alone."""


def sample_url(file_id: int | None, links: Links) -> str | None:
    return None if file_id is None else links(file_id, "sample.json")


def info_url(file_id: int | None, links: Links) -> str | None:
    return None if file_id is None else links(file_id, "info.json")


def model_url(file_id: int | None, links: Links) -> str | None:
    return None if file_id is None else links(file_id, "model.json")


def text_of(value: Any) -> str:
    return str(value)


class FractionField(serializers.FloatField):
    """From 0 to 1, with as many places as are sent; six are stored."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": 1, "required": False, "allow_null": True} | kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool):
            self.fail("invalid")
        number = super().to_internal_value(data)
        if not math.isfinite(number):
            self.fail("invalid")
        value = Decimal(str(number))
        return value.quantize(PLACES) if abs(value) <= 1 else value  # out of the bounds, which are looked at later


class TextualUUIDField(serializers.UUIDField):
    """As text: a number would be a UUID, too."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class ErrorTextField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        defaults = {"required": False, "allow_null": True, "allow_blank": True, "max_length": LONGEST_ERROR}
        super().__init__(**defaults | {"style": {"base_template": "textarea.html"}} | kwargs)


class MessageCodeField(serializers.CharField):
    """The code of a message that the service knows, in any case; null and "" are none."""

    default_error_messages = {"unknown": "There is no message with this code."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, "allow_blank": True, "max_length": 50} | kwargs)

    def to_internal_value(self, data: Any) -> Any:
        code = super().to_internal_value(data).upper()
        if code and not Message.objects.filter(code=code).exists():
            self.fail("unknown")
        return code or None

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(data) or None
