"""Navigation of the browsable API's pages: titles, breadcrumbs, links, the table of a list, and its query form."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import Resolver404, resolve
from rest_framework.filters import OrderingFilter, SearchFilter

from kernel.declared import declared_tree
from kernel.filters import DeclaredFilterBackend

COLUMNS = 5  # of a list's table; all fields are in the JSON below it
_BETWEEN_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def in_tree(view) -> bool:
    """A list or a row, not an action beside them."""
    return getattr(view, "suffix", None) in {"List", "Instance"}


def title(view) -> str:
    """ "VLE", "Course learner": a resource's class name in words; an action's or another view's own name."""
    if not hasattr(view, "scope") or getattr(view, "name", None):
        return view.get_view_name()
    words = _BETWEEN_WORDS.sub(" ", type(view).__name__.removesuffix("ViewSet")).split()
    return " ".join([words[0], *(word if word.isupper() else word.lower() for word in words[1:])])


def heading(view) -> str:
    """ "Course list", "Course 3", or an action's name."""
    suffix = getattr(view, "suffix", None)
    if suffix == "Instance":
        return f"{title(view)} {view.kwargs[view.lookup_url_kwarg]}"
    return f"{title(view)} list" if suffix == "List" else title(view)


def trail(path: str) -> Iterator[tuple[str, str]]:
    """(name, address) of each part of a path that has a view: the breadcrumbs of the page."""
    address = "/"
    for segment in path.strip("/").split("/"):
        address += f"{segment}/"
        try:
            view: Any = resolve(address).func
        except Resolver404:
            continue
        if hasattr(view, "cls"):
            named = view.initkwargs.get("suffix") != "Instance"
            yield title(view.cls(**view.initkwargs)) if named else segment, address


def link_to(row: Any, view, path: str) -> str | None:
    """The address of a row of the list at `path`."""
    if not isinstance(row, Mapping) or getattr(view, "action", None) not in {"list", "create"}:
        return None
    key = row.get(view.lookup_url_kwarg, row.get(view.lookup_field, row.get("id")))
    return f"{path.rstrip('/')}/{key}/" if isinstance(key, int | str) else None


def table(rows: list[Mapping[str, Any]], view, path: str) -> dict[str, Any]:
    """The first columns that are neither nested nor empty in all rows; the first cell links to the row."""
    nested = {name for row in rows for name, value in row.items() if isinstance(value, dict | list)}
    filled = {name for row in rows for name, value in row.items() if value not in (None, "")}
    names = [name for name in (rows[0] if rows else ()) if name in filled - nested][:COLUMNS]
    return {
        "columns": [name.replace("_", " ") for name in names],
        "rows": [(link_to(row, view, path), [row[name] for name in names]) for row in rows],
    }


def query_form(view, request) -> dict[str, Any]:
    """The list's query as a form: search, order, rows, and the filters by (label, field)."""
    filterset_class, fields = getattr(view, "filterset_class", None), []
    if filterset_class is not None:
        form = DeclaredFilterBackend().get_filterset(request, view.get_queryset(), view).form
        # A filter that is no column has no label of its own.
        fields = [(f.label if f.label[0] != "[" else f.name.replace("_", " ").capitalize(), f) for f in form]
    return {
        "search_param": SearchFilter.search_param if view.search_fields else "",
        "search": request.query_params.get(SearchFilter.search_param, ""),
        "fields": fields,
        "used": any(request.query_params.get(field.html_name) for _, field in fields),
        "orders": [(sign + name, name.replace("_", " "), sign) for name in view.orderable for sign in ("", "-")],
        "order_param": OrderingFilter.ordering_param,
        "order": request.query_params.get(OrderingFilter.ordering_param, ""),
        "limit": request.query_params.get("limit", ""),
    }


def below(view) -> list[tuple[str, str]]:
    """(name, address) of the resources under this row whose list the caller's roles may open."""
    if not getattr(view, "detail", False) or not in_tree(view):
        return []
    depth, path = view.basename.count("-") + 1, view.request.path.rstrip("/")
    return [
        (title(resource.viewset()), f"{path}/{resource.segments[-1][0]}/")
        for resource in declared_tree().TREE
        if resource.name.startswith(f"{view.basename}-")
        and resource.name.count("-") == depth
        and may_call(view, resource.viewset, {"list"})
    ]


def beside(view) -> list[tuple[str, str]]:
    """(name, address) of the actions on this row or list that the caller's roles may call."""
    if not hasattr(view, "scope") or not in_tree(view):
        return []
    path = view.request.path.rstrip("/")
    return [
        (action.kwargs["name"], f"{path}/{action.url_path}/")
        for action in view.get_extra_actions()
        if action.detail == view.detail and may_call(view, type(view), set(action.mapping.values()))
    ]


def may_call(view, viewset, actions: set[str]) -> bool:
    """Whether the caller's roles are granted one of these actions; rules about parents and rows are not checked."""
    roles = view.roles
    return any(who & roles and actions & grant.actions for who, grant in viewset.access.items())
