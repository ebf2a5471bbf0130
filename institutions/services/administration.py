"""The record of what global administrators change through the API."""

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db import models

from institutions.models import AdministrationRecord, Institution

Action = AdministrationRecord.Action
# Columns whose old and new values are recorded. Not texts and objects: they may be a name, an address or a secret.
_RECORDED_WITH_VALUES = (models.BooleanField, models.IntegerField, models.DecimalField, models.ForeignKey)
_NOT_RECORDED = {"id", "created_at", "updated_at", "last_login", "session_generation"}


class Administrator(NamedTuple):
    """Who changes something, and from where."""

    kind: str
    id: int
    address: str | None


def change_record(
    *, by: Administrator, action: str, resource: str, row: models.Model, changes: dict[str, Any]
) -> AdministrationRecord:
    """Record a change, in the transaction of the change itself. `row` may be deleted by now, but still has its key."""
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


def changes_between(before: models.Model, after: models.Model, written_names: Collection[str]) -> dict[str, Any]:
    """{field: [before, after]}, or {field: None} for fields whose values are not recorded.

    The latter are included only if they are among `written_names`, the names in the request.
    """
    changes: dict[str, Any] = {}
    for field in after._meta.concrete_fields:
        old, new = (getattr(row, field.attname) for row in (before, after))
        if field.name in _NOT_RECORDED or old == new:
            continue
        if isinstance(field, _RECORDED_WITH_VALUES):
            changes[field.name] = [_number(old), _number(new)]
        elif field.name in written_names:
            changes[field.name] = None
    return changes


def _number(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else float(value)
