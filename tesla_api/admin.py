"""Django's admin site: for global administrators only, and through the service's one sign-in page."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login


class Site(AdminSite):
    site_header = site_title = "TeSLA administration"
    index_title = "Global administration"
    site_url = "/"

    def login(self, request, extra_context=None):
        """The one page that counts failures: signed-in people without the right are sent there too."""
        return redirect_to_login(request.GET.get("next", request.get_full_path()))
