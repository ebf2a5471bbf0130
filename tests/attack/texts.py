"""Writing into every text column that there is."""

import json
from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import Error, models, transaction
from django.db.models import Field, Model, QuerySet

from tests.lines import details_of, origin_of
from trail.models import Key, Line, Part
from trail.sealed import MARK, seal

TEXTS = (models.CharField, models.TextField, models.JSONField)
# No texts of people: what the code knows, and nothing else.
CODES = {
    "learners.SENDCategory.data", "learners.SENDCategory.allowances", "trail.Line.actor_kind", "trail.Sealing.unsigned",
}  # fmt: skip
TOLD = {"origin": (origin_of, Part.ORIGIN), "details": (details_of, Part.DETAILS)}  # JSON in lines of the trail


def text_columns() -> list[Field]:
    """Columns of all tables that hold texts of people or programs, whatever they are called."""
    fields = (field for model in apps.get_models() for field in model._meta.concrete_fields)
    return [
        field
        for field in fields
        if isinstance(field, TEXTS)
        and not field.choices
        and not field.primary_key
        and f"{field.model._meta.label}.{field.name}" not in CODES
    ]


def written(rows: QuerySet, field: Field, texts: Sequence[str]) -> int:
    """Put a text into this column of all these rows, past all code; the number of rows that hold one now.

    Of the texts each row gets the first that it can hold. What the column itself refuses - by its length, its
    validators, its constraints - cannot be stored by any code either. Lines of the trail are written with its guards
    lifted (see guards.py).
    """
    return sum(any(_stored(row, field, text) for text in texts) for row in rows.only("pk", field.attname))


def _stored(row: Model, field: Field, text: str) -> bool:
    value = _value(row, field, text)
    try:
        field.clean(value, row)
        with transaction.atomic():
            type(row)._base_manager.filter(pk=row.pk).update(**{field.attname: value})
    except (ValidationError, Error):
        return False
    return True


def _value(row: Model, field: Field, text: str) -> Any:
    if field.model is Line and field.name in TOLD:
        return _told(row, field.name, text)
    if isinstance(field, models.JSONField):
        return _in_place_of_texts(getattr(row, field.attname) or {"text": ""}, text)
    # The same text in two rows could not be stored; digits would not do at the end of an address.
    mark = str(row.pk).translate(str.maketrans("0123456789", "abcdefghij")) if _is_unique(field) else ""
    room = field.max_length or len(text) + len(mark)
    return text[: room - len(mark)] + mark


def _told(line: Model, name: str, text: str) -> str:
    """What the line tells, with the text in it, sealed as before."""
    read, part = TOLD[name]
    told = json.dumps(_in_place_of_texts(read(line), text))
    if not getattr(line, name).startswith(MARK):
        return told
    return seal(told, bytes(Key.objects.get(line_id=line.pk, part=part).key))


def _in_place_of_texts(value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return {name: _in_place_of_texts(inner, text) for name, inner in value.items()}
    if isinstance(value, list):
        return [_in_place_of_texts(inner, text) for inner in value]
    return text if isinstance(value, str) else value


def _is_unique(field: Field) -> bool:
    constraints = (each for each in field.model._meta.constraints if isinstance(each, models.UniqueConstraint))
    return field.unique or any(field.name in str(each.deconstruct()) for each in constraints)
