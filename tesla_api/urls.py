"""Every address of the service: the tree, sign-in, files, schema and its pages, the admin site."""

from django.contrib import admin
from django.urls import include, path

from signin.api import auth
from tesla_api.api.routing import mount
from tesla_api.tree import TREE

AUTH = [
    path("login", auth.LoginView.as_view(), name="auth-login"),
    path("token/refresh", auth.RefreshView.as_view(), name="auth-refresh"),
    path("profile", auth.ProfileView.as_view(), name="auth-profile"),
    path("logout", auth.LogoutView.as_view(), name="auth-logout"),
]
urlpatterns = [
    path("api/v2/", include(mount(TREE))),
    path("api/v2/auth/", include(AUTH)),
    path("admin/", admin.site.urls),
]
handler400 = "tesla_api.api.errors.bad_request"
handler403 = "tesla_api.api.errors.permission_denied"
handler404 = "tesla_api.api.errors.not_found"
handler500 = "tesla_api.api.errors.server_error"
