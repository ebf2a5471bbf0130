"""Writing with few statements: one transaction, savepoints only where needed, no query before an insert."""

import json
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.db.models.constants import LOOKUP_SEP, OnConflict

from kernel.domain import Invalid


class Taken(Invalid):
    """The database refused a value that is taken.

    It names one constraint only. `ask` raises ValidationError with all violated ones; it queries the database, so the
    failed transaction must be rolled back before.
    """

    def __init__(self, ask: Callable[[], None], **fields: str) -> None:
        self.ask = ask
        super().__init__(**fields)


class _OneTransaction(transaction.Atomic):
    def __init__(self) -> None:
        super().__init__(using=None, savepoint=True, durable=False)

    def __enter__(self) -> None:
        outer: Any = connection.atomic_blocks
        self.savepoint = not outer or outer[-1]._from_testcase  # the transaction around a test does not count
        super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        if isinstance(error, Taken) and not connection.needs_rollback:  # rolled back, so queries are possible
            error.ask()

    def _recreate_cm(self) -> "_OneTransaction":
        return _OneTransaction()  # a decorated function may run in several threads


def one_transaction() -> _OneTransaction:
    """As `transaction.atomic`, but without a savepoint inside another transaction.

    To catch an error of a function that is decorated so and to continue in the same transaction, put a
    `transaction.atomic` around the call.
    """
    return _OneTransaction()


def inserted(row: Model) -> bool:
    """Insert the row. False if a unique constraint forbids it; the transaction can be continued."""
    model = type(row)
    fields = [field for field in model._meta.local_concrete_fields if row.pk is not None or not field.primary_key]
    rows = model._base_manager._insert(  # type: ignore[attr-defined] # as Model.save() does, which has no such choice
        [row], fields=fields, returning_fields=[model._meta.pk], on_conflict=OnConflict.IGNORE
    )
    if not rows or rows[0] is None:
        return False
    row.pk = rows[0][0]
    row._state.adding, row._state.db = False, connection.alias
    return True


def set_values(row: Model, values: Mapping[str, Any]) -> bool:
    """Give the row these values. Whether one of them differs from what the row had: else there is nothing to save.

    So what is sent back as it was read leaves `updated_at` alone, and with it the row's entity tag.
    """
    before = _comparable(row, values)
    for name, value in values.items():
        setattr(row, name, value)
    return _comparable(row, values) != before


def save_values(row: Model, values: Mapping[str, Any]) -> None:
    """Give the row these values. All of them are saved, or none if none differs."""
    if set_values(row, values):
        row.save(update_fields=(*values, "updated_at"))


def _comparable(row: Model, names: Iterable[str]) -> list[tuple[type, Any]]:
    """The values, of a relation its key. In Python 1, 1.0 and True are equal; as JSON they are not."""
    values = [row.serializable_value(name) for name in names]
    return [(type(value), json.dumps(value) if isinstance(value, dict | list) else value) for value in values]


def loaded(row: Model, columns: Iterable[str]) -> tuple[Any, ...] | None:
    """The values of these columns (paths over relations) if all are in memory, else None."""
    try:
        return tuple(_value(row, path.split(LOOKUP_SEP)) for path in columns)
    except KeyError:
        return None


def _value(row: Model, path: list[str]) -> Any:
    at: Any = row
    for name in path:
        if name == "pk":
            at = at.pk
        elif name in at.__dict__:
            at = at.__dict__[name]
        else:
            key = at.__dict__[f"{name}_id"]
            at = None if key is None else at._state.fields_cache[name]
            if at is None and key is not None:
                raise KeyError(name)  # the related row was joined, but the key has changed since
        if at is None:
            return None
    return at
