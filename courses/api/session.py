"""/session/<token>/data.json and /session/<token>/connector.js: an assessment session's data for the browser."""

from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from courses import web_plugin
from courses.links import CONNECTOR, DATA, session_linked, session_path
from courses.models import Activity, AssessmentSession
from courses.queries import learner_instruments, sensors
from courses.services.assessments import Entry, session_enter
from kernel.domain import DomainError, Unavailable
from kernel.errors import not_found
from learners.models import Learner, SENDOption
from learners.queries import NO_SEND, send_summaries
from signin import tokens
from signin.suspension import WAIT, is_suspended, suspension_text

CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")
CORNER = "bottom-right"
NAME_BYTES = 200  # that are read of the name of a file
FAILED = {
    f"{kind}-failed": kind for kind in (*web_plugin.file_names(), web_plugin.OTHER)
}  # {last word of a link: kind of file}
SCRIPT = Path(__file__).with_name("connector.js").read_text().strip()
# The script may be embedded in an HTML page, where these characters could end it.
ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def address(request: HttpRequest, setting: str) -> str:
    """A setting that may be a path of this service as an absolute URL without a trailing slash."""
    return request.build_absolute_uri(setting or "/").rstrip("/")


def plugin_folder(request: HttpRequest) -> str:
    """The web plugin's folder as an absolute URL with a trailing slash."""
    return request.build_absolute_uri(web_plugin.folder_path())


@method_decorator(csrf_exempt, name="dispatch")  # other methods are 405 even without a CSRF token
class SessionView(View):
    """Requested by pages of other hosts, without cookies. Every invalid link is a 404."""

    http_method_names = ["get", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except Unavailable as error:
            response = JsonResponse({"detail": str(error)}, status=503, headers={"Retry-After": str(error.wait)})
        except (DomainError, Http404):
            response = not_found(request)
        response._has_been_logged = True  # type: ignore[attr-defined] # Django would log the URL, which is a secret
        response["Access-Control-Allow-Origin"] = "*"
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Without the log line of Django's own method, which has the URL.
        takes = "POST" if kwargs["name"] in FAILED else "GET"
        return HttpResponseNotAllowed([takes, "OPTIONS"])

    def get(self, request: HttpRequest, token: str, name: str) -> HttpResponse:
        if name in FAILED:
            return self.http_method_not_allowed(request, name=name)
        session = self.open_session(token, known=name in (DATA, CONNECTOR))
        return _data(request, session) if name == DATA else _connector(request, session)

    def post(self, request: HttpRequest, token: str, name: str) -> HttpResponse:
        """The connector's report that a file did not load; its name in the folder is the body."""
        if name not in FAILED:
            return self.http_method_not_allowed(request, name=name)
        session = self.open_session(token)
        web_plugin.file_failed(session, FAILED[name], request.read(NAME_BYTES).decode(errors="replace"))
        return HttpResponse(status=204)

    @staticmethod
    def open_session(token: str, *, known: bool = True) -> AssessmentSession:
        session = session_linked(token) if known else None
        if session is None or session.is_over:
            raise Http404
        if is_suspended(session.institution):
            raise Unavailable(suspension_text(session.institution, with_reason=False), WAIT)
        return session


def _connector(request: HttpRequest, session: AssessmentSession) -> HttpResponse:
    """A script that adds the web plugin to the page that includes it."""
    folder = plugin_folder(request)
    options: dict[str, Any] = {"data": request.build_absolute_uri(session_path(session, DATA))}
    for failed, kind in FAILED.items():
        report = request.build_absolute_uri(session_path(session, failed))
        options[kind] = {"url": f"{folder}{web_plugin.file_names().get(kind, '')}", "failed": report}
    script = f"{SCRIPT}({orjson.dumps(options).decode().translate(ESCAPES)});\n"
    return HttpResponse(script, content_type="application/javascript; charset=utf-8")


def _data(request: HttpRequest, session: AssessmentSession) -> HttpResponse:
    """The session's data for the web plugin, with new tokens in each response."""
    data = _session_data(session_enter(session=session), request)
    return HttpResponse(orjson.dumps(data, option=orjson.OPT_UTC_Z), content_type="application/json")


def _session_data(entry: Entry, request: HttpRequest) -> dict[str, Any]:
    session, learner = entry.session, entry.learner
    rows = learner_instruments(session.activity_id, learner.pk)
    options = send_summaries([learner.pk]).get(learner.pk, NO_SEND)["send"]["enabled_options"]
    return {
        "mode": "verification",
        "learner": _learner(learner),
        "session_id": session.pk,
        "activity": _activity(session.activity),
        "accessibility": {name: name in options for name in SENDOption.values},
        "instruments": [row.instrument_id for row in rows],
        "sensors": sensors(rows),
        "token": tokens.pair(entry.caller_session),
        "enrolment": entry.enrolments,
        "logo_url": address(request, settings.LOGO_URL),
        "api_url": address(request, "/"),
        "dashboard_url": address(request, settings.DASHBOARD_URL),
        "launcher": {"id": entry.launcher and entry.launcher.pk, "token": entry.launcher_token},
        "base_url": plugin_folder(request),
        "locale": session.locale or learner.user.locale or settings.LANGUAGE_CODE,
        "options": {"floating_menu_initial_pos": session.options.get("floating_menu_initial_pos") or CORNER},
    }


def _learner(learner: Learner) -> dict[str, Any]:
    return {
        "id": learner.pk,
        "learner_id": learner.learner_id,
        "first_name": learner.user.first_name,
        "last_name": learner.user.last_name,
        "picture": None,
        "institution_id": learner.institution_id,
    }


def _activity(activity: Activity) -> dict[str, Any]:
    common = ("id", "description", "start", "end")
    own = ("vle_activity_type", "vle_activity_id", "name", "enabled")
    course = {name: getattr(activity.course, name) for name in (*common, "vle_course_id", "code")}
    return {name: getattr(activity, name) for name in (*common, *own)} | {"course": course}
