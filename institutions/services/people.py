"""People of an institution: making, changing and deleting them, giving and taking roles.

Whoever changes people locks rows in one order: the person, the person's role, the institution. A global administrator
is locked together with all others, in the order of their keys.
"""

from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from files.models import StoredFile
from files.services import files_erase
from institutions.models import Institution, Instructor, User
from institutions.services.person_values import cleaned, refuse_wrong, usernames, values_taken
from institutions.services.uses import amount_of, referring
from kernel.constraints import TAKEN, violated_fields
from kernel.domain import Conflict, Forbidden, Invalid, Unknown

INSTRUCTOR, LEARNER = ROLES = "instructor", "learner"  # also the names of User's relations to them
GLOBAL_ADMINISTRATOR = "This is the account of a global administrator."
_HAS_ROLE = Q(instructor__isnull=False) | Q(learner__isnull=False)
_CAN_SIGN_IN = Q(is_active=True, email__isnull=False) & ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
_ADMINISTERS = _CAN_SIGN_IN & Q(inst_admin=True, login_allowed=True)
_ADMINISTERS_ALL = _CAN_SIGN_IN & Q(is_staff=True)  # needs no `login_allowed`


@transaction.atomic
def person_create(*, institution: Institution | None, **values: Any) -> User:
    """A new person. Without `username` one is made, inside an institution: of the e-mail, else of acronym and uid.

    A `password` lets the person sign in; without one nobody can sign in to the account.
    """
    values = cleaned(values)
    password = values.pop("password", None)
    if password is not None:
        values.setdefault("login_allowed", True)
    if "username" in values or institution is None:
        return _created(institution, "", {"username": ""} | values, password)
    names = usernames(institution, values.get("uid") or "", values.get("email"))
    while True:
        try:
            return _created(institution, next(names), values, password)
        except Invalid as error:
            if "username" not in error.fields:  # somebody else was faster with this name: the next one
                raise


def _created(institution: Institution | None, username: str, values: dict[str, Any], password: str | None) -> User:
    person = User(institution=institution, username=username)
    person.set_unusable_password()
    _put(person, values, password)
    return _saved(person)


@transaction.atomic
def person_update(*, person: User, may: Collection[str] | None = None, **values: Any) -> User:
    """Change of a person what differs from what is stored.

    `may` names what the writer may change: anything else that differs is refused, by its name. From who may change
    everything, a new password lets the person sign in. A new password, a deactivation and the end of `login_allowed`
    end all sessions of the person. Another `institution` is for somebody of whom nothing is in the present one.
    """
    held = person_locked(person_id=person.pk)
    administered, administered_all = _administers(held), _administers_all(held)
    values = cleaned(values)
    password = values.pop("password", None)
    if password is not None and may is None and not held.is_staff:
        values.setdefault("login_allowed", True)
    changed = {name: value for name, value in values.items() if getattr(held, name) != value}
    _refuse_beyond(may, {*changed, "password"} if password is not None else {*changed})
    if "institution" in changed:
        _refuse_bound(held)
    _put(held, changed, password)
    if administered and not _administers(held):
        _refuse_last_administrator(held)
    if administered_all and not _administers_all(held):
        _refuse_last_global_administrator(held)
    return _saved(held)


@transaction.atomic
def profile_update(*, person: User, may: Collection[str], session_id: int | None, **values: Any) -> User:
    """What people change of themselves: as `person_update`, but the session in which they do it goes on."""
    generation = person_locked(person_id=person.pk).session_generation
    changed = person_update(person=person, may=may, **values)
    if session_id is not None and changed.session_generation != generation:
        sessions = apps.get_model("signin.CallerSession")._default_manager  # by name: sign-in is a layer above
        kept = sessions.filter(pk=session_id, user=changed.pk, generation=generation)
        kept.update(generation=changed.session_generation)
    return changed


@transaction.atomic
def person_delete(*, person: User) -> None:
    """The account with its roles and all that hangs from them, stored files included."""
    held = person_locked(person_id=person.pk)
    if _administers(held):
        _refuse_last_administrator(held)
    if _administers_all(held):
        _refuse_last_global_administrator(held)
    for role in ROLES:
        _role_erase(held, role)
    _account_erase(held)


@transaction.atomic
def person_for_role(*, institution: Institution, role: str, uid: str, **values: Any) -> User:
    """Who is to be given a role: the person with this uid, or a new one.

    What the values say of names and e-mail is ignored for somebody who holds a flag or a password.
    """
    person = person_with_uid(institution=institution, uid=uid)
    if person is None:
        return person_create(institution=institution, uid=uid, **values)
    if hasattr(person, role):
        raise Invalid(uid=f"The person with this uid already has the role of {role}.")
    values = values_taken(person, values)
    return person_update(person=person, **values) if values else person


def person_with_uid(*, institution: Institution, uid: str) -> User | None:
    """The person to whom somebody adds by uid, locked until the transaction ends; never a global administrator."""
    person = User.objects.select_for_update().filter(institution=institution, uid=uid).first()
    if person is not None and person.is_staff:
        raise Forbidden(GLOBAL_ADMINISTRATOR)
    return person


@transaction.atomic
def instructor_create(*, institution: Institution, uid: str, **values: Any) -> Instructor:
    """The person with this uid, who may be new, becomes an instructor."""
    person = person_for_role(institution=institution, role=INSTRUCTOR, uid=uid, **values)
    return instructor_add(person=person)


@transaction.atomic
def instructor_add(*, person: User) -> Instructor:
    """The role of teaching, given to a person of an institution who does not have it yet."""
    held = person_locked(person_id=person.pk)
    home: Any = held.institution_id
    return Instructor.objects.get_or_create(user=held, defaults={"institution_id": home})[0]


@transaction.atomic
def role_delete(*, person: User, role: str) -> None:
    """Take a role with all that hangs from it; the account goes when neither role nor flag remains."""
    held = person_locked(person_id=person.pk)
    _role_erase(held, role)
    if not (held.has_flag or User.objects.filter(_HAS_ROLE, pk=held.pk).exists()):
        _account_erase(held)


def person_locked(*, person_id: int) -> User:
    """The person as stored, locked until the transaction ends."""
    rows = User.objects.select_for_update()
    if User.objects.filter(pk=person_id, is_staff=True).exists():
        list(rows.filter(is_staff=True).order_by("pk").values_list("pk"))  # see _refuse_last_global_administrator
    found = rows.filter(pk=person_id).first()
    if found is None:
        raise Unknown("There is no such person any more.")
    return found


def _refuse_beyond(may: Collection[str] | None, changed: set[str]) -> None:
    forbidden = set() if may is None else changed.difference(may)
    if forbidden:
        raise Forbidden(f"You may not change {', '.join(sorted(forbidden))}.")


def _put(person: User, changed: dict[str, Any], password: str | None) -> None:
    for name, value in changed.items():
        setattr(person, name, value)
    refuse_wrong(person, {*changed}, password)
    if password is not None:
        person.set_password(password)
    if password is not None or changed.get("is_active") is False or changed.get("login_allowed") is False:
        person.session_generation += 1


def _saved(person: User) -> User:
    """Saved; what somebody else took since it was looked for is wrong, under its name."""
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        taken = violated_fields(error) & {"username", "email", "uid"}
        if not taken:
            raise
        raise Invalid(**dict.fromkeys(taken, TAKEN)) from error
    return person


def _administers(person: User) -> bool:
    return person.inst_admin and person.login_allowed and _can_sign_in(person)


def _refuse_last_administrator(person: User) -> None:
    """Conflict when nobody else could administer the institution.

    The lock makes two administrators who leave at the same time do so one after the other.
    """
    home: Any = person.institution_id
    Institution.objects.select_for_update(no_key=True).get(pk=home)
    others = User.objects.filter(_ADMINISTERS, institution=home).exclude(pk=person.pk)
    if not others.exists():
        raise Conflict("This is the institution's last administrator who can sign in.")


def _administers_all(person: User) -> bool:
    return person.is_staff and _can_sign_in(person)


def _can_sign_in(person: User) -> bool:
    return bool(person.is_active and person.email and person.has_usable_password())


def _refuse_last_global_administrator(person: User) -> None:
    """Conflict when nobody else could administer the installation.

    All global administrators are locked by now: two who end each other at the same time do so one after the other.
    """
    if not User.objects.filter(_ADMINISTERS_ALL).exclude(pk=person.pk).exists():
        raise Conflict("This is the last global administrator who can sign in.")


def _refuse_bound(person: User) -> None:
    """Conflict when something of the person's hangs in the present institution."""
    bound = [amount_of(rows.model, rows.count()) for rows in _inside_institution(person) if rows.exists()]
    if person.inst_admin or person.legal_admin or person.send_admin or person.data_admin:
        bound.append("administrative rights")
    if person.institution_id is not None and bound:
        raise Conflict(f"This person cannot leave the institution: there are {', '.join(sorted(bound))}.")


def _inside_institution(person: User) -> list[QuerySet]:
    """Rows that refer to the person and are of an institution themselves."""
    found = [rows for _, rows in referring(person)]
    return [rows for rows in found if any(field.name == "institution" for field in rows.model._meta.fields)]


def _role_erase(person: User, role: str) -> None:
    """The role and what hangs from it, if the person has it; a learner's files go with it."""
    row = getattr(person, role, None)
    if row is not None:
        rows = type(row)._default_manager.filter(pk=row.pk)
        list(rows.select_for_update())  # from here on nothing more can be hung from it
        rows.delete()
    if role == LEARNER:
        files_erase(files=StoredFile.objects.filter(owner=person.pk))


def _account_erase(person: User) -> None:
    User.objects.filter(pk=person.pk).delete()
