"""Counting results into reports and histograms, each exactly once, in any order.

A row that is counted remembers as what (`counted_...`): counting it again adds the difference between what it is now
and what it was counted as. So these functions can be called any number of times for the same rows, by several
processes at once, and their cost does not grow with the reports. `rebuilding.py` computes the same from scratch.

The order of locks: learners, activities and sessions (which only must stay), requests, reports, histograms; the rows of
a table in the order of their keys.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from courses.models import AssessmentSession
from institutions.models import Provider
from kernel.batches import batched
from kernel.locks import Lock, locked_rows
from kernel.many import rows_updated
from kernel.writes import one_transaction
from learners import arithmetic as properties
from reports.arithmetic import (
    CLOSED_REQUEST,
    OPEN,
    ProviderResult,
    ResultStatus,
    request_status,
    result_bin,
    result_summary,
)
from reports.counts import answered_minimum, billionths, counts_of, fraction_stored
from reports.models import (
    ActivityInstrumentHistogram,
    ActivityProviderHistogram,
    Alert,
    LearnerInstrumentHistogram,
    LearnerProviderHistogram,
    Report,
    ReportInstrument,
    Request,
    RequestProviderResult,
    RequestResult,
)
from reports.rows import bins_added, bins_of
from reports.services.reporting import (
    Differences,
    SessionDifference,
    columns_written,
    held,
    percentages_of,
    reports_changed,
)

BATCH = 200
SUMMARY = ("status", "result", "code", "error_message", "message_code_id", "audit_id")
# By what each histogram is kept, with its model.
HISTOGRAMS = (
    (LearnerInstrumentHistogram, ("learner", "instrument")),
    (LearnerProviderHistogram, ("learner", "provider")),
    (ActivityInstrumentHistogram, ("activity", "instrument")),
    (ActivityProviderHistogram, ("activity", "provider")),
)


@one_transaction()
def requests_recounted(keys: Iterable[int]) -> None:
    """Summarise the results of these requests and count them in reports, sessions and histograms.

    Requests that are gone by now are left out.
    """
    for part in batched(sorted({*keys}), BATCH):
        _Recount(part).done()


@one_transaction()
def sessions_recounted(keys: Iterable[int]) -> None:
    """Take over what has changed in these sessions but their requests: alerts, and the closing."""
    for part in batched(sorted({*keys}), BATCH):
        told = Alert.objects.filter(session__in=part).values("session")
        rows = AssessmentSession.objects.filter(pk__in=part)
        in_reports = rows.filter(report__isnull=False) | rows.filter(pk__in=told)  # nothing is said of the others
        found: list[Any] = list(in_reports.order_by("pk").values_list("pk", "activity", "learner", "institution"))
        there = held(
            learners={learner for _, _, learner, _ in found},
            activities={activity for _, activity, _, _ in found},
            sessions={session for session, _, _, _ in found},
        )
        differences = Differences()
        for session, activity, learner, institution in found:
            if session in there:  # others were deleted meanwhile
                differences.institutions[activity, learner] = institution
                differences.sessions[session] = SessionDifference((activity, learner))
        reports_changed(differences)


@one_transaction()
def enrolments_recounted(keys: Iterable[int]) -> None:
    """Take over how complete the models of these learners are."""
    for part in batched(sorted({*keys}), BATCH):
        locked_rows(Report.objects.filter(learner__in=part), Lock.CHANGE)
        percentages = percentages_of(part)
        rows = ReportInstrument.objects.filter(report__learner__in=part, instrument__requires_enrolment=True)
        changed = {}
        for row in rows.select_related("report"):
            answered = (int(provider) for provider in row.answered)
            found = fraction_stored(answered_minimum(answered, percentages.get(row.report.learner_id, {})))
            if found != row.enrolment:
                changed[row.pk] = {"enrolment": found}
        columns_written(ReportInstrument, changed)


def provider_properties(row: Provider) -> properties.Provider:
    return properties.Provider(
        row.pk, row.instrument_id, row.inverted_polarity, row.warning_below, row.alert_below, row.enabled
    )


def counted_bin(status: int, result: float | None) -> int | None:
    """In which bin a provider's result counts; None for none."""
    return result_bin(result) if status == ResultStatus.PROCESSED and result is not None else None


def summary_of(
    row: RequestResult, answers: Sequence[RequestProviderResult], providers: dict[int, properties.Provider]
) -> tuple[Any, ...]:
    """The values of SUMMARY for a request and an instrument.

    `answers` are the results of the instrument's providers, in the order of their ids. Without any the row stays what
    it is: it was made so when there was no provider to ask.
    """
    if not answers:
        return tuple(getattr(row, name) for name in SUMMARY)
    summary = result_summary(
        ProviderResult(providers[each.provider_id], each.status, each.result, each.code) for each in answers
    )
    telling = [each for each in answers if each.error_message or each.message_code_id]
    told = next((each for each in telling if each.status == summary.status), None)
    audit = next((each.audit_id for each in answers if each.audit_id is not None), row.audit_id)
    return (
        int(summary.status),
        None if summary.result is None else float(summary.result),
        int(summary.code),
        told and told.error_message,
        told and told.message_code_id,
        audit,
    )


def message_of(row: Any, status: int, answers: Iterable[Any]) -> tuple[Any, Any]:
    """Text and code of the message of a request with this status: of the answer that decides the status.

    `answers` are of all providers, in the order of their ids. Of several that decide, the first one with the highest
    code and a message. Without any answer the request keeps its message.
    """
    given = list(answers)
    if not given:
        return row.error_message, row.message_code_id
    telling = [each for each in given if each.error_message or each.message_code_id]
    deciding = [each for each in telling if CLOSED_REQUEST.get(ResultStatus(each.status)) == status]
    told = max(deciding, key=lambda each: each.code, default=None)
    return (None, None) if told is None else (told.error_message, told.message_code_id)


def _read(rows: QuerySet[Any]) -> list[Any]:
    """The rows with all columns by name: making instances of the model takes longer than reading them."""
    return list(rows.values_list("pk", *(field.attname for field in rows.model._meta.concrete_fields), named=True))


class _Recount:
    """One batch of requests, locked and with their results."""

    def __init__(self, keys: list[int]) -> None:
        places: list[Any] = list(Request.objects.filter(pk__in=keys).values_list("learner", "activity", "session"))
        held(
            learners={learner for learner, _, _ in places},
            activities={activity for _, activity, _ in places if activity is not None},
            sessions={session for _, _, session in places if session is not None},
        )
        rows = Request.objects.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True)
        self.requests: dict[int, Any] = {row.pk: row for row in _read(rows)}
        self.results = _read(RequestResult.objects.filter(request__in=self.requests).order_by("pk"))
        self.answers = _read(RequestProviderResult.objects.filter(request__in=self.requests).order_by("provider"))
        known = Provider.objects.in_bulk({row.provider_id for row in self.answers})
        self.providers = {key: provider_properties(row) for key, row in known.items()}
        self.of: defaultdict[tuple[int, int | None], list[Any]] = defaultdict(list)
        self.given: defaultdict[int, list[Any]] = defaultdict(list)
        for row in self.answers:
            self.of[row.request_id, self.providers[row.provider_id].instrument_id].append(row)
            self.given[row.request_id].append(row)
        self.differences = Differences()
        self.bins: list[tuple[dict[str, int | None], int, int]] = []

    def done(self) -> None:
        statuses = self._summaries_written()
        self._requests_written(statuses)
        self._answers_written()
        reports_changed(self.differences)
        for model, about in HISTOGRAMS:
            keyed = ((tuple(keys[name] for name in about), place, step) for keys, place, step in self.bins)
            bins_added(model, about, bins_of((key, place, step) for key, place, step in keyed if None not in key))  # type: ignore[misc]

    def _pair(self, request: Any) -> tuple[int, int] | None:
        """The pair whose report it is of."""
        if request.activity_id is None:
            return None
        pair = (request.activity_id, request.learner_id)
        self.differences.institutions[pair] = request.institution_id
        return pair

    def _summaries_written(self) -> dict[int, dict[int, set[int]]]:
        """Write the summaries; {request: {instrument: statuses of its providers' results}}."""
        statuses: dict[int, dict[int, set[int]]] = {key: {} for key in self.requests}
        changed, now = {}, timezone.now()
        for row in self.results:
            answers = self.of.get((row.request_id, row.instrument_id), [])
            values = summary_of(row, answers, self.providers)
            status, result, code, *_ = values
            statuses[row.request_id][row.instrument_id] = {each.status for each in answers} or {status}
            pair = self._pair(self.requests[row.request_id])
            counted = (None, 0, 0) if pair is None else (status, billionths(result), code)
            before = (row.counted_status, row.counted_result, row.counted_code)
            is_new = values != tuple(getattr(row, name) for name in SUMMARY)
            if is_new or counted != before:
                changed[row.pk] = (*values, *counted, now if is_new else row.updated_at)
            if pair is not None:
                self.differences.instruments[pair, row.instrument_id].counts += counts_of(*counted) - counts_of(*before)
        columns = (*SUMMARY, "counted_status", "counted_result", "counted_code", "updated_at")
        rows_updated(RequestResult, [name.removesuffix("_id") for name in columns], changed)
        return statuses

    def _requests_written(self, statuses: dict[int, dict[int, set[int]]]) -> None:
        changed, now = {}, timezone.now()
        for row in self.requests.values():
            groups = statuses[row.pk]
            status = int(request_status(groups)) if groups else row.status
            pair = self._pair(row)
            counted = status if pair is not None and row.session_id is not None else None
            shown = (status, *message_of(row, status, self.given[row.pk]))
            is_new = shown != (row.status, row.error_message, row.message_code_id)
            if is_new or counted != row.counted_status:
                changed[row.pk] = (*shown, counted, now if is_new else row.updated_at)
            if pair is not None and row.session_id is not None and counted != row.counted_status:
                session = self.differences.sessions.setdefault(row.session_id, SessionDifference(pair))
                session.statuses += [(row.counted_status, -1), (counted, 1)]
                session.instruments |= {*groups}
        columns = ("status", "error_message", "message_code", "counted_status", "updated_at")
        rows_updated(Request, columns, changed)

    def _answers_written(self) -> None:
        changed = {}
        for row in self.answers:
            request, instrument = self.requests[row.request_id], self.providers[row.provider_id].instrument_id
            place, pair = counted_bin(row.status, row.result), self._pair(request)
            closed = row.status not in OPEN and pair is not None and instrument is not None
            if (place, closed) != (row.counted_bin, row.counted_closed):
                changed[row.pk] = (place, closed)
            keys = {
                "learner": request.learner_id,
                "activity": request.activity_id,
                "instrument": instrument,
                "provider": row.provider_id,
            }
            if place != row.counted_bin:
                changes = ((row.counted_bin, -1), (place, 1))
                self.bins += [(keys, number, step) for number, step in changes if number is not None]
            if closed != row.counted_closed and pair is not None and instrument is not None:
                self.differences.instruments[pair, instrument].answered[row.provider_id] += 1 if closed else -1
        rows_updated(RequestProviderResult, ("counted_bin", "counted_closed"), changed)
