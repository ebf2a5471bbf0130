"""Members of a course as its VLE registers them: people are looked up in the VLE's institution, or created."""

from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet

from courses.models import Course
from courses.services.members import INSTRUCTORS, LEARNERS, AddedBy, Membership, members_link
from institutions.models import Institution, User
from institutions.services import people
from institutions.services.named import is_meant, person_meant, without_other_address
from institutions.services.oidc import is_found_by, with_admission
from institutions.services.person_values import is_guarded, values_compared
from kernel.domain import Invalid, Unknown
from kernel.fast.whole import Whole
from kernel.text import identifier_key
from kernel.writes import one_transaction

NEEDED = ("email",)  # to create a person


def member_known(*, course: Course, membership: Membership, uid: str, **values: Any) -> tuple[bool, Any | None]:
    """Whether a person with this uid exists; and the row of the role, if `member_register` would change nothing.

    VLEs send the same members with every page view: without a change no transaction is needed.
    """
    key = identifier_key(uid)
    person = _member_query(membership).first(home=course.institution_id, course=course.pk, uid=key)
    if person is None or not person.is_inside:
        return person is not None, None
    if _values_to_update(person, course.vle_id, without_other_address(person, uid, values)):
        return True, None
    return True, getattr(person, membership.column)


@cache
def _member_query(membership: Membership) -> Whole:
    """The query for the person with a uid, the role, and whether the person is in a course."""
    related = (membership.column, *(f"{membership.column}__{name}" for name in membership.related))

    def build(home: int, course: int, uid: Any) -> QuerySet[User]:
        links = membership.links.objects.filter(course=course, **{membership.column: OuterRef("pk")})
        persons = User.objects.filter(institution=home, pk=person_meant(home, uid)).annotate(is_inside=Exists(links))
        return with_admission(persons).select_related(*related)

    return Whole(build, "home", "course", "uid")


@one_transaction()
def member_register(
    *,
    course: Course,
    vle_id: int,
    membership: Membership,
    uid: str,
    by: AddedBy,
    is_unknown: bool = False,
    **values: Any,
) -> Any:
    """Add the person with this uid to the course, if not in it already; returns the row of the role.

    An unknown person is created, and a person without the role gets it, unless the institution's settings forbid it to
    VLEs: then Unknown. Names and e-mail are updated only of people without administrative rights who cannot sign in.
    A global administrator gets the role and nothing else; a launcher for that person gives no other right, either.
    `vle_id` is the VLE of the course. `is_unknown`: the caller has just looked for the person and there was none.
    """
    home = course.institution
    person = None if is_unknown else _person_locked(home, uid)
    is_new = False
    if person is None:
        person, is_new = _person_created(home, vle_id, membership, uid, values)
    if is_new:
        member = membership.role_add(person=person, is_locked=True)
    else:
        people.person_brought(person=person, vle_id=vle_id)
        member = _member_with_role(home, membership, person)
        member.user = _person_updated(person, vle_id, without_other_address(person, uid, values))
    members_link(course=course, membership=membership, members=[member], by=by, are_new=is_new)
    return member


@one_transaction()
def member_refresh(*, member: Any, vle_id: int, **values: Any) -> User:
    """Update names and e-mail of a person without administrative rights who cannot sign in.

    A new uid renames the person, if nobody has it and this VLE alone has brought the person. Another name of the same
    person changes nothing.
    """
    person = people.person_locked(person_id=member.pk)
    uid = values.pop("uid", person.uid)
    if identifier_key(uid) != person.uid_key:
        try:
            _refuse_rename(person, vle_id, uid)
        except Invalid:
            if not is_meant(person, identifier_key(uid)):
                raise
            values = without_other_address(person, uid, values)
        else:
            person = people.person_update(person=person, is_locked=True, uid=uid, brought_by_vle=vle_id)
    return _person_updated(person, vle_id, values)


def _refuse_rename(person: User, vle_id: int, uid: str) -> None:
    """Invalid unless the uid is free and the person is known to nobody but this VLE.

    Who has administrative rights or may sign in is the institution's; so is who attends or teaches elsewhere.
    """
    home: Any = person.institution_id
    meant = User.objects.filter(institution=home, pk=person_meant(home, identifier_key(uid)))
    if meant.exclude(pk=person.pk).exists():
        raise Invalid(uid="This is somebody else's.")
    is_elsewhere = any(
        each.links.objects.filter(**{each.column: person.pk}).exclude(course__vle=vle_id).exists()
        for each in (LEARNERS, INSTRUCTORS)
    )
    if person.brought_by_vle != vle_id or is_elsewhere or is_guarded(person):
        raise Invalid(uid="Others know this person by the present uid: only an administrator can change it.")


def _person_locked(home: Institution, uid: str) -> User | None:
    """The person, locked unless a global administrator: for these `role_add` takes its locks in its own order."""
    rows = with_admission(User.objects.filter(institution=home, pk=person_meant(home.pk, identifier_key(uid))))
    return rows.filter(is_staff=False).select_for_update().first() or rows.first()


def _person_created(
    home: Institution, vle_id: int, membership: Membership, uid: str, values: dict[str, Any]
) -> tuple[User, bool]:
    """The person, and whether this call has created the row: a concurrent request may have been first."""
    if home.disable_vle_user_creation or getattr(home, membership.creation_switch):
        raise _unknown_member(membership)
    if missing := [name for name in NEEDED if name not in values]:
        raise Invalid(**dict.fromkeys(missing, "This field is required."))
    try:
        return people.person_added(institution=home, uid=uid, brought_by_vle=vle_id, **values), True
    except ValidationError:
        person = _person_locked(home, uid)  # one page of the VLE may send the same person in several requests at once
        if person is None:
            raise
        return person, False


def _member_with_role(home: Institution, membership: Membership, person: User) -> Any:
    member = membership.role.objects.select_related(*membership.related).filter(pk=person.pk).first()
    if member is not None:
        return member
    if getattr(home, membership.creation_switch):
        raise _unknown_member(membership)
    return membership.role_add(person=person, is_locked=not person.is_staff)


def _unknown_member(membership: Membership) -> Unknown:
    return Unknown(f"No such {membership.role._meta.verbose_name} in this institution.")


def _values_to_update(person: User, vle_id: int, values: dict[str, Any]) -> dict[str, Any]:
    """The values that differ, and that a VLE may change of this person.

    Where an identity provider finds people by their e-mail, no VLE changes that of somebody whom others know, too: it
    could make an instructor of a learner, and then somebody else would sign in as that person.
    """
    changed = values_compared(person, values).changed
    if "email" in changed and person.brought_by_vle != vle_id and is_found_by(person, {"email"}):
        del changed["email"]
    return changed


def _person_updated(person: User, vle_id: int, values: dict[str, Any]) -> User:
    """Writes only when something differs: VLEs send the same values with every page view."""
    changed = _values_to_update(person, vle_id, values)
    if not changed:
        return person
    return people.person_update(
        person=person, is_locked=not person.is_staff, brought_by_vle=person.brought_by_vle, **changed
    )
