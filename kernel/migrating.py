"""What migrations call: filling derived columns of rows that are there, and the indexes that only PostgreSQL has."""

from collections.abc import Callable

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from kernel.batches import batched
from kernel.fields import pairs_of
from kernel.text import search_form


def fill(model: type[models.Model], column: str, fold: Callable[[str], str], sources: tuple[str, ...]) -> None:
    """Compute the column of all rows, a part of them at a time."""
    for part in batched(model._default_manager.order_by("pk").values_list("pk", flat=True)):
        rows = list(model._default_manager.filter(pk__in=part).only("pk", *sources))
        for row in rows:
            texts = (getattr(row, name) for name in sources)
            setattr(row, column, fold(" ".join(text for text in texts if text)))
        model._default_manager.bulk_update(rows, [column])


def add_search_text(app: str, **sources: tuple[str, ...]) -> list[Operation]:
    """The operations that add `search_text` to these models: {name: the columns that it is made from}.

    An index of trigrams finds texts that are contained in it; it needs PostgreSQL's extension pg_trgm, which the
    database's owner may create. SQLite reads all rows.
    """

    def fill_all(apps, schema_editor):
        for name, columns in sources.items():
            fill(apps.get_model(app, name), "search_text", search_form, columns)

    def index(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for name in sources:
                table = apps.get_model(app, name)._meta.db_table
                schema_editor.execute(
                    f"CREATE INDEX {table}_search_text ON {table} USING gin (search_text gin_trgm_ops)"
                )

    def drop_index(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for name in sources:
                schema_editor.execute(f"DROP INDEX {apps.get_model(app, name)._meta.db_table}_search_text")

    column = models.TextField(default="", editable=False)
    return [
        *(migrations.AddField(name, "search_text", column) for name in sources),
        migrations.RunPython(fill_all, migrations.RunPython.noop),
        TrigramExtension(),
        migrations.RunPython(index, drop_index),
    ]


def add_pairs(app: str, name: str) -> Operation:
    """The operation that adds the index of neighbouring letters in `search_text` of this model."""

    def named(apps) -> tuple[str, str]:
        table = apps.get_model(app, name)._meta.db_table
        return table, f"{table}_search_pairs"

    def index(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            table, index_name = named(apps)
            schema_editor.execute(f"CREATE INDEX {index_name} ON {table} USING gin ({pairs_of('search_text')})", None)

    def drop_index(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX {named(apps)[1]}", None)

    return migrations.RunPython(index, drop_index)
