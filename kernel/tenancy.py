"""Which column of a table says whose its rows are."""

from functools import cache

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model


@cache
def tenant_path(model: type[Model]) -> str | None:
    """The path from a row to its institution: "institution", "pk" for institutions themselves, None for shared rows.

    Rows are shared by all institutions when no foreign key of theirs leads to one. Where only a longer path does, the
    serializer must declare the field with that path: a guess could be one of several.
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
    waiting = [model]
    while waiting:
        options = waiting.pop()._meta
        fields = (*options.fields, *options.many_to_many)
        related = {field.related_model for field in fields if field.related_model is not None}
        waiting += related - reached
        reached |= related
    return reached
