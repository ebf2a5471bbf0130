"""Several queries of different columns as one statement, for what a page or a report is made of."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet


def together(*queries: QuerySet[Any, Any]) -> list[list[tuple[Any, ...]]]:
    """The rows of each of these `values_list`, which may be sliced. Who needs an order sorts them: none is promised.

    A row of one query has nulls where the others have their columns, and behind them the number of its query.
    """
    compilers = [query.query.get_compiler(connection=connection) for query in queries]
    compiled = [compiler.as_sql(with_col_aliases=True) for compiler in compilers]
    selected = [compiler.select for compiler in compilers]  # once they are compiled: columns, their SQL, their names
    parts = []
    for number, (sql, _) in enumerate(compiled):
        columns = ", ".join(
            f"part.{connection.ops.quote_name(name)}" if of == number else _null(column.output_field)
            for of, its in enumerate(selected)
            for column, _, name in its
        )
        parts.append(f"SELECT {columns}, {number} FROM ({sql}) part")  # noqa: S608 - the ORM's own text
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), [value for _, values in compiled for value in values])
        rows = cursor.fetchall()
    found, first = [], 0
    for number, (compiler, its) in enumerate(zip(compilers, selected, strict=True)):
        own = [row[first : first + len(its)] for row in rows if row[-1] == number]
        converters = compiler.get_converters([column for column, _, _ in its])
        found.append([tuple(row) for row in compiler.apply_converters(own, converters)] if converters else own)
        first += len(its)
    return found


def _null(field: Any) -> str:
    """A null of the column's type: without one, PostgreSQL takes it for a text."""
    return f"CAST(NULL AS {field.cast_db_type(connection)})"
