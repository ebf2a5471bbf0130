"""The web plugin: the files that exam pages of VLEs load, and what does not load there."""

import logging
import re

from django.conf import settings
from django.core.cache import cache

from courses.models import AssessmentSession
from institutions.services.vles import vle_warn

SCRIPT, STYLE, TRANSLATION, OTHER = "script", "style", "translation", "other"
QUIET_SECONDS = 60  # after a failure was reported: a whole exam reports the same one
_PLAIN_NAME = re.compile(r"\w[\w./-]{0,99}", re.ASCII)
logger = logging.getLogger(__name__)


def folder_path() -> str:
    """Its folder, an address or a path at this service. It ends in a slash: the plugin appends names to it."""
    return f"{settings.WEB_PLUGIN_URL.rstrip('/')}/"


def file_names() -> dict[str, str]:
    """{kind: name in the folder} of the files that a page loads; of translations that which every build reads first."""
    texts = f"assets/i18n/{settings.LANGUAGE_CODE}.json"
    return {SCRIPT: settings.WEB_PLUGIN_SCRIPT, STYLE: settings.WEB_PLUGIN_STYLE, TRANSLATION: texts}


def file_failed(session: AssessmentSession, kind: str, sent: str) -> None:
    """A page could not load this file: a line of log and a warning, unless the VLE's pages reported it a moment ago.

    Whoever sits an exam can call this as often as they like, with anything as `sent`: it is written only for OTHER,
    whose name nobody else knows, and only if it looks like one.
    """
    vle = session.activity.vle_id
    if not cache.add(f"web-plugin-failed:{vle}:{kind}", True, QUIET_SECONDS):
        return
    name = file_names().get(kind) or (sent if _PLAIN_NAME.fullmatch(sent) else "(a file below)")
    problem = f"{folder_path()}{name} did not load in an exam page."
    logger.warning("web plugin: VLE %d, session %d: %s Try manage.py check_web_plugin.", vle, session.pk, problem)
    vle_warn(vle_id=vle, warnings={f"web-plugin-{kind}": problem})
