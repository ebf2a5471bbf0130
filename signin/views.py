"""Sign-in, sign-out and passwords for browsers, with the same failure counters as the API's sign-in."""

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.views import PasswordResetConfirmView, RedirectURLMixin, redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, resolve_url
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from institutions.models import OIDCConnection, User
from kernel.caller import Caller, CallerKind
from kernel.domain import Counted, Unavailable
from kernel.http.address import client_address
from kernel.http.browser import LAUNCHED_KEY, SESSION_KEY, browser_session_keep
from kernel.recording import caller_known
from signin.callers import caller_of
from signin.devices import device_kept
from signin.forms import ForgottenForm, OwnPasswordForm, SignInForm
from signin.models import CallerSession
from signin.services import LockedOut, Suspended
from signin.services.passwords import link_requested, own_password_set, password_set, people_with_links
from signin.services.sessions import session_end, session_open
from signin.suspension import suspended

REFUSED = "No account with this e-mail and password may sign in."


def browser_caller(request: HttpRequest) -> Caller | None:
    """The caller signed in in this browser; None when the session has ended, for whatever reason."""
    return _caller(request, SESSION_KEY, CallerKind.PERSON)


def launched_caller(request: HttpRequest) -> Caller | None:
    """The caller whom a VLE has sent to this browser, without a password; None when the session has ended."""
    return _caller(request, LAUNCHED_KEY, CallerKind.LAUNCHED)


def _caller(request: HttpRequest, key: str, kind: CallerKind) -> Caller | None:
    session_id = request.session.get(key)
    caller = caller_of(session_id, kind.value) if isinstance(session_id, int) else None
    if caller is None or suspended(caller) is not None:
        return None
    caller_known(caller)
    return caller


def browser_sign_in(request: HttpRequest, person: User, oidc: OIDCConnection | None = None) -> None:
    """Open a session for this browser and end the one it had before. The session cookie always gets a new key."""
    browser_sign_out(request)
    login(request, person)
    session = session_open(person=person, address=client_address(request), oidc=oidc)
    request.session[SESSION_KEY] = session.pk
    request.session.set_expiry(session.expires_at)


def browser_launch(request: HttpRequest, session: CallerSession) -> None:
    """This browser shows the pages below /me/ to whom a VLE has sent. Nobody is signed in for anything else."""
    browser_sign_out(request)
    request.session[LAUNCHED_KEY] = session.pk
    request.session.set_expiry(session.expires_at)


def browser_sign_out(request: HttpRequest) -> None:
    for key, caller_now in ((SESSION_KEY, browser_caller), (LAUNCHED_KEY, launched_caller)):
        session_id = request.session.get(key)
        if isinstance(session_id, int):
            caller = caller_now(request)
            whose = {} if caller is None else {"institution_id": caller.institution_id, "person_id": caller.id}
            session_end(session_id=session_id, **whose)
    logout(request)


class PageView(FormView):
    """A page with a form about signing in; what the service refuses is shown in the form."""

    def get_context_data(self, **context):
        return super().get_context_data(caller=browser_caller(self.request), **context)

    def form_invalid(self, form) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=400)

    def form_with_error(self, form, text: str, status: int, headers: dict[str, str]) -> HttpResponse:
        form.add_error(None, text)
        return self.render_to_response(self.get_context_data(form=form), status=status, headers=headers)

    def form_locked(self, form, what: str, error: LockedOut) -> HttpResponse:
        """`what` there were too many of."""
        text = f"Too many {what}. Try again in {_in_words(error.wait)}."
        return self.form_with_error(form, text, 429, {"Retry-After": str(error.wait)})


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class SignInView(RedirectURLMixin, PageView):
    """After the sign-in it redirects to `next`, if that is an address of this host."""

    template_name = "signin/signin.html"
    extra_context = {"title": "Sign in"}
    form_class = SignInForm
    next_page = "/"

    def get_context_data(self, **context):
        has_providers = OIDCConnection.objects.filter(enabled=True).exists()
        values = {"next": self.get_redirect_url(), "sends_mail": settings.SENDS_MAIL, "has_providers": has_providers}
        return super().get_context_data(**values, **context)

    def form_valid(self, form: SignInForm) -> HttpResponse:
        values = form.cleaned_data
        credentials = {"username": values["email"], **{name: values[name] for name in ("password", "institution")}}
        try:
            person = authenticate(self.request, **credentials)
        except Suspended as error:
            return self.form_with_error(form, str(error), 403, {})
        except LockedOut as error:
            return self.form_locked(form, "failed attempts", error)
        except Unavailable as error:
            return self.form_with_error(form, str(error), 503, {"Retry-After": str(error.wait)})
        if not isinstance(person, User):
            return self.form_with_error(form, REFUSED, 401, {"WWW-Authenticate": "JWT"})
        browser_sign_in(self.request, person)
        return device_kept(self.request, HttpResponseRedirect(self.get_success_url()), person)


@method_decorator(never_cache, name="dispatch")
class ForgottenView(PageView):
    """A link by mail; the answer is the same whoever is asked for. 404 where the service sends no mail."""

    template_name = "signin/forgotten.html"
    extra_context = {"title": "Set a password by mail"}
    form_class = ForgottenForm

    def dispatch(self, request: HttpRequest, *args, **kwargs):
        if not settings.SENDS_MAIL:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: ForgottenForm) -> HttpResponse:
        request = self.request
        service = settings.PUBLIC_URL or request.build_absolute_uri("/")
        try:
            link_requested(address=client_address(request), service=service, **form.cleaned_data)
        except LockedOut as error:
            return self.form_locked(form, "attempts", error)
        return self.render_to_response(self.get_context_data(form=form, is_sent=True))


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class NewPasswordView(PageView, PasswordResetConfirmView):
    """The page of a link. Django keeps the link's token in the session, so that the page's address has no secret."""

    template_name = "signin/new_password.html"
    title = "Set your password"

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        return people_with_links().filter(pk=user.pk).first() if user else None

    def form_valid(self, form) -> HttpResponse:
        password_set(person=form.user, password=form.cleaned_data["new_password1"])
        browser_sign_out(self.request)  # also of the token
        return HttpResponseRedirect(f"{resolve_url('signin')}?changed=1")


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class OwnPasswordView(PageView):
    """The own password, after the present one: this session goes on, all others end."""

    template_name = "signin/own_password.html"
    extra_context = {"title": "Change your password"}
    form_class = OwnPasswordForm

    def dispatch(self, request: HttpRequest, *args, **kwargs):
        caller = browser_caller(request)
        if caller is None:
            return redirect_to_login(request.get_full_path())
        if caller.signed_in:  # whoever finds this browser could guess the present one
            return self.render_to_response({"caller": caller, "is_elsewhere": True}, status=403)
        self.person, self.session_id = get_object_or_404(User, pk=caller.id), caller.session_id
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"user": self.person}

    def form_valid(self, form: OwnPasswordForm) -> HttpResponse:
        values = form.cleaned_data
        try:
            saved = own_password_set(
                person=self.person, given=values["current_password"], password=values["new_password1"],
                address=client_address(self.request), session_id=self.session_id,
            )  # fmt: skip
        except LockedOut as error:
            return self.form_locked(form, "attempts", error)
        except Counted as error:
            form.add_error("current_password", error.fields["current_password"])
            return self.form_invalid(form)
        browser_session_keep(self.request, saved)
        return self.render_to_response(self.get_context_data(form=form, is_changed=True))


def _in_words(seconds: int) -> str:
    """Minutes are rounded up, so that an attempt after that time is not too early."""
    if seconds < 90:
        return f"{seconds} seconds" if seconds > 1 else "a second"
    return f"{-(-seconds // 60)} minutes"


@method_decorator(never_cache, name="dispatch")
class SignOutView(View):
    """Only by POST, which CSRF protection covers: no other site can sign anybody out."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        browser_sign_out(request)
        return HttpResponseRedirect(resolve_url("start"))
