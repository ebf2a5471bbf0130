"""Launchers: tickets for one sign-in, handed to a VLE for one of its people."""

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from institutions.models import VLE, User
from signin.models import CallerSession, Launcher, Target
from signin.services import Refused
from signin.services.sessions import launched_session_open, learner_session_open
from tesla_api.api.domain import Unknown
from tesla_api.api.ids import bounded_id

MINUTES = 120


@transaction.atomic
def launcher_create(
    *,
    vle: VLE,
    person: User,
    target: Target = Target.DASHBOARD,
    target_url: str | None = None,
    minutes: int = MINUTES,
    session: Any = None,
) -> tuple[Launcher, str]:
    """A ticket for a person of the VLE's institution, good for `minutes`, and its token, which is told only now.

    `session` is a row of courses.AssessmentSession that the caller has found to be this person's.
    """
    if person.institution_id != vle.institution_id or not person.is_active:
        raise Unknown("User not found")
    token = str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))
    launcher = Launcher.objects.create(
        institution_id=vle.institution_id,
        user=person,
        vle=vle,
        session=session,
        target=target,
        target_url=target_url,
        token_hash=_hash(token),
        expires_at=timezone.now() + timedelta(minutes=minutes),
    )
    return launcher, token


@transaction.atomic
def launcher_redeem(*, id: Any, token: Any, address: str | None) -> CallerSession:
    """The session that a ticket opens. Of two attempts at the same moment one is too late.

    Raises Refused for whatever is wrong: malformed, unknown, used, expired, or of somebody who may not come any more.
    """
    number, now = bounded_id(id), timezone.now()
    if number is None or not isinstance(token, str):
        raise Refused("Invalid credentials")
    ticket = Launcher.objects.filter(pk=number, token_hash=_hash(token), used_at=None, expires_at__gt=now)
    if not ticket.update(used_at=now):
        raise Refused("Invalid credentials")
    launcher = Launcher.objects.select_related("user", "session").get(pk=number)
    if not launcher.user.is_active:
        raise Refused("Invalid credentials")
    lifetime = launcher.expires_at - launcher.created_at
    if launcher.target == Target.DASHBOARD:
        return launched_session_open(person=launcher.user, lifetime=lifetime, address=address)
    return learner_session_open(
        person=launcher.user, expires_at=now + lifetime, assessment_session=launcher.session, address=address
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.lower().encode()).hexdigest()
