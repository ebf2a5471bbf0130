"""Ids as they arrive from outside."""

from typing import Any


def bounded_id(value: Any) -> int | None:
    """A positive 64-bit integer, given as a number or as digits; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    return value if type(value) is int and 0 < value < 2**63 else None
