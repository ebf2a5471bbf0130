"""Writing many histograms with one statement, on both databases."""

from collections.abc import Iterable, Mapping

from django.db import connection
from django.db.models import Model

from kernel.locks import Lock, locked_rows
from kernel.many import rows_updated
from reports.arithmetic import BINS

BIN_COLUMNS = tuple(f"b{place}" for place in range(BINS))
Bins = list[int]


def bins_added(model: type[Model], about: tuple[str, str], changes: Mapping[tuple[int, int], Bins]) -> None:
    """Add ten numbers to each of these histograms, which are made where there are none; no concurrent change is lost.

    `about` are the two keys that name a histogram. The rows are written, and thereby locked, in their order.
    """
    wanted = sorted((key, bins) for key, bins in changes.items() if any(bins))
    if not wanted:
        return
    quote, table = connection.ops.quote_name, connection.ops.quote_name(model._meta.db_table)
    keys = [quote(f"{name}_id") for name in about]
    marks = ", ".join([f"({', '.join(['%s'] * (2 + BINS))})"] * len(wanted))
    statement = (
        f"INSERT INTO {table} ({', '.join([*keys, *BIN_COLUMNS])}) VALUES {marks} "  # noqa: S608 - names of columns
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET "
        + ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in BIN_COLUMNS)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for key, bins in wanted for value in (*key, *bins)])


def bins_of(keyed: Iterable[tuple[tuple[int, int], int, int]]) -> dict[tuple[int, int], Bins]:
    """{histogram: ten numbers} from (histogram, bin, number)."""
    changes: dict[tuple[int, int], Bins] = {}
    for key, place, number in keyed:
        changes.setdefault(key, [0] * BINS)[place] += number
    return changes


def keys_of(
    model: type[Model], about: tuple[str, str], wanted: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], int]:
    """{pair: id} of the rows that two keys identify, for those of the wanted pairs that there are; one statement."""
    pairs = sorted({*wanted})
    if not pairs:
        return {}
    quote, table = connection.ops.quote_name, connection.ops.quote_name(model._meta.db_table)
    one, other = (quote(f"{name}_id") for name in about)
    marks = ", ".join(["(%s, %s)"] * len(pairs))
    statement = (
        f"WITH wanted (one, other) AS (VALUES {marks}) "  # noqa: S608 - names of columns
        f"SELECT {table}.{one}, {table}.{other}, {table}.id FROM wanted "
        f"JOIN {table} ON {table}.{one} = wanted.one AND {table}.{other} = wanted.other"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [key for pair in pairs for key in pair])
        return {(first, second): key for first, second, key in cursor.fetchall()}


def bins_taken(model: type[Model], about: tuple[str, str], changes: Mapping[tuple[int, int], Bins]) -> None:
    """Take these numbers out of histograms that are there; their rows are locked in their order before."""
    rows = keys_of(model, about, changes)
    locked_rows(model._default_manager.filter(pk__in=rows.values()), Lock.CHANGE)
    taken = {key: changes[pair] for pair, key in rows.items()}
    changed = {}
    for key, row in model._default_manager.in_bulk([*taken]).items():
        bins = (getattr(row, name) for name in BIN_COLUMNS)
        changed[key] = [number - gone for number, gone in zip(bins, taken[key], strict=True)]
    rows_updated(model, BIN_COLUMNS, changed)
