"""The one order in which rows are locked, by every write of the service, deletes included.

PostgreSQL locks rows in four strengths. Deletes lock FOR UPDATE, changes FOR NO KEY UPDATE. An inserted row locks the
rows that it refers to FOR KEY SHARE, at the end of the transaction, as all foreign keys here are deferred; that
conflicts with deletes only.

1. Rows of the tables in ORDER are locked in this order; rows of one table in the order of their keys.
2. All other rows hang from rows of ORDER, and are locked after these. So whoever holds a row of ORDER that a row hangs
   from needs no order for the latter.
3. Who deletes a row locks it first, and all rows of ORDER that are deleted with it: `cascade_locked`. Such deletes
   follow each other in an institution, whose row they lock.
4. A write that holds a row and then inserts rows which refer to an earlier table of ORDER locks that reference
   beforehand: Lock.REFERENCE. It need not where committed rows keep the reference from deletion (PROTECT).
5. Whoever does a job holds its row before all others, until it is done. What else changes or deletes such rows does so
   with messages to providers, which nobody holds while waiting for another row.

SQLite has one writer at a time and ignores all this. What is left, such as the order in which PostgreSQL checks several
references of one new row, ends as a deadlock, and the work is repeated: see repeats.py.
"""

from collections.abc import Iterable
from enum import Enum
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import CASCADE, ForeignKey, Model, Q, QuerySet

from kernel.domain import Unknown

INSTITUTION = "institutions.Institution"
ORDER = (
    "courses.Import",  # a step of it locks it before the people that it writes
    "institutions.User",
    "institutions.Instructor",
    "learners.Learner",
    INSTITUTION,
    "institutions.InformedConsent",
    "learners.SENDLearner",
    "learners.SENDCategory",
    "courses.CourseGroup",
    "institutions.Provider",
    "institutions.VLE",
    "institutions.Credential",
    "courses.Course",
    "courses.Activity",
    "courses.AssessmentSession",
    "institutions.Instrument",
)
_PLACES = {label: place for place, label in enumerate(ORDER)}


class Lock(Enum):
    """How strongly a row is locked, in PostgreSQL's words."""

    DELETE = "UPDATE"  # nothing can refer to it any more
    CHANGE = "NO KEY UPDATE"  # new rows may refer to it meanwhile
    REFERENCE = "KEY SHARE"  # it may be changed meanwhile, but not deleted


class Strengths(tuple[Lock, ...]):
    """For each relation of a query's `of` its lock. See postgres/base.py, which writes them into the statement."""

    __slots__ = ()


def place_of(model: type[Model]) -> int:
    """The place of the table in ORDER; all tables that are not in it share the last one."""
    return _PLACES.get(model._meta.label, len(ORDER))


def locking(rows: QuerySet, **locks: Lock) -> QuerySet:
    """The query that locks these relations of each row (`self`: the row), in the order of their tables.

    The relations must be joined by `select_related`.
    """
    of = sorted(locks, key=lambda path: place_of(_model_of(rows.model, path)))
    strengths: Any = Strengths(locks[path] for path in of)
    return rows.select_for_update(of=tuple(of), no_key=strengths)


def _model_of(model: type[Model], path: str) -> type[Model]:
    for name in [] if path == "self" else path.split("__"):
        model = model._meta.get_field(name).related_model  # type: ignore[assignment]
    return model


def locked_rows(rows: QuerySet, lock: Lock) -> list[Any]:
    """Lock these rows in the order of their keys until the transaction ends; answers the keys."""
    return list(locking(rows.order_by("pk"), self=lock).values_list("pk", flat=True))


def cascade_locked(row: Model) -> None:
    """Lock the row for its deletion, with the rows of ORDER that are deleted with it. Unknown if it is gone."""
    model = type(row)
    institution = row if model._meta.label == INSTITUTION else None
    for label in ORDER:
        each = apps.get_model(label)
        if each is model:
            if not locked_rows(model._base_manager.filter(pk=row.pk), Lock.DELETE):
                raise Unknown(f"There is no such {model._meta.verbose_name} any more.")
        elif label == INSTITUTION and institution is None:
            home = getattr(row, "institution_id", None)
            if home is not None:
                locked_rows(each._base_manager.filter(pk=home), Lock.CHANGE)
        elif paths := _cascades(model._meta.label, label):
            deleted = Q(*(Q(**{path: row.pk}) for path in paths), _connector=Q.OR)
            locked_rows(each._base_manager.filter(deleted), Lock.DELETE)


@cache
def _cascades(model: str, below: str) -> tuple[str, ...]:
    """The paths of foreign keys from `below` to `model` over which rows are deleted with a row of `model`."""
    return tuple(_paths(apps.get_model(below), apps.get_model(model), frozenset()))


def _paths(below: type[Model], model: type[Model], seen: frozenset[type[Model]]) -> Iterable[str]:
    for key in below._meta.concrete_fields:
        if isinstance(key, ForeignKey) and key.remote_field.on_delete is CASCADE:
            target: Any = key.related_model
            if target is model:
                yield key.name
            elif target is not below and target not in seen:
                yield from (f"{key.name}__{rest}" for rest in _paths(target, model, seen | {below}))
