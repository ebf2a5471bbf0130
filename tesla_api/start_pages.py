"""Pages for people: start, documentation, and errors outside the API."""

import json
from functools import cache
from typing import Any

from csp.constants import NONCE
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.decorators import method_decorator
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView
from drf_spectacular.generators import SchemaGenerator
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

BARE = ("signin", "console", "docs", "redoc", "schema", "admin")  # pages that people type without the slash
# Programs talk to these: their errors are JSON, whatever they say they accept.
FOR_PROGRAMS = ("/api/", "/files/", "/health/", "/schema/")


@method_decorator(never_cache, name="dispatch")
class StartView(TemplateView):
    template_name = "start/start.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        here = {"caller": browser_caller(self.request), "demo": settings.DEMO}
        return super().get_context_data(**here, **context)


class SwaggerView(TemplateView):
    """Swagger UI, started by a script of ours: the stock page starts it inline."""

    template_name = "start/swagger.html"
    extra_context = {"settings": json.dumps(spectacular_settings.SWAGGER_UI_SETTINGS)}


# ReDoc writes its style sheets into the page while it runs, and searches in a worker made of a blob. Its page, and no
# other, lets it: styles that carry this answer's nonce, and workers of blobs. Scripts stay this service's own.
@method_decorator(csp_update({"style-src": [NONCE], "worker-src": ["blob:"]}), name="dispatch")
class RedocView(TemplateView):
    template_name = "start/redoc.html"


@cache
def _public_schema() -> dict[str, Any]:
    """The same for everybody: made once per process, in its one language."""
    with override(settings.LANGUAGE_CODE):
        return SchemaGenerator().get_schema(public=True)


class SchemaView(SpectacularAPIView):
    """JSON unless YAML is asked for: browsers show it. Neither a language nor a version can be asked for."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer2, OpenApiYamlRenderer]

    @extend_schema(exclude=True)
    def get(self, request, *args, **kwargs):
        name = f"tesla-v2.{request.accepted_renderer.format}"
        return Response(_public_schema(), headers={"Content-Disposition": f'inline; filename="{name}"'})


def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it on pages that name no icon, such as the admin site's."""
    return HttpResponseRedirect(static("tesla/mark.svg"))


def _for_people(request: HttpRequest) -> bool:
    if request.path_info.startswith(FOR_PROGRAMS):
        return False
    return request.get_preferred_type(["application/json", "text/html"]) == "text/html"


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """It asks the database nothing: the database may be what failed."""
    return render(request, "start/message.html", {"title": title, "text": text, "status": status}, status=status)


def bad_request(request, exception=None):
    if not _for_people(request):
        return errors.bad_request(request, exception)
    return _page(request, 400, "Bad request", "The server could not understand what was sent.")


def permission_denied(request, exception=None):
    if not _for_people(request):
        return errors.permission_denied(request, exception)
    return _page(request, 403, "Not allowed", "You do not have permission to see this page.")


def not_found(request, exception=None):
    if not _for_people(request):
        answer = errors.not_found(request, exception)
        # Django's own line would say the whole address, and whoever has that of a file may have the file.
        answer._has_been_logged = request.path_info.startswith("/files/")
        return answer
    return _page(
        request, 404, "Not found", "There is no such page. It may have moved, or the address has a typing error."
    )


def server_error(request):
    if not _for_people(request):
        return errors.server_error(request)
    return _page(request, 500, "Something went wrong", "The server failed to answer. The failure has been recorded.")


def csrf_failure(request, reason=""):
    if not _for_people(request):
        return errors.csrf_failure(request, reason)
    text = "This form was open for too long, or cookies are switched off. Go back, reload the page and send it again."
    return _page(request, 403, "The form has expired", text)
