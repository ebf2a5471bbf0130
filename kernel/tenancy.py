"""The path from a table's rows to their institution, and whether the paths of a scope lead where they must."""

from functools import cache

from django.apps import apps
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db.models import Model
from django.db.models.constants import LOOKUP_SEP
from django.db.models.sql import Query

from kernel.scope import Scope


@cache
def tenant_path(model: type[Model]) -> str | None:
    """The path from a row to its institution: "institution", "pk" for institutions themselves, None for shared rows.

    Rows are shared by all institutions when no path of foreign keys leads to an institution. When only a longer path
    does, the serializer must declare the field with that path, as there may be several.
    """
    institution = apps.get_model("institutions.Institution")
    if model is institution:
        return "pk"
    if any(field.name == "institution" and field.related_model is institution for field in model._meta.fields):
        return "institution"
    if institution in _reached(model):
        raise ImproperlyConfigured(
            f"{model.__name__} has no key to its institution: declare a TenantRelatedField(tenant=...) with the path"
        )
    return None


def _reached(model: type[Model]) -> set[type[Model]]:
    """The models that foreign keys and many-to-many keys lead to, from this one and from each of them."""
    reached: set[type[Model]] = set()
    pending = [model]
    while pending:
        options = pending.pop()._meta
        fields = (*options.fields, *options.many_to_many)
        related = {field.related_model for field in fields if field.related_model is not None}
        pending += related - reached
        reached |= related
    return reached


def misled_paths(scope: Scope, rows: type[Model] | None, root: str | None) -> list[str]:
    """Paths of a scope that lead to another table than they must: ids of the URL would be compared with other ids.

    `rows` is the table of the rows, `root` the table that the first id of the URL names.
    """
    institution, model = apps.get_model("institutions.Institution"), scope.model
    pairs = [(led_to(rows, path), led_to(model, to), path) for path, to in scope.rows.items()]
    pairs += [(led_to(rows, path), institution, path) for path in (scope.tenant, *scope.same_tenant) if path]
    if model is not None and root is not None:
        path = [*scope.kwargs.values()][-1]
        pairs.append((led_to(model, path), apps.get_model(root), path))
    return [path for table, wanted, path in pairs if table is None or table is not wanted]


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
