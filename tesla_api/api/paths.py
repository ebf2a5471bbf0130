"""Middleware: both slash forms of every API path, nothing of it kept, and the scheme that a trusted proxy reports."""

from django.http import HttpRequest

from tesla_api.api.address import is_trusted

ROOTS = ("/api/", "/lapi/")
BARE = "/api/v2/auth/"  # documented without a trailing slash; everything else of the API with one


class BothSlashForms:
    """Resolve `/api/.../course` as `/api/.../course/`. No redirect: a redirect loses bodies and costs a round trip.

    `//api/...` is `/api/...`: clients put the path behind an address that ends in a slash. Only `path_info`, which is
    resolved, changes; `path`, of which links are made, stays as the client wrote it.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest):
        path = "/" + request.path_info.lstrip("/")
        if path.startswith(ROOTS):
            request.path_info = path
            bare = path.startswith(BARE)
            if bare and path.endswith("/"):
                request.path_info = path.rstrip("/")
            elif not bare and not path.endswith("/"):
                request.path_info = path + "/"
        answer = self.get_response(request)
        if path.startswith(ROOTS):
            answer["Cache-Control"] = "no-store"  # people's data and tokens: neither browsers nor proxies keep any
        return answer


class ForwardedScheme:
    """`https` behind one of TRUSTED_PROXIES that says so; anybody else's X-Forwarded-Proto is ignored."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest):
        if request.META.get("HTTP_X_FORWARDED_PROTO") == "https" and is_trusted(request.META.get("REMOTE_ADDR", "")):
            request.environ["wsgi.url_scheme"] = "https"  # type: ignore[attr-defined] # a WSGIRequest
        return self.get_response(request)
