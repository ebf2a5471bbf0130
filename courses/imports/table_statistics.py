"""Planner statistics of PostgreSQL for tables that an import fills."""

from django.db import connection
from django.db.models import Model


class TableStatistics:
    """Runs ANALYZE whenever the number of new rows has doubled.

    PostgreSQL plans the check of a foreign key once per connection. For a table that was empty then it uses the index
    on the institution and reads all rows of the institution, for each of thousands of new rows.
    """

    def __init__(self, *models: type[Model]) -> None:
        self._tables = [model._meta.db_table for model in models]
        self._new = self._analyzed = 0

    def rows_added(self, rows: int) -> None:
        self._new += rows
        if connection.vendor == "postgresql" and self._new > 2 * self._analyzed:
            with connection.cursor() as cursor:
                cursor.execute(f"ANALYZE {', '.join(map(connection.ops.quote_name, self._tables))}")
            self._analyzed = self._new
