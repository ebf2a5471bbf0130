"""What is captured from a learner in an activity: samples and documents that instruments must check, and alerts."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
from django.db.models import Exists, QuerySet

from courses.models import Activity, AssessmentSession
from files.models import Kind, StoredFile
from files.samples import Sample, capture_facts, sample_json
from institutions.models import Instrument, Message
from kernel.domain import Invalid
from kernel.fast.whole import Whole
from kernel.locks import Lock, locking
from kernel.recording import Entry, record
from kernel.text import line_of
from learners.models import Learner
from learners.queries import LearnerState, current_consent_of
from learners.services import (
    KnownError,
    capture_stored,
    latest_of,
    learners_for_update,
    refuse_known,
    state_of_locked_learner,
    state_of_locked_row,
)
from pipeline.jobs import enqueue
from reports.models import Alert, AlertLevel, Request


def request_create(
    *,
    learner: Learner,
    activity: Activity,
    session: AssessmentSession | None,
    sample: Sample,
    instruments: Collection[Instrument],
    metadata: dict[str, Any],
    is_document: bool = False,
) -> Request:
    """A sample that these instruments must check. The caller has checked course, activity, learner and session.

    A document may belong to a closed session: it is handed in at the end of the session, and VLEs send it later.
    What was stored some minutes ago and is sent again is answered with the row of then: its sender was told nothing.
    """
    facts = _facts(learner, activity, session, instruments)
    content = sample_json(sample, **facts, metadata=metadata)
    try:
        with _capture_file(learner, activity, session, Kind.REQUEST, content, is_late=is_document) as file:
            if metadata.get("created_at"):  # two windows without a keystroke differ in nothing else
                refuse_known(_requests_before(learner, activity, session), file)
            request = Request.objects.create(
                institution_id=learner.institution_id, learner=learner, activity=activity, session=session, data=file
            )
            request.instruments.add(*instruments)
            enqueue("reports.request", [request.pk])
            _recorded("vle/attachment" if is_document else "lapi/verification", request, activity)
    except KnownError as error:
        return error.row
    return request


def alert_create(
    *,
    learner: Learner,
    activity: Activity,
    session: AssessmentSession | None,
    level: AlertLevel,
    code: Any = None,
    data: Any,
    instruments: Collection[Instrument],
    raised_at: datetime,
) -> Alert:
    """Something that a sensor noticed. The message's code stands beside `data` or in it.

    Sent again, it is answered as a request is: also its file differs from that of another one by its instant.
    """
    text, message = _message_of(code, data)
    facts = _facts(learner, activity, session, instruments) | {"level": level.name.lower(), "raised_at": raised_at}
    content = orjson.dumps(facts | {"message_code": text or None, "data": data}, option=orjson.OPT_UTC_Z)
    try:
        with _capture_file(learner, activity, session, Kind.ALERT, [content]) as file:
            refuse_known(_alerts_before(learner, activity, session, raised_at), file)
            alert = Alert.objects.create(
                institution_id=learner.institution_id,
                learner=learner,
                activity=activity,
                session=session,
                level=level,
                message_code=message,
                unknown_code="" if message else text,
                data=file,
                raised_at=raised_at,
            )
            alert.instruments.add(*instruments)
            if session is not None:
                enqueue("reports.session", [session.pk])
            _recorded("lapi/alert", alert, activity)
    except KnownError as error:
        return error.row
    return alert


def _requests_before(learner: Learner, activity: Activity, session: AssessmentSession | None) -> QuerySet[Any, Any]:
    return latest_of(Request.objects.filter(activity=activity, learner=learner, session=session))


def _alerts_before(
    learner: Learner, activity: Activity, session: AssessmentSession | None, raised_at: datetime
) -> QuerySet[Any, Any]:
    rows = Alert.objects.filter(activity=activity, learner=learner, session=session, raised_at=raised_at)
    return rows.values_list("pk", "data__sha256", "created_at")


def _recorded(resource: str, row: Request | Alert, activity: Activity) -> None:
    record(Entry("capture", resource, f"{activity.pk}/{row.pk}", row.institution_id, row.learner_id))


def _facts(
    learner: Learner, activity: Activity, session: AssessmentSession | None, instruments: Iterable[Instrument]
) -> dict[str, Any]:
    return capture_facts(
        learner_id=learner.learner_id,
        instruments=(instrument.pk for instrument in instruments),
        course_id=activity.course_id,
        activity_id=activity.pk,
        session_id=None if session is None else session.pk,
    )


def _message_of(code: Any, data: Any) -> tuple[str, Message | None]:
    """The code as text, and the message of that code if the service knows it."""
    given = (code, data.get("message_code") if isinstance(data, dict) else None)
    longest = Alert._meta.get_field("unknown_code").max_length
    codes = [line_of(str(c)).strip()[:longest] for c in given if isinstance(c, str | int) and not isinstance(c, bool)]
    text = next(filter(None, codes), "")
    return text, Message.objects.filter(code=text.upper()).first() if text else None


@contextmanager
def _capture_file(
    learner: Learner,
    activity: Activity,
    session: AssessmentSession | None,
    kind: Kind,
    content: Iterable[bytes],
    *,
    is_late: bool = False,
) -> Iterator[StoredFile]:
    lock = _CaptureLock(learner, activity, session, is_late)
    lock.refuse_closed(activity.enabled, session)  # first with the values that were read, before a file is written
    with capture_stored(learner=learner, kind=kind, content=content, locked=lock.state_locked) as file:
        lock.refuse_closed(lock.is_enabled, lock.session)
        yield file


def _in_activity(key: int, activity: int) -> QuerySet[Learner]:
    return learners_for_update(Learner.objects.filter(pk=key)).annotate(
        is_enabled=Exists(Activity.objects.filter(pk=activity, enabled=True))
    )


_IN_ACTIVITY = Whole(_in_activity, "key", "activity")


def _session(key: int) -> QuerySet[AssessmentSession]:
    rows = AssessmentSession.objects.filter(pk=key)
    joined = rows.select_related("activity", "learner__user", "learner__institution", "learner__consent")
    locks = dict.fromkeys(("learner__user", "learner", "self"), Lock.CHANGE)
    locked = locking(joined, **locks, activity=Lock.REFERENCE)
    return locked.annotate(current=current_consent_of("institution"))


_SESSION = Whole(_session, "key")


class _CaptureLock:
    """Locks the learner and the session, if there is one; remembers the state of activity and session then."""

    def __init__(self, learner: Learner, activity: Activity, session: AssessmentSession | None, is_late: bool) -> None:
        self.learner, self.activity, self.requested_session, self.is_late = learner, activity, session, is_late
        self.session, self.is_enabled = session, False

    def state_locked(self) -> LearnerState:
        """Lock the person, the learner, the activity and the session in this order, and read the last two again."""
        self.session = self._session_locked()
        if self.session is not None:
            self.is_enabled = self.session.activity.enabled
            return state_of_locked_learner(self.session.learner, self.session.current)  # type: ignore[attr-defined]
        learner = _IN_ACTIVITY.first(key=self.learner.pk, activity=self.activity.pk)
        self.is_enabled = learner is not None and learner.is_enabled
        return state_of_locked_row(learner)

    def _session_locked(self) -> AssessmentSession | None:
        return None if self.requested_session is None else _SESSION.first(key=self.requested_session.pk)

    def refuse_closed(self, is_enabled: bool, session: AssessmentSession | None) -> None:
        """Invalid when the activity is disabled or, unless it may be late, the session is closed."""
        if not is_enabled:
            raise Invalid(activity_id="This activity is not enabled.")
        if self.requested_session is not None and (session is None or (session.is_over and not self.is_late)):
            raise Invalid(session_id="Closed session")
