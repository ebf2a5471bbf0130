"""The browsable API: an answer as a page, with the links and forms that the caller may use.

Everything on the page is static HTML; its one script (static/tesla/browsable.js) only sends forms by other methods.
"""

from collections.abc import Mapping
from inspect import getdoc
from typing import Any

import orjson
from django.http import Http404
from django.utils.safestring import SafeString
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.renderers import BrowsableAPIRenderer, HTMLFormRenderer
from rest_framework.request import override_method
from rest_framework.utils.field_mapping import ClassLookupDict

from kernel.access import METHOD
from kernel.browsable.differences import differences
from kernel.browsable.navigation import below, beside, heading, in_tree, link_to, query_form, table, trail
from kernel.http.renderers import IndentedJSON

WITHOUT_FORMS = {401, 403, 404, 405, 413, 415, 429}  # no values to correct, or (413, 415) no body to show


def action_docstring(view, method: str) -> str:
    """The docstring of the action that answers a method."""
    handler = getattr(view, getattr(view, "action_map", {}).get(method, ""), None)
    return getdoc(handler) or "" if handler else ""


class FormRenderer(HTMLFormRenderer):
    """Instants are text inputs: browsers' own inputs cut them to milliseconds, and cannot show an invalid value."""

    default_style: Any = ClassLookupDict({
        **HTMLFormRenderer.default_style.mapping,
        serializers.DateTimeField: {
            "base_template": "input.html",
            "input_type": "text",
            "placeholder": "2026-09-01T08:00:00Z",
        },
    })  # fmt: skip


class BrowsableRenderer(BrowsableAPIRenderer):
    form_renderer_class = FormRenderer

    def get_context(self, data, accepted_media_type, renderer_context) -> dict[str, Any]:
        view, request, response = (renderer_context[name] for name in ("view", "request", "response"))
        listing = getattr(view, "action", None) == "list" and response.status_code == 200
        return {
            "view": view,
            "request": request,
            "response": response,
            "user": request.user,
            "name": heading(view),
            "description": self.get_description(view, response.status_code),
            "content": self.get_content(IndentedJSON(), data, accepted_media_type, renderer_context),
            "response_headers": dict(sorted(response.items())) | {"Content-Type": IndentedJSON.media_type},
            "trail": list(trail(request.path)),
            "problems": problems(data) if response.status_code >= 400 else [],
            "table": table(data["results"], view, request.path) if listing else None,
            "created": link_to(data, view, request.path) if response.status_code == 201 else None,
            "filters": query_form(view, request) if listing else None,
            "paginator": paginator_of(view) if listing else None,
            "below": below(view) if response.status_code == 200 else [],
            "actions": beside(view) if response.status_code < 400 else [],
            "in_tree": in_tree(view),
            "removal": action_docstring(view, "delete"),
            # Forms are about the state that is shown; after a refused value still about the one they were opened with.
            "tag": response.get("ETag") or request.META.get("HTTP_IF_MATCH", ""),
            **self.forms(data, view, request, response.status_code),
        }

    def forms(self, data, view, request, status: int) -> dict[str, Any]:
        """The forms of the page. After a refused request only its own form, filled in, to be corrected."""
        if status in WITHOUT_FORMS and not (status == 405 and request.method == "GET"):
            return {}
        if request.method == "DELETE":
            return {"deletable": status >= 400}
        if status >= 400 and request.method in {"POST", "PUT", "PATCH"}:
            if not is_readable(request):
                return {}
            refused = {"data": request.data, "errors": data if isinstance(data, dict) else {}}
            if request.method == "POST":
                return {"create": self.form(view, request, "POST", refused)}
            return {
                "change": self.form(view, request, "PUT", refused),
                "patchable": self.may(view, request, "PATCH"),
                "differences": differences(view, request.data) if status == 412 else [],
            }
        return {
            "create": self.form(view, request, "POST"),
            "change": self.form(view, request, "PUT"),
            "patchable": self.may(view, request, "PATCH"),
            "deletable": self.may(view, request, "DELETE") and self.is_changeable(view, request),
        }

    def may(self, view, request, method: str) -> bool:
        with override_method(view, request, method) as form_request:
            return bool(self.show_form_for_method(view, method, form_request, None))

    def is_changeable(self, view, request) -> bool:
        """Whether the row itself can be changed: shared rows are refused even to callers with the right to change."""
        if not hasattr(view, "get_object"):
            return True
        with override_method(view, request, "DELETE"):
            try:
                view.get_object()
            except (Http404, APIException):
                return False
        return True

    def form(self, view, request, method: str, refused: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """{"html": a form or "", "json": the same values as text}; None when the caller may not send it."""
        with override_method(view, request, method) as form_request:
            if not self.show_form_for_method(view, method, form_request, None):
                return None
            try:
                serializer = serializer_of(view, method, **({"data": refused["data"]} if refused else {}))
            except (Http404, APIException):
                return None  # the caller may see the row, but not change it
        if serializer is None:
            return {"html": "", "json": "{}"}
        if refused:
            serializer.is_valid()
            serializer._errors = refused["errors"]  # also those raised by services
        values = serializer.data
        return {"html": self.html_of(serializer, values), "json": json_of(serializer, values)}

    def html_of(self, serializer, values) -> SafeString | str:
        if all(field.read_only for field in serializer.fields.values()):
            return ""
        style = {"template_pack": "rest_framework/horizontal"}
        return self.form_renderer_class().render(values, self.media_type, {"style": style})


def serializer_of(view, method: str, **values) -> Any:
    """The serializer of the body: what the OpenAPI schema declares for the method, else the resource's own."""
    action = getattr(view, "action", None)
    handler = getattr(view, action or method.lower())
    declared = getattr(handler, "kwargs", {}).get("schema")
    if declared is not None:
        schema = declared()
        schema.view, schema.path, schema.method = view, "", method
        body = schema.get_request_serializer()
        if isinstance(body, type) and issubclass(body, serializers.Serializer):
            return body(context={"view": view, "request": view.request}, **values)
    if action not in METHOD:
        return None
    return view.get_serializer(**({"instance": view.get_object()} if method == "PUT" else {}), **values)


def is_readable(request) -> bool:
    """A change of another state is refused before its body is read."""
    try:
        return request.data is not None
    except APIException:
        return False


def json_of(serializer, values) -> str:
    """The writable values as JSON, without files, which JSON cannot contain, and without passwords."""
    writable = {
        name: _parsed(values[name])
        for name, field in serializer.fields.items()
        if name in values
        and not field.read_only
        and not isinstance(field, serializers.FileField)
        and not (field.write_only and values[name])
    }
    return orjson.dumps(writable, default=str, option=IndentedJSON.option).decode()


def _parsed(value: Any) -> Any:
    """The value of a text in which a form holds JSON; the text itself if it is no JSON."""
    if not getattr(value, "is_json_string", False):
        return value
    try:
        return orjson.loads(str(value) or "null")
    except ValueError:
        return str(value)


def problems(data: Any) -> list[str]:
    """The errors of the whole request; errors of fields are displayed at the fields."""
    if isinstance(data, list):
        return [str(text) for text in data]
    if not isinstance(data, Mapping):
        return []
    return [str(data["detail"])] if "detail" in data else [str(text) for text in data.get("non_field_errors", [])]


def paginator_of(view):
    paginator = view.paginator
    return paginator if paginator is not None and paginator.display_page_controls else None
