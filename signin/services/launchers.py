"""Launchers: tickets for one sign-in, handed to a VLE for one of its people."""

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from institutions.models import VLE, Credential, User
from institutions.services.credentials import credentials_live
from kernel.domain import Invalid, Unknown
from kernel.ids import bounded_id
from kernel.locks import Lock, locked_rows, locking
from kernel.recording import Entry, record
from signin.models import CallerSession, Launcher, Target
from signin.services import Refused, Suspended
from signin.services.sessions import launched_session_open, learner_session_open, refuse_anothers
from signin.suspension import is_suspended, suspension_text

MINUTES = 120
REFUSED = "Invalid credentials"
LONGEST = 30 * 24 * 60


@transaction.atomic
def launcher_create(
    *,
    vle: VLE,
    person: User,
    target: Target = Target.DASHBOARD,
    target_url: str | None = None,
    minutes: int = MINUTES,
    session: Any = None,
    credential_id: int | None = None,
) -> tuple[Launcher, str]:
    """A ticket for a person of the VLE's institution, valid for `minutes`, and its token, of which a hash is stored.

    `session` is a row of courses.AssessmentSession, `credential_id` the credential that the VLE signed in with; None
    for launchers that a session's data shows, which are good as long as the session's credential. Raises
    Unknown when the person is not of that institution, or deactivated, or the session is another person's; Invalid
    when `minutes` is out of range.
    """
    if person.institution_id != vle.institution_id or not person.is_active:
        raise Unknown("User not found")
    refuse_anothers(session, person)
    if not 0 < minutes <= LONGEST:
        raise Invalid(ttl=f"A number of minutes from 1 to {LONGEST}.")
    token = str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))
    launcher = Launcher.objects.create(
        institution_id=vle.institution_id,
        user=person,
        vle=vle,
        credential_id=credential_id,
        session=session,
        target=target,
        target_url=target_url,
        token_hash=_hash(token),
        expires_at=timezone.now() + timedelta(minutes=minutes),
    )
    if credential_id is not None:  # those of a session's data come each time that it is read
        details = {"target": target.name.lower()}
        record(Entry("create", "vle/launcher", launcher.pk, vle.institution_id, person.pk, details))
    return launcher, token


def session_launchers_forgotten(*, session: Any) -> None:
    """Delete the launchers that this session's data has shown and that nobody has used: one of them is good at a time.

    The session is locked, and so are the rows that are deleted: who uses one at this moment comes first or is refused.
    """
    shown = Launcher.objects.filter(session=session, credential=None, used_at=None)
    shown._raw_delete(shown.db)  # without looking for what refers to them: sessions refer to used ones only


def launcher_offered(*, id: Any, token: Any) -> Launcher | None:
    """The unused launcher to a dashboard that this ticket names, with its person and VLE; None for any other.

    Nothing is used up by it. It may be refused all the same when it is redeemed.
    """
    number = bounded_id(id)
    if not number or not isinstance(token, str):
        return None
    rows = Launcher.objects.select_related("user__learner", "vle", "institution")
    return rows.filter(
        pk=number, token_hash=_hash(token), target=Target.DASHBOARD, used_at=None, expires_at__gt=timezone.now()
    ).first()


def launcher_redeem(*, id: Any, token: Any, address: str | None) -> CallerSession:
    """The session that a ticket opens. A ticket works once, also when two requests use it at the same moment.

    Raises Refused when the ticket is malformed, unknown, used or expired, or its person may not sign in any more.
    Failures are not counted: a token is random and cannot be guessed, but ticket numbers can, so that counting would
    let one person lock out the many people behind one address.
    """
    number = bounded_id(id)
    if not number or not isinstance(token, str):
        raise Refused(REFUSED)
    return _redeemed(number, token, address)


@transaction.atomic
def _redeemed(number: int, token: str, address: str | None) -> CallerSession:
    """Raises Refused, which leaves the ticket as it was."""
    issuer, now = _issuer_locked(number, token), timezone.now()
    ticket = Launcher.objects.filter(pk=number, token_hash=_hash(token), used_at=None, expires_at__gt=now)
    if not ticket.update(used_at=now):
        raise Refused(REFUSED)
    launcher = Launcher.objects.select_related("user", "session", "institution").get(pk=number)
    session: Any = launcher.session
    if issuer is None and (launcher.credential_id or (session and session.credential_id)):
        raise Refused(REFUSED)  # the VLE's secret was replaced
    person, learner = launcher.user, getattr(launcher.user, "learner", None)
    if is_suspended(launcher.institution) and not person.is_staff:
        raise Suspended(suspension_text(launcher.institution, with_reason=False))
    if not person.is_active or (launcher.target == Target.LAPI and learner is None):
        raise Refused(REFUSED)
    ends = now + min(launcher.expires_at - launcher.created_at, settings.PERSON_SESSION_LIFETIME)
    is_for_exam = launcher.target == Target.LAPI and session is not None
    if issuer is not None and issuer.expires_at is not None and not is_for_exam:
        ends = min(ends, issuer.expires_at)  # the VLE's secret is being replaced
    session_values: dict[str, Any] = {"person": person, "address": address, "launcher": launcher}
    if launcher.target == Target.LAPI:
        return learner_session_open(expires_at=ends, assessment_session=session, **session_values)
    if session is not None:
        if session.is_over:
            raise Refused(REFUSED)
        ends = min(ends, session.ends_at)
    return launched_session_open(expires_at=ends, **session_values)


def _issuer_locked(number: int, token: str) -> Credential | None:
    """The live credential with which the VLE created the ticket, or opened the session whose data has shown it.

    It is locked with what the caller's session will refer to.

    Locked before the ticket, so that a simultaneous revocation either comes first and refuses the ticket, or comes
    second and ends its session. The token is part of the query: without it nobody can lock a VLE's credential.
    """
    ticket = Launcher.objects.filter(pk=number, token_hash=_hash(token))
    locked_rows(User.objects.filter(pk__in=ticket.values("user")), Lock.REFERENCE)
    live = credentials_live().filter(pk__in=ticket.values_list(Coalesce("credential", "session__credential")))
    issuer = locking(live, self=Lock.CHANGE).first()
    sessions = apps.get_model("courses.AssessmentSession")._default_manager  # by name: courses are a layer above
    locked_rows(sessions.filter(pk__in=ticket.values("session")), Lock.REFERENCE)
    return issuer


def _hash(token: str) -> str:
    return hashlib.sha256(token.lower().encode()).hexdigest()
