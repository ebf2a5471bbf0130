"""What a refused change would have changed, beside what is stored now: for the page that shows both."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson
from rest_framework import serializers
from rest_framework.fields import SkipField, empty

AROUND, LONGEST = 30, 200  # characters of a long text: before the first difference, and in all


class Difference(NamedTuple):
    label: str
    sent: str
    present: str


def differences(view, data: Any) -> list[Difference]:
    """Of the fields in the body that would get another value."""
    if not isinstance(data, Mapping):
        return []
    row = view.get_object()
    serializer = view.get_serializer(row, data=data, partial=True)
    return [
        Difference(str(field.label), *_excerpts(_text(sent), _text(present)))
        for field, sent, present in _values(serializer, serializer.to_representation(row))
        if _text(sent) != _text(present)
    ]


def _values(serializer, stored: Mapping[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
    """(field, sent value, present value), both as answers show them; neither passwords nor files."""
    for field in serializer._writable_fields:
        if field.write_only or field.source == "*":
            continue
        sent = field.get_value(serializer.initial_data)
        if sent is empty:
            continue
        try:
            value = field.run_validation(sent)
            sent = None if value is None else field.to_representation(value)
        except serializers.ValidationError:
            pass  # shown as it was typed
        except SkipField:
            continue
        yield field, sent, stored[field.field_name]


def _text(value: Any) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case dict() | list():
            return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS).decode()
    return str(value)


def _excerpts(one: str, other: str) -> Iterator[str]:
    """Of long texts only what stands around the first difference."""
    start = 0
    if max(len(one), len(other)) > LONGEST:
        same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
        start = max(same - AROUND, 0)
    for text in (one, other):
        yield "…" * bool(start) + text[start : start + LONGEST] + "…" * (len(text) > start + LONGEST)
