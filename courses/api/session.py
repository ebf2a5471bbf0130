"""/session/<token>/data.json and /session/<token>/connector.js: what a learner's browser needs of a session"""

from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from courses.links import CONNECTOR, DATA, session_linked, session_path
from courses.models import Activity, AssessmentSession
from courses.queries import learner_instruments, sensors
from courses.services.assessments import Entry, session_enter
from kernel.domain import DomainError
from kernel.errors import not_found
from learners.models import Learner, SENDOption
from learners.queries import NO_SEND, send_summaries
from signin import tokens

PLUGIN = "tesla-web-plugin"  # the name of the element, and of its files below WEB_PLUGIN_URL
CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")
CORNER = "bottom-right"
SCRIPT = Path(__file__).with_name("connector.js").read_text().strip()
# A script may stand inside a page, where these would end it.
ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def address(request: HttpRequest, setting: str) -> str:
    """A setting that may be an address at this service, as a whole address without a slash at its end."""
    return request.build_absolute_uri(setting or "/").rstrip("/")


@method_decorator(csrf_exempt, name="dispatch")  # nothing is sent: other methods are 405, with or without a token
class SessionView(View):
    """Read by pages of other hosts, without cookies; a dead link is 404, whatever it died of."""

    http_method_names = ["get", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            answer = super().dispatch(request, *args, **kwargs)
        except (DomainError, Http404):
            answer = not_found(request)
        answer._has_been_logged = True  # type: ignore[attr-defined] # Django would say the address, which is enough
        answer["Access-Control-Allow-Origin"] = "*"
        answer["Cache-Control"] = "no-store"
        answer["Referrer-Policy"] = "no-referrer"
        answer["X-Content-Type-Options"] = "nosniff"
        return answer

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseNotAllowed([name.upper() for name in self.http_method_names])  # not logged, either

    def get(self, request: HttpRequest, token: str, name: str) -> HttpResponse:
        session = session_linked(token) if name in (DATA, CONNECTOR) else None
        if session is None or session.is_over:
            raise Http404
        return _data(request, session) if name == DATA else _connector(request, session)


def _connector(request: HttpRequest, session: AssessmentSession) -> HttpResponse:
    """A script that puts the web plugin into the page that includes it."""
    given = {
        "data": request.build_absolute_uri(session_path(session, DATA)),
        "plugin": f"{address(request, settings.WEB_PLUGIN_URL)}/{PLUGIN}",
    }
    script = f"{SCRIPT}({orjson.dumps(given).decode().translate(ESCAPES)});\n"
    return HttpResponse(script, content_type="application/javascript; charset=utf-8")


def _data(request: HttpRequest, session: AssessmentSession) -> HttpResponse:
    """The session for the web plugin, with new tokens each time."""
    told = _told(session_enter(session=session), request)
    return HttpResponse(orjson.dumps(told, option=orjson.OPT_UTC_Z), content_type="application/json")


def _told(entry: Entry, request: HttpRequest) -> dict[str, Any]:
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
        "token": tokens.pair(entry.opened),
        "enrolment": entry.enrolments,
        "logo_url": address(request, settings.LOGO_URL),
        "api_url": address(request, "/"),
        "dashboard_url": address(request, settings.DASHBOARD_URL),
        "launcher": {"id": entry.launcher.pk, "token": entry.launcher_token},
        "base_url": address(request, settings.WEB_PLUGIN_URL),
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
    of_both = ("id", "description", "start", "end")
    of_activity = ("vle_activity_type", "vle_activity_id", "name", "enabled")
    course = {name: getattr(activity.course, name) for name in (*of_both, "vle_course_id", "code")}
    return {name: getattr(activity, name) for name in (*of_both, *of_activity)} | {"course": course}
