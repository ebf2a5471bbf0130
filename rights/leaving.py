"""What becomes of contests and bundles when something else goes, and who may follow links to them."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from courses.models import Activity
from files.contents import Content, maker
from files.links import Links
from files.models import Kind, Made, StoredFile
from files.permissions import readable
from kernel.caller import Caller, CallerKind, Role
from kernel.ids import bounded_id
from learners.models import Learner
from reports.models import Report
from reports.services.merging import Moves, also_moved
from rights.models import Bundle, Contest, ContestFile, Correction
from rights.row_rules import own_bundles
from rights.services.bundles import bundle_content, bundles_joined, is_ready, may_take
from rights.services.contests import reports_joined, reports_leave
from signin.callers import caller_of

DECIDING = Role.ADMIN | Role.DATA


class CorrectionsMoved(Moves):
    """What is asked for the account that goes, and is not answered, goes with it."""

    def move(self, kept_id: int, gone_id: int) -> None:
        self.rows(gone_id).filter(state=Correction.State.OPEN).delete()
        super().move(kept_id, gone_id)


also_moved(
    Moves(Contest, "assignee", "contests to decide"),
    CorrectionsMoved(Correction, "person", "corrections asked for"),
    Moves(Bundle, "person", "bundles of own data", ("institution",), bundles_joined),
    with_reports=reports_joined,
)


@receiver(pre_delete, sender=Learner)
def contesting_learner_leaves(instance: Learner, **_: Any) -> None:
    reports_leave(learner=instance.pk)


@receiver(pre_delete, sender=Learner)
def learner_with_bundle_leaves(instance: Learner, **_: Any) -> None:
    """What was to be taken away is not there any more; its files are erased with the learner's others."""
    Bundle.objects.filter(person=instance.pk).delete()


@receiver(pre_delete, sender=Activity)
def contested_activity_leaves(instance: Activity, **_: Any) -> None:
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
