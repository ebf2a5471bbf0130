"""What services raise. Views translate it (see errors.py); services and commands need no HTTP."""


class DomainError(Exception):
    """A rule of the domain forbids the change. The text is for people."""


class Conflict(DomainError):  # noqa: N818 - named after the answer it becomes
    """The present state forbids it: 409."""


class Forbidden(DomainError):  # noqa: N818
    """Nobody with these rights may do it to this row: 403."""


class Unknown(DomainError):  # noqa: N818
    """It names something that does not exist here: 404."""


class Invalid(DomainError):  # noqa: N818
    """A value is wrong: 400 under the field's name."""

    def __init__(self, **fields: str) -> None:
        self.fields = fields
        super().__init__("; ".join(f"{name}: {text}" for name, text in fields.items()))
