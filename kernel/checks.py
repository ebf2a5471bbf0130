"""`manage.py check`: tree, scopes, access, ordering and plans of all resources must be consistent."""

from functools import partial
from itertools import product

from django.apps import apps
from django.core.checks import Error, register
from django.core.exceptions import FieldError, ImproperlyConfigured

from kernel.access import METHOD, ROOTS
from kernel.caller import Anyone, Role
from kernel.declared import declared_tree
from kernel.fast.rows import CannotCompileError
from kernel.reading import ME, SENT
from kernel.row_rules import multiplies
from kernel.serializers import ResourceSerializer
from kernel.tenancy import misled_paths, tenant_path
from kernel.viewsets import ResourceViewSet


@register
def tree_matches_scopes(**_):
    tree = declared_tree()
    return [error for resource in (*tree.TREE, *tree.CALLS) for error in _examine(resource)]


def _examine(resource):
    view = resource.viewset
    if not issubclass(view, ResourceViewSet):
        yield Error(f"{view.__name__} is no ResourceViewSet", id="tesla.E001")
        return
    missing = [name for name in ("queryset", "serializer_class") if getattr(view, name, None) is None]
    if missing:
        yield Error(f"{view.__name__} has no {' and no '.join(missing)}", id="tesla.E001")
        return
    yield from _examine_names(resource)
    yield from _examine_scope(view, resource.root)
    yield from _examine_access(view)
    for name in ("serializer_class", "detail_serializer_class"):
        if not issubclass(getattr(view, name) or ResourceSerializer, ResourceSerializer):
            yield Error(f"{view.__name__}.{name} is no ResourceSerializer", id="tesla.E004")
    for serializer in view.serializers():
        try:
            serializer().fields  # noqa: B018 - creates the fields
        except ImproperlyConfigured as error:
            yield Error(str(error), id="tesla.E006")
            return
    if not _is_total(view.ordering, view.queryset.model):
        yield Error(f"{view.__name__}.ordering is not total: it must end in the key", id="tesla.E003")
    yield from _examine_queries(view, list(view.scope.kwargs))


def _examine_names(resource):
    view, (*above, own) = resource.viewset, resource.kwargs
    scope_kwargs, url_kwargs = list(view.scope.kwargs), above[::-1]
    if resource.root not in ROOTS or view.root != resource.root:
        yield Error(f"{view.__name__}.root is {view.root}, its URL begins with {resource.root}", id="tesla.E001")
    if resource.root in ROOTS and ROOTS[resource.root].id_is_own and view.root_kwarg != resource.kwargs[0]:
        yield Error(f"{view.__name__}.scope must say that its URL begins with {resource.kwargs[0]}", id="tesla.E001")
    if scope_kwargs != url_kwargs:
        yield Error(f"{view.__name__}.scope names {scope_kwargs}, its URL names {url_kwargs}", id="tesla.E001")
    if (looked_up := view.lookup_url_kwarg) != own:
        yield Error(f"{view.__name__} looks up {looked_up}, its URL says {own}", id="tesla.E001")


def _examine_scope(view, word):
    """What joins the rows to the ids of the URL, or takes its place: a slip there shows rows of other institutions."""
    scope, model = view.scope, view.queryset.model
    table = ROOTS[word].table if word in ROOTS else None
    for path in misled_paths(scope, model, table):
        yield Error(f"{view.__name__}.scope: {path} leads to another table than the URL's id names", id="tesla.E002")
    if scope.model is not None and not scope.rows and _is_owned(model):
        yield Error(f"{view.__name__}.scope shows all institutions' rows: they have one of their own", id="tesla.E002")
    if scope.model is None and table is not None:
        if model is not apps.get_model(table):
            yield Error(f"{view.__name__}.scope has no parent, its rows are not the root's", id="tesla.E002")
        if any(who & ~Role.GLOBAL and grant.rows is None for who, grant in view.access.items()):
            yield Error(f"{view.__name__}.access shows all rows of the root: say rows=...", id="tesla.E002")
    if word == "me" and any(grant.rows is None for grant in view.access.values()):
        yield Error(f"{view.__name__}.access shows rows of everybody below me/: say rows=...", id="tesla.E002")


def _is_owned(model) -> bool:
    """Rows are some institution's, which the table names or reaches by a longer path."""
    try:
        return tenant_path(model) is not None
    except ImproperlyConfigured:
        return True


def _examine_access(view):
    granted = {action for grant in view.access.values() for action in grant.actions}
    if not granted:
        yield Error(f"{view.__name__} grants nothing to anyone", id="tesla.E002")
    known = METHOD.keys() | {name for extra in view.get_extra_actions() for name in extra.mapping.values()}
    if unknown := sorted(granted - known):
        yield Error(f"{view.__name__}.access grants {unknown}, which are no actions of it", id="tesla.E002")
    for grant in view.access.values():
        if grant.rows is not None and multiplies(view.queryset.model, grant.rows(Anyone(1, 1))):
            text = "a row rule joins rows of which there may be many: say pk__in=..."
            yield Error(f"{view.__name__}.access: {text}", id="tesla.E002")


def _is_total(ordering, model) -> bool:
    return bool(ordering) and str(ordering[-1]).lstrip("-") in {"pk", model._meta.pk.name, model._meta.pk.attname}


def _examine_queries(view, kwargs):
    """Let the ORM compile the statements of requests, without a database: wrong paths and unstable rules fail here."""
    for what, attempt in _attempts(view, kwargs):
        try:
            attempt()
        except CannotCompileError as error:
            yield Error(str(error), id="tesla.E004")
        except (FieldError, TypeError, ValueError) as error:
            yield Error(f"{view.__name__}.{what}: {error}", id="tesla.E005")


def _attempts(view, kwargs):
    rows = view.queryset.all()
    if view.scope.model is not None:
        yield "scope", lambda: str(view.scope.parents(dict.fromkeys(kwargs, 1)).query)
    yield "scope", lambda: str(rows.filter(**dict.fromkeys(view.scope.rows, 1)).query)
    yield "ordering", lambda: str(rows.order_by(*view.ordering).query)
    yield "orderable", lambda: [str(rows.order_by(*view.columns_of(name)).query) for name in view.orderable]
    for path in view.search_fields:
        yield "search_fields", lambda path=path: str(rows.filter(**{f"{path}__icontains": "x"}).query)
    for grant, slots in product(view.access.values(), (ME, SENT)):
        prepared = partial(view.prepared, slots=slots)
        if not view.scope.parent_is_free:
            yield "access", lambda prepared=prepared, grant=grant: prepared("parent", (grant,)).compiled()
        if view.fast_rows:
            yield "access", lambda prepared=prepared, grant=grant: prepared("page", (grant,)).compiled()
            for reader in view.serializers():
                row = partial(prepared, "row", (grant,), reader)
                yield "serializer", lambda row=row: row().compiled()
