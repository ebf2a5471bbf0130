"""Sign-in and sign-out for browsers: one page, one session, the same count of failures as the API's."""

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from institutions.models import User
from kernel.caller import Caller, CallerKind
from kernel.http.address import client_address
from signin.authentication import SESSION_KEY
from signin.callers import caller_of
from signin.forms import SignInForm
from signin.services import LockedOut
from signin.services.sessions import session_end, session_open

REFUSED = "No account with this e-mail and password may sign in."


def browser_caller(request: HttpRequest) -> Caller | None:
    """Who is signed in in this browser: None as soon as the session has ended, however it ended."""
    session = request.session.get(SESSION_KEY)
    return caller_of(session, CallerKind.PERSON.value) if isinstance(session, int) else None


def browser_sign_in(request: HttpRequest, person: User) -> None:
    """Open a session for this browser; the one it had before ends. The cookie gets a new key, whoever it was."""
    browser_sign_out(request)
    login(request, person)
    opened = session_open(person=person, address=client_address(request))
    request.session[SESSION_KEY] = opened.pk
    request.session.set_expiry(opened.expires_at)


def browser_sign_out(request: HttpRequest) -> None:
    session = request.session.get(SESSION_KEY)
    if isinstance(session, int):
        session_end(session_id=session)
    logout(request)


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class SignInView(RedirectURLMixin, FormView):
    """`next` is followed to this host only."""

    template_name = "signin/signin.html"
    form_class = SignInForm
    next_page = "/"

    def get_context_data(self, **context):
        here = {"next": self.get_redirect_url(), "caller": browser_caller(self.request)}
        return super().get_context_data(**here, **context)

    def form_valid(self, form: SignInForm) -> HttpResponse:
        credentials = {"username": form.cleaned_data["email"], "password": form.cleaned_data["password"]}
        try:
            person = authenticate(self.request, **credentials)
        except LockedOut as error:
            text = f"Too many failed attempts. Try again in {_in_words(error.wait)}."
            return self._again(form, text, 429, {"Retry-After": str(error.wait)})
        if not isinstance(person, User):
            return self._again(form, REFUSED, 401, {"WWW-Authenticate": "JWT"})
        browser_sign_in(self.request, person)
        return HttpResponseRedirect(self.get_success_url())

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=400)

    def _again(self, form: SignInForm, text: str, status: int, headers: dict[str, str]) -> HttpResponse:
        form.add_error(None, text)
        return self.render_to_response(self.get_context_data(form=form), status=status, headers=headers)


def _in_words(seconds: int) -> str:
    """Minutes are rounded up: who waits that long is heard."""
    if seconds < 90:
        return f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"


@method_decorator(never_cache, name="dispatch")
class SignOutView(View):
    """By POST alone, so that no other page can sign anybody out."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        browser_sign_out(request)
        return HttpResponseRedirect(resolve_url("start"))
