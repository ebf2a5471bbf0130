"""/ui/auth/launcher and /ui/plugin/...: where the links of VLEs lead if no dashboard has these addresses.

A dashboard exchanges the link's ticket for tokens. These pages exchange it for a session of the browser, which shows
the person the pages below /me/ and nothing else.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import TemplateView

from kernel.http.address import client_address
from signin.services import Refused, Suspended
from signin.services.launchers import launcher_offered, launcher_redeem
from signin.views import browser_caller, browser_launch, launched_caller

REFUSED = "This link has been used, or is too old. Go back to your learning platform, and open it again from there."
PAGES = {"ic": "me:consent", "activity/report": "me:reports", "activity/reports": "me:reports"}  # of learners


@method_decorator([never_cache, sensitive_post_parameters("token")], name="dispatch")
class LaunchView(TemplateView):
    """Asks before it uses the ticket: browsers and mail programs open links ahead of people.

    The answer is a form that this site's own page sends (CSRF), so that no other site can put somebody else's account
    into a browser unseen.
    """

    http_method_names = ["get", "head", "options", "post"]
    template_name = "signin/launch.html"
    extra_context = {"title": "From your learning platform"}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        launcher = launcher_offered(id=request.GET.get("id"), token=request.GET.get("token"))
        if launcher is None:
            return self.told(REFUSED)
        caller = browser_caller(request) or launched_caller(request)
        return self.render_to_response(self.get_context_data(launcher=launcher, caller=caller))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        ticket = {"id": request.POST.get("id"), "token": request.POST.get("token")}
        launcher = launcher_offered(**ticket)
        if launcher is None:
            return self.told(REFUSED)
        try:
            session = launcher_redeem(**ticket, address=client_address(request))
        except Suspended as error:
            return self.told(str(error))
        except Refused:
            return self.told(REFUSED)
        browser_launch(request, session)
        page = PAGES.get(self.kwargs.get("page", ""), "me:held") if hasattr(launcher.user, "learner") else "me:held"
        return HttpResponseRedirect(reverse(page))

    def told(self, text: str) -> HttpResponse:
        return self.render_to_response(self.get_context_data(problem=text), status=403)
