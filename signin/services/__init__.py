"""Sign-in: who may sign in, how many attempts may fail, and the sessions that it opens and ends. No HTTP."""


class Refused(Exception):  # noqa: N818 - an outcome
    """These credentials are not accepted."""


class LockedOut(Exception):  # noqa: N818
    """Too many failures; `wait` is the number of seconds until the next attempt is considered."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(f"Too many failed attempts. Try again in {wait} seconds.")
