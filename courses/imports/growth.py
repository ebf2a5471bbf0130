"""Tables that grow from nothing to thousands of rows while one connection looks on."""

from django.db import connection
from django.db.models import Model


class Growth:
    """Tells PostgreSQL how large tables are, whenever the number of new rows has doubled.

    It decides once per connection how it looks up what a foreign key names. In a table that it thinks empty it takes
    the index of the institution's key and walks over everybody there, for each of thousands of rows.
    """

    def __init__(self, *models: type[Model]) -> None:
        self._tables = [model._meta.db_table for model in models]
        self._new = self._told = 0

    def by(self, rows: int) -> None:
        self._new += rows
        if connection.vendor == "postgresql" and self._new > 2 * self._told:
            with connection.cursor() as cursor:
                cursor.execute(f"ANALYZE {', '.join(map(connection.ops.quote_name, self._tables))}")
            self._told = self._new
