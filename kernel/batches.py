"""Many values in parts: the number of parameters of a statement, and memory, are limited."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Value = TypeVar("Value")


def batched(values: Iterable[Value], size: int = 500) -> Iterator[list[Value]]:
    """The values in their order, `size` at a time."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
