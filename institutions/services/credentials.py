"""What VLEs and providers sign in with: issued, told once, ended."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from institutions.models import VLE, Credential, Provider


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


@transaction.atomic
def credentials_end(*, vle: VLE | None = None, provider: Provider | None = None, overlap_minutes: int = 0) -> None:
    """The live credentials of one module end in `overlap_minutes` (0: now), and with them the sessions they opened."""
    live = credentials_live().filter(vle=vle, provider=provider)
    if not overlap_minutes:
        live.update(revoked_at=timezone.now())
        return
    ends = timezone.now() + timedelta(minutes=overlap_minutes)
    live.filter(Q(expires_at=None) | Q(expires_at__gt=ends)).update(expires_at=ends)  # none lives longer for it
