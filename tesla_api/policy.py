"""The Content-Security-Policy of every answer."""

from functools import cached_property

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponseBase

# Attributes that django-csp's decorators set on a response.
CHANGES = (
    "_csp_config",
    "_csp_update",
    "_csp_replace",
    "_csp_exempt",
)


class ContentSecurityPolicy(CSPMiddleware):
    """django-csp, but the header of responses with the default policy is computed only once."""

    @cached_property
    def default_header(self) -> str:
        response = HttpResponseBase()
        super().process_response(HttpRequest(), response)
        return response[HEADER]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if "_csp_nonce" in request.__dict__ or any(name in response.__dict__ for name in CHANGES):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.default_header)
        return response
