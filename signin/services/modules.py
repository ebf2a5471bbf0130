"""VLEs and providers, which sign in with a role and a secret."""

import uuid

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from institutions.services.credentials import credentials_live, secret_hash
from signin.models import CallerSession
from signin.services import Refused, Suspended
from signin.services.attempts import failure_counted
from signin.services.people import failure_recorded
from signin.services.sessions import module_session_open
from signin.suspension import is_suspended, suspension_text


def module_sign_in(*, role_id: str, secret_id: str, address: str | None) -> CallerSession:
    """The session that a live credential opens; the credential stores the time.

    Raises LockedOut after too many failures of the role or the address, and Refused for every other reason. The right
    secret is accepted even after many failures: it cannot be guessed, and role ids are not secret, so that anybody
    could lock a module out.
    """
    role = _role(role_id)
    session = _opened(role, secret_id, address) if role else None
    if session is None:
        who, limit = str(role or role_id), settings.SIGN_IN_FAILURES_PER_ROLE
        failure_counted(what="role", who=who, address=address, per_account=limit)
        failure_recorded(row=str(role or ""))
        raise Refused("Invalid credentials")
    return session


def _role(text: str) -> uuid.UUID | None:
    """The role id, however it is written: failures are counted per role, not per spelling."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


@transaction.atomic
def _opened(role: uuid.UUID, secret: str, address: str | None) -> CallerSession | None:
    """The credential is locked, so that a simultaneous rotation or deletion comes before or after, never in between.

    A wrong secret matches no row and so locks none: many wrong attempts do not delay anybody.
    """
    live = credentials_live().select_related("vle__institution", "provider")
    matching = live.filter(role_id=role, secret_hash=secret_hash(secret))
    credential = matching.select_for_update(of=("self",), no_key=True).first()
    if credential is None:
        return None
    if credential.vle is not None and is_suspended(credential.vle.institution):
        raise Suspended(suspension_text(credential.vle.institution, with_reason=False))
    credential.last_used_at = timezone.now()
    credential.save(update_fields=["last_used_at"])
    return module_session_open(credential=credential, address=address)
