"""Credentials with which VLEs and providers sign in: issuing, checking and ending them."""

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
    """SHA-256 in hex. A slow hash is not needed: the secrets are random, so they cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def credentials_live() -> QuerySet[Credential]:
    """Neither revoked nor past the overlap of a rotation, by the database's clock."""
    return Credential.objects.filter(live())


def live(path: str = "") -> Q:
    """The same as a condition; `path` leads to the credential and ends in two underscores."""
    not_over = Q(**{f"{path}expires_at": None}) | Q(**{f"{path}expires_at__gt": Now()})
    return not_over & Q(**{f"{path}revoked_at": None})


def is_live(credential: Credential) -> bool:
    """The same of a row that was read just now, by the clock of this process."""
    not_over = credential.expires_at is None or credential.expires_at > timezone.now()
    return credential.revoked_at is None and not_over


def credential_issue(*, vle: VLE | None = None, provider: Provider | None = None) -> tuple[Credential, str]:
    """A new credential of one module, and its secret, of which only a hash is stored. Older ones stay valid."""
    secret = secrets.token_urlsafe(32)
    return Credential.objects.create(vle=vle, provider=provider, secret_hash=secret_hash(secret)), secret


@one_transaction()
def credentials_end(*, vle: VLE | None = None, provider: Provider | None = None, overlap_minutes: int = 0) -> None:
    """The live credentials of one module end in `overlap_minutes` (0: now), and with them the sessions they opened.

    Launchers that were created with them are refused from then on, and so are those of assessment sessions that were
    opened with them; everybody who came through a launcher of the VLE is out then. The tokens for captures of an
    assessment go on, so that no exam is interrupted.
    """
    now = timezone.now()
    ends = now + timedelta(minutes=overlap_minutes)
    if overlap_minutes:
        live = credentials_live().filter(vle=vle, provider=provider)
        live.filter(Q(expires_at=None) | Q(expires_at__gt=ends)).update(expires_at=ends)  # never prolonged
    else:
        Credential.objects.filter(vle=vle, provider=provider, revoked_at=None).update(revoked_at=now)
    if vle is not None:
        _launchers_end(vle, ends, at_once=not overlap_minutes)


def _launchers_end(vle: VLE, ends: datetime, *, at_once: bool) -> None:
    """Called after the credentials are updated: their row locks make simultaneous uses of launchers wait.

    Whoever uses one later gets a session that ends with the credential.

    Old launchers have no credential, as it was not stored then. Launchers that the data of an assessment session shows
    have none either, and are refused because of the session's: see `launcher_redeem`.
    """
    launchers = apps.get_model("signin.Launcher")._default_manager  # by name: sign-in is a layer above
    launchers.filter(vle=vle, credential=None, session=None, used_at=None, expires_at__gt=ends).update(expires_at=ends)
    sessions = apps.get_model("signin.CallerSession")._default_manager.filter(launcher__vle=vle)
    dashboards = sessions.filter(assessment_session=None, ended_at=None)
    if at_once:
        dashboards.update(ended_at=ends)
    else:
        dashboards.filter(expires_at__gt=ends).update(expires_at=ends)
