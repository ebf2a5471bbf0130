"""Django's admin site: for global administrators only, and through the service's one sign-in page."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from kernel.caller import CallerKind
from signin.views import SignOutView, browser_caller


class Site(AdminSite):
    site_header = site_title = "TeSLA administration"
    index_title = "Global administration"
    site_url = "/"
    index_template = "start/admin_index.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Django's session alone does not suffice: the CallerSession must be live, as for the API."""
        caller = browser_caller(request)
        return super().has_permission(request) and caller is not None and caller.kind is CallerKind.GLOBAL_ADMIN

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """Redirect to the service's own sign-in page, which counts failures. Other signed-in people get a 403 page."""
        if self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index", current_app=self.name))
        if (caller := browser_caller(request)) is not None:
            return render(request, "start/admin_only.html", {"caller": caller}, status=403)
        return redirect_to_login(request.GET.get("next", reverse("admin:index", current_app=self.name)))

    def password_change(self, request: HttpRequest, extra_context=None) -> HttpResponse:  # type: ignore[override]
        """The own password is changed on the page of the account, which counts attempts and ends other sessions."""
        return HttpResponseRedirect(
            reverse("admin:institutions_user_change", args=[request.user.pk], current_app=self.name)
        )

    @method_decorator(never_cache)
    def logout(self, request: HttpRequest, extra_context=None):
        return SignOutView.as_view()(request)
