"""What VLEs and providers sign in with: issued once in clear, kept as a hash, ended by a rotation."""

import hashlib
import secrets
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from institutions.models import VLE, Credential, Provider


def credential_issue(*, vle: VLE | None = None, provider: Provider | None = None) -> tuple[Credential, str]:
    """A new credential of a VLE or a provider, and its secret in clear, which is told only now."""
    secret = secrets.token_urlsafe(32)
    return Credential.objects.create(vle=vle, provider=provider, secret_hash=secret_hash(secret)), secret


def secret_hash(secret: str) -> str:
    """SHA-256 in hex. Enough for what is random: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def credentials_end(*, credentials: QuerySet[Credential], overlap_minutes: int) -> None:
    """Those of these that are live end in `overlap_minutes` (0: now)."""
    now = timezone.now()
    live = credentials.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)
    if overlap_minutes:
        ends = now + timedelta(minutes=overlap_minutes)
        live.filter(Q(expires_at=None) | Q(expires_at__gt=ends)).update(expires_at=ends)  # none lives longer for it
    else:
        live.update(revoked_at=now)
