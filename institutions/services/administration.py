"""The record of what global administrators change through the API."""

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db import models

from institutions.models import AdministrationRecord, Institution

Action = AdministrationRecord.Action
# What is kept with its values. Texts and objects are not: they may be somebody's name, an address or a secret.
_PLAIN = (models.BooleanField, models.IntegerField, models.DecimalField, models.ForeignKey)
_NOT_SAID = {"id", "created_at", "updated_at", "last_login", "session_generation"}


class Administrator(NamedTuple):
    """Who changes something, and from where."""

    kind: str
    id: int
    address: str | None


def change_record(
    *, by: Administrator, action: str, resource: str, row: models.Model, changes: dict[str, Any]
) -> AdministrationRecord:
    """Written in the transaction of the change, or neither is. `row` may be deleted by now, but has its key."""
    home = row.pk if isinstance(row, Institution) else getattr(row, "institution_id", None)
    return AdministrationRecord.objects.create(
        by_kind=by.kind,
        by_id=by.id,
        address=by.address,
        action=action,
        resource=resource,
        resource_id=row.pk,
        institution_id=home,
        changes=changes,
    )


def changes_between(before: models.Model, after: models.Model, given: Collection[str]) -> dict[str, Any]:
    """{field: [before, after]}, or {field: None} where values are not kept. Of texts only the given ones are said."""
    found: dict[str, Any] = {}
    for field in after._meta.concrete_fields:
        old, new = (getattr(row, field.attname) for row in (before, after))
        if field.name in _NOT_SAID or old == new:
            continue
        if isinstance(field, _PLAIN):
            found[field.name] = [_number(old), _number(new)]
        elif field.name in given:
            found[field.name] = None
    return found


def _number(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else float(value)
