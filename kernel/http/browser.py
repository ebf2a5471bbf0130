"""Django's session of a browser, and which of the service's own sessions it stands for."""

from typing import Any

from django.contrib import auth

from kernel.commit import after_commit

SESSION_KEY = "caller_session"  # of somebody who signed in here
LAUNCHED_KEY = "launched_session"  # of somebody whom a VLE sent: good for the pages below /me/ alone


def browser_session_id(request: Any) -> int | None:
    """The id of the caller's session that the sign-in page opened for this browser, if it did."""
    session = getattr(request, "session", None)  # requests with an Authorization header have none
    session_id = session and session.get(SESSION_KEY)
    return session_id if isinstance(session_id, int) else None


def browser_session_keep(request: Any, person: Any) -> None:
    """Django's session goes on although the person has another password now; its cookie gets a new key.

    As Django's `update_session_auth_hash`, which needs `request.user` to be the person: here it may be a Caller.
    """
    session = getattr(request, "session", None)
    if session and session.get(auth.SESSION_KEY) == str(person.pk):
        after_commit(_hash_replaced, session=session, new_hash=person.get_session_auth_hash())


def _hash_replaced(session: Any, new_hash: str) -> None:
    if session.get(auth.HASH_SESSION_KEY) != new_hash:
        session.cycle_key()
        session[auth.HASH_SESSION_KEY] = new_hash
