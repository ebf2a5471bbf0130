"""Queries of reports: flagged requests, histograms for statistics, counts of levels, and the status of captures."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Greatest

from courses.models import Course
from courses.queries import CourseName, course_columns, courses_attended
from files.models import StoredFile
from institutions.models import Provider
from kernel.fast.prepared import Prepared
from kernel.fast.together import together
from learners import arithmetic as properties
from learners.models import EnrolmentSample, EnrolmentSampleValidation, SampleStatus
from reports import arithmetic
from reports.arithmetic import FEWEST_LEARNERS, Level, RequestStatus
from reports.contests import StoredContest, contest_state
from reports.models import (
    LEVELS,
    ActivityInstrumentHistogram,
    ActivityProviderHistogram,
    Alert,
    LearnerInstrumentHistogram,
    Report,
    ReportInstrument,
    Request,
    RequestProviderResult,
    RequestResult,
)
from reports.obstacles import OBSTACLES, Obstacle
from reports.reasons import KINDS
from reports.visibility import flagged_asks, own_work

LevelCounts = dict[str, dict[int, int]]  # {"identity": {level: number of reports}, "content": ..., "integrity": ...}
CourseLevels = tuple[int, CourseName, dict[int, int]]  # a course, its name, {highest level: number of reports}
_BINS = tuple(f"b{place}" for place in range(arithmetic.BINS))
_LEARNER, _ACTIVITY, _ALERTED, _ENDED = 1, 2, 3, 4
_OBSTACLES = tuple(OBSTACLES.values())
_HIGHEST = Greatest(*LEVELS)
_COURSE = course_columns("activity__course__")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PENDING, _VALID, _ERROR, _TIMEOUT = "PENDING", "VALID", "ERROR", "TIMEOUT"
_STATUS_OF_SAMPLE = {
    SampleStatus.STORED: _PENDING,
    SampleStatus.VALID: _VALID,
    SampleStatus.ERROR: _ERROR,
    SampleStatus.TIMEOUT: _TIMEOUT,
    SampleStatus.MISSING_VALIDATOR: _ERROR,
}
_STATUS_OF_REQUEST = {
    RequestStatus.STORED: _PENDING,
    RequestStatus.SCHEDULED: _PENDING,
    RequestStatus.PROCESSING: _PENDING,
    RequestStatus.PROCESSED: _VALID,
    RequestStatus.ERROR: _ERROR,
    RequestStatus.TIMEOUT: _TIMEOUT,
    RequestStatus.MISSING_PROVIDER: _ERROR,
}


def _flagged(report, requests):
    return flagged_asks(report).filter(request__any_of=requests).values_list("request")


def _histograms(report, activity):
    """(kind of row, instrument, ten bins): histograms of learner and activity, and one row if the pair has alerts.

    And a row, with the number of the obstacle as first bin, for each of `_OBSTACLES` that ended a check.
    """
    learner = LearnerInstrumentHistogram.objects.filter(learner__reports=report)
    context = ActivityInstrumentHistogram.objects.filter(activity=activity)
    alerts = Alert.objects.filter(activity=OuterRef("activity"), learner=OuterRef("learner"), session__isnull=False)
    alerted = Report.objects.filter(Exists(alerts), pk=report)
    # Few: of the requests that failed.
    ended = RequestResult.objects.filter(
        request__activity=activity, request__learner__reports=report, request__status__gte=RequestStatus.ERROR.value,
        error_message__in=[*OBSTACLES],
    )  # fmt: skip
    which = Case(*(When(error_message=each.text, then=Value(number)) for number, each in enumerate(_OBSTACLES)))
    return learner.values_list(Value(_LEARNER), "instrument_id", *_BINS).union(
        context.values_list(Value(_ACTIVITY), "instrument_id", *_BINS),
        alerted.values_list(Value(_ALERTED), "pk", *(Value(0) for _ in _BINS)),
        ended.values_list(Value(_ENDED), "instrument_id", which, *(Value(0) for _ in _BINS[1:])).distinct(),
        all=True,
    )


def _providers():
    providers = Provider.objects.filter(Q(enabled=True) | Q(is_demonstration=True), instrument__isnull=False)
    columns = ("pk", "instrument_id", "inverted_polarity", "warning_below", "alert_below", "enabled")
    return providers.values_list("is_demonstration", *columns)


def _shared(activity):
    """The instruments of which this activity has results of FEWEST_LEARNERS at least."""
    rows = ReportInstrument.objects.filter(
        report__activity=activity, instrument=OuterRef("instrument"), processed_count__gt=0
    )
    enough = Exists(rows[FEWEST_LEARNERS - 1 : FEWEST_LEARNERS])
    return ActivityInstrumentHistogram.objects.filter(enough, activity=activity).values_list("instrument")


_FLAGGED = Prepared(_flagged, "report", "requests")
_HISTOGRAMS = Prepared(_histograms, "report", "activity")
_SHARED = Prepared(_shared, "activity")
_PROVIDERS = Prepared(_providers)


def requests_flagged(report: int, requests: list[int]) -> frozenset[int]:
    """Those of these requests with an instrument that has a warning or an alert in the report.

    The requests must be of the report's learner and activity.
    """
    return frozenset(key for (key,) in _FLAGGED(report=report, requests=requests))


class ReportStatistics:
    """Computes the statistics of one report's instruments from histograms, providers and the existence of alerts."""

    def __init__(
        self, rows: Iterable[tuple], providers: Iterable[tuple], shared: Collection[int] | None = None
    ) -> None:
        """`providers` as of `_providers`; only of the instruments in `shared`, unless it is None, others' results."""
        self.shared = shared
        self.histograms: dict[tuple[int, int], list[int]] = {}
        self.alerted = False
        self.ended: dict[int, set[int]] = {}
        for kind, instrument, *bins in rows:
            if kind == _ALERTED:
                self.alerted = True
            elif kind == _ACTIVITY and self.shared is not None and instrument not in self.shared:
                continue
            elif kind == _ENDED:
                self.ended.setdefault(instrument, set()).add(bins[0])
            else:
                self.histograms[kind, instrument] = bins
        self.providers: dict[int | None, list[properties.Provider]] = {}
        self.demonstrations: set[str] = set()  # ids, as they are counted in rows of reports
        for is_demonstration, *values in providers:
            provider = properties.Provider(*values)
            self.providers.setdefault(provider.instrument_id, []).append(provider)
            if is_demonstration:
                self.demonstrations.add(str(provider.id))
        self.statistics = cache(self._statistics)

    def learner_histogram(self, instrument: int) -> list[int]:
        """Results of the learner in all activities. Ten zeros where there are none, because charts draw ten bars."""
        return self.histograms.get((_LEARNER, instrument), [0] * arithmetic.BINS)

    def activity_histogram(self, instrument: int) -> list[int]:
        """Results of all learners in this activity; for a learner among few ten zeros, so that they tell of nobody."""
        return self.histograms.get((_ACTIVITY, instrument), [0] * arithmetic.BINS)

    def obstacles(self, instrument: int) -> list[Obstacle]:
        """Why checks of the instrument ended without their providers."""
        return [_OBSTACLES[number] for number in sorted(self.ended.get(instrument, ()))]

    def _statistics(self, instrument: int, result: Decimal, confidence: Decimal) -> arithmetic.Statistics:
        measurement = arithmetic.InstrumentMeasurement(
            result,
            confidence,
            self.learner_histogram(instrument),
            self.activity_histogram(instrument),
            self.alerted,
        )
        return arithmetic.instrument_statistics(
            measurement, arithmetic.provider_shown(self.providers.get(instrument, ()))
        )


def report_statistics(view) -> ReportStatistics:
    """For Computed(..., per_request=report_statistics) in the serializer of a report's detail."""
    activity = view.link["activity"]
    rows = _HISTOGRAMS(report=view.kwargs["id"], activity=activity)
    sees_others = any(grant.rows is not own_work for grant in view.grants)
    shared = None if sees_others else {key for (key,) in _SHARED(activity=activity)}
    return ReportStatistics(rows, _PROVIDERS(), shared)


def details_demonstrated(reports: Collection[int]) -> set[tuple[int, int]]:
    """(report, instrument) of the results of reports that a provider that is a demonstration has given some of."""
    if not reports:
        return set()
    made_up = Provider.objects.filter(is_demonstration=True, instrument__isnull=False).order_by().values_list("pk")
    details = ReportInstrument.objects.filter(report__in=reports).order_by()
    answered, demonstrations = together(details.values_list("report", "instrument", "answered"), made_up)
    providers = {str(provider) for (provider,) in demonstrations}
    return {(report, instrument) for report, instrument, counts in answered if providers & {*counts}}


def results_demonstrated(requests: Collection[int]) -> set[tuple[int, int]]:
    """(request, instrument) of the results of requests that a provider that is a demonstration has given."""
    return {*_demonstrated(requests)}


def _demonstrated(requests: Collection[int]) -> QuerySet[Any, Any]:
    rows = RequestProviderResult.objects.filter(request__in=requests, provider__is_demonstration=True)
    closed = rows.exclude(status__in=arithmetic.OPEN).order_by()
    return closed.values_list("request", "provider__instrument")


def request_demonstrated(request: int) -> tuple[StoredFile | None, set[tuple[int, int]]]:
    """What was captured with a request, and `results_demonstrated` of it: in one statement."""
    columns = [column.attname for column in StoredFile._meta.concrete_fields]
    file = StoredFile.objects.filter(requests=request).values_list(*columns)
    files, demonstrated = together(file, _demonstrated([request]))
    found = next((StoredFile(**dict(zip(columns, values, strict=True))) for values in files), None)
    return found, {(request, instrument) for request, instrument in demonstrated}


def sessions_demonstrated(activity: int, learner: int) -> set[int | None]:
    """The sessions in which a provider that is a demonstration has given results; None for documents."""
    rows = RequestProviderResult.objects.filter(
        request__activity=activity, request__learner=learner, provider__is_demonstration=True
    )
    closed = rows.exclude(status__in=arithmetic.OPEN).order_by()
    return {*closed.values_list("request__session", flat=True).distinct()}


def level_counts(institution_id: int) -> LevelCounts:
    """Of the reports of the institution, for all levels."""
    rows = Report.objects.filter(institution=institution_id).values_list(*LEVELS).annotate(Count("pk")).order_by()
    return _level_counts(rows)


def _level_counts(rows: Iterable[tuple[int, ...]]) -> LevelCounts:
    """`rows`: the three levels, and how many reports have them."""
    counts = {kind: dict.fromkeys(map(int, Level), 0) for kind in KINDS}
    for *levels, number in rows:
        for kind, level in zip(KINDS, levels, strict=True):
            counts[kind][level] += number
    return counts


# The reports are read once. The ORM has no groups of groups.
_COUNTED = """
WITH counted AS (
    SELECT activity_id, identity_level, content_level, integrity_level, COUNT(*) AS number
    FROM reports_report WHERE institution_id = %s
    GROUP BY activity_id, identity_level, content_level, integrity_level
), of_courses AS (
    SELECT course_id, {levels}, SUM(number) AS number
    FROM (SELECT course_id, number, {highest} AS highest
          FROM counted JOIN courses_activity ON courses_activity.id = counted.activity_id) AS of_activities
    GROUP BY course_id ORDER BY level_4 DESC, level_3 DESC, number DESC, course_id LIMIT %s
)
SELECT course_id, {names}, number FROM of_courses
UNION ALL
SELECT NULL, identity_level, content_level, integrity_level, NULL, NULL, SUM(number)
FROM counted GROUP BY identity_level, content_level, integrity_level
"""


def _counted(institution_id: int, most: int) -> list[tuple[Any, ...]]:
    names = [f"level_{int(level)}" for level in Level]
    levels = (f"SUM(CASE WHEN highest = {int(level)} THEN number ELSE 0 END) AS level_{int(level)}" for level in Level)
    highest = "MAX" if connection.vendor == "sqlite" else "GREATEST"
    statement = _COUNTED.format(
        levels=", ".join(levels), names=", ".join(names), highest=f"{highest}({', '.join(LEVELS)})"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [institution_id, most])
        return cursor.fetchall()


def level_counts_with_courses(institution_id: int, most: int) -> tuple[LevelCounts, list[CourseLevels]]:
    """`level_counts`, and of the courses with the most alerts, then warnings, then reports, the highest levels."""
    rows = [(course, [int(number or 0) for number in numbers]) for course, *numbers in _counted(institution_id, most)]
    counts = _level_counts((*numbers[:3], numbers[-1]) for course, numbers in rows if course is None)
    of_courses = [(course, numbers) for course, numbers in rows if course is not None]
    of_courses.sort(key=lambda row: (-row[1][4], -row[1][3], -row[1][5], row[0]))
    known = Course.objects.filter(pk__in=[course for course, _ in of_courses], institution=institution_id)
    names = {key: CourseName(*name) for key, *name in known.values_list("pk", *CourseName._fields)}
    return counts, [
        (course, names[course], dict(enumerate(numbers[:-1]))) for course, numbers in of_courses if course in names
    ]


def activity_levels(activities: Sequence[int]) -> dict[int, dict[int, int]]:
    """{activity: {highest level: reports}}; an activity without reports is left out."""
    rows = Report.objects.filter(activity__in=list(activities)).annotate(highest=_HIGHEST)
    columns = (f"level_{int(level)}" for level in Level)
    counted = _by_highest(rows.values("activity")).order_by().values_list("activity", *columns)
    return {activity: dict(enumerate(counts)) for activity, *counts in counted}


def course_levels(courses: Sequence[int]) -> dict[int, dict[int, int]]:
    """{course: {highest level: reports}}; a course without reports is left out."""
    rows = Report.objects.filter(activity__course__in=list(courses)).annotate(highest=_HIGHEST)
    columns = (f"level_{int(level)}" for level in Level)
    counted = _by_highest(rows.values("activity__course")).order_by().values_list("activity__course", *columns)
    return {course: dict(enumerate(counts)) for course, *counts in counted}


def activity_reported(activity: int) -> tuple[dict[int, int], bool]:
    """{highest level: reports} of an activity, and whether a demonstration has given results; one statement."""
    made_up = ActivityProviderHistogram.objects.filter(activity=OuterRef("activity"), provider__is_demonstration=True)
    rows = Report.objects.filter(activity=activity).annotate(highest=_HIGHEST, made_up=Exists(made_up))
    columns = (f"level_{int(level)}" for level in Level)
    counted = _by_highest(rows.values("activity", "made_up")).order_by().values_list("made_up", *columns)
    for made_up_too, *counts in counted:  # one, or none without reports
        return dict(enumerate(counts)), made_up_too
    return {}, False


class LearnerWork(NamedTuple):
    """Courses that a learner attends, with who put the learner there, and reports; the latest first."""

    courses: list[dict[str, Any]]
    reports: list[dict[str, Any]]  # with activity and course


# What both are told of, what only reports, and what only courses.
_OF_COURSE = tuple(_COURSE)
_OF_REPORT = ("contest", "activity_id", "of_course", "name", "begins", *LEVELS)
_OF_MEMBERSHIP: dict[str, Any] = {
    "end": DateTimeField(), "description": TextField(), "added_by": CharField(), "added_at": DateTimeField(),
    "adder": CharField(),
}  # fmt: skip


def learner_work(institution_id: int, learner_id: int, *, courses: bool, reports: bool) -> LearnerWork:
    """Of a learner of the institution; one statement, also for both."""
    own: QuerySet[Any, Any] = Report.objects.filter(institution=institution_id, learner=learner_id).order_by()
    names = {"of_course": F("activity__course"), "name": F("activity__name"), "begins": F("activity__start")}
    nothing: list[Any] = [Value(None, output_field=field) for field in _OF_MEMBERSHIP.values()]
    own = own.annotate(**names).values_list(Value(True), "pk", *_COURSE.values(), *_OF_REPORT, *nothing)
    attended: QuerySet[Any, Any] = courses_attended(institution_id, learner_id)
    place = [F(f"course__{name}") for name in (*_OF_COURSE, "end", "description")]
    fields: dict[str, Any] = {"contest": JSONField(), "name": CharField(), "begins": DateTimeField()}
    nothing = [Value(None, output_field=fields.get(name, BigIntegerField())) for name in _OF_REPORT]
    last = ("added_by", "added_at", "adder")
    attended = attended.values_list(Value(False), "course_id", *place[:-2], *nothing, *place[-2:], *last)
    names_of = ("id", *_OF_COURSE, *_OF_REPORT, *_OF_MEMBERSHIP)
    found = LearnerWork([], [])
    for is_report, *values in [
        *(own.union(attended, all=True) if courses and reports else own if reports else attended)
    ]:
        row = dict(zip(names_of, values, strict=True))
        if is_report:
            place_of = {name: row[name] for name in _OF_COURSE}
            levels = {name: row[name] for name in LEVELS}
            found.reports.append({
                "id": row["id"], "activity": row["activity_id"], "course": row["of_course"], "name": row["name"],
                "start": row["begins"], "contest": contest_state(row["contest"], *levels.values()),
                "of_course": place_of, **levels,
            })  # fmt: skip
        else:
            found.courses.append({name: row[name] for name in ("id", *_OF_COURSE, *_OF_MEMBERSHIP)})
    for rows in found:
        rows.sort(key=lambda row: (row["start"] is None, -(row["start"] or _EPOCH).timestamp(), row["id"]))
    return found


def _by_highest(rows):
    counts = {f"level_{int(level)}": Count("pk", filter=Q(highest=int(level))) for level in Level}
    return rows.annotate(number=Count("pk"), **counts)


def capture_states(
    learner_id: int, captures: Collection[tuple[str, int]], session_id: int | None = None
) -> dict[tuple[str, int], tuple[str, dict[str, Any]]]:
    """{("sample" or "request", id): (status, messages)} of those captures that are the learner's.

    With `session_id` only of requests captured in that session.
    """
    ids = {kind: [key for name, key in captures if name == kind] for kind in ("sample", "request")}
    samples = EnrolmentSample.objects.filter(learner=learner_id, pk__in=ids["sample"])
    requests = Request.objects.filter(learner=learner_id, pk__in=ids["request"])
    if session_id is not None:
        samples, requests = samples.none(), requests.filter(session=session_id)
    validations = EnrolmentSampleValidation.objects.filter(sample__in=samples)
    results = RequestProviderResult.objects.filter(request__in=requests)
    return {
        ("sample", key): (_STATUS_OF_SAMPLE[SampleStatus(status)], info)
        for key, status, info in _with_messages(samples, validations, "sample")
    } | {
        ("request", key): (_STATUS_OF_REQUEST[RequestStatus(status)], info)
        for key, status, info in _with_messages(requests, results, "request")
    }


def _with_messages(captures: QuerySet, answers: QuerySet, capture: str) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """(id, status, {"validations": {provider: error}}) of captures of one kind."""
    errors: dict[int, dict[str, Any]] = {}
    columns = ("error_message", "message_code")
    for key, provider, *texts in answers.order_by("pk").values_list(capture, "provider__acronym", *columns):
        if any(texts):
            errors.setdefault(key, {})[provider] = _message(*texts)
    for key, status, *texts in captures.order_by("pk").values_list("pk", "status", *columns):
        validations = errors.get(key, {})
        if any(texts) and not validations:
            validations = {"": _message(*texts)}
        yield key, status, {"validations": validations}


def _message(message: str | None, code: str | None) -> dict[str, Any]:
    return {"error_message": message or code}


def contest_of(report: int) -> StoredContest | None:
    """What became of contests of the report."""
    return Report.objects.filter(pk=report).values_list("contest", flat=True).first()


class InstrumentCounts(NamedTuple):
    """What an instrument has done in an activity: in how many reports, of how many captures; and what it has not."""

    reports: int
    checked: int
    waiting: int


def instrument_counts(activity: int, instrument: int) -> InstrumentCounts:
    rows = ReportInstrument.objects.filter(report__activity=activity, instrument=instrument)
    found = rows.aggregate(number=Count("pk"), total=Sum("total_count"), closed=Sum("closed_count"))
    closed = found["closed"] or 0
    return InstrumentCounts(found["number"], closed, (found["total"] or 0) - closed)
