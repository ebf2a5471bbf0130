"""VLEs and providers, which sign in with a role and a secret."""

import uuid

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from institutions.services.credentials import credentials_live, secret_hash
from signin.models import CallerSession
from signin.services import Refused
from signin.services.attempts import attempt_counted
from signin.services.sessions import module_session_open


def module_sign_in(*, role_id: str, secret_id: str, address: str | None) -> CallerSession:
    """The session that a live credential opens; the credential keeps the moment.

    Raises LockedOut after too many failures of the role or the address, Refused for every other reason alike. Failures
    never keep the right secret out: it cannot be guessed, and a role is no secret with which to lock a module out.
    """
    role = _role(role_id)
    session = _opened(role, secret_id, address) if role else None
    if session is None:
        who, limit = str(role or role_id), settings.SIGN_IN_FAILURES_PER_ROLE
        attempt_counted(what="role", who=who, address=address, from_anywhere=limit)
        raise Refused("Invalid credentials")
    return session


def _role(text: str) -> uuid.UUID | None:
    """However it is written: all ways to write one role are counted as one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


@transaction.atomic
def _opened(role: uuid.UUID, secret: str, address: str | None) -> CallerSession | None:
    """Locked: a rotation or deletion of this moment comes before or after, never in between.

    A wrong secret finds no row and locks none: whoever sends many makes nobody wait.
    """
    live = credentials_live().select_related("vle__institution", "provider")
    matching = live.filter(role_id=role, secret_hash=secret_hash(secret))
    found = matching.select_for_update(of=("self",), no_key=True).first()
    if found is None:
        return None
    found.last_used_at = timezone.now()
    found.save(update_fields=["last_used_at"])
    return module_session_open(credential=found, address=address)
