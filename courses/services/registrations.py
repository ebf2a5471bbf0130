"""Who is in a course as its VLE tells it: people are found by uid in the VLE's own institution, or made there."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from courses.models import Course
from courses.services.members import Membership, members_link
from institutions.models import Institution, User
from institutions.services import people
from institutions.services.person_values import values_compared
from kernel.domain import Invalid, Unknown

NEEDED = ("first_name", "last_name", "email")  # to make a person


@transaction.atomic
def member_register(*, course: Course, membership: Membership, uid: str, **values: Any) -> Any:
    """The person with this uid is in the course from now on, or is already: the role's row.

    Who is unknown is made, and who lacks the role is given it, unless the institution keeps that to itself: then
    there is no such person. Names and e-mail are taken over of who neither holds a flag nor can sign in. The role is
    all that a VLE may give to a global administrator; who comes through a launcher has no more than it, either.
    """
    home = course.institution
    person = _found(home, uid) or _made(home, membership, uid, values)
    member = _with_role(home, membership, person)
    _take_over(person, values)
    members_link(course=course, membership=membership, members=[member])
    return member


@transaction.atomic
def member_refresh(*, member: Any, **values: Any) -> None:
    """Names and e-mail as the VLE says them now, of who neither holds a flag nor can sign in. Nobody is renamed."""
    person = people.person_locked(person_id=member.pk)
    if values.pop("uid", person.uid) != person.uid:
        raise Invalid(uid="This is somebody else's.")
    _take_over(person, values)


def _found(home: Institution, uid: str) -> User | None:
    """Locked, but for a global administrator: who gives the role locks all of them, and they in their order first."""
    rows = User.objects.filter(institution=home, uid=uid)
    return rows.filter(is_staff=False).select_for_update().first() or rows.first()


def _made(home: Institution, membership: Membership, uid: str, values: dict[str, Any]) -> User:
    if home.disable_vle_user_creation or getattr(home, membership.kept):
        raise _nobody(membership)
    if missing := [name for name in NEEDED if name not in values]:
        raise Invalid(**dict.fromkeys(missing, "This field is required."))
    try:
        with transaction.atomic():
            return people.person_create(institution=home, uid=uid, **values)
    except (Invalid, ValidationError):
        found = _found(home, uid)  # a page of the VLE tells of the same person several times at once
        if found is None:
            raise
        return found


def _with_role(home: Institution, membership: Membership, person: User) -> Any:
    found = membership.role.objects.filter(pk=person.pk).first()
    if found is not None:
        return found
    if getattr(home, membership.kept):
        raise _nobody(membership)
    return membership.role_add(person=person)


def _nobody(membership: Membership) -> Unknown:
    return Unknown(f"No such {membership.role._meta.verbose_name} in this institution.")


def _take_over(person: User, values: dict[str, Any]) -> None:
    """Written only when something differs: VLEs repeat themselves with every page."""
    changed = values_compared(person, values).changed
    if changed and not person.login_allowed:
        people.person_update(person=person, **changed)
