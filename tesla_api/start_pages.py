"""HTML pages outside the API and the console: start page, API documentation and errors."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from csp.constants import NONCE
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.response import Response

from kernel import errors
from signin.views import browser_caller

# Pages whose URL people type without the slash: redirected to the URL with it.
BARE = (
    "signin",
    "console",
    "me",
    "docs",
    "redoc",
    "schema",
    "admin",
)
# Errors below these paths are JSON, whatever the Accept header says.
FOR_PROGRAMS = ("/api/", "/files/", "/health/", "/schema/")


@method_decorator(never_cache, name="dispatch")
class StartView(TemplateView):
    template_name = "start/start.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        values = {"caller": browser_caller(self.request), "demo": settings.DEMO}
        return super().get_context_data(**values, **context)


class SwaggerView(TemplateView):
    """Swagger UI, started by a script file: the inline script of drf-spectacular's page violates the CSP."""

    template_name = "start/swagger.html"
    extra_context = {"settings": json.dumps(spectacular_settings.SWAGGER_UI_SETTINGS)}


# ReDoc inserts style sheets into the page and searches in a worker that it makes from a blob. Only its page allows
# both: styles with the nonce of this response, and blob workers. Scripts must still be this service's own files.
@method_decorator(csp_update({"style-src": [NONCE], "worker-src": ["blob:"]}), name="dispatch")
class RedocView(TemplateView):
    template_name = "start/redoc.html"


# The same for everybody. `make check` compares it with the code: to write it as YAML takes ten seconds.
SCHEMA = Path(__file__).with_name("openapi.yaml")


@cache
def _public_schema() -> dict[str, Any]:
    return yaml.load(SCHEMA.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe


class _Written:
    """In front of a renderer of YAML."""

    def render(self, *_: Any, **__: Any) -> bytes:
        return SCHEMA.read_bytes()


class Yaml(_Written, OpenApiYamlRenderer):
    pass


class Yaml2(_Written, OpenApiYamlRenderer2):
    pass


class SchemaView(SpectacularAPIView):
    """JSON unless YAML is asked for: browsers show it. Neither a language nor a version can be asked for."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, Yaml2, Yaml]

    @extend_schema(exclude=True)
    def get(self, request, *args, **kwargs):
        shown = request.accepted_renderer
        headers = {"Content-Disposition": f'inline; filename="tesla-v2.{shown.format}"'}
        return Response({} if isinstance(shown, _Written) else _public_schema(), headers=headers)


def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers request it on pages without an icon of their own, such as the admin site's."""
    return HttpResponseRedirect(static("tesla/mark.svg"))


def _prefers_html(request: HttpRequest) -> bool:
    if request.path_info.startswith(FOR_PROGRAMS):
        return False
    return request.get_preferred_type(["application/json", "text/html"]) == "text/html"


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """A page that uses no database query, because the database may be what failed."""
    return render(request, "start/message.html", {"title": title, "text": text, "status": status}, status=status)


def bad_request(request, exception=None):
    if not _prefers_html(request):
        return errors.bad_request(request, exception)
    return _page(request, 400, "Bad request", "The server could not understand what was sent.")


def permission_denied(request, exception=None):
    if not _prefers_html(request):
        return errors.permission_denied(request, exception)
    return _page(request, 403, "Not allowed", "You do not have permission to see this page.")


def not_found(request, exception=None):
    if not _prefers_html(request):
        response = errors.not_found(request, exception)
        # The URL of a file must not be logged: whoever has it can read the file.
        response._has_been_logged = request.path_info.startswith("/files/")
        return response
    return _page(
        request, 404, "Not found", "There is no such page. It may have moved, or the address has a typing error."
    )


def server_error(request):
    if not _prefers_html(request):
        return errors.server_error(request)
    return _page(request, 500, "Something went wrong", "The server failed to answer. The failure has been recorded.")


def csrf_failure(request, reason=""):
    if not _prefers_html(request):
        return errors.csrf_failure(request, reason)
    text = "This form was open for too long, or cookies are switched off. Go back, reload the page and send it again."
    return _page(request, 403, "The form has expired", text)
