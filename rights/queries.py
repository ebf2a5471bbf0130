"""What is held about a person, and which instruments are off for a learner and why."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypedDict

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from courses.models import ActivityInstrument, AssessmentSession, CourseInstructor, CourseLearner
from courses.queries import activity_name, course_columns, course_text
from courses.row_rules import attended, of_own_vle
from files.models import StoredFile
from kernel.caller import Caller
from learners.models import ConsentDecision, Enrolment, EnrolmentSample, Learner, SENDLearner
from learners.queries import LearnerState, instruments_applying, learner_state
from reports.models import Alert, Report, Request
from retention.queries import periods_of
from rights.models import Contest, Correction, Erasure, State
from rights.row_rules import own_contests, own_corrections, own_erasures, own_lines
from rights.words import KINDS, OFF, kept
from signin.models import CallerSession
from signin.services.people import shows_itself
from trail.models import Line


class Held(TypedDict):
    kind: str
    name: str
    count: int
    oldest: datetime | None
    newest: datetime | None
    origin: str
    kept: str


class NamedNeed(TypedDict):
    name: str
    created_at: datetime
    expires_at: datetime | None


class InstrumentOff(TypedDict):
    instrument_id: int
    instrument: str
    activity_id: int
    activity: str
    course: str
    code: str
    reason: str


def _counted(caller: Caller) -> Iterator[tuple[str, QuerySet[Any], str]]:
    """(kind, rows, the column of their instant), of what this caller may be told."""
    me, learner = caller.id, Q(learner=caller.id)
    of_course, of_activity = of_own_vle("course__")(caller), of_own_vle("activity__")(caller)
    yield "sign_ins", CallerSession.objects.filter(user=me), "created_at"
    yield "memberships", CourseLearner.objects.filter(learner & of_course), "added_at"
    yield "memberships", CourseInstructor.objects.filter(of_course, instructor=me), "added_at"
    yield "needs", SENDLearner.objects.filter(learner), "created_at"
    yield "decisions", ConsentDecision.objects.filter(owner=me), "at"
    yield "samples", EnrolmentSample.objects.filter(learner), "created_at"
    yield "models", Enrolment.objects.filter(learner), "created_at"
    yield "sessions", AssessmentSession.objects.filter(learner & of_activity), "started_at"
    yield "captures", Request.objects.filter(learner & of_activity, session__isnull=False), "created_at"
    yield "documents", Request.objects.filter(learner & of_activity, session=None), "created_at"
    yield "alerts", Alert.objects.filter(learner & of_activity), "created_at"
    yield "reports", Report.objects.filter(learner & of_activity), "created_at"
    yield "contests", Contest.objects.filter(own_contests(caller)), "created_at"
    yield "corrections", Correction.objects.filter(own_corrections(caller)), "created_at"
    yield "erasures", Erasure.objects.filter(own_erasures(caller)), "created_at"
    if caller.vle_id is None:  # files do not say which course they belong to
        yield "files", StoredFile.objects.filter(owner=me), "created_at"
    yield "trail", Line.objects.filter(own_lines(caller)), "written_at"


def held_by_kind(caller: Caller) -> list[Held]:
    """Each kind with numbers, dates and period, in two statements. Of people whom a VLE sent see rights.row_rules."""
    first, *others = (
        rows.order_by().values(held_kind=Value(kind)).annotate(number=Count("pk"), oldest=Min(at), newest=Max(at))
        for kind, rows, at in _counted(caller)
    )
    columns = ("held_kind", "number", "oldest", "newest")
    found: dict[str, tuple[int, list[datetime]]] = {}
    united = first.values_list(*columns).union(*(rows.values_list(*columns) for rows in others), all=True)
    for kind, number, *dates in united:
        count, known = found.get(kind, (0, []))
        found[kind] = count + number, known + [at for at in dates if at is not None]
    told = {kind for kind, *_ in _counted(caller)}
    periods = periods_of(caller.institution_id)
    return [_held(kind, periods, *found.get(kind, (0, []))) for kind in KINDS if kind in told]


def _held(kind: str, periods: Mapping[str, int], count: int, dates: list[datetime]) -> Held:
    words = KINDS[kind]
    return Held(
        kind=kind,
        name=words.name,
        count=count,
        oldest=min(dates, default=None),
        newest=max(dates, default=None),
        origin=words.source,
        kept=kept(kind, periods),
    )


def _waiting(name: str, rows: QuerySet[Any], instant: str, column: str) -> dict[str, Any]:
    """Columns of an institution: `name` of how many of these rows it has, and `instant` of the earliest `column`."""
    own = rows.filter(institution=OuterRef("pk")).order_by().values("institution")
    return {
        name: Coalesce(Subquery(own.annotate(number=Count("pk")).values("number")), 0),
        instant: Subquery(own.annotate(first=Min(column)).values("first")),
    }


def waiting() -> dict[str, Any]:
    """Columns of an institution: what people ask and nobody has answered, with the instant of the most urgent one."""
    contests = Contest.objects.filter(state=State.OPEN)
    corrections = Correction.objects.filter(state=Correction.State.OPEN)
    erasures = Erasure.objects.filter(state=Erasure.State.ASKED)
    return {
        **_waiting("contests", contests, "contests_due", "deadline"),
        **_waiting("corrections", corrections, "corrections_since", "created_at"),
        **_waiting("erasures", erasures, "erasures_since", "created_at"),
    }


def needs_named(caller: Caller) -> list[NamedNeed] | None:
    """What the learner's special needs are called, also of those that are over. None if it is not told this sign-in.

    It may say what an illness is called, which the VLE that has sent somebody is never told.
    """
    if not shows_itself(caller):
        return None
    rows = SENDLearner.objects.filter(learner=caller.id).order_by("pk")
    columns = rows.values("created_at", "expires_at", name=F("category__description"))
    return [NamedNeed(**row) for row in columns]


def state_of(caller: Caller) -> LearnerState | None:
    """The learner that the caller is, with consent and special needs; None for other people."""
    return learner_state(Learner.objects.filter(pk=caller.id))


def instruments_off(caller: Caller, state: LearnerState) -> list[InstrumentOff]:
    """The instruments of the learner's activities that are not used with this learner, each with the first reason."""
    rows = ActivityInstrument.objects.filter(attended("activity__course__")(caller)).select_related("instrument")
    named = rows.annotate(
        activity_name=activity_name("activity__"),
        is_enabled=F("activity__enabled"),
        **{f"course_{name}": column for name, column in course_columns("activity__course__").items()},
    )
    by_activity: dict[int, list[Any]] = {}
    for row in named.order_by("activity", "pk"):
        by_activity.setdefault(row.activity_id, []).append(row)
    consents = state.ic_status.startswith("VALID")
    off = []
    for of_activity in by_activity.values():
        used = {row.pk for row in instruments_applying(caller.id, of_activity, state.send)}
        for row in of_activity:
            code = _why_off(row, row.pk in used, consents, state)
            if code:
                off.append(_off(row, code))
    return off


def _why_off(row: Any, is_used: bool, consents: bool, state: LearnerState) -> str:
    """The code of the first reason for which the instrument is off; empty if it is on."""
    if not row.is_enabled:
        return "activity"
    if not row.active:
        return "inactive"
    if not row.instrument.enabled:
        return "service"
    if not is_used:
        is_disabled = state.send is not None and row.instrument_id in state.send["disabled_instruments"]
        return "send" if row.alternative_to_id is None and is_disabled else "alternative"
    return "" if consents else "consent"


def _off(row: Any, code: str) -> InstrumentOff:
    return InstrumentOff(
        instrument_id=row.instrument_id,
        instrument=row.instrument.name,
        activity_id=row.activity_id,
        activity=row.activity_name,
        course=course_text(row.course_code, row.course_vle_course_id, row.course_start),
        code=code,
        reason=OFF[code],
    )
