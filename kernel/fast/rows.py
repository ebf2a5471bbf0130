"""Fast rows: a serializer's declaration, compiled once into one values_list and one dict display per row.

For `ActivityInstrumentSerializer` the compiler writes (`manage.py rows` prints it):

    def build(rows, x0):
        return [{'id': c0, 'active': c1, 'instrument': {'id': c2, 'name': c3}, 'note': x0.get(c0, d0)}
                for (c0, c1, c2, c3,) in rows]

`c*` are columns, read through joins; `f*` are functions of `Computed` fields; `x*` are values computed once per page:
the parent or institution object, results of `per_request` and `Batch`, nested lists (one query each). A serializer
that cannot be compiled raises at start-up, unless the viewset declares `fast_rows = False`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, cast

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from rest_framework import serializers as drf

from kernel.fast.prepared import Prepared
from kernel.serializers import (
    Batch,
    BlankableCharField,
    BlankableEmailField,
    Computed,
    Expression,
    IdentifierField,
    IdToLookUpField,
    LocaleField,
    MomentField,
    NameField,
    NewEmailField,
    ObjectField,
    OpaqueTextField,
    SwitchField,
    TenantRelatedField,
)

# Fields whose JSON is the column's value as the driver returns it (orjson writes instants and UUIDs as DRF does).
# Exact types: a subclass may have another representation.
PLAIN = {
    drf.IntegerField, drf.BigIntegerField, drf.CharField, drf.EmailField, drf.SlugField, drf.URLField, drf.BooleanField,
    drf.FloatField, drf.ChoiceField, drf.UUIDField, drf.DateField, drf.DateTimeField, drf.JSONField, BlankableCharField,
    ObjectField, OpaqueTextField, SwitchField, IdToLookUpField, LocaleField, MomentField, NameField, IdentifierField,
}  # fmt: skip
KEYS = {drf.PrimaryKeyRelatedField, TenantRelatedField}
NOT_NESTED = "expressions are worked out for the rows of a page, not for what is nested in them"
NULL = "it can be null: say allow_null=True, for the schema, and because DRF drops the key of an empty relation"
Extra = Callable[[Any, list[tuple]], Any]


class CannotCompileError(Exception):
    """A serializer has a field that only DRF itself can represent."""


@dataclass(frozen=True)
class Plan:
    columns: tuple[str, ...]
    expressions: Mapping[str, Expression]  # columns computed by the database for the caller: name -> expression
    extras: tuple[Extra, ...]
    build: Callable[..., list[dict]]
    source: str
    relations: tuple[str, ...]  # when DRF serializes: the same joins ...
    prefetches: tuple[Prefetch, ...]  # ... and the same lists

    def expressed(self, queryset: QuerySet, me: int) -> QuerySet:
        return queryset.annotate(**{name: make(me) for name, make in self.expressions.items()})

    def __call__(self, rows: list[tuple], view) -> list[dict]:
        return self.build(rows, *(extra(view, rows) for extra in self.extras))


def compile_rows(serializer: drf.ModelSerializer, constants: Mapping[str, str] | None = None, key: str = "") -> Plan:
    """`constants` (from the scope): paths that lead to one object for the whole page. `key`: an extra first column."""
    if settings.TIME_ZONE != "UTC":
        raise CannotCompileError("TIME_ZONE must be UTC: instants are written as the database gives them")
    compiler = _Compiler(constants or {})
    if key:
        compiler.column(key)
    display = compiler.object(serializer, "")
    arguments = "".join(f", x{i}" for i in range(len(compiler.extras)))
    names = "".join(f"c{i}, " for i in range(len(compiler.columns)))
    source = f"def build(rows{arguments}):\n    return [{display} for ({names}) in rows]\n"
    exec(source, compiler.names)  # noqa: S102 - written above, of names alone
    return Plan(
        tuple(compiler.columns), compiler.expressions, tuple(compiler.extras), compiler.names["build"], source,
        tuple(sorted({c.rpartition("__")[0] for c in compiler.joined} - {""})), tuple(compiler.prefetches),
    )  # fmt: skip


class _Compiler:
    def __init__(self, constants: Mapping[str, str]) -> None:
        self.constants = constants
        self.columns: dict[str, int] = {}
        self.expressions: dict[str, Expression] = {}
        self.joined: set[str] = set()
        self.extras: list[Extra] = []
        self.prefetches: list[Prefetch] = []
        self.names: dict[str, Any] = {}

    # Each method returns the Python expression of one value inside the row.

    def object(self, serializer, prefix: str) -> str:
        if type(serializer).to_representation is not drf.Serializer.to_representation:
            raise CannotCompileError(f"{type(serializer).__name__} represents itself")
        model = serializer.Meta.model
        pairs = [f"{f.field_name!r}: {self.value(f, model, prefix)}" for f in serializer._readable_fields]
        return "{" + ", ".join(pairs) + "}"

    def value(self, field, model, prefix: str) -> str:
        where = f"{type(field.parent).__name__}.{field.field_name} ({type(field).__name__})"
        if isinstance(field, Computed):
            return self.computed(field, prefix, where)
        if isinstance(field, Batch):
            column = self.column(prefix + field.key)
            at, function = self.columns[prefix + field.key], field.function
            batch = self.once(lambda view, rows: function([row[at] for row in rows], view))
            return f"{batch}.get({column}, {self.name('d', field.missing)})"
        path, nullable = _resolve(model, field.source_attrs, where)
        if isinstance(field, drf.ListSerializer | drf.ManyRelatedField):
            return self.list(field, model, prefix + path, where)
        if isinstance(field, drf.ModelSerializer):
            if nullable and not field.allow_null and prefix + path not in self.constants:
                raise CannotCompileError(f"{where}: {NULL}")
            return self.nested(field, prefix + path, nullable)
        if type(field) in KEYS:
            return self.column(f"{prefix}{path}_id")
        if type(field) in {BlankableEmailField, NewEmailField}:
            return f"({self.column(prefix + path)} or '')"
        if type(field) not in PLAIN:
            raise CannotCompileError(f"{where}: declare it Computed or Batch, or say fast_rows = False")
        if nullable and not field.allow_null:
            raise CannotCompileError(f"{where}: {NULL}")
        return self.column(prefix + path)

    def computed(self, field: Computed, prefix: str, where: str) -> str:
        if field.expressions and prefix:
            raise CannotCompileError(f"{where}: {NOT_NESTED}")
        self.expressions |= field.expressions
        arguments = [self.column(prefix + path) for path in field.paths]
        if field.per_request:
            arguments.append(self.once(_per_request(field.per_request)))
        return f"{self.name('f', field.function)}({', '.join(arguments)})"

    def nested(self, serializer, path: str, nullable: bool) -> str:
        if path in self.constants:
            attribute = self.constants[path]
            self.joined.add(f"{path}__pk")  # DRF's own path reads it from each row
            plan = _inner(serializer)
            self.joined.update(f"{path}__{relation}__pk" for relation in plan.relations)
            if plan.relations or plan.extras or len(plan.columns) < 2:
                return self.once(lambda view, rows: serializer.to_representation(getattr(view, attribute)))
            row = attrgetter(*plan.columns)  # all of it is on the object: the same builder serves
            return self.once(lambda view, rows: plan.build([row(getattr(view, attribute))])[0])
        display = self.object(serializer, f"{path}__")
        return f"None if {self.column(f'{path}_id')} is None else {display}" if nullable else display

    def list(self, field, model, path: str, where: str) -> str:
        """A nested list: one query for the page, rows grouped by the page's keys.

        Ordered by `Meta.order`, a column that is unique below one parent; by default by the key.
        """
        relation = model._meta.get_field(path) if "__" not in path else None
        column = self.column("pk")
        at = self.columns["pk"]
        if isinstance(field, drf.ListSerializer) and relation is not None and relation.one_to_many:
            key, related = relation.field.attname, relation.related_model
            child = cast("drf.ModelSerializer", field.child)
            plan, order = _inner(child, key=key), getattr(child.Meta, "order", "pk")
            self.prefetches.append(
                Prefetch(path, related._default_manager.select_related(*plan.relations).order_by(order))
            )
        elif isinstance(field, drf.ManyRelatedField) and relation is not None and relation.many_to_many:
            key, related, plan = f"{relation.m2m_field_name()}_id", relation.remote_field.through, None
            order = target = f"{relation.m2m_reverse_field_name()}_id"
            self.prefetches.append(Prefetch(path, relation.related_model._default_manager.order_by("pk")))
        else:
            raise CannotCompileError(f"{where}: only reverse foreign keys and many-to-many keys make lists")

        def children(keys):
            matching = related._default_manager.filter(**{f"{key}__any_of": keys})
            return matching.order_by(order).values_list(*(plan.columns if plan else (key, target)))

        prepared = Prepared(children, "keys")

        def grouped(view, rows):
            groups: dict[Any, list] = {}
            raw = list(prepared(keys=[row[at] for row in rows]))
            items = plan(raw, view) if plan else [value for _, value in raw]
            for line, item in zip(raw, items, strict=True):
                groups.setdefault(line[0], []).append(item)
            return groups

        return f"{self.once(grouped)}.get({column}, {self.name('d', [])})"

    # Register what the expressions use: columns, values per page, and objects by name.

    def column(self, path: str) -> str:
        self.joined.add(path)
        return f"c{self.columns.setdefault(path, len(self.columns))}"

    def once(self, extra: Extra) -> str:
        self.extras.append(extra)
        return f"x{len(self.extras) - 1}"

    def name(self, letter: str, thing: Any) -> str:
        name = f"{letter}{len(self.names)}"
        self.names[name] = thing
        return name


def _inner(serializer: drf.ModelSerializer, key: str = "") -> Plan:
    plan = compile_rows(serializer, key=key)
    if plan.expressions:
        raise CannotCompileError(f"{type(serializer).__name__}: {NOT_NESTED}")
    return plan


def _per_request(fact: Callable[[Any], Any]) -> Extra:
    return lambda view, rows: view.per_request(fact)


def _resolve(model, attributes: list[str], where: str) -> tuple[str, bool]:
    """The ORM path of a dotted source, and whether the value may be null."""
    nullable = False
    for i, name in enumerate(attributes):
        try:
            field = model._meta.pk if name == "pk" else model._meta.get_field(name)
        except Exception as error:
            raise CannotCompileError(f"{where}: {model.__name__}.{name} is no column") from error
        last = i == len(attributes) - 1
        nullable = nullable or bool(getattr(field, "null", False))
        if not last:
            if not (field.many_to_one or field.one_to_one) or not field.concrete:
                raise CannotCompileError(f"{where}: {model.__name__}.{name} is not a forward relation")
            model = field.related_model
    return "__".join(attributes), nullable
