"""Links to the data and script of an assessment session: /session/<token>/data.json and /session/<token>/connector.js.

A token is the signed id of a session. It is valid as long as the session is open. No header is needed: whoever has the
link acts as the learner in this session. The answer contains access tokens, so it is generated for each request and
never stored.
"""

from datetime import UTC, datetime, timedelta

from django.core.signing import BadSignature, b62_decode, b62_encode

from courses.models import AssessmentSession
from files.links import signer

SALT = "courses.links"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DATA, CONNECTOR = "data.json", "connector.js"


def session_path(session: AssessmentSession, name: str) -> str:
    return f"/session/{signer(SALT).sign(_session_name(session))}/{name}"


def session_linked(token: str) -> AssessmentSession | None:
    """The session of a token, whether open or not; None when the signature is not valid."""
    try:
        name = signer(SALT).unsign(token)
    except BadSignature:
        return None
    session = (
        AssessmentSession.objects.select_related("activity", "institution")
        .filter(pk=b62_decode(name.partition("-")[0]))
        .first()
    )
    return session if session is not None and _session_name(session) == name else None


def _session_name(session: AssessmentSession) -> str:
    """Id and start time: after the restore of a backup another session may have the same id."""
    return f"{b62_encode(session.pk)}-{b62_encode((session.started_at - EPOCH) // timedelta(microseconds=1))}"
