"""Computing reports and histograms from scratch, with the pure functions, and comparing them with what is stored.

Pairs of activity and learner are taken in their order, a batch in one transaction. Of the rows of a batch only one
request is in memory at a time. Learners (or activities, for their histograms) are locked as if they were to be deleted:
so nothing is counted meanwhile, and what waits is what has not been counted yet.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from courses.models import Activity, AssessmentSession
from institutions.models import Instrument, Provider
from kernel.batches import batched
from kernel.locks import Lock, locked_rows
from kernel.many import rows_updated
from kernel.repeats import repeated
from kernel.writes import one_transaction
from learners.models import Learner
from reports.arithmetic import OPEN, Level, Levels, activity_levels, request_status
from reports.counts import (
    NOTHING,
    Counts,
    SessionCounts,
    billionths,
    counts_of,
    instrument_columns,
    kinds_of,
    level_columns,
    session_columns,
)
from reports.evidence import instrument_properties
from reports.models import (
    LEVELS,
    Alert,
    Report,
    ReportInstrument,
    ReportSession,
    Request,
    RequestProviderResult,
    RequestResult,
)
from reports.rows import BIN_COLUMNS
from reports.services.counting import HISTOGRAMS, SUMMARY, counted_bin, message_of, provider_properties, summary_of
from reports.services.reporting import Pair, columns_written, kinds_applying, percentages_of

PAIRS = 200  # in one transaction
Row = TypeVar("Row", bound=Model)
COUNTED = ("counted_status", "counted_result", "counted_code")


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at: everything, or an institution, an activity or a learner."""

    institution: int | None = None
    activity: int | None = None
    learner: int | None = None

    def of(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        given = {"institution": self.institution, "activity": self.activity, "learner": self.learner}
        return rows.filter(**{name: key for name, key in given.items() if key is not None})


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A column of a row that is not what it should be; the key of a row that is missing is what names it."""

    table: str
    key: Any
    column: str
    stored: Any
    computed: Any


def reports_rebuilt(scope: Scope, *, write: bool = False) -> Iterator[Discrepancy]:
    """All discrepancies in the scope; with `write` they are mended."""
    learners: set[int] = set()
    activities: set[int] = set()
    for pairs in _batches(scope):
        yield from _in_transaction(lambda pairs=pairs: _Batch(pairs, write).compared())  # type: ignore[misc]
        # ids only: a number for each learner and activity that there is
        activities |= {activity for activity, _ in pairs}
        learners |= {learner for _, learner in pairs}
    for owner, model, keys in (("learner", Learner, learners), ("activity", Activity, activities)):
        for part in batched(sorted(keys | _counted_owners(owner, scope)), PAIRS):
            yield from _in_transaction(
                lambda owner=owner, model=model, part=part: _histograms_compared(owner, model, part, write)  # type: ignore[misc]
            )


def _counted_owners(owner: str, scope: Scope) -> set[int]:
    """Learners, or activities, in the scope that have histograms, perhaps without any request or report.

    And learners with requests of no activity, which are in no report. Neither is of the other kind: with an activity
    in the scope no learner is meant who has nothing in it.
    """
    own, other = (scope.learner, scope.activity) if owner == "learner" else (scope.activity, scope.learner)
    if own is None and other is not None:
        return set()
    tables: list[QuerySet[Any]] = [
        model._default_manager.all() for model, (kept_by, _) in HISTOGRAMS if kept_by == owner
    ]
    if owner == "learner":
        tables.append(Request.objects.filter(activity=None))
    given = {owner: own, f"{owner}__institution": scope.institution}
    rows = [each.filter(**{name: key for name, key in given.items() if key is not None}) for each in tables]
    return {key for each in rows for key in each.order_by().values_list(owner, flat=True).distinct()}


def _in_transaction(compared: Callable[[], Iterable[Discrepancy]]) -> list[Discrepancy]:
    def done() -> list[Discrepancy]:
        with one_transaction():
            return list(compared())

    return repeated(done)


def _batches(scope: Scope) -> Iterator[list[Pair]]:
    """The pairs that have requests or a report."""
    last: Pair = (0, 0)
    while True:
        after = Q(activity__gt=last[0]) | Q(activity=last[0], learner__gt=last[1])
        pairs: set[Pair] = set()
        for model in (Request, Report):
            rows = scope.of(model._default_manager.filter(after, activity__isnull=False)).order_by(
                "activity", "learner"
            )
            pairs |= {*rows.values_list("activity", "learner").distinct()[:PAIRS]}
        batch = sorted(pairs)[:PAIRS]
        if not batch:
            return
        yield batch
        last = batch[-1]


@dataclass
class _Computed:
    """What is computed of a pair."""

    counts: defaultdict[int, Counts] = field(default_factory=lambda: defaultdict(lambda: NOTHING))
    answered: defaultdict[int, defaultdict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    sessions: defaultdict[int, SessionCounts] = field(default_factory=lambda: defaultdict(SessionCounts))
    used: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # instruments by session
    institution: int = 0


class _Batch:
    def __init__(self, pairs: Sequence[Pair], write: bool) -> None:
        self.pairs, self.write = {pair: _Computed() for pair in pairs}, write
        self.activities, self.learners = ({pair[place] for pair in pairs} for place in (0, 1))
        locked_rows(Learner.objects.filter(pk__in=self.learners), Lock.DELETE)
        self.instruments = {row.pk: instrument_properties(row) for row in Instrument.objects.all()}
        self.providers = {row.pk: provider_properties(row) for row in Provider.objects.all()}

    def compared(self) -> Iterator[Discrepancy]:
        """The rows of requests, one request after the other, and then those of the reports."""
        yield from self._requests_compared()
        yield from self._alerts_compared()
        found_near = {(row.activity_id, row.learner_id): row for row in self._of(Report.objects.all(), "")}
        reports = {pair: row for pair, row in found_near.items() if pair in self.pairs}
        for pair, found in self.pairs.items():
            if pair not in reports and (found.counts or found.answered or found.sessions):
                yield Discrepancy("report", pair, "id", None, "a row")
                if self.write:
                    reports[pair] = Report.objects.create(
                        activity_id=pair[0], learner_id=pair[1], institution_id=found.institution
                    )
        levels: defaultdict[Pair, list[Levels]] = defaultdict(list)
        yield from self._instruments_compared(reports, levels)
        yield from self._sessions_compared(reports, levels)
        changed = {}
        for pair, row in reports.items():
            computed = level_columns(activity_levels(levels[pair]))
            yield from _differing("report", row.pk, row, computed)
            changed[row.pk] = computed, row
        self._written(Report, changed)

    def _of(self, rows: QuerySet[Row], path: str) -> Iterator[Row]:
        """The rows of these pairs, and perhaps of others; `path` leads to what has the pair."""
        near = rows.filter(**{f"{path}activity__in": self.activities, f"{path}learner__in": self.learners})
        return near.iterator(chunk_size=500)

    def _written(self, model: type[Model], rows: Mapping[int, tuple[dict[str, Any], Any]]) -> None:
        if self.write:
            changed = {key: columns for key, (columns, row) in rows.items() if [*_differing("", key, row, columns)]}
            columns_written(model, changed)

    def _requests_compared(self) -> Iterator[Discrepancy]:
        requests = self._of(Request.objects.order_by("pk"), "")
        results = _Following(self._of(RequestResult.objects.order_by("request", "pk"), "request__"))
        answers = _Following(self._of(RequestProviderResult.objects.order_by("request", "provider"), "request__"))
        for request in requests:
            pair = (request.activity_id, request.learner_id)
            mine, given = results.of(request.pk), answers.of(request.pk)
            if pair in self.pairs:
                yield from self._request_compared(request, self.pairs[pair], mine, given)

    def _request_compared(
        self, request: Request, found: _Computed, results: list[RequestResult], answers: list[RequestProviderResult]
    ) -> Iterator[Discrepancy]:
        found.institution = request.institution_id
        by_instrument: defaultdict[int | None, list[RequestProviderResult]] = defaultdict(list)
        for answer in answers:
            instrument = self.providers[answer.provider_id].instrument_id
            by_instrument[instrument].append(answer)
            closed = answer.status not in OPEN and instrument is not None
            if closed and instrument is not None:
                found.answered[instrument][str(answer.provider_id)] += 1
            values = {"counted_bin": counted_bin(answer.status, answer.result), "counted_closed": closed}
            yield from self._row_compared("provider result", answer, values)
        statuses: dict[int, set[int]] = {}
        for row in results:
            given = by_instrument.get(row.instrument_id, [])
            summary = summary_of(row, given, self.providers)
            counted = (summary[0], billionths(summary[1]), summary[2])
            statuses[row.instrument_id] = {answer.status for answer in given} or {summary[0]}
            found.counts[row.instrument_id] += counts_of(*counted)
            values = dict(zip((*SUMMARY, *COUNTED), (*summary, *counted), strict=True))
            yield from self._row_compared("result", row, values)
        status = int(request_status(statuses)) if statuses else request.status
        counted_status = None
        if request.session_id is not None:
            counted_status = status
            found.sessions[request.session_id].count(status)
            found.used[request.session_id] |= {*statuses}
        text, code = message_of(request, status, answers)
        values = {"status": status, "error_message": text, "message_code_id": code, "counted_status": counted_status}
        yield from self._row_compared("request", request, values)

    def _row_compared(self, table: str, row: Any, values: dict[str, Any]) -> Iterator[Discrepancy]:
        different = [*_differing(table, row.pk, row, values)]
        if different and self.write:
            names = [name.removesuffix("_id") for name in values]
            rows_updated(type(row), names, {row.pk: tuple(values.values())})
        yield from different

    def _alerts_compared(self) -> Iterator[Discrepancy]:
        for alert in self._of(Alert.objects.filter(session__isnull=False).order_by("pk"), ""):
            pair = (alert.activity_id, alert.learner_id)
            if pair in self.pairs and alert.session_id is not None:
                self.pairs[pair].institution = alert.institution_id
                self.pairs[pair].sessions[alert.session_id].alerts[alert.level] += 1
                yield from self._row_compared("alert", alert, {"is_counted": True})

    def _instruments_compared(
        self, reports: Mapping[Pair, Report], levels: defaultdict[Pair, list[Levels]]
    ) -> Iterator[Discrepancy]:
        percentages = percentages_of(self.learners)
        stored: dict[tuple[int, int], ReportInstrument] = {}
        for row in self._of(ReportInstrument.objects.all(), "report__"):
            stored[row.report_id, row.instrument_id] = row
        changed = {}
        for pair, found in self.pairs.items():
            report = reports.get(pair)
            here = {number for key, number in stored if report is not None and key == report.pk}
            for number in sorted({*found.counts, *found.answered} | here):
                computed = instrument_columns(
                    self.instruments[number], found.counts[number], found.answered[number], percentages.get(pair[1], {})
                )
                levels[pair].append(_levels(computed))
                detail = stored.get((report.pk, number)) if report is not None else None
                if detail is None:
                    yield Discrepancy("instrument", (*pair, number), "id", None, "a row")
                    if report is None or not self.write:
                        continue
                    detail = ReportInstrument.objects.create(report=report, instrument_id=number)
                yield from _differing("instrument", detail.pk, detail, computed)
                changed[detail.pk] = computed, detail
        self._written(ReportInstrument, changed)

    def _sessions_compared(
        self, reports: Mapping[Pair, Report], levels: defaultdict[Pair, list[Levels]]
    ) -> Iterator[Discrepancy]:
        stored = {row.session_id: row for row in self._of(ReportSession.objects.all(), "")}
        of = {row.session_id: (row.activity_id, row.learner_id) for row in stored.values()}
        of |= {session: pair for pair, found in self.pairs.items() for session in found.sessions}
        closed = dict(AssessmentSession.objects.filter(pk__in=of).values_list("pk", "closed_at"))
        applying = kinds_applying({pair for session, pair in of.items() if session not in stored}) if of else {}
        changed = {}
        for session, pair in sorted(of.items()):
            if pair not in self.pairs:
                continue
            found, row = self.pairs[pair], stored.get(session)
            for level, number in enumerate((row and row.deleted_alerts) or ()):
                found.sessions[session].alerts[level] += number
            # What applied to the learner at that time is kept nowhere else.
            kinds = applying[pair] if row is None else row.kinds
            kinds |= kinds_of(self.instruments[number] for number in found.used[session])
            computed = {**session_columns(found.sessions[session], kinds), "closed_at": closed[session]}
            levels[pair].append(_levels(computed))
            if row is None:
                yield Discrepancy("session", session, "id", None, "a row")
                if pair not in reports or not self.write:
                    continue
                row = ReportSession.objects.create(
                    session_id=session, activity_id=pair[0], learner_id=pair[1], report=reports[pair]
                )
            yield from _differing("session", row.pk, row, computed)
            changed[row.pk] = computed, row
        self._written(ReportSession, changed)


def _levels(columns: Mapping[str, Any]) -> Levels:
    return Levels(*(Level(columns[name]) for name in LEVELS))


class _Following:
    """The rows of one request after the other, from rows in the order of their requests."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self.groups = groupby(rows, key=lambda row: row.request_id)
        self.next: tuple[int, list[Any]] | None = None
        self._advance()

    def _advance(self) -> None:
        found = next(self.groups, None)
        self.next = None if found is None else (found[0], list(found[1]))

    def of(self, request: int) -> list[Any]:
        while self.next is not None and self.next[0] < request:
            self._advance()
        return self.next[1] if self.next is not None and self.next[0] == request else []


def _differing(table: str, key: Any, row: Any, computed: Mapping[str, Any]) -> Iterator[Discrepancy]:
    for name, value in computed.items():
        stored = getattr(row, name)
        if stored != value:
            yield Discrepancy(table, key, name, stored, value)


def _histograms_compared(owner: str, model: type[Model], keys: Sequence[int], write: bool) -> Iterator[Discrepancy]:
    locked_rows(model._default_manager.filter(pk__in=keys), Lock.DELETE)
    rows = RequestProviderResult.objects.filter(**{f"request__{owner}__in": keys}, request__activity__isnull=False)
    if owner == "learner":  # a request without an activity counts for its learner
        rows = RequestProviderResult.objects.filter(request__learner__in=keys)
    computed: dict[str, dict[tuple[int, int], list[int]]] = {"instrument": {}, "provider": {}}
    columns = (f"request__{owner}", "provider__instrument", "provider", "status", "result")
    for key, instrument, provider, status, result in rows.values_list(*columns).iterator(chunk_size=500):
        place = counted_bin(status, result)
        for about, other in (("instrument", instrument), ("provider", provider)):
            if place is not None and other is not None:
                computed[about].setdefault((key, other), [0] * len(BIN_COLUMNS))[place] += 1
    for histogram, (kept_by, about) in HISTOGRAMS:
        if kept_by == owner:
            yield from _bins_compared(histogram, (kept_by, about), keys, computed[about], write)


def _bins_compared(
    model: type[Model],
    about: tuple[str, str],
    keys: Sequence[int],
    computed: dict[tuple[int, int], list[int]],
    write: bool,
) -> Iterator[Discrepancy]:
    names = [f"{name}_id" for name in about]
    stored = {
        tuple(getattr(row, name) for name in names): row
        for row in model._default_manager.filter(**{f"{about[0]}__in": keys})
    }
    changed = {}
    for pair in sorted({*computed, *stored}):
        row, bins = stored.get(pair), computed.get(pair, [0] * len(BIN_COLUMNS))
        if row is None:
            yield Discrepancy(model._meta.model_name or "", pair, "id", None, "a row")
            if write:
                model._default_manager.create(
                    **dict(zip(names, pair, strict=True)), **dict(zip(BIN_COLUMNS, bins, strict=True))
                )
            continue
        different = [*_differing(model._meta.model_name or "", row.pk, row, dict(zip(BIN_COLUMNS, bins, strict=True)))]
        if different:
            changed[row.pk] = bins
        yield from different
    if write:
        rows_updated(model, BIN_COLUMNS, changed)
