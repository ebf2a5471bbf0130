"""Sign-in through the identity provider of an institution: which one, to the provider, and back."""

from hmac import compare_digest
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from kernel.domain import Unavailable
from kernel.http.address import client_address
from kernel.http.browser import SESSION_KEY
from signin.services import LockedOut, Refused, Suspended
from signin.services.attempts import place_failure_counted, refuse_waiting_place
from signin.services.oidc import connection_of, person_returned, sign_in_begun
from signin.services.people import failure_recorded
from signin.views import browser_caller, browser_sign_in

KEPT = "oidc"  # in the session of the browser, from its way to the provider until it returns
KEPT_SECONDS = 600
WHAT = "provider"  # of the counters
AGAIN = "This sign-in has been used, was begun in another browser, or is too old. Begin again."
REFUSED = "The sign-in of your institution has not confirmed an account that may sign in here."
UNKNOWN = "No institution of this short name has a sign-in of its own."


@method_decorator(never_cache, name="dispatch")
class OIDCView(RedirectURLMixin, TemplateView):
    template_name = "signin/oidc.html"
    http_method_names = ["get"]
    next_page = "/"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        values = {"title": "Sign in with your institution", "next": self.get_redirect_url()}
        return super().get_context_data(caller=browser_caller(self.request), **values | context)

    def told(self, text: str, status: int, wait: int = 0) -> HttpResponse:
        headers = {"Retry-After": str(wait)} if wait else {}
        return self.render_to_response(self.get_context_data(problem=text), status=status, headers=headers)

    def locked(self, error: LockedOut) -> HttpResponse:
        return self.told(f"Too many failed attempts. Try again in {error.wait} seconds.", 429, error.wait)


class InstitutionView(OIDCView):
    """Which institution. The next page is a link: the policy of pages lets no form lead to another host."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        acronym = request.GET.get("institution", "").strip()
        if not acronym:
            return self.render_to_response(self.get_context_data())
        connection = connection_of(institution__acronym=acronym) if acronym.isprintable() else None
        if connection is None:
            return self.told(UNKNOWN, 404)
        return self.render_to_response(self.get_context_data(institution=connection.institution))


class ProviderView(OIDCView):
    """On to the provider. Institutions may link to this page."""

    def get(self, request: HttpRequest, *args: Any, acronym: str, **kwargs: Any) -> HttpResponse:
        connection = connection_of(institution__acronym=acronym) if acronym.isprintable() else None
        if connection is None:
            return self.told(UNKNOWN, 404)
        path = reverse("oidc-return", args=[connection.institution_id])
        returns_to = urljoin(settings.PUBLIC_URL or request.build_absolute_uri("/"), path)
        try:
            refuse_waiting_place(what=WHAT, address=client_address(request))
            address, kept = sign_in_begun(connection=connection, returns_to=returns_to)
        except LockedOut as error:
            return self.locked(error)
        except Unavailable as error:
            return self.told(str(error), 503, error.wait)
        request.session[KEPT] = kept | {"next": self.get_redirect_url()}  # an address of this host, or none
        if SESSION_KEY not in request.session:
            request.session.set_expiry(KEPT_SECONDS)
        return HttpResponseRedirect(address)


class ReturnView(OIDCView):
    """Back from the provider. What the session has kept is used once, whatever comes of it."""

    def get(self, request: HttpRequest, *args: Any, institution: int, **kwargs: Any) -> HttpResponse:
        kept = request.session.pop(KEPT, None)
        connection = connection_of(institution=institution)
        state = request.GET.get("state", "").encode()
        if kept is None or connection is None or kept["connection"] != connection.pk:
            return self.told(AGAIN, 403)
        if not compare_digest(state, kept["state"].encode()):
            return self.told(AGAIN, 403)
        address = client_address(request)
        try:
            refuse_waiting_place(what=WHAT, address=address)
            if request.GET.get("iss", connection.issuer) != connection.issuer or not request.GET.get("code"):
                raise Refused(REFUSED)
            person = person_returned(connection=connection, kept=kept, code=request.GET["code"])
        except LockedOut as error:
            return self.locked(error)
        except Suspended as error:
            return self.told(str(error), 403)
        except (Refused, Unavailable) as error:
            failure_recorded((connection.institution_id, None), row="OIDC")
            return self.failed(error, address)
        browser_sign_in(request, person, connection)
        return HttpResponseRedirect(kept["next"] or self.next_page)

    def failed(self, error: Refused | Unavailable, address: str | None) -> HttpResponse:
        if isinstance(error, Unavailable):
            return self.told(str(error), 503, error.wait)
        try:
            place_failure_counted(what=WHAT, address=address)
        except LockedOut as locked:
            return self.locked(locked)
        return self.told(REFUSED, 403)
