"""Base classes of serializers and their fields: violated constraints are 400, related rows are the institution's own.

Derived values are read in two ways: by the compiler of fast rows (fast/rows.py) and by DRF's `to_representation`.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from enum import IntEnum
from functools import cached_property
from operator import attrgetter
from typing import Any, ClassVar

import orjson
from django.core.exceptions import NON_FIELD_ERRORS, ImproperlyConfigured, ValidationError
from django.db.models import DateTimeField, Model
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.settings import api_settings

from kernel import fields as columns
from kernel.access import ROOTS
from kernel.constraints import refuse_violations
from kernel.ids import bounded_id
from kernel.nesting import TOO_DEEP, is_too_deep
from kernel.tenancy import tenant_path
from kernel.text import as_identifier, language_in, line_of, moment_text, prose_of, validate_line, validate_prose

Expression = Callable[[int], Any]
LOOKED_UP = "?"  # no path is declared: it is looked up in the model
EVERYWHERE = "*"


# Rules of every serializer of the API for texts and booleans. Texts with control characters are refused, or below some
# roots cleaned (`Root.drops_controls`). A boolean that a form leaves out stays as it is, as in JSON; the browsable
# API's own forms send an explicit false (see templates/rest_framework/horizontal/checkbox.html).
class PlainText:
    # Fields that are only shown: where texts are cleaned, a longer one is cut. One that identifies must not be cut, as
    # two could become one: it is refused.
    cut: frozenset[str] = frozenset()

    def get_fields(self):
        fields = super().get_fields()  # type: ignore[misc]
        for field in fields.values():
            if _is_text(field):
                field.validators.append(validate_prose if _has_lines(field) else validate_line)
            elif isinstance(field, serializers.BooleanField):
                field.default_empty_html = empty
        return fields

    @cached_property
    def fields(self):
        """Examined at last, when subclasses have added theirs."""
        fields = super().fields  # type: ignore[misc]
        for name, field in fields.items():
            _refuse_unlimited(f"{type(self).__name__}.{name}", field)
        return fields

    def to_internal_value(self, data):
        root = ROOTS.get(getattr(self.context.get("view"), "root", ""))  # type: ignore[attr-defined]
        if root is not None and root.drops_controls and isinstance(data, Mapping):
            fields = {name: field for name, field in self.fields.items() if isinstance(field, serializers.CharField)}
            texts = {name: (field, data.get(name)) for name, field in fields.items() if not field.read_only}
            data = data.copy()  # type: ignore[attr-defined] # dicts and forms have one
            data.update({n: self._cleaned(n, field, text) for n, (field, text) in texts.items() if type(text) is str})
        return super().to_internal_value(data)  # type: ignore[misc]

    def _cleaned(self, name: str, field: serializers.CharField, text: str) -> str:
        if isinstance(field, OpaqueTextField):
            return text.replace("\0", "")
        clean = prose_of(text) if _has_lines(field) else line_of(text)
        return clean.strip()[: field.max_length].rstrip() if name in self.cut else clean


def _refuse_unlimited(name: str, field: serializers.Field) -> None:
    """Refuse fields that would accept ids of other institutions: other related fields, serializers with such fields.

    And fields of instants that are not read as everywhere else.
    """
    innermost: Any = field
    while (inner := getattr(innermost, "child_relation", None) or getattr(innermost, "child", None)) is not None:
        innermost = inner
    if field.read_only or innermost.read_only:
        return
    if isinstance(innermost, serializers.DateTimeField) and not isinstance(innermost, MomentField):
        raise ImproperlyConfigured(f"{name} must be a MomentField")
    if isinstance(innermost, serializers.RelatedField) and not isinstance(innermost, TenantRelatedField):
        raise ImproperlyConfigured(f"{name} must be a TenantRelatedField: {type(innermost).__name__} takes every id")
    if isinstance(innermost, serializers.BaseSerializer) and not isinstance(innermost, PlainText):
        raise ImproperlyConfigured(
            f"{name} must be a BodySerializer or read only: {type(innermost).__name__} takes anything"
        )


def _is_text(field: serializers.Field) -> bool:
    is_text = isinstance(field, serializers.CharField) and not isinstance(field, OpaqueTextField)
    return is_text and not field.read_only


def _has_lines(field: serializers.Field) -> bool:
    return field.style.get("base_template") == "textarea.html"


class TenantRelatedField(serializers.PrimaryKeyRelatedField):
    """A foreign key in a body: an id of another institution is as unknown as one that does not exist.

    `tenant` is the path from the related row to its institution; None for rows that all institutions share. Unless
    declared it is looked up in the model. `root` is the path to what the first id of the URL names, where that is less
    than an institution. EVERYWHERE is for roots of no institution: rows of all of them. In forms it is a number to
    type, never a list of rows.
    """

    def __init__(self, *, tenant: str | None = LOOKED_UP, root: str | None = None, **kwargs):
        rows = kwargs.get("queryset")
        if rows is not None and tenant == LOOKED_UP:
            tenant = tenant_path(rows.model)
        elif rows is not None and tenant is root is None and tenant_path(rows.model) is not None:
            raise ImproperlyConfigured(f"rows of {rows.model.__name__} are not shared: leave tenant out")
        self.tenant, self.root_path = tenant, root
        kwargs.setdefault("style", {"base_template": "input.html", "input_type": "number"})
        super().__init__(**kwargs)

    def get_queryset(self):
        rows, view = super().get_queryset(), self.context.get("view")
        if rows is None or (self.tenant is None and self.root_path is None):
            return rows
        if view is None:
            return rows.none()
        if self.tenant == EVERYWHERE:
            return rows if view.tenant_id is None else rows.none()
        paths = ((self.tenant, view.tenant_id), (self.root_path, view.root_id))
        limits = {path: id for path, id in paths if path is not None}
        if None in limits.values():
            return rows.none()  # below this root there is no institution; do not match rows without one
        return rows.filter(**limits)

    def to_internal_value(self, data):
        number = bounded_id(data)
        if number is None:
            self.fail("incorrect_type", data_type=type(data).__name__)
        return super().to_internal_value(number)


class IdToLookUpField(serializers.IntegerField):
    """A foreign key in a body as a number: the view looks the row up in its institution."""


class LocaleField(serializers.CharField):
    """A language code. Another text never keeps a person out: the code at its beginning is taken, else null."""

    def __init__(self, **kwargs):
        super().__init__(**{"required": False, "allow_null": True, "allow_blank": True, "max_length": 10} | kwargs)

    def run_validation(self, data=empty):
        return language_in(data if isinstance(data, str) else super().run_validation(data))


class MomentField(serializers.DateTimeField):
    """An instant; its zone may also be written as a small z, which RFC 3339 allows and Django does not read."""

    def to_internal_value(self, value):
        return super().to_internal_value(moment_text(value) if isinstance(value, str) else value)


# No docstrings in the two bases: the schema would show them as the descriptions of what is derived.


class BodySerializer(PlainText, serializers.Serializer[Any]):  # a body that is no row
    # Whether one may check several bodies, one after the other: nothing of a body is left in it or its fields.
    reusable: ClassVar[bool] = False


_idle: defaultdict[type[BodySerializer], deque[BodySerializer]] = defaultdict(deque)


def body_checked(serializer: type[BodySerializer], data: Any, context: Mapping[str, Any]) -> dict[str, Any]:
    """The body, checked. Those that are `reusable` are used again: to make their fields takes longer than to check.

    One that has refused a body is a part of the answer, and is not used again.
    """
    try:
        body = _idle[serializer].pop()  # of no other thread from here on
    except IndexError:
        body = serializer()
    body.initial_data, body._context = data, context
    body.is_valid(raise_exception=True)
    checked = body.validated_data
    if serializer.reusable:
        for name in ("initial_data", "_validated_data", "_errors"):
            delattr(body, name)
        body._context = {}
        _idle[serializer].append(body)
    return checked


# What may write a relation: lists of related rows and nested rows are examined by `_refuse_unlimited`.
_OF_KEYS = (TenantRelatedField, IdToLookUpField, serializers.ManyRelatedField, serializers.BaseSerializer)


def _keys_of(model: type[Model]) -> set[str]:
    """The names under which rows of this table, or other rows that refer to them, can be given a related row."""
    relations = [field for field in model._meta.get_fields() if field.is_relation]
    columns = {field.attname for field in relations if hasattr(field, "attname")}
    ends = {str(end.get_accessor_name()) for end in model._meta.related_objects}
    return columns | ends | {field.name for field in relations if not field.auto_created}


class IdentifierField(serializers.CharField):
    """An identifier, in the form in which it is stored and compared (`kernel.text.as_identifier`)."""

    def run_validation(self, data=empty):
        return super().run_validation(as_identifier(data) if isinstance(data, str) else data)


# A row. Violated constraints of the database are reported under the name of the field.
class ResourceSerializer(PlainText, serializers.ModelSerializer[Any]):
    bodies: ClassVar[Mapping[str, type[BodySerializer]]] = {}  # action: what is sent, where that is no row
    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        columns.IdentifierField: IdentifierField,
        DateTimeField: MomentField,
    }
    serializer_related_field = TenantRelatedField  # of a foreign key that has no field of its own
    _draft: Model | None = None  # the row with the values of the body, to validate constraints on

    @cached_property
    def fields(self):
        fields = super().fields
        keys = _keys_of(self.Meta.model)
        for name, field in fields.items():
            is_key = (field.source or name).split(".")[-1] in keys
            if is_key and not field.read_only and not isinstance(field, _OF_KEYS):
                text = "takes every id: name the key without _id, as a TenantRelatedField"
                raise ImproperlyConfigured(f"{type(self).__name__}.{name} {text}")
        return fields

    @property
    def _body(self) -> type[BodySerializer] | None:
        return self.bodies.get(getattr(self.context.get("view"), "action", None) or "")

    def to_internal_value(self, data: Any) -> Any:
        if self._body is None:
            return super().to_internal_value(data)
        return body_checked(self._body, data, self.context)

    def run_validators(self, value: Any) -> None:
        """There are none (`get_validators`). DRF would make all fields to tell them the defaults."""

    def get_validators(self) -> list[Any]:
        return []  # DRF's validators know neither the parents of the URL nor expressions

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Constraints are not checked here, but only after the database has refused the row: `violations_by_field`."""
        if self._body is not None:
            return attrs
        self._draft = draft = self._stored_or_new()
        for name, value in attrs.items():
            if not draft._meta.get_field(name).many_to_many:
                setattr(draft, name, value)
        return attrs

    @contextmanager
    def violations_by_field(self) -> Iterator[None]:
        """Around the transaction that writes what was validated.

        When it fails, for any reason, raises ValidationError with all constraints that the body violates, by field.
        When there are none, the original error is raised.
        """
        try:
            yield
        except Exception:
            self._refuse_violations()
            raise

    def _refuse_violations(self) -> None:
        if self._draft is None:
            return
        writable = {str(field.source): name for name, field in self.fields.items() if not field.read_only}
        try:
            refuse_violations(self._draft, writable)
        except ValidationError as error:
            details = serializers.as_serializer_error(error)
            names = writable | {NON_FIELD_ERRORS: api_settings.NON_FIELD_ERRORS_KEY}
            named = {names.get(source, source): texts for source, texts in details.items()}
            raise serializers.ValidationError(named) from error

    def _stored_or_new(self) -> Model:
        """A copy of the stored row, or a new one below its parent."""
        if self.instance is not None:
            return copy(self.instance)
        return self.Meta.model(**self.context["view"].parent_link())  # type: ignore[misc]


class BlankableEmailField(serializers.EmailField):
    """An e-mail address that a person may lack: null and "" are stored as null and answered as ""."""

    def __init__(self, **kwargs):
        super().__init__(**{"max_length": 254, "required": False, "allow_null": True, "allow_blank": True} | kwargs)

    def get_attribute(self, instance):
        return super().get_attribute(instance) or ""

    def run_validation(self, data=empty):
        return super().run_validation(as_identifier(data) if isinstance(data, str) else data) or None


class OpaqueTextField(serializers.CharField):
    """Text that the service does not interpret: it may contain any character that a database can store."""

    def __init__(self, **kwargs):
        defaults = {"required": False, "allow_null": True, "allow_blank": True}
        super().__init__(**defaults | {"style": {"base_template": "textarea.html"}} | kwargs)


class BlankableCharField(serializers.CharField):
    """Text that may be null or "" in a body; stored and answered as ""."""

    def __init__(self, **kwargs):
        super().__init__(**{"required": False, "allow_null": True, "allow_blank": True} | kwargs)

    def run_validation(self, data=empty):
        return super().run_validation(data) or ""


class NameField(BlankableCharField):
    """A name that a VLE may lack. A blank one is none: it is as if the body had no such key."""

    def run_validation(self, data=empty):
        name = super().run_validation(data)
        if not name:
            raise serializers.SkipField
        return name


class NewEmailField(BlankableEmailField):
    """An e-mail address that new rows need. A stored row that lacks it can be sent back as it was read, with ""."""

    def __init__(self, **kwargs):
        super().__init__(**{"allow_null": False} | kwargs)

    def run_validation(self, data=empty):
        value = super().run_validation(data)
        if not value and self.parent.instance is None:
            self.fail("blank")
        return value


class SwitchField(serializers.BooleanField):
    """A boolean that may be null in a body, as forms send unchanged fields: its value then stays as it is."""

    def __init__(self, **kwargs):
        super().__init__(**{"required": False} | kwargs)

    def validate_empty_values(self, data):
        return super().validate_empty_values(empty if data is None else data)


def named_number(numbers: type[IntEnum]) -> serializers.ChoiceField:
    """Read-only; the schema lists the numbers with their names."""
    return serializers.ChoiceField([(number.value, number.name) for number in numbers], read_only=True)


class _JSONText(str):
    """A text that may be JSON, as it was typed: forms show it again as it is."""

    __slots__ = ()
    is_json_string = True  # what DRF's JSONField and its form look for


class AnyJSONField(serializers.JSONField):
    """JSON of any kind that is not nested too deeply: whatever takes JSON in is one of these."""

    default_error_messages = {"too_deep": TOO_DEEP}

    def to_internal_value(self, data):
        return super().to_internal_value(self.shallow(data))

    def parsed(self, text):
        try:
            return orjson.loads(str(text))  # it takes no subclass of str
        except ValueError:
            self.fail("invalid")

    def shallow(self, value):
        """The value; it must be checked before any recursive function uses it."""
        if is_too_deep(value):
            self.fail("too_deep")
        return value


class ObjectField(AnyJSONField):
    """A JSON object; a body may also hold it as text, as forms and some clients send it. "" is null."""

    default_error_messages = {
        "invalid": "Value must be valid JSON.",
        "not_an_object": "Expected an object.",
        "null_character": "The null character is not allowed.",
    }

    def get_value(self, dictionary):
        value = dictionary.get(self.field_name, empty)
        return _JSONText(value) if isinstance(value, str) else value

    def validate_empty_values(self, data):
        return super().validate_empty_values(None if data == "" else data)

    def to_internal_value(self, data):
        value = self.shallow(self.parsed(data) if isinstance(data, str) else data)
        if value is None and self.allow_null:
            return None
        if not isinstance(value, dict):
            self.fail("not_an_object")
        if rb"\u0000" in orjson.dumps(value):  # PostgreSQL cannot store it
            self.fail("null_character")
        return value


class Derived(serializers.Field):
    """A read-only value of a row that is not one of its columns."""

    def __init__(self, function: Callable[..., Any], **kwargs):
        self.function = function
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, value):
        return value


class Computed(Derived):
    """function(*columns) or function(*columns, per_request(view)); `per_request` is called once per request.

    Columns are ORM paths from the row, so that a page can be read without model instances, or expressions that the
    database works out for each row: functions of the caller's id, `lambda me: Exists(...)`.
    """

    def __init__(self, function, *columns: str | Expression, per_request: Callable[[Any], Any] | None = None, **kwargs):
        self.columns, self.per_request = columns, per_request
        super().__init__(function, **kwargs)

    @property
    def expressions(self) -> dict[str, Expression]:
        """{name of the annotation: expression}."""
        return {self._name(n): column for n, column in enumerate(self.columns) if not isinstance(column, str)}

    @property
    def paths(self) -> list[str]:
        return [column if isinstance(column, str) else self._name(n) for n, column in enumerate(self.columns)]

    def _name(self, number: int) -> str:
        return f"{self.field_name}_{number}"

    def get_attribute(self, instance):
        values = [_follow(instance, path) for path in self.paths]
        if self.per_request:
            values.append(self.context["view"].per_request(self.per_request))
        return self.function(*values)


class Batch(Derived):
    """function(keys, view) -> {key: value}: one call, so one query, for all rows of a page."""

    def __init__(self, function, *, key: str = "pk", missing: Any = None, **kwargs):
        self.key, self.missing = key, missing
        super().__init__(function, **kwargs)

    def get_attribute(self, instance):
        whole_page = isinstance(self.root, serializers.ListSerializer)
        page: Any = self.root.instance if whole_page else [instance]
        if self.field_name not in (batches := self.root.__dict__.setdefault("_batches", {})):
            keys: Sequence[Any] = [attrgetter(self.key)(row) for row in page]
            batches[self.field_name] = self.function(keys, self.context["view"])
        return batches[self.field_name].get(attrgetter(self.key)(instance), self.missing)


def _follow(instance, path: str):
    """The value at the path a__b__c; None as soon as a relation is empty, as with a LEFT JOIN."""
    for name in path.split("__"):
        instance = None if instance is None else getattr(instance, name)
    return instance
