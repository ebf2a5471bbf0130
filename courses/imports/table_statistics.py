"""Planner statistics of PostgreSQL for tables that an import fills."""

from typing import Any

from django.db import connection
from django.db.models import Model, UniqueConstraint


class TableStatistics:
    """Runs ANALYZE whenever the number of new rows has doubled.

    PostgreSQL plans the check of a foreign key once per connection. For a table that was empty then it uses the index
    on the institution and reads all rows of the institution, for each of thousands of new rows.

    An ANALYZE keeps other ones from the same table until its transaction ends: who would have to wait does without, so
    that a long import of one institution does not hold up the others.

    Only columns are looked at by which rows are found and referred to: the texts that are searched, and what indexes
    compute of them, would take many times longer.
    """

    def __init__(self, *models: type[Model]) -> None:
        self._tables = [_keys_of(model) for model in models]
        self._new = self._analyzed = 0

    def rows_added(self, rows: int) -> None:
        self._new += rows
        if connection.vendor == "postgresql" and self._new > 2 * self._analyzed:
            with connection.cursor() as cursor:
                cursor.execute(f"ANALYZE (SKIP_LOCKED) {', '.join(self._tables)}")
            self._analyzed = self._new


def _keys_of(model: type[Model]) -> str:
    """The table with the columns of its primary key and of its unique constraints."""
    unique = (rule.fields for rule in model._meta.constraints if isinstance(rule, UniqueConstraint))
    fields: list[Any] = [model._meta.get_field(name) for name in sorted({name for names in unique for name in names})]
    quote = connection.ops.quote_name
    columns = dict.fromkeys(field.column for field in (model._meta.pk, *fields))
    return f"{quote(model._meta.db_table)} ({', '.join(map(quote, columns))})"
