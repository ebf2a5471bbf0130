"""Sessions of authenticated callers: opening, refreshing, ending and deleting them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from institutions.models import Credential, OIDCConnection, User
from kernel.caller import Caller, CallerKind
from kernel.domain import Unknown
from kernel.ids import bounded_id
from kernel.recording import Entry, origin, record
from kernel.repeats import repeated
from signin import tokens
from signin.callers import OIDC, caller_of
from signin.models import CallerSession, Launcher
from signin.services import Refused, Suspended
from signin.services.attempts import counters_forgotten, places_forgotten
from signin.suspension import suspended


@transaction.atomic
def session_open(*, person: User, address: str | None, oidc: OIDCConnection | None = None) -> CallerSession:
    """A session of a person who has signed in, as long as the longest token of it may live.

    `oidc` is the identity provider that knows the person, where it was no password.
    """
    now = timezone.now()
    lifetime = settings.GLOBAL_ADMIN_SESSION_LIFETIME if person.is_staff else settings.PERSON_SESSION_LIFETIME
    User.objects.filter(pk=person.pk).update(last_login=now)
    session = _opened(CallerKind.PERSON, person, now + lifetime, address, oidc=oidc)
    kind = CallerKind.GLOBAL_ADMIN if person.is_staff else CallerKind.PERSON
    caller = Caller(kind, person.pk, name=person.username, signed_in=OIDC if oidc else "")
    _recorded(session, caller, person.institution_id)
    return session


def _recorded(session: CallerSession, caller: Caller, institution_id: int | None) -> None:
    """Somebody has signed in."""
    by = origin().of(caller)
    record(Entry("sign-in", "auth", session.pk, institution_id, by.person_id), by=by)


def module_session_open(*, credential: Credential, address: str | None) -> CallerSession:
    """A session of a VLE or a provider that has signed in."""
    kind = CallerKind.VLE if credential.vle_id is not None else CallerKind.PROVIDER
    session = CallerSession.objects.create(
        kind=kind.value,
        credential=credential,
        address=address,
        expires_at=timezone.now() + settings.MODULE_SESSION_LIFETIME,
    )
    caller = Caller(kind, credential.vle_id or credential.provider_id or 0, name=str(credential.role_id))
    _recorded(session, caller, credential.vle.institution_id if credential.vle else None)
    return session


def launched_session_open(
    *, person: User, expires_at: datetime, address: str | None, launcher: Launcher | None = None
) -> CallerSession:
    """A session of an instructor or a learner whom a VLE sent to a dashboard: the person entered no password."""
    session = _opened(CallerKind.LAUNCHED, person, expires_at, address, launcher=launcher)
    _recorded_launch(session, person, launcher)
    return session


def learner_session_open(
    *,
    person: User,
    expires_at: datetime,
    assessment_session: Any = None,
    address: str | None = None,
    launcher: Launcher | None = None,
) -> CallerSession:
    """A session that opens a learner's capture endpoints and nothing else, for one assessment session if there is one.

    `assessment_session` is a row of courses.AssessmentSession. Unknown when it is another learner's.
    """
    refuse_anothers(assessment_session, person)
    session = _opened(
        CallerKind.LEARNER_SESSION,
        person,
        expires_at,
        address,
        assessment_session=assessment_session,
        launcher=launcher,
    )
    if launcher is not None:  # else a VLE opens it with an assessment session, which is recorded
        _recorded_launch(session, person, launcher)
    return session


def _recorded_launch(session: CallerSession, person: User, launcher: Launcher | None) -> None:
    vle = None if launcher is None else launcher.vle_id
    caller = Caller(CallerKind(session.kind), person.pk, name=person.username, sent_by=vle)
    _recorded(session, caller, person.institution_id)


class SignedIn(NamedTuple):
    """How a person was signed in at a moment, for records: it holds no keys of rows that may go."""

    kind: CallerKind
    vle_id: int | None = None  # whose launcher or assessment session it was
    vle_name: str = ""
    by_provider: bool = False  # the identity provider of the institution


def signed_in(caller: Caller) -> SignedIn:
    """How this caller, a person or a learner's session, was signed in."""
    if caller.kind not in (CallerKind.LAUNCHED, CallerKind.LEARNER_SESSION):
        return SignedIn(caller.kind, by_provider=bool(caller.signed_in))
    launcher, assessment = "launcher__vle", "assessment_session__activity__vle"
    of_vle = [Coalesce(f"{launcher}__{column}", f"{assessment}__{column}") for column in ("id", "name")]
    row = CallerSession.objects.filter(pk=caller.session_id or 0).values_list(*of_vle).first()
    vle_id, vle_name = row or (None, None)
    return SignedIn(caller.kind, vle_id, vle_name or "")


def refuse_anothers(assessment_session: Any, person: User) -> None:
    """Unknown unless the assessment session, if there is one, is this person's."""
    if assessment_session is not None and assessment_session.learner_id != person.pk:
        raise Unknown("There is no such session of this person.")


def _opened(kind: CallerKind, person: User, expires_at: datetime, address: str | None, **more: Any) -> CallerSession:
    return CallerSession.objects.create(
        kind=kind.value,
        user=person,
        generation=person.session_generation,
        address=address,
        expires_at=expires_at,
        **more,
    )


def feeds_exam_only(caller: Caller) -> bool:
    """Whether the caller came by an assessment session that a VLE opened with a secret that has been replaced."""
    if caller.session_id is None or caller.assessment_session_id is None:
        return False
    credential_ended = Q(assessment_session__credential__revoked_at__isnull=False) | Q(
        assessment_session__credential__expires_at__lte=Now()
    )
    return CallerSession.objects.filter(credential_ended, pk=caller.session_id).exists()


@transaction.atomic
def session_end(*, session_id: int, institution_id: int | None = None, person_id: int | None = None) -> None:
    """All tokens of the session are refused from now on. Ending it again changes nothing."""
    if CallerSession.objects.filter(pk=session_id, ended_at=None).update(ended_at=timezone.now()):
        record(Entry("sign-out", "auth", session_id, institution_id, person_id))


@transaction.atomic
def learner_sessions_end(*, assessment_sessions: Collection[int]) -> None:
    """After assessment sessions were closed: dashboards that were opened from them end, and the learners' tokens soon.

    Sign-in sessions for captures and unused launchers live for the lifetime of an access token more, so that a client
    that still captures is answered that the assessment session is closed, instead of being asked to sign in again.
    """
    now = timezone.now()
    ends = now + settings.ACCESS_TOKEN_LIFETIME
    launchers = Launcher.objects.filter(session__in=assessment_sessions)
    sessions = CallerSession.objects.filter(
        Q(assessment_session__in=assessment_sessions, expires_at__gt=ends)
        | Q(launcher__in=launchers, kind=CallerKind.LAUNCHED.value, expires_at__gt=now)
    )
    sessions.update(expires_at=Case(When(kind=CallerKind.LAUNCHED.value, then=Value(now)), default=Value(ends)))
    tickets = Launcher.objects.filter(session__in=assessment_sessions, used_at=None, expires_at__gt=ends)
    tickets.update(expires_at=ends)


def pair_refreshed(*, refresh: str, access: str | None) -> dict[str, str]:
    """A new access token for a session whose refresh token is still good; the refresh token is handed back.

    The old access token may have expired but must be ours and of the same session. Raises Refused.
    """
    try:
        token = tokens.RefreshToken.read(refresh)
        old = tokens.AccessToken.even_expired(access) if access is not None else token
    except tokens.InvalidToken as error:
        raise Refused("The refresh token is not valid.") from error
    if any(old.get(claim) != token.get(claim) for claim in ("sid", "sub", "kind")):
        raise Refused("The two tokens are not of one session.")
    session = CallerSession.objects.filter(pk=bounded_id(token.get("sid")) or 0).first()
    caller = None if session is None else caller_of(session.pk, token["kind"])
    if session is None or caller is None:
        raise Refused("The session has ended.")
    if (refusal := suspended(caller)) is not None:
        raise Suspended(str(refusal))
    return tokens.pair(session, refresh)


def sessions_forgotten(*, before: datetime) -> int:
    """Delete what has been of no use since before that instant; answer the number of deleted rows.

    That is: expired sessions, and launchers that expired or were used and whose session was deleted. Counters of
    failures and known places are deleted when they count no more.
    """
    expired_count, _ = repeated(CallerSession.objects.filter(expires_at__lt=before).delete)
    launcher_sessions = CallerSession.objects.filter(launcher=OuterRef("pk"))
    tickets = Launcher.objects.filter(Q(expires_at__lt=before) | Q(used_at__lt=before), ~Exists(launcher_sessions))
    launcher_count, _ = repeated(tickets.delete)
    return expired_count + launcher_count + counters_forgotten(timezone.now()) + places_forgotten(timezone.now())
