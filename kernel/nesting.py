"""How deep JSON in requests may be nested: it is later written into answers, pages and files."""

from typing import Any

from django.core.exceptions import ValidationError

DEEPEST = 32  # objects and lists inside each other; orjson cannot write more than 254
TOO_DEEP = f"This is nested too deeply: at most {DEEPEST} levels."


def is_too_deep(value: Any, deepest: int = DEEPEST) -> bool:
    """Iterates level by level: a recursive function would fail on deeply nested values."""
    level = [value]
    for _ in range(deepest):
        level = [inner for outer in level for inner in _within(outer)]
    return any(isinstance(inner, dict | list) for inner in level)


def validate_depth(value: Any) -> None:
    if is_too_deep(value):
        raise ValidationError(TOO_DEEP, code="too_deep")


def _within(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
