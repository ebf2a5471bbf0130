"""Sessions of assessments: a learner's sittings of an activity, which a VLE opens, goes on with and closes.

Whoever opens, closes or enters one locks the person, the learner and then sessions in the order of their keys: of what
happens to one learner at one moment one thing comes after the other, and what is found of membership and consent holds
until the transaction ends.

The tokens of a session end with its time. When it is closed before, they live as long as an access token that is out
already may: what a browser still sends is then refused because the session is closed, and not as a stranger's.
"""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, IntegerField, Value
from django.db.models.functions import Cast, Now
from django.utils import timezone

from courses.models import Activity, ActivityInstrument, AssessmentSession
from institutions.models import User
from kernel.domain import DomainError, Unknown
from kernel.fast.whole import Whole
from kernel.writes import one_transaction
from learners.arithmetic import MissingEnrolments
from learners.models import Learner
from learners.queries import LearnerState, enrolment_missing, learner_state_from_rows, with_learner_state
from learners.services import learner_locked, learner_locked_of
from signin.callers import caller_of
from signin.models import CallerSession, Launcher
from signin.services.launchers import launcher_create
from signin.services.sessions import learner_session_open, learner_sessions_end

MINUTES = 360
BATCH = 500


class Lack(enum.IntEnum):
    """What keeps a learner from being assessed; the numbers are the VLEs'."""

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
    """What a browser is given to take part in a session. The launcher's token is told only now."""

    session: AssessmentSession
    learner: Learner
    enrolments: MissingEnrolments
    opened: CallerSession
    launcher: Launcher
    launcher_token: str


@one_transaction()
def session_open(
    *,
    activity: Activity,
    uid: str,
    max_ttl: int = MINUTES,
    locale: str | None = None,
    options: dict[str, Any],
    instruments: Sequence[ActivityInstrument] | None = None,
) -> AssessmentSession:
    """A new session. Others of the same learner and activity stay open: each browser may have one.

    Unknown unless the learner with this uid is in the activity's course; NotReady without a valid consent or enrolment.
    `instruments` are the activity's, if they have been read with it.
    """
    learner = _known(lambda: learner_locked_of(activity.institution_id, uid))
    state = _attending(learner, activity)
    _refuse_not_ready(state, activity, instruments)
    session = AssessmentSession.objects.create(
        institution_id=activity.institution_id,
        activity=activity,
        learner=learner,
        max_ttl=max_ttl,
        locale=locale,
        options=options,
    )
    _opened(session, learner.user)
    return session


@one_transaction()
def session_continue(*, session: AssessmentSession) -> AssessmentSession:
    """An open session goes on, if its learner could open one now. Closed when it is over."""
    state = _attending(_known(lambda: learner_locked(session.learner_id)), session.activity)
    held = _open(session)
    _refuse_not_ready(state, held.activity)
    if _live(held) is None:  # it was ended with all of the person's sessions: the VLE vouches for the person anew
        _opened(held, state.learner.user)
    held.checked_at = timezone.now()
    held.save(update_fields=["checked_at", "updated_at"])
    return held


@one_transaction()
def session_close(*, session: AssessmentSession) -> AssessmentSession:
    """The session is closed, and so are older open ones of the same learner and activity. Closed when it is over."""
    learner_locked(session.learner_id)
    pair = AssessmentSession.objects.filter(activity=session.activity_id, learner=session.learner_id, closed_at=None)
    rows = list(pair.filter(pk__lte=session.pk).order_by("pk").select_for_update(no_key=True))
    held = next((row for row in rows if row.pk == session.pk), None)
    if held is None or held.is_over:
        raise Closed("Cannot close a closed session")
    _closed(rows, by_vle=held)
    return held


def sessions_close_overdue() -> int:
    """Close what has outlived its time, some at a time: how many they were."""
    minutes = Cast("max_ttl", IntegerField())
    lifetime = ExpressionWrapper(minutes * Value(timedelta(minutes=1)), output_field=DurationField())
    ends = ExpressionWrapper(F("started_at") + lifetime, output_field=DateTimeField())
    overdue = AssessmentSession.objects.filter(closed_at=None).alias(ends=ends).filter(ends__lte=Now()).order_by("pk")
    closed = 0
    while True:
        with transaction.atomic():
            rows = list(overdue.select_for_update(no_key=True, skip_locked=True)[:BATCH])
            _closed(rows)
        closed += len(rows)
        if len(rows) < BATCH:
            return closed


@one_transaction()
def session_enter(*, session: AssessmentSession) -> Entry:
    """What the learner's browser needs: tokens can be made of it, and nothing of it is kept.

    DomainError when the session is over, its learner has left the course or taken the consent back, or the person's
    sessions have been ended. The launcher is of no credential: it ends with the session, and like the session it goes
    on when the VLE's secret is replaced.
    """
    state = _attending(_known(lambda: learner_locked(session.learner_id)), session.activity)
    learner = state.learner
    held = _open(session)
    enrolments = enrolment_missing(learner.pk, held.activity, send=state.send)
    _refuse_without_consent(state, enrolments)
    opened = _live(held)
    if opened is None:
        raise Closed("Closed session")
    left = ceil((held.ends_at - timezone.now()) / timedelta(minutes=1))
    launcher, token = launcher_create(vle=held.activity.vle, person=learner.user, minutes=max(left, 1), session=held)
    return Entry(held, learner, enrolments, opened, launcher, token)


def _known(locked: Callable[[], Learner]) -> Learner:
    try:
        return locked()
    except Unknown as error:
        raise Unknown("Learner not found") from error


_MEMBER = Whole(
    lambda key, course: with_learner_state(Learner.objects.filter(pk=key, courses=course, user__is_active=True)),
    "key",
    "course",
)


def _attending(learner: Learner, activity: Activity) -> LearnerState:
    """Of the locked learner, who is in the activity's course.

    All of it is asked behind the lock: what was read before may be over.
    """
    state = learner_state_from_rows(_MEMBER(key=learner.pk, course=activity.course_id))
    if state is None:
        raise Unknown("Learner not found")
    return state


def _open(session: AssessmentSession) -> AssessmentSession:
    """The session as it is now, locked."""
    rows = AssessmentSession.objects.select_related("activity__course", "activity__vle")
    held = rows.select_for_update(of=("self",), no_key=True).filter(pk=session.pk).first()
    if held is None or held.is_over:
        raise Closed("Closed session")
    return held


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


def _opened(session: AssessmentSession, person: User) -> None:
    learner_session_open(person=person, expires_at=session.ends_at, assessment_session=session)


def _live(session: AssessmentSession) -> CallerSession | None:
    """The sign-in session that was opened with this one, unless it has ended."""
    own = CallerSession.objects.filter(assessment_session=session, launcher=None).order_by("-pk").first()
    return own if own is not None and caller_of(own.pk, own.kind) is not None else None


def _closed(sessions: Sequence[AssessmentSession], *, by_vle: AssessmentSession | None = None) -> None:
    """All but the one that the VLE closes are closed by time, or by what came after them."""
    now = timezone.now()
    for session in sessions:
        session.closed_at, session.auto_closed = min(session.ends_at, now), session is not by_vle
        session.updated_at = now
    AssessmentSession.objects.bulk_update(sessions, ["closed_at", "auto_closed", "updated_at"])
    learner_sessions_end(assessment_sessions=[session.pk for session in sessions])
