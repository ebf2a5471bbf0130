"""Assessment sessions: a learner works on an activity; a VLE opens, continues and closes the session.

Each change locks the person, the learner and then the sessions in the order of their keys. So the changes of one
learner follow one another, and membership and consent stay as they were read until the transaction ends.

A session's tokens expire with its time. When it is closed earlier, access tokens that were issued stay valid until they
expire: what a browser still sends is then refused with "Closed session" instead of 401.

When the VLE's secret that opened a session is replaced, the session goes on feeding the exam, but opens nothing else:
whoever has the old secret may have its link.
"""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, IntegerField, QuerySet, Value
from django.db.models.functions import Cast, Now
from django.utils import timezone

from courses.models import Activity, ActivityInstrument, AssessmentSession
from institutions.models import VLE, User
from institutions.services.credentials import is_live
from institutions.services.vles import sessions_closer
from kernel import recording
from kernel.domain import DomainError, Unknown
from kernel.fast.whole import Whole
from kernel.locks import Lock, locking
from kernel.repeats import repeated
from kernel.writes import one_transaction
from learners.arithmetic import MissingEnrolments
from learners.models import Learner
from learners.queries import LearnerState, enrolment_missing, learner_state_from_rows, with_learner_state
from learners.services import learner_locked, learner_locked_of
from pipeline.jobs import enqueue
from signin.callers import caller_of
from signin.models import CallerSession, Launcher
from signin.services.launchers import launcher_create, session_launchers_forgotten
from signin.services.sessions import learner_session_open, learner_sessions_end

MINUTES = 360
LONGEST = 24 * 60  # minutes
BATCH = 500


class Lack(enum.IntEnum):
    """Why a learner cannot be assessed; VLEs know these numbers."""

    CONSENT_MISSING = 2
    CONSENT_INVALID = 3
    ENROLMENT_MISSING = 4


TEXTS = {
    Lack.CONSENT_MISSING: "The learner has not accepted the informed consent.",
    Lack.CONSENT_INVALID: "The learner's informed consent is not valid.",
    Lack.ENROLMENT_MISSING: "The learner's enrolment is not complete.",
}


class NotReady(DomainError):  # noqa: N818 - an outcome
    """The learner cannot be assessed yet."""

    def __init__(self, lack: Lack, enrolments: MissingEnrolments) -> None:
        self.lack, self.enrolments = lack, enrolments
        super().__init__(TEXTS[lack])


class Closed(DomainError):  # noqa: N818
    """The session is over."""


@dataclass(frozen=True)
class Entry:
    """What a browser needs to take part in a session. The launcher's token cannot be read again later.

    There is no launcher when the VLE's secret that opened the session is not good any more.
    """

    session: AssessmentSession
    learner: Learner
    enrolments: MissingEnrolments
    caller_session: CallerSession
    launcher: Launcher | None
    launcher_token: str | None


@one_transaction()
def session_open(
    *,
    activity: Activity,
    uid: str,
    max_ttl: int = MINUTES,
    locale: str | None = None,
    options: dict[str, Any],
    instruments: Sequence[ActivityInstrument] | None = None,
    credential_id: int | None = None,
) -> AssessmentSession:
    """A new session. Other sessions of the same learner and activity stay open: each browser may have one.

    Unknown unless the learner with this uid is in the activity's course; NotReady without a valid consent or enrolment.
    `instruments` are the activity's instruments, if the caller has read them already, `credential_id` the credential
    that the VLE signed in with. No session lasts longer than LONGEST minutes.
    """
    learner = _learner_or_not_found(lambda: learner_locked_of(activity.institution_id, uid))
    state = _attending_state(learner, activity)
    _refuse_not_ready(state, activity, instruments)
    session = AssessmentSession.objects.create(
        institution_id=activity.institution_id,
        activity=activity,
        learner=learner,
        max_ttl=min(max_ttl, LONGEST),
        locale=locale,
        options=options,
        credential_id=credential_id,
    )
    _caller_session_open(session, learner.user)
    _recorded("open", session)
    return session


@one_transaction()
def session_continue(*, session: AssessmentSession) -> AssessmentSession:
    """Continue an open session, if its learner could open one now. Raises Closed when it is over."""
    state = _attending_state(_learner_or_not_found(lambda: learner_locked(session.learner_id)), session.activity)
    session = _open_session_locked(session)
    _refuse_not_ready(state, session.activity)
    if _live_caller_session(session) is None:  # all sessions of the person were ended: the VLE's call opens a new one
        _caller_session_open(session, state.learner.user)
    session.checked_at = timezone.now()
    session.save(update_fields=["checked_at", "updated_at"])
    _recorded("continue", session)
    return session


@one_transaction()
def session_close(*, session: AssessmentSession) -> AssessmentSession:
    """Close the session and older open ones of the same learner and activity. Raises Closed when it is over."""
    learner_locked(session.learner_id)
    pair = AssessmentSession.objects.filter(activity=session.activity_id, learner=session.learner_id, closed_at=None)
    rows = list(pair.filter(pk__lte=session.pk).order_by("pk").select_for_update(no_key=True))
    row = next((each for each in rows if each.pk == session.pk), None)
    if row is None or row.is_over:
        raise Closed("Cannot close a closed session")
    _close(rows, by_vle=row)
    _recorded("close", row)
    return row


def _recorded(verb: str, session: AssessmentSession) -> None:
    details = {"activity": session.activity_id}
    home, learner = session.institution_id, session.learner_id
    recording.record(recording.Entry(verb, "vle/assessment", session.pk, home, learner, details))


def sessions_close_overdue() -> int:
    """Close the sessions whose time is over, in batches; returns their number."""
    minutes = Cast("max_ttl", IntegerField())
    lifetime = ExpressionWrapper(minutes * Value(timedelta(minutes=1)), output_field=DurationField())
    ends = ExpressionWrapper(F("started_at") + lifetime, output_field=DateTimeField())
    return _close_all(AssessmentSession.objects.alias(ends=ends).filter(ends__lte=Now()), skip_locked=True)


@sessions_closer
def sessions_close_of_vle(vle: VLE) -> int:
    """Close all open sessions of the VLE's activities, in batches; returns their number."""
    return _close_all(AssessmentSession.objects.filter(activity__vle=vle), skip_locked=False)


def _close_all(sessions: QuerySet[AssessmentSession], *, skip_locked: bool) -> int:
    open_ones = sessions.filter(closed_at=None).order_by("pk")

    @transaction.atomic
    def batch_closed() -> int:
        rows = list(open_ones.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)[:BATCH])
        _close(rows)
        return len(rows)

    closed, in_batch = 0, BATCH
    while in_batch == BATCH:
        in_batch = repeated(batch_closed)
        closed += in_batch
    return closed


@one_transaction()
def session_enter(*, session: AssessmentSession) -> Entry:
    """What the learner's browser needs to take part, with new tokens for each call.

    DomainError when the session is over, its learner has left the course or taken the consent back, or the person's
    sessions have been ended. The launcher takes the place of the one of the reading before, if nobody has used that; it
    is good as long as the session and the credential that the VLE opened it with.
    """
    state = _attending_state(_learner_or_not_found(lambda: learner_locked(session.learner_id)), session.activity)
    learner = state.learner
    session = _open_session_locked(session)
    enrolments = enrolment_missing(learner.pk, session.activity, send=state.send)
    _refuse_without_consent(state, enrolments)
    caller_session = _live_caller_session(session)
    if caller_session is None:
        raise Closed("Closed session")
    if session.credential is not None and not is_live(session.credential):
        return Entry(session, learner, enrolments, caller_session, None, None)
    minutes_left = ceil((session.ends_at - timezone.now()) / timedelta(minutes=1))
    session_launchers_forgotten(session=session)
    launcher, token = launcher_create(
        vle=session.activity.vle, person=learner.user, minutes=max(minutes_left, 1), session=session
    )
    return Entry(session, learner, enrolments, caller_session, launcher, token)


def _learner_or_not_found(locked: Callable[[], Learner]) -> Learner:
    try:
        return locked()
    except Unknown as error:
        raise Unknown("Learner not found") from error


_ATTENDING = Whole(
    lambda key, course: with_learner_state(Learner.objects.filter(pk=key, courses=course, user__is_active=True)),
    "key",
    "course",
)


def _attending_state(learner: Learner, activity: Activity) -> LearnerState:
    """The state of a locked learner, who must attend the activity's course.

    It is read after locking, because whatever was read before the lock may have changed.
    """
    state = learner_state_from_rows(_ATTENDING(key=learner.pk, course=activity.course_id))
    if state is None:
        raise Unknown("Learner not found")
    return state


def _open_session_locked(session: AssessmentSession) -> AssessmentSession:
    """The session as it is now, locked after its activity and VLE, to which new rows will refer."""
    rows = AssessmentSession.objects.select_related("activity__course", "activity__vle", "credential")
    references = dict.fromkeys(("activity__vle", "activity"), Lock.REFERENCE)
    row = locking(rows.filter(pk=session.pk), **references, self=Lock.CHANGE).first()
    if row is None or row.is_over:
        raise Closed("Closed session")
    return row


def _refuse_not_ready(
    state: LearnerState, activity: Activity, instruments: Sequence[ActivityInstrument] | None = None
) -> None:
    enrolments = enrolment_missing(state.learner.pk, activity, instruments, state.send)
    _refuse_without_consent(state, enrolments)
    if enrolments["missing_enrolments"]:
        raise NotReady(Lack.ENROLMENT_MISSING, enrolments)


def _refuse_without_consent(state: LearnerState, enrolments: MissingEnrolments) -> None:
    status = state.ic_status
    if not status.startswith("VALID"):
        missing = status == "NOT_VALID_MISSING"
        raise NotReady(Lack.CONSENT_MISSING if missing else Lack.CONSENT_INVALID, enrolments)


def _caller_session_open(session: AssessmentSession, person: User) -> None:
    learner_session_open(person=person, expires_at=session.ends_at, assessment_session=session)


def _live_caller_session(session: AssessmentSession) -> CallerSession | None:
    """The sign-in session that was opened with this one, unless it has ended."""
    own = CallerSession.objects.filter(assessment_session=session, launcher=None).order_by("-pk").first()
    return own if own is not None and caller_of(own.pk, own.kind) is not None else None


def _close(sessions: Sequence[AssessmentSession], *, by_vle: AssessmentSession | None = None) -> None:
    """Close these sessions; `auto_closed` is false only for the one that the VLE closes."""
    now = timezone.now()
    for session in sessions:
        session.closed_at, session.auto_closed = min(session.ends_at, now), session is not by_vle
        session.updated_at = now
    AssessmentSession.objects.bulk_update(sessions, ["closed_at", "auto_closed", "updated_at"])
    closed = [session.pk for session in sessions]
    enqueue("reports.session", closed)
    learner_sessions_end(assessment_sessions=closed)
