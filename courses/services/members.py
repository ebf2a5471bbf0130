"""Who is in a course: its learners and its instructors. People stay when they leave."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Model
from django.utils import timezone

from courses.models import Adder, Course, CourseInstructor, CourseLearner
from institutions.models import Institution, Instructor, User
from institutions.services.people import instructor_add, person_brought, person_locked
from kernel.domain import Forbidden, Invalid, Unknown
from kernel.locks import Lock, locked_rows
from kernel.many import rows_inserted
from kernel.text import identifier_key
from kernel.writes import one_transaction
from learners.models import Learner
from learners.services import learner_add


@dataclass(frozen=True)
class Membership:
    """A way of being in a course: the role that it takes, and the table and column of its links.

    `creation_switch` names the institution's setting that forbids VLEs to give the role; `related` names the relations
    of the role that its answers include.
    """

    role: Any  # the model of the role
    links: Any  # the model of the links
    column: str
    role_add: Callable[..., Any]
    creation_switch: str
    related: tuple[str, ...] = ()


class AddedBy(NamedTuple):
    """Who adds members: a person, a VLE, or an import, with the id of the person who runs it if that is known."""

    kind: Adder
    id: int | None = None

    def columns(self) -> dict[str, Any]:
        return {"added_by": self.kind.value, "added_by_id": self.id, "added_at": timezone.now()}


LEARNERS = Membership(Learner, CourseLearner, "learner", learner_add, "disable_vle_learner_creation", ("consent",))
INSTRUCTORS = Membership(Instructor, CourseInstructor, "instructor", instructor_add, "disable_vle_instructor_creation")


@one_transaction()
def members_link(
    *, course: Course, membership: Membership, members: Collection[Model], by: AddedBy, are_new: bool = False
) -> None:
    """Add the members to the course, if they are not in it: all, or none if one belongs to another institution.

    `by` is recorded with those who were not in it. `are_new`: their rows were created in this transaction in the
    course's institution, so that they need no lock.
    """
    _refuse_other_institutions(course, membership, () if are_new else members)
    _link(course, membership, members, by)


@one_transaction()
def memberships_add(
    *,
    institution: Institution,
    pairs: Mapping[Membership, Collection[tuple[int, int]]],
    by: AddedBy,
    new_people: Collection[int] = (),
) -> None:
    """Add people to courses, as (course, person) for each way of being in one: all, or none if one is missing.

    `new_people` were created in this transaction in this institution, so that they need no lock.
    """
    home = {"institution": institution}
    for membership in (INSTRUCTORS, LEARNERS):
        keys = {member for _, member in pairs.get(membership, ())}.difference(new_people)
        if keys and len(locked_rows(membership.role.objects.filter(pk__in=keys, **home), Lock.CHANGE)) != len(keys):
            raise Unknown(f"No such {membership.role._meta.verbose_name} in this institution.")
    courses = {course for links in pairs.values() for course, _ in links}
    if courses and len(locked_rows(Course.objects.filter(pk__in=courses, **home), Lock.CHANGE)) != len(courses):
        raise Unknown("There is no such course any more.")
    added = by.columns()
    for membership, links in pairs.items():
        columns, same = ("course", membership.column), {"institution": institution.pk, **added}
        rows_inserted(membership.links, columns, [*links], same=same, passes_over_taken=True)


@one_transaction()
def members_unlink(*, course: Course, membership: Membership, members: Collection[Model]) -> None:
    """Remove the members from the course. Their sessions, requests and reports stay."""
    _refuse_other_institutions(course, membership, members)
    _unlink(course, membership, members)


@one_transaction()
def member_add(*, course: Course, membership: Membership, uid: str, may_give_role: bool, by: AddedBy) -> Any:
    """Add the institution's person with this uid to the course; returns the row of the role.

    A person without the role gets it, if `may_give_role`; else Unknown.
    """
    member = _member_by_uid(course, membership, uid, may_give_role, by)
    members_link(course=course, membership=membership, members=[member], by=by)
    return member


@one_transaction()
def member_replace(
    *, course: Course, membership: Membership, member: Any, uid: str, may_give_role: bool, by: AddedBy
) -> Any:
    """Replace `member` in the course by the person with this uid; returns the row of the role. No uid is changed."""
    if member.user.uid_key == identifier_key(uid):
        return member
    other = _member_by_uid(course, membership, uid, may_give_role, by)
    # Both are locked in the order of their keys before the course, so that two replacements cannot deadlock.
    _refuse_other_institutions(course, membership, [member, other])
    if membership.links.objects.filter(course=course, **{membership.column: other}).exists():
        raise Invalid(uid="The person with this uid is in the course already.")
    if not _unlink(course, membership, [member]):
        raise Unknown("Not in the course any more.")
    _link(course, membership, [other], by)
    return other


def _link(course: Course, membership: Membership, members: Collection[Model], by: AddedBy) -> None:
    links, home = membership.links, course.institution_id
    added = by.columns()
    links.objects.bulk_create(
        [links(course=course, institution_id=home, **{membership.column: member}, **added) for member in members],
        ignore_conflicts=True,
    )


def _unlink(course: Course, membership: Membership, members: Collection[Model]) -> int:
    """Returns how many of them were in the course."""
    gone, _ = membership.links.objects.filter(course=course, **{f"{membership.column}__in": members}).delete()
    return gone


def _member_by_uid(course: Course, membership: Membership, uid: str, may_give_role: bool, by: AddedBy) -> Any:
    """The row of the role. Who gives the uid knows the person by it: no VLE renames that person from here on."""
    person = User.objects.filter(institution=course.institution_id, uid=uid).first()
    if person is not None and person.brought_by_vle is not None:
        person = person_locked(person_id=person.pk)
        person_brought(person=person, vle_id=by.id if by.kind is Adder.VLE else None)
    if person is None or person.uid_key != identifier_key(uid):  # renamed before it was locked
        raise Invalid(uid="There is nobody with this uid in the institution.")
    member = membership.role.objects.filter(pk=person.pk).first()
    if member is not None:
        return member
    if not may_give_role:
        raise Unknown(f"No such {membership.role._meta.verbose_name} in this institution.")
    if person.is_staff:
        raise Forbidden("This is the account of a global administrator.")
    return membership.role_add(person=person)


def _refuse_other_institutions(course: Course, membership: Membership, members: Collection[Model]) -> None:
    """Unknown unless all of them and the course exist in one institution; all are locked until the transaction ends.

    Roles are locked before the course, in the order of their keys, so that two calls cannot deadlock.
    """
    keys, role = {member.pk for member in members}, membership.role
    home = {"institution": course.institution_id}
    rows = role.objects.filter(pk__in=keys, **home).order_by("pk").select_for_update(no_key=True)
    if keys and len(rows.values_list("pk")) != len(keys):
        raise Unknown(f"No such {role._meta.verbose_name} in this institution.")
    if not Course.objects.filter(pk=course.pk, **home).select_for_update(no_key=True).values_list("pk"):
        raise Unknown("There is no such course any more.")
