"""Many rows written or found with one statement, on both databases, without instances of the model.

The values are sent as JSON: thousands of parameters would take driver and database several times as long to read.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection, models
from django.db.models.lookups import Lookup
from django.utils import timezone

from kernel.fields import Derived, Identifier
from kernel.text import as_identifier

# Values of these fields are as the databases take them; the others translate theirs.
_AS_THEY_ARE = {
    models.BigAutoField, models.BigIntegerField, models.BooleanField, models.CharField, models.EmailField,
    models.FloatField, models.IntegerField, models.PositiveIntegerField, models.PositiveSmallIntegerField,
    models.SmallIntegerField, models.TextField, Derived,
}  # fmt: skip
_TEXTS = ("text", "varchar")  # PostgreSQL's cast to varchar(9) would cut a longer text without a word


def rows_inserted(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    same: Mapping[str, Any] | None = None,
    passes_over_taken: bool = False,
) -> list[int]:
    """Insert rows with these columns; answers their keys in the same order. Foreign keys are given as keys.

    `same` are values that all rows have. Other columns get what the model says: defaults, instants, derived texts. With
    `passes_over_taken` rows that a unique constraint forbids are left out, and their keys with them.
    """
    if not rows:
        return []
    fields: dict[str, Any] = {field.name: field for field in model._meta.local_concrete_fields}
    values = dict(zip(columns, zip(*rows, strict=True), strict=True))
    alike = dict(same or {})
    now = timezone.now()
    missing = [name for name in fields if name not in values and name not in alike]
    derived = [name for name in missing if isinstance(fields[name], Derived)]
    for name in missing:
        field = fields[name]
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            alike[name] = now
        elif field.has_default() and callable(field.default):
            values[name] = tuple(field.get_default() for _ in rows)
        elif not (name in derived or field.has_db_default() or isinstance(field, models.AutoField)):
            alike[name] = field.get_default()
    for name in derived:
        texts = [values.get(source) or (alike.get(source),) * len(rows) for source in fields[name].sources]
        values[name] = tuple(map(fields[name].folded, zip(*texts, strict=True)))
    quote = connection.ops.quote_name
    key: Any = model._meta.pk
    into = [quote(fields[name].column) for name in (*values, *alike)]
    source, sent, taken = _rows_of([(fields[name], column) for name, column in values.items()])
    statement = (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(into)}) "  # noqa: S608 - names; the values are parameters
        f"SELECT {', '.join([*taken, *['%s'] * len(alike)])} FROM {source} WHERE true"
        f"{' ON CONFLICT DO NOTHING' if passes_over_taken else ''} RETURNING {quote(key.column)}"
    )
    constants = [fields[name].get_db_prep_save(value, connection) for name, value in alike.items()]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*constants, *sent])
        return [key for (key,) in cursor.fetchall()]


def rows_updated(model: type[models.Model], columns: Sequence[str], rows: Mapping[int, Sequence[Any]]) -> None:
    """Give these columns of each row the values that `rows` has for its key; one statement, none without rows.

    The caller holds the rows locked, or what they hang from. Derived columns and the `updated_at` of a `Timestamped`
    row are the caller's, too.
    """
    if not rows:
        return
    key: Any = model._meta.pk
    fields = [key, *(model._meta.get_field(name) for name in columns)]
    columnwise = [(*rows,), *zip(*rows.values(), strict=True)]
    source, sent, (own, *taken) = _rows_of([*zip(fields, columnwise, strict=True)])
    quote, table = connection.ops.quote_name, connection.ops.quote_name(model._meta.db_table)
    assignments = (f"{quote(field.column)} = {value}" for field, value in zip(fields[1:], taken, strict=True))
    statement = f"UPDATE {table} SET {', '.join(assignments)} FROM {source} WHERE {table}.{quote(key.column)} = {own}"  # noqa: S608 - names
    with connection.cursor() as cursor:
        cursor.execute(statement, sent)


class Among(Lookup):
    """As `column__in`, for any number of texts in the form in which the column has them.

    rows.filter(Among(F("uid_key"), keys))
    """

    prepare_rhs = False

    def __init__(self, column: models.F, texts: Iterable[str]) -> None:
        super().__init__(column, tuple(texts))

    def as_sql(self, compiler, connection):
        column, values = self.process_lhs(compiler, connection)
        if connection.vendor == "sqlite":
            condition = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - the column's name
        else:
            condition = f"{column} = ANY(ARRAY(SELECT json_array_elements_text(%s)))"
        return condition, [*values, _json(self.rhs)]


def _rows_of(columns: Sequence[tuple[Any, Sequence[Any]]]) -> tuple[str, list[str], list[str]]:
    """A source of rows for FROM, its parameters, and the expressions of its columns."""
    stored = [_stored(field, values) for field, values in columns]
    places = range(len(columns))
    if connection.vendor == "sqlite":
        taken = ", ".join(f"json_extract(value, '$[{place}]') AS v{place}" for place in places)
        lines = _json([*zip(*stored, strict=True)])
        return f"(SELECT {taken} FROM json_each(%s)) AS sent", [lines], [f"sent.v{place}" for place in places]  # noqa: S608
    arrays = ", ".join(["json_array_elements_text(%s)"] * len(columns))
    names = ", ".join(f"v{place}" for place in places)
    typed = [_typed(f"sent.v{place}", field) for place, (field, _) in enumerate(columns)]
    return f"ROWS FROM ({arrays}) AS sent ({names})", [_json(values) for values in stored], typed


def _typed(text: str, field: Any) -> str:
    kind = field.db_type(connection)
    return text if kind.startswith(_TEXTS) else f"CAST({text} AS {kind})"


def _stored(field: Any, values: Sequence[Any]) -> Sequence[Any]:
    while field.remote_field is not None:
        field = field.target_field
    if type(field) in _AS_THEY_ARE:
        return values
    if isinstance(field, Identifier):
        return [value and as_identifier(value) for value in values]
    if isinstance(field, models.JSONField):
        return [None if value is None else json.dumps(value, cls=field.encoder) for value in values]
    return [field.get_db_prep_save(value, connection) for value in values]


def _json(values: Any) -> str:
    return orjson.dumps(values, default=_number).decode()


def _number(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
