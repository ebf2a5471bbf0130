"""Scope: what each id of a URL filters, and how rows hang from the nearest parent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldError
from django.db.models import ManyToManyRel, Model, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.db.models.sql import Query

TENANT = "tenant"


@dataclass(frozen=True)
class Scope:
    model: type[Model] | None = None  # the nearest parent; None at the root
    rows: Mapping[str, str] = field(default_factory=dict)  # path from a row -> attribute of the parent
    kwargs: Mapping[str, str] = field(default_factory=dict)  # URL kwarg -> path from the parent, nearest first
    tenant: str | None = None  # path from a row to its institution, when it has one of its own
    root_kwarg: str | None = None
    same_tenant: tuple[str, ...] = ()  # further paths to that institution, which the database ties to it
    with_nobodys: bool = False  # rows that hang from no parent are seen below every one; they are only read

    @property
    def at_root(self) -> bool:
        """The nearest parent is what the first id of the URL names."""
        return self.root_kwarg is not None and list(self.kwargs.values()) == ["pk"]

    @property
    def parent_is_free(self) -> bool:
        """No query for the parent: access has compared the first id with the caller's own."""
        return self.model is None or self.at_root

    def without_root(self) -> "Scope":
        """The same below a root that has no row: its first id is looked up as every other one is."""
        return replace(self, root_kwarg=None)

    def parents(self, kwargs: Mapping[str, Any]) -> QuerySet:
        """The nearest parent, tied to every other id of the URL: one query, one row or none."""
        ids = {path: kwargs[kwarg] for kwarg, path in self.kwargs.items()}
        return self.model._default_manager.filter(**ids)  # type: ignore[union-attr] # asked only below a root

    def misled(self, rows: type[Model] | None, root: str | None) -> list[str]:
        """Paths that lead to another table than they must: an id of the URL would be compared with ids of other rows.

        `rows` is the table of the rows, `root` the one of what the first id of the URL names.
        """
        institution, model = apps.get_model("institutions.Institution"), self.model
        pairs = [(led_to(rows, path), led_to(model, to), path) for path, to in self.rows.items()]
        pairs += [(led_to(rows, path), institution, path) for path in (self.tenant, *self.same_tenant) if path]
        if model is not None and root is not None:
            path = [*self.kwargs.values()][-1]
            pairs.append((led_to(model, path), apps.get_model(root), path))
        return [path for table, wanted, path in pairs if table is None or table is not wanted]

    def hanging(self, link: Mapping[str, Any]) -> Q:
        """The rows that `link` ties to the parent, and those of nobody where they are seen, too."""
        own = Q(**link)
        return own | Q(**dict.fromkeys(self.rows, None)) if self.with_nobodys else own

    def linked(self, model: type[Model]) -> Callable[..., QuerySet] | None:
        """Where rows are tied to their parent by a table of links: how it says, in order, which rows those are."""
        (path, *more) = self.rows or ("",)
        many = next((f for f in model._meta.related_objects if f.name == path), None)
        if more or not isinstance(many, ManyToManyRel):
            return None
        parent, row = many.field.m2m_field_name(), f"{many.field.m2m_reverse_field_name()}_id"
        links = many.through._default_manager  # type: ignore[union-attr] # every relation has its table
        return lambda **link: links.filter(**{parent: link[path]}).order_by(row).values_list(row)

    def is_nobodys(self, row: Model) -> bool:
        """Such a row. What may hang from nobody hangs by foreign keys of its own."""
        return self.with_nobodys and all(getattr(row, f"{path}_id") is None for path in self.rows)

    def constants(self, root_is_tenant: bool) -> dict[str, str]:
        """Row paths that lead to one and the same object for all rows of a page, and to which one."""
        if self.with_nobodys:
            return {}
        # The institution is in memory. Any other parent is read with the rows: joining it costs less than asking again.
        fixed: dict[str, str] = {}
        if self.kwargs and root_is_tenant and len(self.rows) == 1:
            up = [*self.kwargs.values()][-1]
            fixed |= {path if up == "pk" else f"{path}__{up}": TENANT for path in self.rows}
        if self.kwargs:
            fixed |= dict.fromkeys((path for path in (self.tenant, *self.same_tenant) if path), TENANT)
        return fixed


def led_to(model: type[Model] | None, path: str) -> type[Model] | None:
    """The table that a path of foreign keys leads to; None where it leads to none."""
    steps = [step for step in path.split(LOOKUP_SEP) if step != "pk"]
    if model is None or not steps:
        return model
    try:
        joins = Query(model).names_to_path(steps, model._meta, fail_on_missing=True)[0]
    except FieldError:
        return None
    return joins[-1].to_opts.model if joins else None


def under(
    model: type[Model],
    rows: str | Mapping[str, str],
    tenant: str | None = None,
    same_tenant: tuple[str, ...] = (),
    with_nobodys: bool = False,
    **kwargs: str,
) -> Scope:
    """under(Course, rows="course", parent_lookup_course_id="pk", parent_lookup_vle__institution_id="vle__institution")

    `rows` is the path from a row to the parent, or {path from a row: attribute of the parent}
    where rows are related to the parent by more than one column.
    """
    hang = {rows: "pk"} if isinstance(rows, str) else dict(rows)
    return Scope(model, hang, kwargs, tenant, [*kwargs][-1], same_tenant, with_nobodys)


def shared(model: type[Model], **kwargs: str) -> Scope:
    """Rows that all institutions share, below a parent that must exist and that the caller must belong to."""
    return Scope(model, {}, kwargs, None, [*kwargs][-1])
