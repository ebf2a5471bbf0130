"""Links to what a browser needs of a session: /session/<token>/data.json and /session/<token>/connector.js.

A token names a session and is signed; it is good as long as the session, which is asked in the database each time. No
header is needed: whoever has the link acts as the learner in this session. What a link answers is made when it is
followed and stored nowhere, since there are tokens in it.
"""

from datetime import UTC, datetime, timedelta

from django.core.signing import BadSignature, b62_decode, b62_encode

from courses.models import AssessmentSession
from files.links import signer

SALT = "courses.links"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DATA, CONNECTOR = "data.json", "connector.js"


def session_path(session: AssessmentSession, name: str) -> str:
    return f"/session/{signer(SALT).sign(_named(session))}/{name}"


def session_linked(token: str) -> AssessmentSession | None:
    """The session that a token names, open or not; None when we did not make it so."""
    try:
        named = signer(SALT).unsign(token)
    except BadSignature:
        return None
    found = AssessmentSession.objects.select_related("activity").filter(pk=b62_decode(named.partition("-")[0])).first()
    return found if found is not None and _named(found) == named else None


def _named(session: AssessmentSession) -> str:
    """With the instant of its start: after a restored backup its number may be another one's."""
    return f"{b62_encode(session.pk)}-{b62_encode((session.started_at - EPOCH) // timedelta(microseconds=1))}"
