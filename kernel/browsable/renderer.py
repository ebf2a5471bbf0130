"""The browsable API: an answer as a page, with the links and forms that its reader may use.

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
from kernel.browsable.navigation import asked, below, beside, heading, in_tree, link_to, table, trail
from kernel.http.renderers import IndentedJSON

NOTHING_TO_CORRECT = {401, 403, 404, 405, 413, 415, 429}  # or, 413 and 415, no body to show


def said_of(view, method: str) -> str:
    """What the view's author wrote of the action that a method starts."""
    handler = getattr(view, getattr(view, "action_map", {}).get(method, ""), None)
    return getdoc(handler) or "" if handler else ""


class FormRenderer(HTMLFormRenderer):
    """Instants are text: a browser's own field cuts them to milliseconds, and cannot hold what was mistyped."""

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
            "filters": asked(view, request) if listing else None,
            "paginator": paginator_of(view) if listing else None,
            "below": below(view) if response.status_code == 200 else [],
            "actions": beside(view) if response.status_code < 400 else [],
            "in_tree": in_tree(view),
            "removal": said_of(view, "delete"),
            **self.forms(data, view, request, response.status_code),
        }

    def forms(self, data, view, request, status: int) -> dict[str, Any]:
        """What may be sent from here. After a refusal: only what was sent, to be corrected."""
        if status in NOTHING_TO_CORRECT and not (status == 405 and request.method == "GET"):
            return {}
        if request.method == "DELETE":
            return {"deletable": status >= 400}
        if status >= 400 and request.method in {"POST", "PUT", "PATCH"}:
            wrong = {"data": request.data, "errors": data if isinstance(data, dict) else {}}
            if request.method == "POST":
                return {"create": self.form(view, request, "POST", wrong)}
            return {"change": self.form(view, request, "PUT", wrong), "patchable": self.may(view, request, "PATCH")}
        return {
            "create": self.form(view, request, "POST"),
            "change": self.form(view, request, "PUT"),
            "patchable": self.may(view, request, "PATCH"),
            "deletable": self.may(view, request, "DELETE") and self.is_changeable(view, request),
        }

    def may(self, view, request, method: str) -> bool:
        with override_method(view, request, method) as asked_so:
            return bool(self.show_form_for_method(view, method, asked_so, None))

    def is_changeable(self, view, request) -> bool:
        """Not only by right: a row may be there to be read by all, and changed by none of them."""
        if not hasattr(view, "get_object"):
            return True
        with override_method(view, request, "DELETE"):
            try:
                view.get_object()
            except (Http404, APIException):
                return False
        return True

    def form(self, view, request, method: str, wrong: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """{"html": a form or "", "json": the same values as text}; None for whom may not send it."""
        with override_method(view, request, method) as asked_so:
            if not self.show_form_for_method(view, method, asked_so, None):
                return None
            try:
                serializer = serializer_of(view, method, **({"data": wrong["data"]} if wrong else {}))
            except (Http404, APIException):
                return None  # seen, but not changed by this caller
        if serializer is None:
            return {"html": "", "json": "{}"}
        if wrong:
            serializer.is_valid()
            serializer._errors = wrong["errors"]  # also those that a service found
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


def json_of(serializer, values) -> str:
    """The values that a body may hold. Files cannot be written as JSON, and a password is not shown again."""
    written = {
        name: values[name]
        for name, field in serializer.fields.items()
        if name in values
        and not field.read_only
        and not isinstance(field, serializers.FileField)
        and not (field.write_only and values[name])
    }
    return orjson.dumps(written, default=str, option=IndentedJSON.option).decode()


def problems(data: Any) -> list[str]:
    """What a refusal says about the request as a whole; what it says about a field stands at the field."""
    if isinstance(data, list):
        return [str(text) for text in data]
    if not isinstance(data, Mapping):
        return []
    return [str(data["detail"])] if "detail" in data else [str(text) for text in data.get("non_field_errors", [])]


def paginator_of(view):
    paginator = view.paginator
    return paginator if paginator is not None and paginator.display_page_controls else None
