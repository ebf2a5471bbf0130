"""Who is in a course as its VLE tells it: people are found by uid in the VLE's own institution, or made there."""

from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet

from courses.models import Course
from courses.services.members import Membership, members_link
from institutions.models import Institution, User
from institutions.services import people
from institutions.services.person_values import values_compared
from kernel.domain import Invalid, Unknown
from kernel.fast.whole import Whole
from kernel.writes import one_transaction

NEEDED = ("first_name", "last_name", "email")  # to make a person


def member_known(*, course: Course, membership: Membership, uid: str, **values: Any) -> tuple[bool, Any | None]:
    """Whether there is a person with this uid; and the role's row, if `member_register` had nothing to change.

    VLEs repeat themselves with every page: what is only read costs no transaction.
    """
    person = _told_of(membership).first(home=course.institution_id, course=course.pk, uid=uid)
    if person is None or not person.is_inside or _taken_over(person, values):
        return person is not None, None
    return True, getattr(person, membership.column)


@cache
def _told_of(membership: Membership) -> Whole:
    """The person with a uid, the role, and whether the person is in a course."""
    shown = (membership.column, *(f"{membership.column}__{name}" for name in membership.shown))

    def build(home: int, course: int, uid: Any) -> QuerySet[User]:
        links = membership.links.objects.filter(course=course, **{membership.column: OuterRef("pk")})
        there = User.objects.filter(institution=home, uid=uid).annotate(is_inside=Exists(links))
        return there.select_related(*shown)

    return Whole(build, "home", "course", "uid")


@one_transaction()
def member_register(
    *, course: Course, membership: Membership, uid: str, is_unknown: bool = False, **values: Any
) -> Any:
    """The person with this uid is in the course from now on, or is already: the role's row.

    Who is unknown is made, and who lacks the role is given it, unless the institution keeps that to itself: then
    there is no such person. Names and e-mail are taken over of who neither holds a flag nor can sign in. The role is
    all that a VLE may give to a global administrator; who comes through a launcher has no more than it, either.
    `is_unknown` says that there was no such person a moment ago.
    """
    home = course.institution
    person = None if is_unknown else _found(home, uid)
    is_new = False
    if person is None:
        person, is_new = _made(home, membership, uid, values)
    if is_new:
        member = membership.role_add(person=person, is_locked=True)
    else:
        member = _with_role(home, membership, person)
        member.user = _take_over(person, values)
    members_link(course=course, membership=membership, members=[member], are_new=is_new)
    return member


@one_transaction()
def member_refresh(*, member: Any, **values: Any) -> User:
    """Names and e-mail as the VLE says them now, of who neither holds a flag nor can sign in. Nobody is renamed."""
    person = people.person_locked(person_id=member.pk)
    if values.pop("uid", person.uid) != person.uid:
        raise Invalid(uid="This is somebody else's.")
    return _take_over(person, values)


def _found(home: Institution, uid: str) -> User | None:
    """Locked, but for a global administrator: who gives the role locks all of them, and they in their order first."""
    rows = User.objects.filter(institution=home, uid=uid)
    return rows.filter(is_staff=False).select_for_update().first() or rows.first()


def _made(home: Institution, membership: Membership, uid: str, values: dict[str, Any]) -> tuple[User, bool]:
    """The person, and whether nobody else has made the same one meanwhile."""
    if home.disable_vle_user_creation or getattr(home, membership.kept):
        raise _nobody(membership)
    if missing := [name for name in NEEDED if name not in values]:
        raise Invalid(**dict.fromkeys(missing, "This field is required."))
    try:
        return people.person_added(institution=home, uid=uid, **values), True
    except ValidationError:
        found = _found(home, uid)  # a page of the VLE tells of the same person several times at once
        if found is None:
            raise
        return found, False


def _with_role(home: Institution, membership: Membership, person: User) -> Any:
    found = membership.role.objects.select_related(*membership.shown).filter(pk=person.pk).first()
    if found is not None:
        return found
    if getattr(home, membership.kept):
        raise _nobody(membership)
    return membership.role_add(person=person, is_locked=not person.is_staff)


def _nobody(membership: Membership) -> Unknown:
    return Unknown(f"No such {membership.role._meta.verbose_name} in this institution.")


def _taken_over(person: User, values: dict[str, Any]) -> dict[str, Any]:
    """What differs of the values that are taken over of this person."""
    return {} if person.login_allowed else values_compared(person, values).changed


def _take_over(person: User, values: dict[str, Any]) -> User:
    """Written only when something differs: VLEs repeat themselves with every page."""
    changed = _taken_over(person, values)
    if not changed:
        return person
    return people.person_update(person=person, is_locked=not person.is_staff, **changed)
