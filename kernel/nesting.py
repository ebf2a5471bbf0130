"""How deep JSON may be nested that is taken in: it is written again, inside pages, rows and files."""

from typing import Any

from django.core.exceptions import ValidationError

DEEPEST = 32  # objects and lists inside each other; what writes JSON gives up at 254
TOO_DEEP = f"This is nested too deeply: at most {DEEPEST} levels."


def is_too_deep(value: Any, deepest: int = DEEPEST) -> bool:
    """Level by level: whoever went down by calling itself would fail where this must tell."""
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
