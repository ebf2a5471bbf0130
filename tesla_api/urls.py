"""Every address: the tree, sign-in, capture API, files, sessions and models by link, schema, pages, the admin site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from courses.api.session import SessionView
from files.api.file import FileView
from kernel.routing import mount
from learners.api.lapi_enrolment import EnrolmentView
from learners.api.lapi_profile import LearnerProfileView
from learners.api.provider_model import NAME as PROVIDER_MODEL
from learners.api.provider_model import ProviderModelView
from reports.api.lapi_alert import AlertView
from reports.api.lapi_status import StatusView
from reports.api.lapi_verification import VerificationView
from rights.pages import PublicTransparencyView
from signin.api import auth
from signin.api.approle import ApproleView
from signin.api.launcher import LauncherView
from signin.launch import LaunchView
from signin.oidc import InstitutionView, ProviderView, ReturnView
from signin.views import ForgottenView, NewPasswordView, OwnPasswordView, SignInView, SignOutView
from tesla_api import start_pages
from tesla_api.tree import CALLS, PROCEDURES, TREE

AUTH = [
    path("login", auth.LoginView.as_view(), name="auth-login"),
    path("approle", ApproleView.as_view(), name="auth-approle"),
    path("token", LauncherView.as_view(), name="auth-token"),
    path("token/refresh", auth.RefreshView.as_view(), name="auth-refresh"),
    path("profile", auth.ProfileView.as_view(), name="auth-profile"),
    path("logout", auth.LogoutView.as_view(), name="auth-logout"),
]
OF_LEARNER = "<id:institution_id>/<str:learner_id>/"
CAPTURE = [
    path(f"enrolment/{OF_LEARNER}", EnrolmentView.as_view(), name="lapi-enrolment"),
    path(f"verification/{OF_LEARNER}", VerificationView.as_view(), name="lapi-verification"),
    path(f"alert/{OF_LEARNER}", AlertView.as_view(), name="lapi-alert"),
    path(f"status/{OF_LEARNER}", StatusView.as_view(), name="lapi-status"),
    path(f"profile/{OF_LEARNER}", LearnerProfileView.as_view(), name="lapi-profile"),
]
PAGES = [
    path("", start_pages.StartView.as_view(), name="start"),
    path("signin/", SignInView.as_view(), name="signin"),
    path("signin/forgotten/", ForgottenView.as_view(), name="forgotten"),
    path("signin/new/<uidb64>/<token>/", NewPasswordView.as_view(), name="new-password"),
    path("signin/oidc/", InstitutionView.as_view(), name="oidc"),
    path("signin/oidc/<id:institution>/callback/", ReturnView.as_view(), name="oidc-return"),
    path("signin/oidc/<path:acronym>/", ProviderView.as_view(), name="oidc-provider"),
    path("signin/password/", OwnPasswordView.as_view(), name="own-password"),
    path("signout/", SignOutView.as_view(), name="signout"),
    path("ui/auth/launcher", LaunchView.as_view(), name="launch"),
    path("ui/plugin/<path:page>", LaunchView.as_view(), name="launch-plugin"),
    path("console/", include("console.urls")),
    path("me/", include("rights.urls")),
    path("transparency/<id:institution>/", PublicTransparencyView.as_view(), name="transparency"),
    path("docs/", start_pages.SwaggerView.as_view(), name="docs"),
    path("redoc/", start_pages.RedocView.as_view(), name="redoc"),
    path("schema/", start_pages.SchemaView.as_view(), name="schema"),
    path("favicon.ico", start_pages.favicon),
    *(path(word, RedirectView.as_view(url=f"/{word}/", query_string=True)) for word in start_pages.BARE),
]
urlpatterns = [
    *PAGES,
    path("api/v2/", include(mount(TREE + CALLS + PROCEDURES))),
    path("api/v2/auth/", include(AUTH)),
    path("lapi/v1/", include(CAPTURE)),
    path("files/<str:token>/<str:name>", FileView.as_view(), name="file"),
    path("models/<str:token>/", ProviderModelView.as_view(), name=PROVIDER_MODEL),
    path("session/<str:token>/<str:name>", SessionView.as_view(), name="session"),
    path("admin/", admin.site.urls),
]
handler400 = "tesla_api.start_pages.bad_request"
handler403 = "tesla_api.start_pages.permission_denied"
handler404 = "tesla_api.start_pages.not_found"
handler500 = "tesla_api.start_pages.server_error"
