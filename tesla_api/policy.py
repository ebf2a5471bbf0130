"""The Content-Security-Policy of every answer."""

from functools import cached_property

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponseBase

CHANGES = ("_csp_config", "_csp_update", "_csp_replace", "_csp_exempt")  # what django-csp's decorators leave behind


class ContentSecurityPolicy(CSPMiddleware):
    """django-csp, with the policy of answers that change nothing of it written once and not each time."""

    @cached_property
    def usual(self) -> str:
        answer = HttpResponseBase()
        super().process_response(HttpRequest(), answer)
        return answer[HEADER]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if "_csp_nonce" in request.__dict__ or any(name in response.__dict__ for name in CHANGES):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.usual)
        return response
