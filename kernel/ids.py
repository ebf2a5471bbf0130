"""Ids and other numbers as they arrive from outside."""

from typing import Any


def bounded_id(value: Any) -> int | None:
    """A positive 64-bit integer, given as a number or as digits; None for anything else."""
    if isinstance(value, str):
        value = bounded_number(value)
    return value if type(value) is int and 0 < value < 2**63 else None


def bounded_number(text: str) -> int | None:
    """The number that up to 19 digits are; None for anything else. Python refuses to read thousands of digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
