"""Scope: what each id of a URL filters, and how rows are related to the nearest parent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import ManyToManyRel, Model, Q, QuerySet

TENANT = "tenant"


@dataclass(frozen=True)
class Scope:
    model: type[Model] | None = None  # the nearest parent; None at the root
    rows: Mapping[str, str] = field(default_factory=dict)  # path from a row -> attribute of the parent
    kwargs: Mapping[str, str] = field(default_factory=dict)  # URL kwarg -> path from the parent, nearest first
    tenant: str | None = None  # path from a row to its institution, when it has one of its own
    root_kwarg: str | None = None
    same_tenant: tuple[str, ...] = ()  # further paths to that institution, which the database ties to it
    with_shared_rows: bool = False  # rows without a parent are listed below every parent, and cannot be changed there

    @property
    def at_root(self) -> bool:
        """The nearest parent is what the first id of the URL names."""
        return self.root_kwarg is not None and list(self.kwargs.values()) == ["pk"]

    @property
    def parent_is_free(self) -> bool:
        """The parent needs no query: access has compared the first id with the caller's own."""
        return self.model is None or self.at_root

    def without_root(self) -> "Scope":
        """The same below a root without a row of its own: the first id is looked up like every other one."""
        return replace(self, root_kwarg=None)

    def parents(self, kwargs: Mapping[str, Any]) -> QuerySet:
        """The nearest parent, filtered by all other ids of the URL too: one query, one row or none."""
        ids = {path: kwargs[kwarg] for kwarg, path in self.kwargs.items()}
        return self.model._default_manager.filter(**ids)  # type: ignore[union-attr] # called only below a root

    def rows_of_parent(self, link: Mapping[str, Any]) -> Q:
        """The rows that `link` relates to the parent, and the shared ones if this scope has them."""
        own = Q(**link)
        return own | Q(**dict.fromkeys(self.rows, None)) if self.with_shared_rows else own

    def ordered_keys(self, model: type[Model]) -> Callable[..., QuerySet] | None:
        """If a many-to-many table relates rows to the parent: a function for the ordered keys of the rows in it."""
        (path, *more) = self.rows or ("",)
        many = next((f for f in model._meta.related_objects if f.name == path), None)
        if more or not isinstance(many, ManyToManyRel):
            return None
        parent, row = many.field.m2m_field_name(), f"{many.field.m2m_reverse_field_name()}_id"
        links = many.through._default_manager  # type: ignore[union-attr] # every relation has its table
        return lambda **link: links.filter(**{parent: link[path]}).order_by(row).values_list(row)

    def is_shared(self, row: Model) -> bool:
        """Whether the row has no parent. Scopes with shared rows have foreign keys to the parent as `rows`."""
        return self.with_shared_rows and all(getattr(row, f"{path}_id") is None for path in self.rows)

    def constants(self, root_is_tenant: bool) -> dict[str, str]:
        """{path from a row: attribute of the view} for paths that lead to the same object for all rows of a page."""
        if self.with_shared_rows:
            return {}
        # The institution is in memory. Any other parent is joined, which costs less than a query of its own.
        constant_paths: dict[str, str] = {}
        if self.kwargs and root_is_tenant and len(self.rows) == 1:
            up = [*self.kwargs.values()][-1]
            constant_paths |= {path if up == "pk" else f"{path}__{up}": TENANT for path in self.rows}
        if self.kwargs:
            constant_paths |= dict.fromkeys((path for path in (self.tenant, *self.same_tenant) if path), TENANT)
        return constant_paths


def under(
    model: type[Model],
    rows: str | Mapping[str, str],
    tenant: str | None = None,
    same_tenant: tuple[str, ...] = (),
    with_shared_rows: bool = False,
    **kwargs: str,
) -> Scope:
    """under(Course, rows="course", parent_lookup_course_id="pk", parent_lookup_vle__institution_id="vle__institution")

    `rows` is the path from a row to the parent, or {path from a row: attribute of the parent}
    where rows are related to the parent by more than one column.
    """
    paths = {rows: "pk"} if isinstance(rows, str) else dict(rows)
    return Scope(model, paths, kwargs, tenant, [*kwargs][-1], same_tenant, with_shared_rows)


def shared(model: type[Model], **kwargs: str) -> Scope:
    """Rows that all institutions share, below a parent that must exist and to which the caller must belong."""
    return Scope(model, {}, kwargs, None, [*kwargs][-1])
