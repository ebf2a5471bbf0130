"""Django's middleware for browsers. API requests with an Authorization header skip it: they use no cookies."""

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase

from kernel.http.paths import API_PREFIXES


class _ForBrowsers:
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_program = "HTTP_AUTHORIZATION" in request.META and request.path_info.startswith(API_PREFIXES)
        return self.get_response(request) if is_program else super().__call__(request)  # type: ignore[attr-defined, misc]


class Sessions(_ForBrowsers, SessionMiddleware):
    pass


class People(_ForBrowsers, AuthenticationMiddleware):
    pass


class Messages(_ForBrowsers, MessageMiddleware):
    pass
