"""VLEs and providers, which sign in with a role and a secret."""

import hmac
import uuid

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from institutions.models import Credential
from institutions.services.credentials import secret_hash
from signin.services import Refused
from signin.services.attempts import attempt_counted, attempt_taken_back


def module_verified(*, role_id: str, secret_id: str, address: str | None) -> Credential:
    """The credential of this role and secret, neither revoked nor past its overlap; that it was used is recorded.

    Raises LockedOut before the secret is looked at, Refused for every other reason alike.
    """
    attempt = attempt_counted(what="role", who=role_id.lower(), address=address)
    found = _credential(role_id)
    given = secret_hash(secret_id)
    if not hmac.compare_digest(found.secret_hash if found else "", given) or found is None:
        raise Refused("Invalid credentials")
    attempt_taken_back(keys=attempt)
    Credential.objects.filter(pk=found.pk).update(last_used_at=timezone.now())
    return found


def _credential(role_id: str) -> Credential | None:
    try:
        role = uuid.UUID(role_id)
    except ValueError:
        return None
    live = Credential.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)
    return live.select_related("vle__institution", "provider").filter(role_id=role).first()
