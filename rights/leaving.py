"""What becomes of contests and bundles when something else goes, and who may follow links to them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.db.models.signals import post_save, pre_delete
from django.dispatch import receiver

from courses.models import Activity
from files.contents import Content, maker
from files.links import Links
from files.models import Kind, Made, StoredFile
from files.permissions import readable
from kernel.caller import Caller, CallerKind, Role
from kernel.ids import bounded_id
from learners.models import Learner, OnWithdrawal, Withdrawal
from pipeline.jobs import enqueue
from reports.models import Report
from reports.services.merging import Moves, also_moved
from retention.above import Above, register
from rights.holds import held_people, refuse_held, refuse_held_in
from rights.models import Bundle, Contest, ContestFile, Correction, Erasure, LegalHold
from rights.row_rules import own_bundles
from rights.services.bundles import bundle_content, bundle_delete, bundles_joined, is_ready, may_take
from rights.services.contests import refuse_merge_of_contests, reports_joined, reports_leave
from rights.services.erasures import learner_gone, refuse_merge_of_erased
from rights.services.holds import holds_joined
from rights.services.notices import SENT_JOB, WITHDRAWAL
from signin.callers import caller_of

DECIDING = Role.ADMIN | Role.DATA


also_moved(
    Moves(Contest, "assignee", "contests to decide"),
    Moves(LegalHold, "person", "legal holds", ("released_at",), holds_joined),
    Moves(Erasure, "person", "erasures", ("state",), there_once=Q(state=Erasure.State.ASKED)),
    Moves(Correction, "person", "corrections asked for", ("field", "state"), there_once=Q(state=Correction.State.OPEN)),
    Moves(Bundle, "person", "bundles of own data", ("institution",), bundles_joined),
    with_reports=reports_joined,
    refusals=(refuse_merge_of_erased, refuse_merge_of_contests),
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


@receiver(post_save, sender=Withdrawal)
def consent_withdrawn(instance: Withdrawal, **_: Any) -> None:
    """A bundle that was made before has what nobody opens any more, or what is erased."""
    if {instance.of_models, instance.of_evidence} != {OnWithdrawal.KEEP.value}:
        for bundle in Bundle.objects.filter(person=instance.learner_id):
            bundle_delete(bundle=bundle)
    if instance.waits_until is not None:
        enqueue(SENT_JOB, [[instance.learner_id, WITHDRAWAL]])


@receiver(pre_delete, sender=Learner)
def learner_with_bundle_leaves(instance: Learner, **_: Any) -> None:
    """What was to be taken away is not there any more; its files are erased with the learner's others."""
    Bundle.objects.filter(person=instance.pk).delete()


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


@maker(Made.BUNDLE)
def bundle_made(caller: Caller, key: int, name: str, links: Links) -> Content | None:
    """For the person alone, and as long as the sign-in lives that the link was made for: its name has the session."""
    session = int(name.removesuffix(".zip").rpartition("-")[2])
    kind = CallerKind.LAUNCHED if caller.kind is CallerKind.LAUNCHED else CallerKind.PERSON
    me = caller_of(session, kind.value) if bounded_id(session) else None
    if me is None or me.id != caller.id:
        return None
    bundle = Bundle.objects.filter(own_bundles(me), pk=key).first()
    if bundle is None or not is_ready(bundle.state, bundle.expires_at) or not may_take(me, bundle.with_captures):
        return None
    content = bundle_content(bundle)
    return Content(bundle.institution_id, bundle.person_id, Kind.BUNDLE.value, key, "application/zip", content)
