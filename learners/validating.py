"""Samples and their validation by providers: asking, answers, and what becomes of a sample. No HTTP.

Whoever writes here holds the learner (see `learners_locked`): a withdrawal of the consent, a special need or an erasure
comes either before, and then nothing is stored, or after.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import orjson
from django.db.models import Case, Exists, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Now

from files.models import Kind, StoredFile
from files.services import file_drafted, files_erase
from institutions.models import MOST_REPEATS, Provider, User
from institutions.services.unanswered import Question, asked_now, declared, overdue
from kernel.batches import batched
from kernel.domain import Unknown
from kernel.locks import Lock, locked_rows
from kernel.recording import Entry, record
from kernel.repeats import repeated
from kernel.writes import one_transaction
from learners.models import (
    OPEN,
    Enrolment,
    EnrolmentSample,
    EnrolmentSampleValidation,
    Learner,
    SampleStatus,
    ValidationStatus,
)
from learners.row_rules import at_work, lock_holds, validations_of
from learners.services import learners_for_update
from pipeline.jobs import add, provider_job
from pipeline.models import Job
from pipeline.tallies import GIVEN_UP, tally

VALIDATE = "tesla_ce.tasks.requests.enrolment.validate_request"
ENROL = "tesla_ce.tasks.requests.enrolment.enrol_learner"
BATCH = 200  # validations that time out in one transaction


def learners_locked(keys: Iterable[Any]) -> None:
    """Lock these learners with their people until the transaction ends; those that are gone are left out."""
    known = [*keys]
    if len(known) == 1:
        list(learners_for_update(Learner.objects.filter(pk=known[0])))
    elif known:  # one statement would lock the second person after the first learner
        locked_rows(User.objects.filter(pk__in=known), Lock.CHANGE)
        locked_rows(Learner.objects.filter(pk__in=known), Lock.CHANGE)


@one_transaction()
def samples_dispatched(keys: Sequence[int]) -> None:
    """Ask each validator of these new samples. A sample without any has the status MISSING_VALIDATOR.

    Who was asked already is not asked again. A validator that may not work with the learner's data now is not asked
    either: its validation times out.
    """
    learners_locked({*EnrolmentSample.objects.filter(pk__in=keys).values_list("learner", flat=True)})
    samples = EnrolmentSample.objects.filter(pk__in=keys, status=SampleStatus.STORED)
    rows = EnrolmentSampleValidation.objects.bulk_create(
        EnrolmentSampleValidation(sample_id=sample, provider_id=provider)
        for sample, provider in _missing_validations({*samples.values_list("pk", flat=True)})
    )
    _ask([row.pk for row in rows])
    asked = EnrolmentSampleValidation.objects.filter(sample=OuterRef("pk"))
    samples.filter(~Exists(asked)).update(status=SampleStatus.MISSING_VALIDATOR, updated_at=Now())


def _missing_validations(samples: set[int]) -> list[tuple[int, int]]:
    """(sample, provider) for each validator of these samples that was not asked yet."""
    by_instrument: dict[int, list[int]] = {}
    validators = Provider.objects.filter(
        enabled=True, allow_validation=True, validation_active=True, instrument__enabled=True
    )
    for provider, instrument in validators.order_by("pk").values_list("pk", "instrument"):
        by_instrument.setdefault(instrument, []).append(provider)
    through: Any = EnrolmentSample.instruments.through
    wanted = through._default_manager.filter(enrolmentsample__in=samples).order_by("enrolmentsample", "instrument")
    known = {*EnrolmentSampleValidation.objects.filter(sample__in=samples).values_list("sample", "provider")}
    return [
        (sample, provider)
        for sample, instrument in wanted.values_list("enrolmentsample", "instrument")
        for provider in by_instrument.get(instrument, ())
        if (sample, provider) not in known
    ]


def _ask(validations: Collection[int]) -> None:
    add(_messages(validations))


def _messages(validations: Collection[int]) -> list[Job]:
    """Of those that their providers may work on."""
    rows = EnrolmentSampleValidation.objects.filter(at_work("sample__learner"), pk__in=validations).order_by("pk")
    columns = ("pk", "sample", "sample__learner__learner_id", "provider__queue")
    return [
        provider_job(queue, VALIDATE, str(key), str(learner), sample, key)
        for key, sample, learner, queue in rows.values_list(*columns)
    ]


def learner_asked_again(learner: Learner) -> None:
    """Send once more what providers are to do for the learner, who is locked, under the pseudonym of now.

    Messages name the learner by the pseudonym; with another one providers find nothing any more. What is being
    validated is asked for anew, and valid samples that the model of their provider does not have are to be learnt.
    """
    rows = EnrolmentSampleValidation.objects.filter(sample__learner=learner)
    unanswered = rows.filter(status__in=OPEN)
    unanswered.update(**asked_now())
    _ask([*unanswered.values_list("pk", flat=True)])
    unlearnt = _unlearnt(rows).filter(at_work("sample__learner")).order_by("pk")
    keys = [*unlearnt.values_list("pk", flat=True)]
    rows.filter(pk__in=keys).update(**asked_now())
    add(_enrol(row) for row in rows.filter(pk__in=keys).select_related("provider", "sample__learner").order_by("pk"))


def _unlearnt(rows: QuerySet[EnrolmentSampleValidation]) -> QuerySet[EnrolmentSampleValidation]:
    """The valid samples among them that the model of their provider does not have."""
    models = Enrolment.objects.filter(provider=OuterRef("provider"), model_samples=OuterRef("sample"))
    return rows.filter(~Exists(models), status=ValidationStatus.VALID)


def _enrol(row: EnrolmentSampleValidation) -> Job:
    return provider_job(row.provider.queue, ENROL, str(row.pk), str(row.sample.learner.learner_id), row.sample_id)


def validation_answered(*, validation: EnrolmentSampleValidation, **values: Any) -> None:
    """A provider's answer: `status`, `contribution`, `error_message`, `message_code` and `info`, any JSON or None.

    What is left out stays as it is. The same answer again changes nothing; another one later is taken, after a timeout
    too. Unknown if the provider may not work with the sample any more.
    """
    has_info, info = "info" in values, values.pop("info", None)
    with _info_drafted(validation, info) as file, one_transaction():
        row = _validation_locked(validation)
        changes = {name: value for name, value in values.items() if getattr(row, name) != value}
        if file is not None:
            file.save()
            changes["info"] = file
        elif has_info and info is None and row.info_id is not None:
            changes["info"] = None
        if changes:
            _change(row, changes)


@one_transaction()
def validation_status_set(*, validation: EnrolmentSampleValidation, status: int) -> None:
    """A provider says that it works on the sample, or waits for something: its time begins anew. Or that it is done."""
    _change(_validation_locked(validation), {"status": status, **asked_now()})


@contextmanager
def _info_drafted(validation: EnrolmentSampleValidation, info: Any) -> Iterator[StoredFile | None]:
    """The unsaved row of a file with this JSON; None if there is none to store, as it is stored already."""
    content = None if info is None else orjson.dumps(info)
    stored = validation.info.sha256 if validation.info else None
    if content is None or hashlib.sha256(content).hexdigest() == stored:
        yield None
        return
    learner = validation.sample.learner
    with file_drafted(
        institution=learner.institution,
        owner=learner.user,
        kind=Kind.VALIDATION,
        media_type="application/json",
        content=[content],
        extension="json",
    ) as file:
        yield file


def _validation_locked(validation: EnrolmentSampleValidation) -> EnrolmentSampleValidation:
    """The row as stored, locked with the learner. Unknown if the provider may not see it any more."""
    learners_locked([validation.sample.learner_id])
    rows = validations_of(validation.provider_id).select_related("sample__learner", "provider")
    row = rows.select_for_update(of=("self",)).filter(pk=validation.pk).first()
    if row is None:
        raise Unknown("There is no such validation any more.")
    return row


def _change(row: EnrolmentSampleValidation, changes: dict[str, Any]) -> None:
    was, old_info = row.status, row.info_id
    if changes.get("status", was) != was:  # what comes next has a time of its own
        changes |= asked_now()
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=(*changes, "updated_at"))
    owner, details = row.sample.learner, {"sample": row.sample_id, "status": row.status}
    named = f"{row.provider_id}/{row.sample_id}/{row.pk}"
    record(Entry("answer", "provider/validation", named, owner.institution_id, owner.pk, details))
    if "info" in changes and old_info is not None:
        files_erase(files=StoredFile.objects.filter(pk=old_info))
    if row.status != was:
        if row.status == ValidationStatus.VALID:
            add([_enrol(row)])
        samples_summarised([row.sample_id])


def samples_summarised(keys: Collection[int]) -> None:
    """What became of these samples, from their validations: the caller holds the learners.

    VALID if one validation is, none is open any more; without a valid one TIMEOUT if one is, else ERROR, with the text
    of the first error. STORED while one is open.
    """
    validations = EnrolmentSampleValidation.objects.filter(sample=OuterRef("pk"))

    def some(*statuses: ValidationStatus) -> Exists:
        return Exists(validations.filter(status__in=statuses))

    rows = EnrolmentSample.objects.filter(Exists(validations), pk__in=keys)
    status = Case(
        When(some(*OPEN), then=Value(SampleStatus.STORED)),
        When(some(ValidationStatus.VALID), then=Value(SampleStatus.VALID)),
        When(some(ValidationStatus.TIMEOUT), then=Value(SampleStatus.TIMEOUT)),
        default=Value(SampleStatus.ERROR),
    )
    rows.update(status=status, error_message=None, message_code=None, updated_at=Now())
    errors = validations.filter(status=ValidationStatus.ERROR).order_by("provider")
    rows.filter(status=SampleStatus.ERROR).update(
        error_message=Subquery(errors.values("error_message")[:1]),
        message_code=Subquery(errors.values("message_code")[:1]),
    )


def open_validations() -> QuerySet[EnrolmentSampleValidation]:
    return EnrolmentSampleValidation.objects.filter(status__in=OPEN)


def samples_to_learn() -> QuerySet[EnrolmentSampleValidation]:
    """Valid samples that no model has yet, of which their providers are still told."""
    rows = EnrolmentSampleValidation.objects.filter(status=ValidationStatus.VALID, asked_again__lt=MOST_REPEATS)
    return _unlearnt(rows)


def _untouched() -> QuerySet[EnrolmentSampleValidation]:
    """Of these nobody has said that they are being worked on, or wait for something."""
    return open_validations().filter(status=ValidationStatus.VALIDATING)


def _validations_again(rows: Sequence[EnrolmentSampleValidation]) -> list[Job]:
    return _messages([row.pk for row in rows])


def _unlocked() -> QuerySet[EnrolmentSampleValidation]:
    """Samples that wait, and nobody is at work on the model."""
    mine = {"learner": OuterRef("sample__learner"), "provider": OuterRef("provider")}
    return samples_to_learn().filter(~Exists(Enrolment.objects.filter(lock_holds(), **mine)))


def _enrolments_again(rows: Sequence[EnrolmentSampleValidation]) -> list[Job]:
    """One message for all samples of a learner: with the newest, which another message may be about already."""
    newer = _unlearnt(EnrolmentSampleValidation.objects.all()).filter(
        sample__learner=OuterRef("sample__learner"), provider=OuterRef("provider"), pk__gt=OuterRef("pk")
    )
    mine = EnrolmentSampleValidation.objects.filter(~Exists(newer), at_work("sample__learner"))
    told = mine.filter(pk__in=[row.pk for row in rows]).select_related("provider", "sample__learner")
    return [_enrol(row) for row in told.order_by("pk")]


VALIDATIONS = declared(Question("validations", VALIDATE, _untouched, _validations_again))
ENROLMENTS = declared(Question("enrolments", ENROL, _unlocked, _enrolments_again))


def validations_timed_out() -> int:
    """Give up the validations whose provider has not answered in its instrument's time; answers their number.

    A later answer is taken all the same.
    """
    late: list[Any] = [*overdue(open_validations()).order_by("pk").values_list("pk", "sample__learner")]
    return sum([repeated(partial(_given_up, dict(part))) for part in batched(late, BATCH)])


@one_transaction()
def _given_up(learner_by_validation: dict[int, int]) -> int:
    learners_locked({*learner_by_validation.values()})
    rows = overdue(open_validations()).filter(pk__in=[*learner_by_validation])  # another one may have been faster
    found: list[Any] = [*rows.values_list("pk", "sample", "provider__acronym")]
    samples = {key: sample for key, sample, _ in found}
    late = EnrolmentSampleValidation.objects.filter(pk__in=[*samples])
    late.update(status=ValidationStatus.TIMEOUT, updated_at=Now())
    samples_summarised({*samples.values()})
    tally(VALIDATIONS.what, GIVEN_UP, Counter(provider for *_, provider in found))
    return len(samples)
