"""Who is in a course: its learners and its instructors. People stay when they leave."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from courses.models import Course, CourseInstructor, CourseLearner
from institutions.models import Instructor, User
from institutions.services.people import instructor_add
from kernel.domain import Forbidden, Invalid, Unknown
from kernel.writes import one_transaction
from learners.models import Learner
from learners.services import learner_add


@dataclass(frozen=True)
class Membership:
    """A way of being in a course: the role that it takes, and the table and column of its links.

    `kept` is the institution's switch that keeps the giving of the role from VLEs; `shown` names the relations of the
    role that are shown with it.
    """

    role: Any  # the model of the role
    links: Any  # the model of the links
    column: str
    role_add: Callable[..., Any]
    kept: str
    shown: tuple[str, ...] = ()


LEARNERS = Membership(Learner, CourseLearner, "learner", learner_add, "disable_vle_learner_creation", ("consent",))
INSTRUCTORS = Membership(Instructor, CourseInstructor, "instructor", instructor_add, "disable_vle_instructor_creation")


@one_transaction()
def members_link(*, course: Course, membership: Membership, members: Collection[Model], are_new: bool = False) -> None:
    """They are in the course from now on, or are already: all of them, or none when one is of another institution.

    `are_new` says that their rows were made in this transaction, from the course's institution: nobody else sees them.
    """
    _refuse_strangers(course, membership, () if are_new else members)
    _link(course, membership, members)


@one_transaction()
def members_unlink(*, course: Course, membership: Membership, members: Collection[Model]) -> None:
    """They leave the course, if they are in it. What was done there stays."""
    _refuse_strangers(course, membership, members)
    _unlink(course, membership, members)


@one_transaction()
def member_add(*, course: Course, membership: Membership, uid: str, may_give_role: bool) -> Any:
    """The person of the institution with this uid is in the course from now on, or is already: the role's row.

    Who lacks the role is given it, if `may_give_role`; else there is no such learner or instructor to add.
    """
    member = _member_found(course, membership, uid, may_give_role)
    members_link(course=course, membership=membership, members=[member])
    return member


@one_transaction()
def member_replace(*, course: Course, membership: Membership, member: Any, uid: str, may_give_role: bool) -> Any:
    """The person with this uid is in the course in `member`'s place, and nobody is renamed: the role's row."""
    if member.user.uid == uid:
        return member
    other = _member_found(course, membership, uid, may_give_role)
    # Both are locked, in one order, before the course: two replacements at once never wait crosswise.
    _refuse_strangers(course, membership, [member, other])
    if membership.links.objects.filter(course=course, **{membership.column: other}).exists():
        raise Invalid(uid="The person with this uid is in the course already.")
    if not _unlink(course, membership, [member]):
        raise Unknown("Not in the course any more.")
    _link(course, membership, [other])
    return other


def _link(course: Course, membership: Membership, members: Collection[Model]) -> None:
    links, home = membership.links, course.institution_id
    links.objects.bulk_create(
        [links(course=course, institution_id=home, **{membership.column: member}) for member in members],
        ignore_conflicts=True,
    )


def _unlink(course: Course, membership: Membership, members: Collection[Model]) -> int:
    """How many of them were in it."""
    gone, _ = membership.links.objects.filter(course=course, **{f"{membership.column}__in": members}).delete()
    return gone


def _member_found(course: Course, membership: Membership, uid: str, may_give_role: bool) -> Any:
    person = User.objects.filter(institution=course.institution_id, uid=uid).first()
    if person is None:
        raise Invalid(uid="There is nobody with this uid in the institution.")
    found = membership.role.objects.filter(pk=person.pk).first()
    if found is not None:
        return found
    if not may_give_role:
        raise Unknown(f"No such {membership.role._meta.verbose_name} in this institution.")
    if person.is_staff:
        raise Forbidden("This is the account of a global administrator.")
    return membership.role_add(person=person)


def _refuse_strangers(course: Course, membership: Membership, members: Collection[Model]) -> None:
    """Unknown unless all of them and the course are there, in one institution; they stay until the transaction ends.

    Roles are locked before the course, in the order of their keys: who links never waits crosswise.
    """
    keys, role = {member.pk for member in members}, membership.role
    home = {"institution": course.institution_id}
    found = role.objects.filter(pk__in=keys, **home).order_by("pk").select_for_update(no_key=True)
    if keys and len(found.values_list("pk")) != len(keys):
        raise Unknown(f"No such {role._meta.verbose_name} in this institution.")
    if not Course.objects.filter(pk=course.pk, **home).select_for_update(no_key=True).values_list("pk"):
        raise Unknown("There is no such course any more.")
