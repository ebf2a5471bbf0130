"""Writing reports from differences: what has been added to, or taken from, what they count.

All functions run in a transaction of their caller, who holds the learners, activities and sessions (`held`), so that
none of them is deleted or merged meanwhile. Rows of reports are locked in the order of their keys, and after that read,
changed and written; the number of statements depends neither on the number of reports nor on what they count.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max, Model
from django.utils import timezone

from courses.models import Activity, ActivityInstrument, AssessmentSession
from institutions.models import Instrument
from kernel.locks import Lock, locked_rows
from kernel.many import rows_updated
from learners.models import Enrolment, Learner
from learners.queries import NO_SEND, instruments_applying, send_summaries
from reports.arithmetic import Level, Levels
from reports.counts import (
    COUNTERS,
    NOTHING,
    Counts,
    counters_stored,
    instrument_columns,
    kinds_of,
    level_columns,
    session_columns,
    session_counts_stored,
)
from reports.evidence import instrument_properties
from reports.models import LEVELS, Alert, Report, ReportInstrument, ReportSession
from reports.rows import keys_of

Pair = tuple[int, int]  # activity, learner


@dataclass
class Difference:
    """What changes in the row of an instrument."""

    counts: Counts = NOTHING
    answered: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))  # by provider

    def __bool__(self) -> bool:
        return self.counts != NOTHING or any(self.answered.values())


@dataclass
class SessionDifference:
    """What changes in the row of a session: (status, 1 or -1) of its requests, and instruments that were used in it."""

    pair: Pair
    statuses: list[tuple[int | None, int]] = field(default_factory=list)
    instruments: set[int] = field(default_factory=set)


@dataclass
class Differences:
    institutions: dict[Pair, int] = field(default_factory=dict)  # of all pairs below
    instruments: defaultdict[tuple[Pair, int], Difference] = field(default_factory=lambda: defaultdict(Difference))
    sessions: dict[int, SessionDifference] = field(default_factory=dict)


def held(*, learners: Collection[int], activities: Collection[int], sessions: Collection[int]) -> set[int]:
    """Keep these from being deleted or merged until the transaction ends; in the order of kernel/locks.py.

    Answers the sessions that are still there.
    """
    models: tuple[tuple[type[Model], Collection[int]], ...] = (
        (Learner, learners),
        (Activity, activities),
        (AssessmentSession, sessions),
    )
    there = list[int]()
    for model, keys in models:
        there = locked_rows(model._default_manager.filter(pk__in=keys), Lock.REFERENCE) if keys else []
    return {*there}


def reports_changed(differences: Differences) -> None:
    """Write the differences into the rows of the reports, which are made where they are missing."""
    instruments = {key: change for key, change in differences.instruments.items() if change}
    pairs = {pair for pair, _ in instruments} | {change.pair for change in differences.sessions.values()}
    if not pairs:
        return
    reports = _reports_locked({pair: differences.institutions[pair] for pair in pairs})
    known = _instruments({number for _, number in instruments} | _used(differences.sessions.values()))
    _instrument_rows_changed({(reports[pair], number): change for (pair, number), change in instruments.items()}, known)
    _session_rows_changed(differences.sessions, reports, known)
    levels_refreshed(reports.values())


def _used(changes: Iterable[SessionDifference]) -> set[int]:
    return {number for change in changes for number in change.instruments}


def _instruments(keys: Collection[int]) -> dict[int, Any]:
    """{instrument: its properties}"""
    return {key: instrument_properties(row) for key, row in Instrument.objects.in_bulk(keys).items()} if keys else {}


def _reports_locked(institutions: Mapping[Pair, int]) -> dict[Pair, int]:
    """{pair: report}, locked."""
    about = ("activity", "learner")
    reports = keys_of(Report, about, institutions)
    if missing := sorted({*institutions} - {*reports}):
        rows = [Report(activity_id=pair[0], learner_id=pair[1], institution_id=institutions[pair]) for pair in missing]
        Report.objects.bulk_create(rows, ignore_conflicts=True)  # somebody else may be making the same one
        reports |= keys_of(Report, about, missing)
    locked_rows(Report.objects.filter(pk__in=reports.values()), Lock.CHANGE)
    return reports


def _instrument_rows_changed(changes: Mapping[tuple[int, int], Difference], known: Mapping[int, Any]) -> None:
    """`changes` are by report and instrument."""
    about = ("report", "instrument")
    keys = keys_of(ReportInstrument, about, changes)
    if missing := sorted({*changes} - {*keys}):
        ReportInstrument.objects.bulk_create(
            ReportInstrument(report_id=report, instrument_id=instrument) for report, instrument in missing
        )
        keys |= keys_of(ReportInstrument, about, missing)
    columns = ("pk", "report_id", "instrument_id", "report__learner_id", "answered", *COUNTERS)
    rows: list[Any] = []
    if keys:
        rows += ReportInstrument.objects.filter(pk__in=keys.values()).values_list(*columns, named=True)
    percentages = percentages_of({row.report__learner_id for row in rows})
    written = {}
    for row in rows:
        change = changes[row.report_id, row.instrument_id]
        answered = defaultdict(int, row.answered)
        for provider, number in change.answered.items():
            answered[str(provider)] += number
        written[row.pk] = instrument_columns(
            known[row.instrument_id],
            counters_stored(row) + change.counts,
            answered,
            percentages.get(row.report__learner_id, {}),
        )
    columns_written(ReportInstrument, written)


def percentages_of(learners: Collection[int]) -> dict[int, dict[int, Any]]:
    """{learner: {provider: how complete the model is}}"""
    found: dict[int, dict[int, Any]] = {}
    if learners:
        rows: Any = Enrolment.objects.filter(learner__in=learners).values_list("learner", "provider", "percentage")
        for learner, provider, percentage in rows:
            found.setdefault(learner, {})[provider] = percentage
    return found


def columns_written(model: type[Model], rows: Mapping[int, Mapping[str, Any]]) -> None:
    """Give each row the columns, the same ones for all, and the time of the change."""
    if rows:
        columns, now = [*next(iter(rows.values()))], timezone.now()
        values = {key: (*(row[name] for name in columns), now) for key, row in rows.items()}
        rows_updated(model, (*columns, "updated_at"), values)


def _session_rows_changed(
    changes: Mapping[int, SessionDifference], reports: Mapping[Pair, int], known: Mapping[int, Any]
) -> None:
    if not changes:
        return
    missing = sorted(
        {*changes} - {*ReportSession.objects.filter(session__in=changes).values_list("session", flat=True)}
    )
    if missing:
        ReportSession.objects.bulk_create(
            ReportSession(
                session_id=session,
                activity_id=changes[session].pair[0],
                learner_id=changes[session].pair[1],
                report_id=reports[changes[session].pair],
            )
            for session in missing
        )
    closed = dict(AssessmentSession.objects.filter(pk__in=changes).values_list("pk", "closed_at"))
    applying = kinds_applying({change.pair for change in changes.values()})
    raised = _alerts_counted(changes)
    written = {}
    for row in ReportSession.objects.filter(session__in=changes):
        change, counts = changes[row.session_id], session_counts_stored(row)
        for status, step in change.statuses:
            counts.count(status, step)
        for level in raised.get(row.session_id, ()):
            counts.alerts[level] += 1
        kinds = row.kinds | applying[change.pair] | kinds_of(known[number] for number in change.instruments)
        written[row.pk] = {**session_columns(counts, kinds), "closed_at": closed[row.session_id]}
    columns_written(ReportSession, written)


def _alerts_counted(sessions: Collection[int]) -> dict[int, list[int]]:
    """{session: levels of its alerts that have not been counted yet}, and from now on they are."""
    raised: dict[int, list[int]] = {}
    keys = []
    for key, session, level in Alert.objects.filter(session__in=sessions, is_counted=False).values_list(
        "pk", "session", "level"
    ):
        raised.setdefault(session, []).append(level)
        keys.append(key)
    if keys:
        Alert.objects.filter(pk__in=keys).update(is_counted=True)
    return raised


def kinds_applying(pairs: Collection[Pair]) -> dict[Pair, int]:
    """{pair: the kinds of level that the instruments count for which apply to the learner in the activity now}"""
    rows: dict[int, list[ActivityInstrument]] = {}
    activities, learners = ({pair[place] for pair in pairs} for place in (0, 1))
    for row in ActivityInstrument.objects.filter(activity__in=activities).select_related("instrument").order_by("pk"):
        rows.setdefault(row.activity_id, []).append(row)
    needs = send_summaries(sorted(learners))
    kinds = {}
    for activity, learner in pairs:
        applying = instruments_applying(learner, rows.get(activity, ()), needs.get(learner, NO_SEND)["send"])
        kinds[activity, learner] = kinds_of(instrument_properties(row.instrument) for row in applying)
    return kinds


def levels_refreshed(reports: Collection[int]) -> None:
    """Give these reports, which are locked, the highest levels of their parts."""
    highest = {key: [int(Level.PENDING)] * len(LEVELS) for key in reports}
    for parts in (ReportInstrument, ReportSession):
        rows = parts._default_manager.filter(report__in=highest).order_by().values("report")
        maxima = rows.annotate(**{f"highest_{name}": Max(name) for name in LEVELS})
        for report, *levels in maxima.values_list("report", *(f"highest_{name}" for name in LEVELS)):
            highest[report] = [max(pair) for pair in zip(highest[report], levels, strict=True)]
    stored = Report.objects.filter(pk__in=highest).values_list("pk", *LEVELS)
    columns_written(
        Report,
        {key: level_columns(Levels(*map(Level, highest[key]))) for key, *levels in stored if levels != highest[key]},
    )
