"""VLEs and providers, which sign in with a role and a secret."""

import hmac
import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from institutions.services.credentials import credentials_live, secret_hash
from signin.models import CallerSession
from signin.services import Refused
from signin.services.attempts import attempt_counted, attempt_heard
from signin.services.sessions import module_session_open


def module_sign_in(*, role_id: str, secret_id: str, address: str | None) -> CallerSession:
    """The session that a live credential opens; the credential keeps the moment.

    Raises LockedOut before the secret is looked at, Refused for every other reason alike.
    """
    role = _role(role_id)
    attempt: dict[str, Any] = {"what": "role", "who": str(role or role_id), "address": address}
    attempt_heard(**attempt)
    session = _opened(role, secret_id, address) if role else None
    if session is None:
        attempt_counted(**attempt)
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
    """Locked: a rotation or deletion of this moment comes before or after, never in between."""
    live = credentials_live().select_related("vle__institution", "provider")
    found = live.select_for_update(of=("self",), no_key=True).filter(role_id=role).first()
    if found is None or not hmac.compare_digest(found.secret_hash, secret_hash(secret)):
        return None
    found.last_used_at = timezone.now()
    found.save(update_fields=["last_used_at"])
    return module_session_open(credential=found, address=address)
