"""Fields of a form for options that a JSON Schema describes: types, enums, defaults, required ones, one level nested.

The API validates what is sent by the schema itself. What a form cannot show - lists, alternatives of types - is left as
it is stored, and the page says so.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms

from console.work.forms import Input

_NAME = re.compile(r"\w+")
NOTHING = "as the provider does it"
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Options:
    """The options of one instrument, as a form shows them."""

    inputs: tuple[Input, ...]
    left_out: tuple[str, ...]  # what the form cannot show
    defaults: Mapping[str, Any]  # of the fields, by the names of their inputs

    def row(self, stored: Mapping[str, Any] | None) -> dict[str, Any]:
        """The values of the fields, for a form over stored options: a missing one is its default."""
        values: dict[str, Any] = {}
        for given in self.inputs:
            found = _found(stored or {}, given.name.split(".")[1:])
            given.put(values, self.defaults.get(given.name) if found is None else found)
        return {"options": values.get("options", {})}

    def body(self, stored: Mapping[str, Any] | None, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """The options to store: what the form says over what it does not show. What was left empty is left out."""
        options = json.loads(json.dumps(stored or {}))
        for given in self.inputs:
            *above, name = given.name.split(".")[1:]
            place = options
            for each in above:
                place = place.setdefault(each, {}) if isinstance(place.get(each, {}), dict) else place
            value = cleaned[given.id]
            if value in ("", None):
                place.pop(name, None)
            else:
                place[name] = value
        return options


def options_of(schema: Schema | None) -> Options:
    inputs, left_out, defaults = list[Input](), list[str](), dict[str, Any]()
    for path, one, is_required in _leaves(schema or {}):
        name, made = ".".join(("options", *path)), _field(one)
        if made is None or not all(_NAME.fullmatch(each) for each in path):
            left_out.append(_text(one, "title") or path[-1])
            continue
        needed = is_required and one.get("type") != "boolean"
        group = _text(one, "group")
        label, about = _text(one, "title") or path[-1], _text(one, "description")
        inputs.append(Input(name, label, about, made=made, required=needed, is_sent=False, group=group))
        if "default" in one:
            defaults[name] = one["default"]
    return Options(tuple(inputs), tuple(left_out), defaults)


def _leaves(schema: Schema) -> Iterator[tuple[tuple[str, ...], dict[str, Any], bool]]:
    """(names, schema, is it required) of the options, those of objects after the others, under a heading."""
    nested = list[tuple[str, dict[str, Any], bool]]()
    for name, one, is_required in _properties(schema):
        if one.get("type") == "object":
            nested.append((name, one, is_required))
        else:
            yield (name,), one, is_required
    for name, above, is_required in nested:
        heading = _text(above, "title") or name
        for inner, one, is_required_there in _properties(above):
            default = {"default": above["default"][inner]} if inner in _object(above.get("default")) else {}
            yield (name, inner), {**default, **one, "group": heading}, is_required and is_required_there
            heading = ""


def _properties(schema: Schema) -> Iterator[tuple[str, dict[str, Any], bool]]:
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    for name, one in _object(schema.get("properties")).items():
        yield name, _object(one), name in needed


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(schema: Schema, name: str) -> str:
    value = schema.get(name)
    return value if isinstance(value, str) else ""


def _field(schema: Schema) -> Callable[..., forms.Field] | None:
    """What makes the field; None where a form has none for it."""
    values = schema.get("enum")
    if isinstance(values, list):
        words = [value for value in values if isinstance(value, str | int | float)]  # null is what is left empty
        return partial(_choice, words) if words else None
    match schema.get("type"):
        case "boolean":
            return _switch
        case "integer":
            return partial(forms.IntegerField, min_value=_whole(schema, "minimum"), max_value=_whole(schema, "maximum"))
        case "number":
            return partial(forms.FloatField, min_value=_limit(schema, "minimum"), max_value=_limit(schema, "maximum"))
        case "string":
            return partial(forms.CharField, max_length=_whole(schema, "maxLength"))
    return None


def _switch(**common: Any) -> forms.Field:
    return forms.BooleanField(**common | {"required": False})


class ChoiceOfJSON(forms.TypedChoiceField):
    """One of some values in JSON, which the page sends as JSON and shows as words."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) and self.valid_value(value) else json.dumps(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (self.prepare_value(initial) if initial is not None else "") != (data or "")


def _choice(values: Sequence[Any], **common: Any) -> forms.Field:
    choices = [(json.dumps(value), _said(value)) for value in values]
    none = [] if common["required"] else [("", NOTHING)]
    return ChoiceOfJSON(choices=[*none, *choices], coerce=json.loads, **common)


def _said(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _limit(schema: Schema, name: str) -> float | None:
    value = schema.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(schema: Schema, name: str) -> int | None:
    value = _limit(schema, name)
    return value if isinstance(value, int) else None


def _found(stored: Mapping[str, Any], names: Sequence[str]) -> Any:
    value: Any = stored
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
