"""Middleware: API paths with and without slash, no caching of the API, and the public address of the service."""

import logging
from functools import partial

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.exception import get_exception_response
from django.http import HttpRequest
from django.urls import get_resolver

from kernel.http.address import is_trusted

logger = logging.getLogger(__name__)
API_PREFIXES = ("/api/", "/lapi/")
BARE = "/api/v2/auth/"  # documented without a trailing slash; everything else of the API with one


class BothSlashForms:
    """Resolve `/api/.../course` as `/api/.../course/`. No redirect: a redirect loses bodies and costs a round trip.

    `//api/...` is `/api/...`: clients append the path to an address that ends in a slash. Only `path_info`, which is
    resolved, changes; `path`, which is used in links, stays as the client sent it.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest):
        path = "/" + request.path_info.lstrip("/")
        if path.startswith(API_PREFIXES):
            request.path_info = path
            bare = path.startswith(BARE)
            if bare and path.endswith("/"):
                request.path_info = path.rstrip("/")
            elif not bare and not path.endswith("/"):
                request.path_info = path + "/"
        answer = self.get_response(request)
        if path.startswith(API_PREFIXES):
            answer["Cache-Control"] = "no-store"  # personal data and tokens must not be cached
        return answer


class Forwarded:
    """Scheme and host of X-Forwarded-Proto and X-Forwarded-Host, which are ignored unless from TRUSTED_PROXIES.

    The host must be one of ALLOWED_HOSTS, as without these headers. Every other one is 400, with one line of log.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest):
        # Of several proxies each appends its value: the first one is the client's.
        is_https = _first(request, "HTTP_X_FORWARDED_PROTO").lower() == "https"
        host = _first(request, "HTTP_X_FORWARDED_HOST")
        if (is_https or host) and is_trusted(request.META.get("REMOTE_ADDR", "")):
            if is_https:
                request.environ["wsgi.url_scheme"] = "https"  # type: ignore[attr-defined] # a WSGIRequest
            if host:
                request.META["HTTP_HOST"] = host
        try:
            request.get_host()
        except DisallowedHost as error:
            return _host_refused(request, error)
        return self.get_response(request)


def _host_refused(request: HttpRequest, error: DisallowedHost):
    """Django would log a traceback and another line. The message has the host, written so that it is one line."""
    logger.warning("%.300s", error)
    answer = get_exception_response(request, get_resolver(), 400, error)
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


def _first(request: HttpRequest, header: str) -> str:
    return request.META.get(header, "").partition(",")[0].strip()


class PublicAddress:
    """Every absolute address of the service begins with PUBLIC_URL, if it is set, whatever the request's host is.

    Replaces the request's `build_absolute_uri`, which pagination, links to files and libraries call.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest):
        if settings.PUBLIC_URL:
            request.build_absolute_uri = partial(_public, request)  # type: ignore[method-assign]
        return self.get_response(request)


def _public(request: HttpRequest, location: str | None = None) -> str:
    uri = type(request).build_absolute_uri(request, location)
    here, mounted = f"{request.scheme}://{request.get_host()}", request.META.get("SCRIPT_NAME", "").rstrip("/")
    if not uri.startswith(f"{here}/"):
        return uri
    path = uri.removeprefix(here)
    return settings.PUBLIC_URL + (path.removeprefix(mounted) if path.startswith(f"{mounted}/") else path)
