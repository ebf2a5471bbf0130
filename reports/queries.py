"""Read paths of reports: requests that are shown, what statistics stand on, levels, and what became of captures."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Greatest

from institutions.models import Provider
from kernel.fast.prepared import Prepared
from learners import arithmetic as properties
from learners.models import EnrolmentSample, EnrolmentSampleValidation, SampleStatus
from reports import arithmetic
from reports.arithmetic import Level, RequestStatus
from reports.models import (
    ActivityInstrumentHistogram,
    Alert,
    LearnerInstrumentHistogram,
    Report,
    Request,
    RequestProviderResult,
)
from reports.reasons import KINDS
from reports.visibility import flagged_asks

_BINS = tuple(f"b{place}" for place in range(arithmetic.BINS))
_LEARNER, _ACTIVITY, _ALERTED = 1, 2, 3
_HIGHEST = Greatest("identity_level", "content_level", "integrity_level")
_LEVELS = tuple(f"{kind}_level" for kind in KINDS)
_PENDING, _VALID, _ERROR, _TIMEOUT = "PENDING", "VALID", "ERROR", "TIMEOUT"
_OF_SAMPLE = {
    SampleStatus.STORED: _PENDING,
    SampleStatus.VALID: _VALID,
    SampleStatus.ERROR: _ERROR,
    SampleStatus.TIMEOUT: _TIMEOUT,
    SampleStatus.MISSING_VALIDATOR: _ERROR,
}
_OF_REQUEST = {
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


def _measured(report, activity):
    """(what, instrument, ten bins): histograms of the learner and of the activity, and a row if there are alerts."""
    learner = LearnerInstrumentHistogram.objects.filter(learner__reports=report)
    context = ActivityInstrumentHistogram.objects.filter(activity=activity)
    alerts = Alert.objects.filter(activity=OuterRef("activity"), learner=OuterRef("learner"), session__isnull=False)
    alerted = Report.objects.filter(Exists(alerts), pk=report)
    return learner.values_list(Value(_LEARNER), "instrument_id", *_BINS).union(
        context.values_list(Value(_ACTIVITY), "instrument_id", *_BINS),
        alerted.values_list(Value(_ALERTED), "pk", *(Value(0) for _ in _BINS)),
        all=True,
    )


def _providers():
    found = Provider.objects.filter(enabled=True, instrument__isnull=False)
    return found.values_list("pk", "instrument_id", "inverted_polarity", "warning_below", "alert_below", "enabled")


_FLAGGED = Prepared(_flagged, "report", "requests")
_MEASURED = Prepared(_measured, "report", "activity")
_PROVIDERS = Prepared(_providers)


def requests_flagged(report: int, requests: list[int]) -> frozenset[int]:
    """Of these requests of a report's pair those of which some instrument has a warning or an alert in the report."""
    return frozenset(key for (key,) in _FLAGGED(report=report, requests=requests))


class Measures:
    """What the statistics of one report stand on: histograms and providers by instrument, and whether it has alerts."""

    def __init__(self, rows: Iterable[tuple], providers: Iterable[properties.Provider]) -> None:
        self.histograms: dict[tuple[int, int], list[int]] = {}
        self.alerted = False
        for what, instrument, *bins in rows:
            if what == _ALERTED:
                self.alerted = True
            else:
                self.histograms[what, instrument] = bins
        self.providers: dict[int | None, list[properties.Provider]] = {}
        for provider in providers:
            self.providers.setdefault(provider.instrument_id, []).append(provider)
        self.statistics = cache(self._statistics)

    def learner_histogram(self, instrument: int) -> list[int]:
        """All results of the learner, whatever the activity. Nothing counted yet is ten zeros: charts draw ten bars."""
        return self.histograms.get((_LEARNER, instrument), [0] * arithmetic.BINS)

    def activity_histogram(self, instrument: int) -> list[int]:
        """All results of this activity, whoever the learner."""
        return self.histograms.get((_ACTIVITY, instrument), [0] * arithmetic.BINS)

    def _statistics(self, instrument: int, result: Decimal, confidence: Decimal) -> arithmetic.Statistics:
        measured = arithmetic.Measured(
            result,
            confidence,
            self.learner_histogram(instrument),
            self.activity_histogram(instrument),
            self.alerted,
        )
        return arithmetic.instrument_statistics(measured, arithmetic.provider_shown(self.providers.get(instrument, ())))


def measures(view) -> Measures:
    """For Computed(..., given=measures) in the row of one report."""
    rows = _MEASURED(report=view.kwargs["id"], activity=view.link["activity"])
    return Measures(rows, (properties.Provider(*row) for row in _PROVIDERS()))


def level_counts(institution_id: int) -> dict[str, dict[int, int]]:
    """{"identity": {level: reports}, "content": ..., "integrity": ...} of the institution, every level named."""
    found = {kind: dict.fromkeys(map(int, Level), 0) for kind in KINDS}
    rows = Report.objects.filter(institution=institution_id).values_list(*_LEVELS).annotate(Count("pk")).order_by()
    for *levels, number in rows:
        for kind, level in zip(KINDS, levels, strict=True):
            found[kind][level] += number
    return found


def course_levels(institution_id: int, most: int) -> list[tuple[int, str, dict[int, int]]]:
    """(course, code, {highest level: reports}) of the courses with the most alerts, then warnings, then reports."""
    rows = Report.objects.filter(institution=institution_id).annotate(highest=_HIGHEST)
    by_course = _by_highest(rows.values("activity__course", code=F("activity__course__code")))
    ordered = by_course.order_by("-level_4", "-level_3", "-number", "activity__course")[:most]
    columns = (f"level_{int(level)}" for level in Level)
    return [
        (course, code, dict(enumerate(counts)))
        for course, code, *counts in ordered.values_list("activity__course", "code", *columns)
    ]


def activity_levels(activities: Sequence[int]) -> dict[int, dict[int, int]]:
    """{activity: {highest level: reports}}; an activity without reports is left out."""
    rows = Report.objects.filter(activity__in=list(activities)).annotate(highest=_HIGHEST)
    columns = (f"level_{int(level)}" for level in Level)
    counted = _by_highest(rows.values("activity")).order_by().values_list("activity", *columns)
    return {activity: dict(enumerate(counts)) for activity, *counts in counted}


def learner_reports(institution_id: int, learner_id: int) -> list[dict[str, Any]]:
    """The reports of a learner of the institution with their activity and course, the latest activity first."""
    rows = Report.objects.filter(institution=institution_id, learner=learner_id)
    rows = rows.annotate(
        course=F("activity__course"),
        code=F("activity__course__code"),
        name=F("activity__name"),
        start=F("activity__start"),
    )
    ordered = rows.order_by(F("activity__start").desc(nulls_last=True), "pk")
    return list(ordered.values("id", "activity", "course", "code", "name", "start", *_LEVELS))


def _by_highest(rows):
    counts = {f"level_{int(level)}": Count("pk", filter=Q(highest=int(level))) for level in Level}
    return rows.annotate(number=Count("pk"), **counts)


def capture_states(
    learner_id: int, captures: Collection[tuple[str, int]], session_id: int | None = None
) -> dict[tuple[str, int], tuple[str, dict[str, Any]]]:
    """{("sample" or "request", id): (status, what was said)} of those that are the learner's, in a few statements.

    With `session_id` only what was captured in that session.
    """
    asked = {kind: [key for word, key in captures if word == kind] for kind in ("sample", "request")}
    samples = EnrolmentSample.objects.filter(learner=learner_id, pk__in=asked["sample"])
    requests = Request.objects.filter(learner=learner_id, pk__in=asked["request"])
    if session_id is not None:
        samples, requests = samples.none(), requests.filter(session=session_id)
    return {
        ("sample", key): (_OF_SAMPLE[SampleStatus(status)], info)
        for key, status, info in _said(samples, EnrolmentSampleValidation.objects.filter(sample__in=samples), "sample")
    } | {
        ("request", key): (_OF_REQUEST[RequestStatus(status)], info)
        for key, status, info in _said(requests, RequestProviderResult.objects.filter(request__in=requests), "request")
    }


def _said(captures: QuerySet, answers: QuerySet, capture: str) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """(id, status, {"validations": {provider: what was wrong}}) of captures of one kind."""
    told: dict[int, dict[str, Any]] = {}
    columns = ("error_message", "message_code")
    for key, provider, *texts in answers.order_by("pk").values_list(capture, "provider__acronym", *columns):
        if any(texts):
            told.setdefault(key, {})[provider] = _wrong(*texts)
    for key, status, *texts in captures.order_by("pk").values_list("pk", "status", *columns):
        validations = told.get(key, {})
        if any(texts) and not validations:
            validations = {"": _wrong(*texts)}
        yield key, status, {"validations": validations}


def _wrong(message: str | None, code: str | None) -> dict[str, Any]:
    return {"error_message": message or code}
