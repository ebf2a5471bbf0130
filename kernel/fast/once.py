"""Asking the database once: while a page is made of several calls of the API, each of which begins from nothing.

The calls look up the same institution, the same row above a list, the same consent. Within `asked_once`, a prepared
statement with the same values is answered as it was the first time, as if all of them were asked at that instant. What
an answer tells besides, such as that the caller teaches a course, is noted for the next call. Only pages that change
nothing may be made so.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TypeVar

Answer = TypeVar("Answer")
_NOTED = "noted"
_ANSWERS: ContextVar[dict[Hashable, object] | None] = ContextVar("answers", default=None)


@contextmanager
def asked_once(is_reading: bool) -> Iterator[None]:
    """`is_reading` is whether nothing is changed inside; otherwise this does nothing."""
    token = _ANSWERS.set({} if is_reading else None)
    try:
        yield
    finally:
        _ANSWERS.reset(token)


def once(key: Hashable, ask: Callable[[], Answer]) -> Answer:
    """What `ask` has answered for this key, or answers now. The answer is shared: nobody may change it."""
    answers = _ANSWERS.get()
    if answers is None:
        return ask()
    if key not in answers:
        answers[key] = ask()
    return answers[key]  # type: ignore[return-value]


def note(facts: Mapping[Hashable, bool]) -> None:
    """So they are at the instant of the page."""
    for fact, is_so in facts.items():
        once((_NOTED, fact), partial(bool, is_so))


def noted(fact: Hashable) -> bool | None:
    """Whether it is so; None if nothing tells it."""
    return (_ANSWERS.get() or {}).get((_NOTED, fact))  # type: ignore[return-value]
