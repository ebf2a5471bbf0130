"""The path from a table's rows to their institution."""

from functools import cache

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model


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
