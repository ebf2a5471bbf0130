"""What VLEs and providers sign in with: issued, told once, ended."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.apps import apps
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from institutions.models import VLE, Credential, Provider
from kernel.writes import one_transaction


def secret_hash(secret: str) -> str:
    """SHA-256 in hex. Enough for what is random: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def credentials_live() -> QuerySet[Credential]:
    """Neither revoked nor past the overlap of a rotation, by the database's clock."""
    return Credential.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)


def credential_issue(*, vle: VLE | None = None, provider: Provider | None = None) -> tuple[Credential, str]:
    """A new credential of one module, and its secret, which is told only now. Those that it has stay good."""
    secret = secrets.token_urlsafe(32)
    return Credential.objects.create(vle=vle, provider=provider, secret_hash=secret_hash(secret)), secret


@one_transaction()
def credentials_end(*, vle: VLE | None = None, provider: Provider | None = None, overlap_minutes: int = 0) -> None:
    """The live credentials of one module end in `overlap_minutes` (0: now), and with them the sessions they opened.

    Launchers asked for with them are refused from then on. Without an overlap the secret may have leaked: whoever came
    through such a launcher is out at once. Assessment sessions go on: no exam breaks because a secret is replaced.
    """
    live = credentials_live().filter(vle=vle, provider=provider)
    now = timezone.now()
    ends = now + timedelta(minutes=overlap_minutes)
    if overlap_minutes:
        live.filter(Q(expires_at=None) | Q(expires_at__gt=ends)).update(expires_at=ends)  # none lives longer for it
    else:
        live.update(revoked_at=now)
    if vle is not None:
        _launchers_end(vle, ends, with_sessions=not overlap_minutes)


def _launchers_end(vle: VLE, ends: datetime, *, with_sessions: bool) -> None:
    """After the credentials, whose locks keep out who comes through a launcher at this moment.

    Which credential a launcher is of was not always kept. Those of a session's data are of none: see session_enter.
    """
    launchers = apps.get_model("signin.Launcher")._default_manager  # by name: sign-in is a layer above
    launchers.filter(vle=vle, credential=None, session=None, used_at=None, expires_at__gt=ends).update(expires_at=ends)
    if with_sessions:
        asked_for = launchers.filter(Q(credential__isnull=False) | Q(session=None), vle=vle)
        opened = apps.get_model("signin.CallerSession")._default_manager.filter(launcher__in=asked_for)
        opened.filter(assessment_session=None, ended_at=None).update(ended_at=ends)
