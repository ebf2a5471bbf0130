"""What becomes of contests when something else goes, and who may follow links to their files."""

from collections.abc import Sequence
from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from courses.models import Activity
from files.models import Kind, StoredFile
from files.permissions import readable
from kernel.caller import Caller, Role
from learners.models import Learner
from reports.models import Report
from reports.services.merging import Moves, also_moved
from retention.above import Above, register
from rights.holds import held_people, refuse_held, refuse_held_in
from rights.models import Contest, ContestFile, Erasure, LegalHold
from rights.services.contests import reports_joined, reports_leave
from rights.services.erasures import learner_gone, refuse_merge_of_erased
from rights.services.holds import holds_joined

DECIDING = Role.ADMIN | Role.DATA


class ErasuresMoved(Moves):
    """Two accounts of which one is being erased stay two."""

    def move(self, kept_id: int, gone_id: int) -> None:
        refuse_merge_of_erased(kept_id, gone_id)
        super().move(kept_id, gone_id)


also_moved(
    Moves(Contest, "assignee", "contests to decide"),
    Moves(LegalHold, "person", "legal holds", ("released_at",), holds_joined),
    ErasuresMoved(Erasure, "person", "erasures", ("state",)),
    with_reports=reports_joined,
)


def many_reports_leave(reports: Sequence[int]) -> list[int]:
    """Before these are deleted: the keys of the files of their contests, to which nothing refers any more."""
    files = [*ContestFile.objects.filter(contest__report__in=reports).values_list("file", flat=True)]
    reports_leave(pk__in=reports)
    return files


register(Above(held_people, many_reports_leave))


@receiver(pre_delete, sender=Learner)
def held_or_contesting_learner_leaves(instance: Learner, **_: Any) -> None:
    refuse_held(instance.pk)
    learner_gone(instance.pk)
    reports_leave(learner=instance.pk)


@receiver(pre_delete, sender=Activity)
def held_or_contested_activity_leaves(instance: Activity, **_: Any) -> None:
    refuse_held_in(instance)
    reports_leave(activity=instance.pk)


@receiver(pre_delete, sender=Report)
def contested_report_leaves(instance: Report, origin: Any = None, **_: Any) -> None:
    """A report alone is deleted. With its learner or activity all of theirs are dealt with at once."""
    if origin is instance:
        reports_leave(pk=instance.pk)


@readable(Kind.CONTEST)
def contest_file_readable(caller: Caller, file: StoredFile) -> bool:
    """For the learner, and for who may assign and decide contests, as long as the contest has it.

    Whoever came by a VLE reads those of its courses alone.
    """
    rows = ContestFile.objects.filter(file=file)
    if caller.roles_in(file.institution_id) & DECIDING:
        return rows.exists()
    own = rows.filter(contest__report__learner=caller.id)
    if caller.vle_id is not None:
        own = own.filter(contest__report__activity__vle=caller.vle_id)
    return bool(caller.roles_in(file.institution_id) & Role.LEARNER) and own.exists()
