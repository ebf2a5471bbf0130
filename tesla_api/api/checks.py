"""`manage.py check`: tree, scopes, access and plans must tell the same story."""

from django.core.checks import Error, register
from django.core.exceptions import FieldError
from django.utils.module_loading import import_string

from tesla_api.api.access import ROOTS
from tesla_api.api.rows import CannotCompileError


@register
def tree_matches_scopes(**_):
    # By name: the kernel knows no resource.
    return [error for resource in import_string("tesla_api.tree.TREE") for error in _examine(resource)]


def _examine(resource):
    view, (*above, own) = resource.viewset, resource.kwargs
    said, wanted = list(view.scope.kwargs), above[::-1]
    if resource.root not in ROOTS or view.root != resource.root:
        yield Error(f"{view.__name__}.root is {view.root}, its URL begins with {resource.root}", id="tesla.E001")
    if said != wanted:
        yield Error(f"{view.__name__}.scope names {said}, its URL names {wanted}", id="tesla.E001")
    if (looked_up := view.lookup_url_kwarg) != own:
        yield Error(f"{view.__name__} looks up {looked_up}, its URL says {own}", id="tesla.E001")
    if not any(grant.actions for grant in view.access.values()):
        yield Error(f"{view.__name__} grants nothing to anyone", id="tesla.E002")
    if not _is_total(view.ordering, view.queryset.model):
        yield Error(f"{view.__name__}.ordering is not total: it must end in the key", id="tesla.E003")
    try:
        _try_queries(view, said)
    except CannotCompileError as error:
        yield Error(str(error), id="tesla.E004")
    except (FieldError, TypeError, ValueError) as error:
        yield Error(f"{view.__name__}: {error}", id="tesla.E005")


def _is_total(ordering, model) -> bool:
    return bool(ordering) and ordering[-1].lstrip("-") in {"pk", model._meta.pk.name, model._meta.pk.attname}


def _try_queries(view, kwargs) -> None:
    """Let the ORM build what requests will ask, without a database: mistyped paths and impure rules fail here."""
    if view.scope.model is not None:
        str(view.scope.parents(dict.fromkeys(kwargs, 1)).query)
    rows = view.queryset.filter(**dict.fromkeys(view.scope.rows, 1)).order_by(*view.ordering)
    str(rows.order_by(*(column for name in view.orderable for column in view.columns_of(name))).query)
    for path in view.search_fields:
        str(rows.filter(**{f"{path}__icontains": "x"}).query)
    for held in view.access.values():
        if not view.scope.parent_is_free:
            view.prepared("parent", (held,)).compiled()
        if view.fast_rows:
            view.prepared("page", (held,)).compiled()
