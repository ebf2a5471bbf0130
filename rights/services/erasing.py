"""Erasing what is held about a person, some rows at a time: whoever calls goes on until there is nothing left.

Each part is a transaction of its own, so that nobody waits long and an interruption loses nothing. The objects of files
are erased after the commit.
"""

from collections.abc import Collection

from django.db.models import ManyToOneRel
from django.utils import timezone

from files.models import Kind, StoredFile
from files.services import files_erase
from kernel.recording import Entry, record
from kernel.writes import one_transaction
from learners.models import Enrolment, EnrolmentSample, Learner, OnWithdrawal, Withdrawal
from learners.services import BIOMETRIC, learner_locked
from pipeline.jobs import enqueue
from rights.holds import is_held
from rights.models import Contest, State

PART = 100  # rows
# What was captured from a learner, and what was derived of it.
EVIDENCE = (Kind.REQUEST, Kind.RESULT_AUDIT, Kind.ALERT, Kind.REPORT, Kind.REPORT_AUDIT, Kind.SESSION)
HOLD, CONTEST = "hold", "contest"


def obstacles(person_id: int) -> list[str]:
    """What keeps data of the person from being erased: a legal hold, an open contest."""
    is_contested = Contest.objects.filter(report__learner=person_id, state=State.OPEN).exists()
    return [HOLD] * is_held(person_id) + [CONTEST] * is_contested


def files_part_erased(person_id: int, kinds: Collection[Kind]) -> bool:
    """Erase some files of these kinds; the rows stay without them. False if there are none left."""
    files = StoredFile.objects.filter(owner=person_id, kind__in=kinds).order_by("pk")
    keys = list(files.values_list("pk", flat=True)[:PART])
    for relation in StoredFile._meta.get_fields(include_hidden=True) if keys else ():
        if isinstance(relation, ManyToOneRel) and relation.field.null:
            name = relation.field.name
            relation.related_model._base_manager.filter(**{f"{name}__in": keys}).update(**{name: None})
    return bool(files_erase(files=StoredFile.objects.filter(pk__in=keys)))


def is_waiting(row: Withdrawal) -> bool:
    """A VLE had sent the learner, who may consent again meanwhile."""
    return row.waits_until is not None and row.waits_until > timezone.now()


@one_transaction()
def withdrawal_part(learner_id: int) -> bool:
    """Erase a part of what is erased because the learner has withdrawn the consent. False if that is all for now.

    Nothing while the learner has consented again, while a legal hold or an open contest keeps the data, or before the
    time is over in which a learner whom a VLE had sent may consent again.
    """
    if not Learner.objects.filter(pk=learner_id).exists():
        return False
    learner = learner_locked(learner_id)
    row = Withdrawal.objects.filter(learner=learner).first()
    if row is None or not row.is_pending or is_waiting(row) or obstacles(learner_id):
        return False
    if row.of_models == OnWithdrawal.ERASE and row.models_erased_at is None:
        Enrolment.objects.filter(learner=learner).delete()
        if files_part_erased(learner_id, BIOMETRIC) or samples_part_deleted(learner_id):
            return True
        enqueue("reports.enrolment", [learner_id])
        return _done(row, learner, "models_erased_at", "enrolment")
    if files_part_erased(learner_id, EVIDENCE):
        return True
    return _done(row, learner, "evidence_erased_at", "evidence")


def samples_part_deleted(learner_id: int) -> bool:
    keys = list(EnrolmentSample.objects.filter(learner=learner_id).order_by("pk").values_list("pk", flat=True)[:PART])
    EnrolmentSample.objects.filter(pk__in=keys).delete()
    return bool(keys)


def _done(row: Withdrawal, learner: Learner, column: str, what: str) -> bool:
    setattr(row, column, timezone.now())
    row.save(update_fields=[column, "updated_at"])
    record(Entry("erase", f"institution/learner/{what}", learner.pk, learner.institution_id, learner.pk))
    return row.is_pending
