"""Queries of courses: annotations for each course of a list, counts, and instruments and activities of a person."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypedDict

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, Concat, Now, NullIf, Trim
from django.utils.timezone import localtime

from courses.models import (
    Activity,
    ActivityInstrument,
    Adder,
    AssessmentSession,
    Course,
    CourseInstructor,
    CourseLearner,
)
from institutions.models import VLE, Institution, Instructor, Instrument, User
from institutions.services.consents import Version
from kernel.fast.whole import Whole
from kernel.text import as_identifier
from learners.models import Learner
from learners.queries import instruments_applying, may_be_captured

SENSORS = {"fr": "camera", "vr": "microphone", "ks": "keyboard"}  # of the instruments that are used during a session
FOR_DOCUMENTS = frozenset({"fa", "plag"})  # instruments that check nothing else


class CourseName(NamedTuple):
    """What a course is called by."""

    code: str | None
    vle_course_id: str
    start: datetime | None


def course_text(code: str | None, vle_course_id: str, start: datetime | None) -> str:
    """What tells a course from those of other terms: FFF, Oct 2013. Without a code, the number in the VLE."""
    month = f"{localtime(start):%b %Y}" if start else ""
    return ", ".join(filter(None, (code or vle_course_id, month)))


def course_columns(path: str) -> dict[str, F]:
    """{field of CourseName: its column}; `path` leads to the course and ends in two underscores."""
    return {name: F(f"{path}{name}") for name in CourseName._fields}


def activity_name(path: str = "") -> Coalesce:
    """What the VLE calls an activity, else its id there; `path` as above."""
    return Coalesce(NullIf(f"{path}name", Value("")), f"{path}vle_activity_id", output_field=CharField())


# How answers of the API name the course and the activity of a row.
class CourseNamed(TypedDict):
    id: int
    code: str
    start: datetime | None


def course_named(key: int, code: str | None, vle_course_id: str, start: datetime | None) -> CourseNamed:
    return CourseNamed(id=key, code=code or vle_course_id, start=start)


class ActivityNamed(TypedDict):
    id: int
    name: str
    type: str


def activity_named(key: int, name: str, kind: str) -> ActivityNamed:
    return ActivityNamed(id=key, name=name, type=kind)


def attends(me: int) -> Exists:
    return Exists(CourseLearner.objects.filter(course=OuterRef("pk"), learner=me))


def teaches(me: int) -> Exists:
    return Exists(CourseInstructor.objects.filter(course=OuterRef("pk"), instructor=me))


def has_enabled_activity(me: int) -> Exists:
    return Exists(Activity.objects.filter(course=OuterRef("pk"), enabled=True))


COURSE_COUNTS = ("courses", "running", "to_come", "activities", "enabled")


COURSE_STATES = ("running", "to_come", "over")


def course_state(state: str) -> Q:
    """The courses that run now, have not begun, or are over; without dates a course always runs."""
    is_over = Q(end__lt=Now())
    if state == "running":
        return (Q(start=None) | Q(start__lte=Now())) & ~is_over
    return Q(start__gt=Now()) if state == "to_come" else is_over


def institution_counts(institution_id: int, **also: Any) -> dict[str, Any]:
    """Numbers of an institution, in one statement: COURSE_COUNTS, people and instructors; `also` are more columns.

    Of courses all, those that run now and those that have not begun; of activities all and the enabled ones.
    """
    courses, activities = Course.objects.all(), Activity.objects.all()
    counted: dict[str, QuerySet[Any]] = {
        "courses": courses,
        "running": courses.filter(course_state("running")),
        "to_come": courses.filter(course_state("to_come")),
        "activities": activities,
        "enabled": activities.filter(enabled=True),
        "people": User.objects.all(),
        "instructors": Instructor.objects.all(),
    }
    numbers = [_number_of(rows.filter(institution=OuterRef("pk"))) for rows in counted.values()]
    found = Institution.objects.filter(pk=institution_id).values_list(*numbers, *also.values()).get()
    return dict(zip((*counted, *also), found, strict=True))


def _number_of(rows: QuerySet[Any]) -> Coalesce:
    number = rows.order_by().values("institution").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number), 0)


def activities_lacking_consent(
    institution_id: int, policy: tuple[bool, Version | None], *, until: datetime
) -> QuerySet[Any, Any]:
    """Activities with verification on that are open or begin until then: the open ones first, then the next to begin.

    Only those with learners of whom no data may be captured; `lacking` is their number, `policy` as of `ic_status`.
    `number` is that of all these activities, also where only some are read.
    """
    is_open, begins = Q(end=None) | Q(end__gte=Now()), Q(start=None) | Q(start__lte=until)
    captured = Learner.objects.filter(may_be_captured(policy), pk=OuterRef("learner"))
    lacking = CourseLearner.objects.filter(~Exists(captured), institution=institution_id)
    of_course = lacking.filter(course=OuterRef("course")).order_by().values("course")
    number = of_course.annotate(number=Count("pk")).values("number")
    rows = Activity.objects.filter(is_open & begins, institution=institution_id, enabled=True)
    to_come = Case(When(start__gt=Now(), then="start"))  # null: it is open
    return (
        # The courses are found once; their learners are counted for the activities that are read.
        rows.filter(course__in=lacking.order_by().values("course"))
        .annotate(lacking=Coalesce(Subquery(number), 0), number=Window(Count("*")))
        .order_by(to_come.asc(nulls_first=True), F("start").desc(nulls_last=True), "pk")
        .values(
            "number",
            "course",
            "start",
            "lacking",
            "course__code",
            "course__vle_course_id",
            "course__start",
            activity_name=activity_name(),
        )
    )


def courses_attended(institution_id: int, learner_id: int) -> QuerySet[CourseLearner]:
    """The memberships of a learner of the institution, with the name of who made them as `adder`."""
    rows = CourseLearner.objects.filter(institution=institution_id, learner=learner_id).order_by()
    return rows.annotate(adder=adder_name(0))


def adder_name(me: int) -> Case:
    """The name of the person or the VLE that made a membership; null when it is gone, or was not recorded."""
    home, key = OuterRef("institution"), OuterRef("added_by_id")
    names = Trim(Concat("first_name", Value(" "), "last_name"))
    person = User.objects.filter(pk=key, institution=home).annotate(full=NullIf(names, Value("")))
    vle = VLE.objects.filter(pk=key, institution=home)
    return Case(
        When(added_by=Adder.VLE, then=Subquery(vle.values("name"))),
        default=Subquery(person.values(shown=Coalesce("full", "username", output_field=CharField()))),
        output_field=CharField(),
    )


class ActivityContext(NamedTuple):
    """An activity, all its instruments, and one of its sessions if the query names one."""

    activity: Activity
    instruments: list[ActivityInstrument]
    session: AssessmentSession | None


def activity_context(activities: QuerySet[Activity], **session: Any) -> ActivityContext | None:
    """The one activity among these, in one query; `session` are the values of columns that select its session."""
    joined, relations = with_instruments(activities), ["used__instrument"]
    if session:
        condition = Q(**{f"sessions__{name}": value for name, value in session.items()})
        joined = joined.annotate(own=FilteredRelation("sessions", condition=condition))
        relations.append("own")
    return _context_from_rows(joined.select_related(*relations))


def _attended(home: int, learner: int, course: int, key: int, **more: Any) -> QuerySet[Activity]:
    activities = Activity.objects.filter(institution=home, course__learners=learner, course=course, pk=key)
    if "vle" in more:
        activities = activities.filter(vle=more["vle"])
    joined = activities.annotate(used=FilteredRelation("instruments")).order_by("used__pk")
    if "session" not in more:
        return joined.select_related("used__instrument")  # type: ignore[misc] # a filtered relation
    condition = Q(sessions__id=more["session"], sessions__learner=learner)
    own = joined.annotate(own=FilteredRelation("sessions", condition=condition))
    return own.select_related("used__instrument", "own")  # type: ignore[misc]


_ATTENDED: dict[tuple[str, ...], Whole] = {
    more: Whole(_attended, "home", "learner", "course", "key", *more)
    for more in ((), ("vle",), ("session",), ("vle", "session"))
}


def activity_context_of_learner(
    learner: Learner, *, course: int, activity: int, vle: int | None, session: int | None
) -> ActivityContext | None:
    """An activity of a course that the learner attends, and the learner's session in it; each may be given or not.

    With `vle` only an activity of this VLE.
    """
    given = {name: value for name, value in (("vle", vle), ("session", session)) if value is not None}
    statement = _ATTENDED[tuple(given)]
    return _context_from_rows(
        statement(home=learner.institution_id, learner=learner.pk, course=course, key=activity, **given)
    )


def with_instruments(activities: QuerySet[Activity]) -> QuerySet[Activity]:
    """One row per activity and instrument, which is in the attribute `used`; one row for an activity without any."""
    joined = activities.annotate(used=FilteredRelation("instruments"))
    return joined.select_related("used__instrument").order_by("used__pk")  # type: ignore[misc] # a filtered relation


_OF_VLE = Whole(
    lambda vle, kind, key: with_instruments(
        Activity.objects.filter(vle=vle, vle_activity_type=kind, vle_activity_id=key)
    ),
    "vle",
    "kind",
    "key",
)


def activity_context_of_vle(vle_id: int, activity_type: str, activity_id: str) -> ActivityContext | None:
    """The same by the type and id of the activity in the VLE."""
    return _context_from_rows(_OF_VLE(vle=vle_id, kind=as_identifier(activity_type), key=as_identifier(activity_id)))


def _context_from_rows(rows: Iterable[Any]) -> ActivityContext | None:
    activities = list(rows)
    if not activities:
        return None
    instruments = [getattr(row, "used", None) for row in activities]  # without one Django leaves the attribute out
    first = activities[0]
    return ActivityContext(first, [row for row in instruments if row is not None], getattr(first, "own", None))


def learner_instruments(activity_id: int, learner_id: int) -> list[ActivityInstrument]:
    """The instruments of an activity that apply to this learner."""
    rows = ActivityInstrument.objects.filter(activity=activity_id).select_related("instrument").order_by("pk")
    return instruments_applying(learner_id, rows)


def takes_documents(row: ActivityInstrument) -> bool:
    """Whether an activity's instrument checks uploaded documents: always, or if the option "offline" is set."""
    return row.instrument.acronym in FOR_DOCUMENTS or option(row.instrument, row.options, "offline") is True


def option(instrument: Instrument, options: dict[str, Any] | None, name: str) -> Any:
    """The value of an option, else the default in the instrument's schema, else None."""
    properties = (instrument.options_schema or {}).get("properties", {})
    return (options or {}).get(name, properties.get(name, {}).get("default"))


def activities_of(person_id: int, vle_id: int | None = None) -> QuerySet[Activity]:
    """The activities of the courses that a person attends or teaches, annotated with `attended` and `taught`.

    With `vle_id` only those of that VLE.
    """
    attending = CourseLearner.objects.filter(learner=person_id)
    teaching = CourseInstructor.objects.filter(instructor=person_id)
    activities = Activity.objects.filter(
        Q(course__in=attending.values("course")) | Q(course__in=teaching.values("course"))
    )
    if vle_id is not None:
        activities = activities.filter(vle=vle_id)
    course = OuterRef("course")
    return activities.annotate(
        attended=Exists(attending.filter(course=course)), taught=Exists(teaching.filter(course=course))
    )


def sensors(rows: Iterable[ActivityInstrument]) -> dict[str, list[int]]:
    """{sensor: ids of the instruments that need it}; uploaded documents are the sensor "activity"."""
    instruments_of: dict[str, list[int]] = {}
    for row in rows:
        sensor = SENSORS.get(row.instrument.acronym)
        if sensor == "keyboard" or (sensor and option(row.instrument, row.options, "online") is True):
            instruments_of.setdefault(sensor, []).append(row.instrument_id)
        if takes_documents(row):
            instruments_of.setdefault("activity", []).append(row.instrument_id)
    return instruments_of
