"""Errors that services raise. errors.py translates them to HTTP, which services and commands do not know."""

from collections.abc import Callable


class DomainError(Exception):
    """A rule of the domain forbids the change. The text is for people."""


class Conflict(DomainError):  # noqa: N818 - named after the answer it becomes
    """The current state of the data forbids the change: 409."""


class Outdated(DomainError):  # noqa: N818
    """What the caller has seen is no longer so, and the change was asked for because of it: 412."""


class Forbidden(DomainError):  # noqa: N818
    """The caller's rights do not allow the change of this row: 403."""


class Unknown(DomainError):  # noqa: N818
    """Something that the caller named does not exist here: 404."""


class TooMany(DomainError):  # noqa: N818
    """The caller has tried too often: 429. `wait` is the number of seconds until the next attempt is considered."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(f"Too many failed attempts. Try again in {wait} seconds.")


class Unavailable(DomainError):  # noqa: N818
    """Something that is needed does not work at the moment: 503. The same call may succeed after `wait` seconds."""

    def __init__(self, text: str, wait: int = 10) -> None:
        self.wait = wait
        super().__init__(text)


class Invalid(DomainError):  # noqa: N818
    """A value is wrong: 400 under the field's name."""

    def __init__(self, **fields: str) -> None:
        self.fields = fields
        super().__init__("; ".join(f"{name}: {text}" for name, text in fields.items()))


class Counted(Invalid):
    """A wrong value that is counted. `count` writes: it is called after the failed transaction was rolled back."""

    def __init__(self, count: Callable[[], object], **fields: str) -> None:
        self.count = count
        super().__init__(**fields)


class Full(Invalid):
    """No more may be stored: where Invalid is 400, this is 413."""
