"""Models that providers make of learners: locking, uploading, metadata. No HTTP.

A model is locked by one task of its provider at a time, for five hours of the database's clock. Whoever writes here
holds the learner: see validating.py.
"""

import json
from collections.abc import Collection
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from files.models import Kind, StoredFile
from files.services import file_drafted, file_store, files_erase
from institutions.models import MOST_REPEATS
from kernel.domain import DomainError, Forbidden, Invalid, Unknown
from kernel.recording import Entry, Origin, origin, record
from kernel.writes import one_transaction
from learners.models import Enrolment, EnrolmentSampleValidation, Learner
from learners.row_rules import enrolments_of, lock_holds, validations_of
from learners.validating import learners_locked
from pipeline.jobs import enqueue

NOBODY = "There is no such learner."
OTHER_TASK = "The model is locked by another task."


class NotLocked(DomainError):  # noqa: N818 - as those of kernel.domain
    """No task has locked the model."""


@one_transaction()
def enrolment_lock(*, provider_id: int, learner_id: UUID, task_id: UUID) -> Enrolment:
    """The provider's model of a learner, locked by this task; a new one is `{}`.

    The task that holds the lock may lock again, for five hours more. Unknown unless the provider was asked to validate
    a sample of the learner, or has a model already, and may work with the learner's data now. Invalid while another
    task holds it.
    """
    learner = _assigned(provider_id).filter(learner_id=learner_id).first()
    if learner is None:
        raise Unknown(NOBODY)
    learners_locked([learner.pk])
    row = _locked(enrolments_of(provider_id).filter(learner=learner))
    if row is None:
        row = _new_enrolment(provider_id, learner)
    if row.locked_by not in (None, task_id) and row.is_locked:
        raise Invalid(task_id="Model is locked")
    if row.model_id is None:
        row.model = file_store(**_facts(learner), content=[b"{}"])
    row.locked_by, row.locked_at = task_id, Now()
    row.save(update_fields=("locked_by", "locked_at", "model", "updated_at"))
    _recorded("lock", row)
    return row


def _assigned(provider_id: int) -> QuerySet[Learner]:
    """The learners of whom the provider has something: others are as unknown to it as nobody."""
    validated = validations_of(provider_id).filter(sample__learner=OuterRef("pk"))
    enrolled = enrolments_of(provider_id).filter(learner=OuterRef("pk"))
    return Learner.objects.filter(Exists(validated) | Exists(enrolled)).select_related("user", "institution")


def _locked(rows: QuerySet[Enrolment]) -> Any:
    """The only one of these rows with `is_locked`, locked until the transaction ends; None if there is none."""
    return rows.annotate(is_locked=lock_holds()).select_for_update(of=("self",)).first()


def _new_enrolment(provider_id: int, learner: Learner) -> Any:
    """Only for who was asked to validate a sample, so that no model comes back after an erasure."""
    if not validations_of(provider_id).filter(sample__learner=learner).exists():
        raise Unknown(NOBODY)
    return Enrolment.objects.create(institution_id=learner.institution_id, learner=learner, provider_id=provider_id)


def _facts(learner: Learner) -> dict[str, Any]:
    return {
        "institution": learner.institution,
        "owner": learner.user,
        "kind": Kind.MODEL,
        "media_type": "application/json",
        "extension": "json",
    }


def enrolment_locked(enrolment: Enrolment) -> Any:
    """The row as stored, locked with the learner. Unknown if the provider may not work with it any more."""
    learners_locked([enrolment.learner_id])
    row = _locked(enrolments_of(enrolment.provider_id).filter(pk=enrolment.pk))
    if row is None:
        raise Unknown("There is no such model any more.")
    return row


@one_transaction()
def enrolment_unlock(*, enrolment: Enrolment, task_id: UUID) -> None:
    """NotLocked if nobody has locked it, Forbidden if another task has."""
    row = enrolment_locked(enrolment)
    _refuse_other_task(row, task_id)
    row.locked_by = row.locked_at = None
    row.save(update_fields=("locked_by", "locked_at", "updated_at"))
    _recorded("unlock", row)


def _refuse_other_task(row: Enrolment, task_id: UUID) -> None:
    if row.locked_by is None:
        raise NotLocked("The model is not locked.")
    if row.locked_by != task_id:
        raise Forbidden(OTHER_TASK)


@one_transaction()
def enrolment_stored(
    *,
    enrolment: Enrolment,
    task_id: UUID,
    percentage: Decimal | None = None,
    can_analyse: bool | None = None,
    used_samples: Collection[int] | None = None,
) -> None:
    """What the task says of the model that it has made; it is unlocked. None leaves a value as it is.

    `used_samples` are added to those of earlier tasks: a model grows. The same again, after it was unlocked, changes
    nothing; anything else is then NotLocked. Forbidden if another task holds the lock.
    """
    row = enrolment_locked(enrolment)
    new_samples = _samples_added(row, used_samples or ())
    values = {"percentage": percentage, "can_analyse": can_analyse}
    changes = {name: value for name, value in values.items() if value is not None and getattr(row, name) != value}
    if row.locked_by is None and not new_samples and not changes:
        return
    _refuse_other_task(row, task_id)
    for name, value in {**changes, "locked_by": None, "locked_at": None}.items():
        setattr(row, name, value)
    row.save(update_fields=(*changes, "locked_by", "locked_at", "updated_at"))
    row.model_samples.add(*new_samples)
    if new_samples:  # nobody waits for these any more
        learnt = EnrolmentSampleValidation.objects.filter(provider=row.provider_id, sample__in=new_samples)
        learnt.update(asked_again=MOST_REPEATS)
    _recorded("update", row, percentage=row.percentage, can_analyse=row.can_analyse)
    if changes:
        enqueue("reports.enrolment", [row.learner_id])


def _samples_added(row: Enrolment, keys: Collection[int]) -> set[int]:
    """Those of these samples that the model does not have yet. Invalid if one is not the provider's to use."""
    if not keys:
        return set()
    validations = EnrolmentSampleValidation.objects.filter(provider=row.provider_id, sample__learner=row.learner_id)
    known = {*validations.filter(sample__in=keys).values_list("sample", flat=True)}
    if unknown := sorted({*keys} - known):
        raise Invalid(used_samples=f"There is no sample {unknown[0]} of this learner.")
    return known - {*row.model_samples.filter(pk__in=known).values_list("pk", flat=True)}


def model_store(*, enrolment: Enrolment, task_id: UUID, content: IO[bytes]) -> None:
    """Store the model that the task has made, in place of the earlier one. Invalid if it is no JSON.

    Forbidden unless the task holds the lock now; Unknown if the provider may not work with it any more.
    """
    _refuse_no_json(content)
    learner = enrolment.learner
    with file_drafted(**_facts(learner), content=content) as file, one_transaction():
        row = enrolment_locked(enrolment)
        if row.locked_by != task_id or not row.is_locked:
            raise Forbidden("The model is not locked by this task.")
        old = row.model_id
        file.save()
        row.model = file
        row.save(update_fields=("model", "updated_at"))
        provider = Origin(
            "provider", row.provider_id, signed_in="link", address=origin().address, request_id=origin().request_id
        )
        _recorded("upload", row, by=provider)
        if old is not None:
            files_erase(files=StoredFile.objects.filter(pk=old))


def _recorded(verb: str, row: Enrolment, by: Origin | None = None, **details: Any) -> None:
    ids = f"{row.provider_id}/{row.pk}"
    record(Entry(verb, "provider/enrolment", ids, row.institution_id, row.learner_id, details), by=by)


def _refuse_no_json(content: IO[bytes]) -> None:
    """By Python's reader, which providers have: it takes NaN, which numbers of a model can be."""
    content.seek(0)
    try:
        json.load(content)
    except (ValueError, RecursionError) as error:
        raise Invalid(file="This is no JSON.") from error
