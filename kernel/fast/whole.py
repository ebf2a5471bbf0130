"""Prepared queries of model instances, for services: compiled by the ORM once (see prepared.py)."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models.query import get_related_populators

from kernel.fast.prepared import Prepared, _Statement


class Whole:
    """Whole(lambda key: Row.objects.select_related("parent").filter(pk=key), "key")(key=1): the instances, as a list.

    Joined rows, annotations and locks are as the queryset says; a statement that locks is compiled in a transaction.
    """

    def __init__(self, build: Any, *slots: str) -> None:
        self.prepared = Prepared(build, *slots)

    def __call__(self, **values: Any) -> list[Any]:
        return list(self._instances(values))

    def first(self, **values: Any) -> Any:
        """For statements that match one row at most."""
        return next(self._instances(values), None)

    @property
    def _statement(self) -> _Statement:
        return self.prepared.rows

    @cached_property
    def _shape(self) -> tuple[Any, int, int, list[str], list[Any], list[tuple[str, int]]]:
        compiler = self._statement.compiler
        info, select = compiler.klass_info, compiler.select
        start, end = info["select_fields"][0], info["select_fields"][-1] + 1
        names = [column.target.attname for column, _, _ in select[start:end]]
        related = get_related_populators(info, select, connection.alias)  # type: ignore[call-arg] # of Django 6
        return info["model"], start, end, names, related, [*compiler.annotation_col_map.items()]

    def _instances(self, values: dict[str, Any]) -> Iterator[Any]:
        statement = self._statement
        model, start, end, names, related, annotations = self._shape
        with connection.cursor() as cursor:
            statement.execute(cursor, values)
            rows = cursor.fetchall()
        for row in statement.converted(rows):
            instance = model.from_db(connection.alias, names, row[start:end])
            for populator in related:
                populator.populate(row, instance)
            for name, at in annotations:
                setattr(instance, name, row[at])
            yield instance
