"""Sign-in: who may sign in, how many attempts may fail, and the sessions that it opens and ends. No HTTP."""

from kernel.domain import TooMany


class Refused(Exception):  # noqa: N818 - an outcome
    """These credentials are not accepted."""


class Suspended(Refused):
    """They are right, but the institution is suspended. The text says so, to its administrators with the reason."""


class LockedOut(TooMany):
    """Too many failures."""
