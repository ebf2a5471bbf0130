"""Which rows refer to a row, in words: the reason why it cannot be deleted or moved."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.db.models import Model, QuerySet

Further = Callable[[Any], tuple[type[Model], int]]
_FURTHER: dict[type[Model], list[Further]] = {}


def further_uses(model: type[Model]) -> Callable[[Further], Further]:
    """@further_uses(Instrument): the decorated function counts rows that refer to one, but not by a foreign key."""

    def register(count: Further) -> Further:
        _FURTHER.setdefault(model, []).append(count)
        return count

    return register


def referring(row: Model) -> Iterator[tuple[str, QuerySet]]:
    """(name of the relation, its rows) for each foreign key and many-to-many key that leads to this row.

    Records without a constraint of the database outlive the row, and do not count.
    """
    relations: list[Any] = row._meta.get_fields(include_hidden=True)
    for relation in relations:
        # The through table of a many-to-many relation would count its rows twice.
        if relation.auto_created and not relation.concrete and not relation.related_model._meta.auto_created:
            if getattr(relation.field, "db_constraint", True) is False:
                continue
            yield relation.name, relation.related_model._default_manager.filter(**{relation.field.name: row})


def uses_of(row: Model, *, own: Collection[str] = ()) -> list[str]:
    """The rows that refer to this one, whatever their `on_delete`: ["1 provider", "3 requests"].

    `own` names the relations whose rows are parts of it and are not counted.
    """
    counts = [count(row) for count in _FURTHER.get(type(row), ())]
    counts += [(rows.model, rows.count()) for name, rows in referring(row) if name not in own]
    return sorted(amount_of(model, amount) for model, amount in counts if amount)


def amount_of(model: type[Model], amount: int) -> str:
    return f"{amount} {model._meta.verbose_name if amount == 1 else model._meta.verbose_name_plural}"
