"""How far the captures of an activity, or of one report, are: by instrument, and why some failed or wait.

Sums come from the counters of the reports, so that their cost does not grow with what was captured. What counters do
not tell is read by the index of unsettled requests, of a bounded number of requests. All in one statement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, TextField, Value, Window
from django.db.models.functions import Coalesce, Left

from courses.models import Activity, AssessmentSession
from courses.queries import activity_name
from institutions.models import MessageLocale
from kernel.fast.together import together
from reports.arithmetic import OPEN, RequestStatus, ResultStatus
from reports.models import Report, ReportInstrument, Request, RequestProviderResult, RequestResult

MOST_OPEN = 10_000  # requests that are read: with more that nobody has been asked about, too few are said to wait
MOST_ENDED = 1000  # whose reasons are read
GROUPS = 100  # different reasons that are read
PLACES = 500  # providers and activities where results are missing
LONGEST = 200  # characters of a provider's text
_ENDED = (RequestStatus.MISSING_PROVIDER, RequestStatus.TIMEOUT, RequestStatus.ERROR)
_FAILING = (ResultStatus.ERROR, ResultStatus.TIMEOUT)
_OPEN = (RequestStatus.STORED, RequestStatus.SCHEDULED, RequestStatus.PROCESSING)
_TOLD = sorted({*ResultStatus} - {ResultStatus.PENDING, ResultStatus.PROCESSING, ResultStatus.PROCESSED})


@dataclass(frozen=True, slots=True)
class Cause:
    """So many captures have this status; `text` is what the provider said of it, if anything."""

    status: ResultStatus
    text: str
    number: int


@dataclass(slots=True)
class Progress:
    """The captures that one instrument checks. One that two instruments check is in the numbers of both."""

    instrument: int
    name: str
    waiting: int = 0  # for a provider to begin
    working: int = 0
    done: int = 0
    failed: int = 0
    # Of failed and of waiting captures, the most frequent first; not of all, if there are very many.
    causes: list[Cause] = field(default_factory=list)


class Captures(NamedTuple):
    rows: list[Progress]  # for each instrument with captures
    is_open: bool  # whether some session is: more may come


def captures_progress(activity: int, learner: int | None = None) -> Captures:
    """The captures in the activity, of all learners or of one."""
    return captures_of(together(*captures_parts(activity, learner)))


def captures_parts(activity: int, learner: int | None = None) -> list[QuerySet[Any, Any]]:
    """What `captures_of` needs the rows of, for who asks for more `together` with it."""
    return [
        _counted(activity, learner),
        _unsettled(activity, learner),
        _causes(activity, learner),
        _open_sessions(activity, learner).values_list("pk")[:1],
    ]


def captures_of(parts: Sequence[Sequence[tuple[Any, ...]]]) -> Captures:
    """Of the rows of `captures_parts`."""
    counted, unsettled, causes, is_open = parts
    found: dict[int, Progress] = {}
    for instrument, name, total, closed, processed in counted:
        found[instrument] = Progress(
            instrument, name, waiting=total - closed, done=processed, failed=closed - processed
        )
    for instrument, name, status, number in unsettled:
        row = found.setdefault(instrument, Progress(instrument, name))
        if status is None:  # its providers have not been asked: it is in no counter yet
            row.waiting += number
        elif status == ResultStatus.PROCESSING:
            working = min(number, row.waiting)
            row.waiting, row.working = row.waiting - working, working
    for instrument, status, text, number in sorted(causes, key=_most_first):
        if instrument in found:
            found[instrument].causes.append(Cause(ResultStatus(status), text or "", number))
    return Captures([found[instrument] for instrument in sorted(found)], bool(is_open))


def _most_first(cause: tuple[Any, ...]) -> tuple[Any, ...]:
    instrument, status, text, number = cause
    return -number, instrument, status, text is not None, text or ""


def _open_sessions(activity: int, learner: int | None) -> QuerySet[AssessmentSession]:
    rows = AssessmentSession.objects.filter(activity=activity, closed_at=None)
    return rows if learner is None else rows.filter(learner=learner)


def captures_lacking_results(institution: int, *, open_before: datetime, failed_after: datetime) -> QuerySet[Any, Any]:
    """Activities of the institution with captures that have come before then and are open, or have failed since then.

    `captures_unsettled` are those of one activity.

    `open` and `failed` are their numbers; the activities with most of them first. By the index of unsettled requests.
    `number` is that of all these activities, also where only some are read.
    """
    is_open, has_failed = _are_open(open_before), _have_failed(failed_after)
    activities = Activity.objects.filter(institution=institution).values("pk")
    rows = Request.objects.filter(is_open | has_failed, activity__in=activities, status__in=[*_OPEN, *_ENDED])
    counts = {"open": Count("pk", filter=is_open), "failed": Count("pk", filter=has_failed)}
    grouped: QuerySet[Any, Any] = rows.order_by().values(
        "activity", course=F("activity__course"), activity_name=activity_name("activity__")
    )
    numbered = grouped.annotate(**counts, number=Window(Count("*")))
    return numbered.order_by("-failed", "-open", "activity")


def _are_open(before: datetime | None) -> Q:
    came = Q(created_at__lt=before) if before else Q()
    return Q(status__in=_OPEN) & came


def _have_failed(since: datetime | None) -> Q:
    ended = Q(updated_at__gte=since) if since else Q()
    return Q(status__in=_ENDED) & ended


def captures_unsettled(activity: int, *, failed: bool, moment: datetime | None) -> list[dict[str, Any]]:
    """Captures that have failed since then, or have come before then and are open; the latest PLACES of them.

    `number` is that of all, and `report` the one that the capture counts for, if there is one yet.
    """
    return _listed(activity, Request.objects.filter(_have_failed(moment) if failed else _are_open(moment)))


STATES: Mapping[str, frozenset[ResultStatus]] = {
    "waiting": OPEN - {ResultStatus.PROCESSING},
    "working": frozenset({ResultStatus.PROCESSING}),
    "done": frozenset({ResultStatus.PROCESSED}),
    "failed": frozenset(ResultStatus) - OPEN - {ResultStatus.PROCESSED},
}


def captures_of_instrument(
    activity: int, instrument: int, state: str, learner: int | None = None
) -> list[dict[str, Any]]:
    """Those that a number of a `Progress` counts, of all learners or of one, as `captures_unsettled` lists them."""
    results = RequestResult.objects.filter(request=OuterRef("pk"), instrument=instrument)
    counted = Q(Exists(results.filter(status__in=STATES[state])))
    if state == "waiting":  # also where its providers have not been asked
        asks = Request.instruments.through._default_manager.filter(request=OuterRef("pk"), instrument=instrument)
        counted |= Q(Exists(asks), ~Exists(results), status__in=(RequestStatus.STORED, RequestStatus.PROCESSING))
    rows = Request.objects.filter(counted)
    return _listed(activity, rows if learner is None else rows.filter(learner=learner))


GIVEN_UP: Mapping[str, ResultStatus] = {"failed": ResultStatus.ERROR, "unanswered": ResultStatus.TIMEOUT}


def captures_of_provider(activity: int, provider: int, state: str, moment: datetime) -> list[dict[str, Any]]:
    """Those that a number of a row of `providers_failing` counts since then, as `captures_unsettled` lists them."""
    given = RequestProviderResult.objects.filter(
        request=OuterRef("pk"), provider=provider, status=GIVEN_UP[state], updated_at__gte=moment
    )
    return _listed(activity, Request.objects.filter(_have_failed(moment), Exists(given)))


def _listed(activity: int, requests: QuerySet[Request]) -> list[dict[str, Any]]:
    reports = Report.objects.filter(activity=activity, learner=OuterRef("learner"))
    rows = requests.filter(activity=activity)
    names = ("uid", "first_name", "last_name")
    shown: QuerySet[Any, Any] = rows.annotate(
        number=Window(Count("*")),
        report=Subquery(reports.values("pk")[:1]),
        message=Left(Coalesce("error_message", "message_code__code", Value("")), LONGEST),
        **{name: F(f"learner__user__{name}") for name in names},
    )
    columns = ("pk", "learner", "status", "session", "created_at", "updated_at", "number", "report", "message", *names)
    return list(shown.order_by("-created_at", "-pk").values(*columns)[:PLACES])


def providers_failing(institution: int, *, since: datetime) -> list[dict[str, Any]]:
    """Results that providers of the institution's captures have failed to give since then, by provider and activity.

    `failed` and `unanswered` are their numbers; the places with most of them first. By the index of unsettled requests.
    """
    activities = Activity.objects.filter(institution=institution).values("pk")
    ended = Request.objects.filter(activity__in=activities, status__in=_ENDED, updated_at__gte=since)
    rows = RequestProviderResult.objects.filter(request__in=ended, status__in=_FAILING, updated_at__gte=since)
    place = {"course": F("request__activity__course"), "activity": F("request__activity")}
    named = {
        "provider_name": F("provider__acronym"),
        "instrument": F("provider__instrument__name"),
        "course_code": F("request__activity__course__code"),
        "course_number": F("request__activity__course__vle_course_id"),
        "course_start": F("request__activity__course__start"),
        "activity_name": activity_name("request__activity__"),
    }
    counts = {
        "failed": Count("pk", filter=Q(status=ResultStatus.ERROR)),
        "unanswered": Count("pk", filter=Q(status=ResultStatus.TIMEOUT)),
        "number": Count("pk"),
    }
    grouped: QuerySet[Any, Any] = rows.order_by().values("provider", **place, **named).annotate(**counts)
    return list(grouped.order_by("-number", "provider", "activity")[:PLACES])


def _counted(activity: int, learner: int | None) -> QuerySet[Any, Any]:
    """(instrument, its name, captures, those with a final status, those with a result)"""
    rows = ReportInstrument.objects.filter(report__activity=activity)
    rows = rows if learner is None else rows.filter(report__learner=learner)
    sums = (Sum(name) for name in ("total_count", "closed_count", "processed_count"))
    grouped: QuerySet[Any, Any] = rows.order_by().values_list("instrument", "instrument__name").annotate(*sums)
    return grouped


def _requests(activity: int, learner: int | None, *statuses: RequestStatus) -> QuerySet[Request]:
    rows = Request.objects.filter(activity=activity, status__in=statuses)
    return rows if learner is None else rows.filter(learner=learner)


def _unsettled(activity: int, learner: int | None) -> QuerySet[Any, Any]:
    """(instrument, its name, status of the result, number); no status before the providers are asked."""
    requests = _requests(activity, learner, RequestStatus.STORED, RequestStatus.PROCESSING).values("pk")[:MOST_OPEN]
    results = RequestResult.objects.filter(request=OuterRef("request"), instrument=OuterRef("instrument"))
    asks: Any = Request.instruments.through._default_manager.filter(request__in=requests)
    asks = asks.annotate(state=Subquery(results.values("status")))
    wanted = asks.filter(Q(state=None) | Q(state=ResultStatus.PROCESSING)).order_by()
    return wanted.values_list("instrument", "instrument__name", "state").annotate(Count("pk"))


def _causes(activity: int, learner: int | None) -> QuerySet[Any, Any]:
    """(instrument, status, text, number) of the most frequent ones."""
    requests = _requests(activity, learner, *_ENDED, RequestStatus.PROCESSING, RequestStatus.SCHEDULED)
    newest = requests.order_by("-status", "-pk").values("pk")[:MOST_ENDED]  # backwards through the index
    results = RequestResult.objects.filter(request__in=newest, status__in=_TOLD)
    english = MessageLocale.objects.filter(locale="en", code=OuterRef("message_code")).values("message")
    text = Coalesce(
        Subquery(english[:1]),
        F("message_code__description"),
        F("message_code"),
        Left("error_message", LONGEST),
        output_field=TextField(),
    )
    grouped: QuerySet[Any, Any] = results.annotate(text=text).order_by().values_list("instrument", "status", "text")
    counted = grouped.annotate(number=Count("pk"))
    return counted.order_by("-number", "instrument", "status", "text")[:GROUPS]
