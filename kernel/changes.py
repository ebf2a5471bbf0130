"""What a change has changed, without secrets: for the trail."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Field, Model

from kernel.fields import Derived, EncryptedTextField
from kernel.writes import loaded

SECRET = re.compile(r"password|passwd|secret|token|hash|credential|private|locked_by|api_?key|_keys?$", re.I)
_ACCOUNT = re.compile(r"(?<=://)[^/?#\s]*@")  # and password in a web address
LONGEST = 500  # letters of a text that are shown
_LEFT_OUT = {"id", "created_at", "updated_at", "last_login", "session_generation"}
Values = dict[str, Any]


@dataclass(frozen=True)
class Hidden:
    """A secret: only that it has changed is recorded."""

    value: Any


def values_of(row: Model) -> Values:
    """The recorded columns of a row that are in memory, and of the account that it is a role of."""
    values = {
        field.name: Hidden(row.__dict__[field.attname]) if _is_secret(field) else row.__dict__[field.attname]
        for field in row._meta.concrete_fields
        if field.attname in row.__dict__
        and not (field.primary_key or field.name in _LEFT_OUT or isinstance(field, Derived))
    }
    person = row._state.fields_cache.get("user") if row._meta.pk.is_relation else None
    return values if person is None else values_of(person) | values


def _is_secret(field: Field) -> bool:
    return isinstance(field, EncryptedTextField) or bool(SECRET.search(field.name))


def changes_between(before: Values, after: Values) -> dict[str, list[Any]]:
    """{field: [before, after]} of what differs. A value that is not known is null."""
    names = [*before, *(name for name in after if name not in before)]
    return {
        name: [without_secrets(before.get(name)), without_secrets(after.get(name))]
        for name in names
        if before.get(name) != after.get(name)
    }


def without_secrets(value: Any) -> Any:
    """A value without the secrets in it; of a long text the beginning."""
    if isinstance(value, Hidden):
        return None
    if isinstance(value, str):
        value = _ACCOUNT.sub("", value)
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}..."
    if isinstance(value, Mapping):
        return {key: None if SECRET.search(str(key)) else without_secrets(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(inner) for inner in value]
    return value


def person_concerned(row: Model) -> int | None:
    """The account of the person whom the row is about: models name the path as `concerns`."""
    return _along(row, getattr(type(row), "concerns", None))


def institution_of(row: Model) -> int | None:
    """The institution of the row, or which it is: models that have no column of it name the path as `belongs_to`."""
    return _along(row, getattr(type(row), "belongs_to", "institution_id"))


def _along(row: Model, path: str | None) -> int | None:
    """The value at the end of a path that is in memory."""
    values = None if path is None else loaded(row, [path])
    return None if values is None else values[0]
