"""Asking the providers of a request's instruments, and taking their answers.

A provider result is open until its provider has answered, or its time is over. Each word of the provider that it works
on it begins that time anew, but for no longer than TIMES_LONGEST of it. An answer after that is taken like any other,
and the same answer again changes nothing. What follows from an answer is counted by a job; see counting.py.

Nothing is asked or stored of a learner without a valid consent, with an instrument that does not apply to the learner
any more (special needs, or the activity has changed), or without the enrolment that the instrument needs: see
`obstacles`.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Any

import orjson
from django.db import transaction
from django.db.models import (
    BooleanField,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Now
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone

from courses.models import ActivityInstrument
from files.models import Kind, StoredFile
from files.services import file_drafted, files_erase
from institutions.models import Instrument, Message, Provider, User
from institutions.services.unanswered import USUAL_MINUTES, Question, asked_now, declared, overdue
from kernel.batches import batched
from kernel.domain import Invalid, Unknown
from kernel.fast.prepared import Prepared
from kernel.fast.whole import Whole
from kernel.locks import Lock, locked_rows, locking
from kernel.many import rows_inserted, rows_updated
from kernel.recording import Entry, record
from kernel.repeats import repeated
from kernel.writes import one_transaction
from learners.models import Enrolment, Learner
from learners.queries import LearnerState, instruments_applying, learner_state_from_rows, with_learner_state
from pipeline.jobs import add, enqueue, provider_job
from pipeline.models import Job
from pipeline.tallies import GIVEN_UP, tally
from reports.arithmetic import (
    OPEN,
    RequestStatus,
    ResultCode,
    ResultStatus,
    provider_result_initial_status,
    result_summary,
)
from reports.counts import DIGITS
from reports.models import Request, RequestProviderResult, RequestResult
from reports.obstacles import ERASED, NO_CONSENT, NOT_USED, WITHDRAWN, Obstacle
from reports.services.counting import BATCH, requests_recounted
from reports.services.reporting import held

VERIFY = "tesla_ce.tasks.requests.verification.verify_request"
LONGEST_MESSAGE = 10_000
TIMES = ("created_at", "updated_at")
NO_RESULT = "What was processed has a result."
UNFINISHED = (RequestStatus.STORED, RequestStatus.SCHEDULED, RequestStatus.PROCESSING)
TIMES_LONGEST = 3  # an instrument's time, from the first question on: no provider keeps a result open for ever
OVER = "The time for this request is over: send its result."


@dataclass(frozen=True, slots=True)
class Asked:
    """What a provider is asked about."""

    learner: int
    activity: int | None
    provider: int
    instrument: int | None
    needs_enrolment: bool


def obstacles(asked: Collection[Asked]) -> dict[Asked, Obstacle]:
    """Which of these may not be worked on now, in three statements. A learner who is gone has withdrawn everything."""
    states = _states({each.learner for each in asked})
    activities = {each.activity for each in asked if each.activity is not None}
    used: dict[int, list[ActivityInstrument]] = {}
    for row in _USED(activities=[*activities]) if activities else ():
        used.setdefault(row.activity_id, []).append(row)
    enrolled = _enrolled(each for each in asked if each.needs_enrolment)
    applying: dict[tuple[int, int], set[int]] = {}
    found: dict[Asked, Obstacle] = {}
    for each in asked:
        state = states.get(each.learner)
        if state is None or (state.learner.consent_rejected is not None and not _is_valid(state)):
            found[each] = WITHDRAWN
            continue
        if not _is_valid(state):
            found[each] = NO_CONSENT
            continue
        if each.activity is not None:
            pair = (each.learner, each.activity)
            if pair not in applying:
                rows = instruments_applying(each.learner, used.get(each.activity, ()), state.send)
                applying[pair] = {row.instrument_id for row in rows}
            if each.instrument not in applying[pair]:
                found[each] = NOT_USED
                continue
        if each.needs_enrolment and (each.learner, each.provider) not in enrolled:
            found[each] = ERASED
    return found


# Each answer of a provider asks these three.
_STATES = Whole(lambda learners: with_learner_state(Learner.objects.filter(pk__any_of=learners)), "learners")
_USED = Whole(
    lambda activities: (
        ActivityInstrument.objects.filter(activity__any_of=activities).select_related("instrument").order_by("pk")
    ),
    "activities",
)
_ENROLLED = Prepared(
    lambda learners, providers: Enrolment.objects.filter(
        learner__any_of=learners, provider__any_of=providers
    ).values_list("learner", "provider"),
    "learners",
    "providers",
)


def _states(learners: Collection[int]) -> dict[int, LearnerState]:
    rows: dict[int, list[Learner]] = {}
    for row in _STATES(learners=[*learners]):
        rows.setdefault(row.pk, []).append(row)
    found = {key: learner_state_from_rows(each) for key, each in rows.items()}
    return {key: state for key, state in found.items() if state is not None}


def _is_valid(state: LearnerState) -> bool:
    return state.ic_status.startswith("VALID")


def _enrolled(asked: Iterable[Asked]) -> set[tuple[int, int]]:
    """(learner, provider) of those that have an enrolment."""
    pairs = {(each.learner, each.provider) for each in asked}
    learners, providers = ([*{pair[place] for pair in pairs}] for place in (0, 1))
    found: Any = _ENROLLED(learners=learners, providers=providers) if pairs else ()
    return {*found}


# Asking.


@one_transaction()
def requests_dispatched(keys: Iterable[int]) -> None:
    """Make the results of these requests, open or with the reason why nobody is asked, and ask the providers.

    What has been done for a request is not done again. Requests that are gone are left out.
    """
    for part in batched(sorted({*keys}), BATCH):
        _dispatched(part)


def _dispatched(keys: list[int]) -> None:
    places: list[Any] = list(Request.objects.filter(pk__in=keys).values_list("learner", "activity", "session"))
    wanted = Request.instruments.through._default_manager.filter(request__in=keys)
    pairs: list[Any] = list(wanted.order_by("request", "instrument").values_list("request", "instrument"))
    used = {instrument for _, instrument in pairs}
    # What the new rows refer to stays, too; in the order of kernel/locks.py.
    held(learners={learner for learner, _, _ in places}, activities=(), sessions=())
    providers: dict[int, list[Provider]] = {}
    asking = Provider.objects.filter(enabled=True, instrument__in=used).order_by("pk")
    for provider in locking(asking, self=Lock.REFERENCE):
        providers.setdefault(provider.instrument_id or 0, []).append(provider)
    held(
        learners=(),
        activities={activity for _, activity, _ in places if activity is not None},
        sessions={session for _, _, session in places if session is not None},
    )
    rows = Instrument.objects.filter(pk__in=used).order_by("pk")
    instruments = {row.pk: row for row in locking(rows, self=Lock.REFERENCE)}
    locked = Request.objects.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True)
    requests = {row.pk: row for row in locked}
    done = {*RequestResult.objects.filter(request__in=requests).values_list("request", flat=True)}
    asks = [(request, instrument) for request, instrument in pairs if request in requests and request not in done]
    if not asks:
        return
    missing, now = result_summary(()), timezone.now()
    nobody = (int(missing.status), float(missing.result or 0), int(missing.code))
    asked = (int(ResultStatus.PENDING), None, int(ResultCode.PENDING))
    rows_inserted(
        RequestResult,
        ("request", "instrument", "status", "result", "code", "counted_result", "counted_code", *TIMES),
        [
            (request, instrument, *(asked if instrument in providers else nobody), 0, int(ResultCode.PENDING), now, now)
            for request, instrument in asks
        ],
    )
    results = [
        (_asked(requests[request], instruments[instrument], provider), provider, request)
        for request, instrument in asks
        for provider in providers.get(instrument, ())
    ]
    _providers_asked(results)
    requests_recounted(requests)


def _asked(request: Request, instrument: Instrument, provider: Provider) -> Asked:
    return Asked(request.learner_id, request.activity_id, provider.pk, instrument.pk, instrument.requires_enrolment)


def _providers_asked(results: list[tuple[Asked, Provider, int]]) -> None:
    """Make the provider results and send the messages to those providers that are to work."""
    needing = [asked for asked, _, _ in results if asked.needs_enrolment]
    ready: set[Any] = {
        *Enrolment.objects.filter(
            learner__in={each.learner for each in needing},
            provider__in={each.provider for each in needing},
            can_analyse=True,
        ).values_list("learner", "provider")
    }
    barred = obstacles({replaced_need(asked) for asked, _, _ in results})
    rows, now = [], timezone.now()
    for asked, provider, request in results:
        status = provider_result_initial_status(
            requires_enrolment=asked.needs_enrolment, can_analyse=(asked.learner, asked.provider) in ready
        )
        obstacle = barred.get(replaced_need(asked))
        told = (int(status), None) if obstacle is None else (int(obstacle.status), obstacle.text)
        rows.append((request, provider.pk, *told, int(ResultCode.PENDING), False, now, now))
    columns = ("request", "provider", "status", "error_message", "code", "counted_closed", *TIMES)
    keys = rows_inserted(RequestProviderResult, columns, rows)
    add(
        provider_job(provider.queue, VERIFY, str(key), request, key)
        for key, (_, provider, request), (_, _, status, *_) in zip(keys, results, rows, strict=True)
        if status == ResultStatus.PENDING
    )


def replaced_need(asked: Asked) -> Asked:
    """Before anybody has worked on it, an enrolment that is missing was never there: it has not been erased."""
    return Asked(asked.learner, asked.activity, asked.provider, asked.instrument, False)


# Answers.


class _Unchanged(Exception):  # noqa: N818 - no error
    """The same answer was stored meanwhile: the new file is not needed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider says of a request: the arguments of `result_answered`."""

    status: int
    result: float | None = None
    code: int = ResultCode.PENDING
    message_code: str | None = None
    error_message: str | None = None
    audit: Any | None = None


def result_answered(
    *,
    row: RequestProviderResult,
    status: int,
    result: float | None = None,
    code: int = ResultCode.PENDING,
    message_code: str | None = None,
    error_message: str | None = None,
    audit: Any | None = None,
) -> bool:
    """Store the answer of a provider; answers whether it differs from what was stored. The row is then as stored.

    Invalid, naming the field, for a wrong value; Unknown if the row is gone or there are obstacles. `audit` is JSON: it
    becomes a file, in place of the one before.
    """
    answer = Answer(status, result, code, message_code, error_message, audit)
    return _answered(row, _columns(answer, _messages([answer])), audit)


def _answered(row: RequestProviderResult, answer: dict[str, Any], audit: Any | None) -> bool:
    if audit is None:
        return _answer_stored(row, answer, None, None)
    content = orjson.dumps(audit)
    known = _OWNED.first(key=row.pk)
    if known is None:
        raise Unknown("There is no such result any more.")
    if _is_content(known.audit, content):
        return _answer_stored(row, answer, content, None)
    try:
        with file_drafted(
            institution=known.request.institution,
            owner=known.request.learner.user,
            kind=Kind.RESULT_AUDIT,
            media_type="application/json",
            content=[content],
            extension="json",
        ) as file:
            if not _answer_stored(row, answer, content, file):
                raise _Unchanged
    except _Unchanged:
        return False
    return True


def _messages(answers: Iterable[Answer]) -> set[str]:
    """The codes of messages that the service knows; no statement without codes."""
    codes = {code for answer in answers if (code := _code(answer))}
    return {*Message.objects.filter(code__in=codes).values_list("code", flat=True)} if codes else set()


def _code(answer: Answer) -> str:
    return (answer.message_code or "").strip().upper()


def _columns(answer: Answer, messages: Collection[str]) -> dict[str, Any]:
    """The columns of an answer. Invalid, naming the field, for a wrong value."""
    if answer.status not in {*ResultStatus}:
        raise Invalid(status="There is no such status.")
    if answer.code not in {*ResultCode}:
        raise Invalid(code="There is no such code.")
    is_processed, result = answer.status == ResultStatus.PROCESSED, answer.result
    if result is not None and not (isfinite(result) and 0 <= result <= 1):
        raise Invalid(result="A result is between 0 and 1.")
    if is_processed and result is None:
        raise Invalid(result=NO_RESULT)
    code, text = _code(answer), answer.error_message
    if code not in messages:
        text = text or (answer.message_code or "").strip()  # a code of the provider's own: it is not lost
    return {
        "status": int(answer.status),
        "result": round(float(result), DIGITS) if is_processed and result is not None else None,
        "code": int(answer.code),
        "message_code_id": code if code in messages else None,
        "error_message": (text or "")[:LONGEST_MESSAGE].replace("\0", "") or None,
    }


# With those whose a new file is.
_OWNED = Whole(
    lambda key: RequestProviderResult.objects.select_related(
        "audit", "request__learner__user", "request__institution"
    ).filter(pk=key),
    "key",
)


def _is_content(file: StoredFile | None, content: bytes | None) -> bool:
    if file is None or content is None:
        return file is None and content is None
    return file.sha256 == hashlib.sha256(content).hexdigest()


@one_transaction()
def _answer_stored(
    known: RequestProviderResult, answer: dict[str, Any], content: bytes | None, file: StoredFile | None
) -> bool:
    row = _row_locked(known)
    same_audit = _is_content(row.audit, content)
    is_same = same_audit and all(getattr(row, name) == value for name, value in answer.items())
    if answer["status"] in OPEN and row.is_over and not is_same:
        raise Invalid(status=OVER)
    written = answer | {"updated_at": row.updated_at if is_same else timezone.now()}
    for name, value in written.items():
        setattr(row, name, value)
        setattr(known, name, value)
    if is_same:
        return False
    columns: dict[str, Any] = asked_now() if row.status in OPEN else {}
    old = None
    if not same_audit:
        old = row.audit_id
        if file is not None:
            file.save()
        columns["audit"] = file
        # The summary shows it until it is made anew, which a job does: never a file that is gone.
        if old is not None:
            RequestResult.objects.filter(request=row.request_id, audit=old).update(audit=file)
    RequestProviderResult.objects.filter(pk=row.pk).update(**written, **columns)
    if old is not None:
        files_erase(files=StoredFile.objects.filter(pk=old))
    enqueue("reports.results", [row.request_id])
    details = {"status": answer["status"], "result": answer["result"], "code": answer["code"]}
    _recorded("answer", row, details)
    return True


def _recorded(verb: str, row: RequestProviderResult, details: dict[str, Any]) -> None:
    request = row.request
    ids = f"{row.provider_id}/{row.request_id}"
    record(Entry(verb, "provider/request", ids, request.institution_id, request.learner_id, details))


def _locked(key: int) -> QuerySet[RequestProviderResult]:
    """The person, the learner and the row are locked by one statement, in this order.

    The file for auditors is not joined: one that was stored while the statement waited for a lock would be missing.
    """
    rows = RequestProviderResult.objects.select_related("provider__instrument", "request__learner__user")
    locks = dict.fromkeys(("request__learner__user", "request__learner", "self"), Lock.CHANGE)
    return locking(_with_end(rows.filter(pk=key)), **locks)


_LOCKED = Whole(_locked, "key")


def _row_locked(known: RequestProviderResult) -> Any:
    """The row, locked after its learner. Unknown if it is gone, or its provider may not work on it any more."""
    row = _LOCKED.first(key=known.pk)
    if row is None:
        raise Unknown("There is no such result any more.")
    for obstacle in obstacles({_asked_of(row)}).values():
        raise Unknown(obstacle.text)
    return row


def _asked_of(row: RequestProviderResult) -> Asked:
    instrument = row.provider.instrument
    return Asked(
        row.request.learner_id,
        row.request.activity_id,
        row.provider_id,
        row.provider.instrument_id,
        instrument is not None and instrument.requires_enrolment,
    )


def results_answered(*, provider: int, answers: Mapping[int, Answer]) -> dict[int, str]:
    """Store answers of a provider, by their requests; answers {request: why nothing is stored} of the others.

    Answers without audit data are stored together, by as many statements as one of them. Those with audit data follow,
    each in a transaction of its own. Invalid, naming the field, for a wrong value: then nothing is stored.
    """
    messages = _messages(answers.values())
    columns = {request: _columns(answer, messages) for request, answer in answers.items()}
    rows = RequestProviderResult.objects.filter(provider=provider, request__in=answers).order_by("pk")
    known: dict[int, int] = dict(rows.values_list("request", "pk"))
    refused = dict.fromkeys(answers.keys() - known.keys(), "There is no such request.")
    plain = {key: columns[request] for request, key in known.items() if answers[request].audit is None}
    outcomes: dict[int, str] = {}
    for part in batched(sorted(plain), BATCH):
        outcomes |= _answers_stored({key: plain[key] for key in part})
    for request, key in known.items():
        text = outcomes.get(key)
        if text is None:  # it has a file, or has had one
            try:
                _answered(RequestProviderResult(pk=key), columns[request], answers[request].audit)
            except Unknown as error:
                text = str(error)
        if text:
            refused[request] = text
    return refused


@one_transaction()
def _answers_stored(answers: Mapping[int, dict[str, Any]]) -> dict[int, str]:
    """Store these answers, by their rows' keys: {key: "", or why it is not stored}, of all rows without a file."""
    rows = RequestProviderResult.objects.filter(pk__in=answers)
    learners: list[Any] = [*rows.order_by().values_list("request__learner", flat=True).distinct()]
    locked_rows(User.objects.filter(pk__in=learners), Lock.CHANGE)  # a learner has the key of the person
    locked_rows(Learner.objects.filter(pk__in=learners), Lock.CHANGE)
    joined = _with_end(rows.select_related("provider__instrument", "request").order_by("pk"))
    found: list[Any] = [row for row in locking(joined, self=Lock.CHANGE) if row.audit_id is None]
    barred = obstacles({_asked_of(row) for row in found})
    outcomes = {row.pk: obstacle.text if (obstacle := barred.get(_asked_of(row))) else "" for row in found}
    new = [
        row
        for row in found
        if not outcomes[row.pk] and any(getattr(row, name) != value for name, value in answers[row.pk].items())
    ]
    outcomes |= {row.pk: OVER for row in new if row.is_over and answers[row.pk]["status"] in OPEN}
    new = [row for row in new if not outcomes[row.pk]]
    if new:
        now, names = timezone.now(), ("status", "result", "code", "message_code", "error_message", "updated_at")
        rows_updated(RequestProviderResult, names, {row.pk: (*answers[row.pk].values(), now) for row in new})
        open_again = [row.pk for row in new if answers[row.pk]["status"] in OPEN]
        if open_again:
            RequestProviderResult.objects.filter(pk__in=open_again).update(**asked_now())
        enqueue("reports.results", sorted({row.request_id for row in new}))
        told: dict[tuple[int, int], list[int]] = {}  # a line for each learner, whom it concerns
        for row in new:
            told.setdefault((row.request.institution_id, row.request.learner_id), []).append(row.request_id)
        by = new[0].provider_id
        record(*(Entry("answer", "provider/answers", by, *of, {"requests": keys}) for of, keys in told.items()))
    return outcomes


def result_status_set(*, row: RequestProviderResult, status: int) -> bool:
    """The provider says how far it is; answers whether the status is another one. Its time begins anew.

    Invalid for an unknown status, for the one that comes with a result, once there is a result, and for an open one
    when TIMES_LONGEST is over.
    """
    if status not in {*ResultStatus}:
        raise Invalid(status="There is no such status.")
    with one_transaction():
        stored = _row_locked(row)
        if stored.status == ResultStatus.PROCESSED:
            raise Invalid(status="It has been processed already.")
        if status == ResultStatus.PROCESSED:
            raise Invalid(status="What was processed has a result.")
        if status in OPEN and stored.is_over:
            raise Invalid(status=OVER)
        changes: dict[str, Any] = asked_now() if status in OPEN else {}
        is_other = stored.status != status
        if is_other:
            changes |= {"status": status, "updated_at": timezone.now()}
            enqueue("reports.results", [stored.request_id])
        if changes:
            RequestProviderResult.objects.filter(pk=stored.pk).update(**changes)
            _recorded("status", stored, {"status": status})
        return is_other


# What ends without an answer.


def open_results() -> QuerySet[RequestProviderResult]:
    return RequestProviderResult.objects.filter(status__in=OPEN)


def _is_over() -> Q:
    """Whether TIMES_LONGEST of the instrument's time have passed since the first question, by the database's clock."""
    minutes = Cast(Coalesce(F("provider__instrument__timeout_minutes"), USUAL_MINUTES), IntegerField())
    longest = ExpressionWrapper(minutes * Value(timedelta(minutes=TIMES_LONGEST)), output_field=DurationField())
    return Q(LessThanOrEqual(ExpressionWrapper(F("first_asked_at") + longest, output_field=DateTimeField()), Now()))


def _with_end(rows: QuerySet[RequestProviderResult]) -> QuerySet[RequestProviderResult]:
    """With `is_over`: nothing but its result is waited for."""
    return rows.annotate(is_over=ExpressionWrapper(_is_over(), output_field=BooleanField()))


def _late() -> QuerySet[RequestProviderResult]:
    """The results that have been open for longer than they may be."""
    return overdue(open_results()) | open_results().filter(_is_over())


def _untouched() -> QuerySet[RequestProviderResult]:
    """Of these nobody has said that they are being worked on, or wait for something."""
    return open_results().filter(status=ResultStatus.PENDING)


def _messages_again(rows: Sequence[RequestProviderResult]) -> list[Job]:
    requests = {row.pk: row for row in Request.objects.filter(pk__in=[row.request_id for row in rows])}
    for row in rows:
        row.request = requests[row.request_id]
    barred = obstacles({_asked_of(row) for row in rows})
    return [
        provider_job(row.provider.queue, VERIFY, str(row.pk), row.request_id, row.pk)
        for row in rows
        if _asked_of(row) not in barred
    ]


RESULTS = declared(Question("results", VERIFY, _untouched, _messages_again))


def results_timed_out() -> int:
    """Close the results whose providers have not answered within their instruments' time; answers their number.

    A provider that may not work on it any more is silent with reason, which the result then tells.

    Done by two processes at once, each takes others.
    """

    @transaction.atomic
    def closed_batch() -> int:
        rows = _late().order_by("pk").select_for_update(of=("self",), no_key=True, skip_locked=True)
        found = list(rows.select_related("provider__instrument", "request")[:BATCH])
        barred = obstacles({_asked_of(row) for row in found})
        silent = [row for row in found if _asked_of(row) not in barred]
        late = RequestProviderResult.objects.filter(pk__in=[row.pk for row in silent])
        late.update(status=ResultStatus.TIMEOUT, updated_at=timezone.now())
        _closed(found, barred)
        enqueue("reports.results", sorted({row.request_id for row in silent}))
        tally(RESULTS.what, GIVEN_UP, Counter(row.provider.acronym for row in silent))
        return len(found)

    closed, in_batch = 0, BATCH
    while in_batch == BATCH:
        in_batch = repeated(closed_batch)
        closed += in_batch
    return closed


@one_transaction()
def results_reviewed(learners: Iterable[int]) -> None:
    """Close the open results of these learners that may not be worked on any more, with the reason."""
    for part in batched(sorted({*learners})):
        # Stronger than those lock who are asking providers now: what they insert is closed, too.
        locked_rows(Learner.objects.filter(pk__in=part), Lock.DELETE)
        rows = RequestProviderResult.objects.filter(request__learner__in=part, status__in=OPEN)
        for keys in batched(list(rows.order_by("pk").values_list("pk", flat=True)), BATCH):
            _reviewed(keys)


def activities_reviewed(activities: Iterable[int]) -> None:
    """The same for the learners with unfinished requests in these activities."""
    rows: Any = Request.objects.filter(activity__in=[*activities], status__in=UNFINISHED).order_by()
    results_reviewed(rows.values_list("learner", flat=True).distinct())


def _reviewed(keys: list[int]) -> None:
    rows = RequestProviderResult.objects.filter(pk__in=keys, status__in=OPEN).order_by("pk")
    locked = list(rows.select_related("provider__instrument", "request").select_for_update(of=("self",), no_key=True))
    _closed(locked, obstacles({_asked_of(row) for row in locked}))


def _closed(rows: Iterable[RequestProviderResult], found: Mapping[Asked, Obstacle]) -> None:
    """Store why the providers of these locked rows may not answer any more, of those of which it is so."""
    barred = [(row, found[_asked_of(row)]) for row in rows if _asked_of(row) in found]
    now = timezone.now()
    rows_updated(
        RequestProviderResult,
        ("status", "error_message", "updated_at"),
        {row.pk: (int(obstacle.status), obstacle.text, now) for row, obstacle in barred},
    )
    enqueue("reports.results", sorted({row.request_id for row, _ in barred}))
