"""People of an institution: making, changing and deleting them, giving and taking roles.

All functions lock rows in the order of kernel/locks.py: the person, the person's role, the institution. A global
administrator is locked together with all others, in the order of their keys.
"""

from collections.abc import Collection
from copy import copy
from functools import partial
from typing import Any, TypeVar

from django.apps import apps
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Model, Q, QuerySet

from files.models import StoredFile
from files.services import files_erase
from institutions.models import Institution, Instructor, User
from institutions.services.named import former_uid_kept, former_uid_taken_over, person_named
from institutions.services.oidc import with_admission
from institutions.services.person_values import (
    FLAGS,
    TEXTS,
    cleaned,
    is_same,
    refuse_malformed,
    refuse_taken,
    usernames,
    values_taken,
)
from institutions.services.uses import amount_of, referring
from kernel.constraints import TAKEN, violated_fields
from kernel.domain import Conflict, Forbidden, Invalid, Unknown
from kernel.locks import cascade_locked
from kernel.text import identifier_key
from kernel.writes import Taken, inserted, one_transaction

Role = TypeVar("Role", bound=Model)

INSTRUCTOR, LEARNER = ROLES = "instructor", "learner"  # also the names of User's relations to them
GLOBAL_ADMINISTRATOR = "This is the account of a global administrator."
_HAS_ROLE = Q(instructor__isnull=False) | Q(learner__isnull=False)
_CAN_SIGN_IN = Q(is_active=True, email__isnull=False) & ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
_ADMINISTERS = _CAN_SIGN_IN & Q(inst_admin=True, login_allowed=True)
_ADMINISTERS_ALL = _CAN_SIGN_IN & Q(is_staff=True)  # needs no `login_allowed`


@one_transaction()
def person_create(*, institution: Institution | None, **values: Any) -> User:
    """A new person. Inside an institution `username` defaults to the e-mail, else to acronym and uid.

    A `password` lets the person sign in, unless `login_allowed` is false: then it is kept for later. Without one nobody
    can sign in to the account. Invalid for a uid that somebody else had and that still means that person.
    """
    person = person_added(institution=institution, **values)
    if institution is not None:
        former_uid_taken_over(person=person)
    return person


def person_added(*, institution: Institution | None, **values: Any) -> User:
    """As `person_create`, in the caller's transaction, which stays usable when one of the values is already taken.

    The caller has looked for whom the uid means, or meant, and there is nobody.
    """
    values = cleaned(values)
    password = values.pop("password", None)
    if password is not None:
        values.setdefault("login_allowed", True)
    named = "username" in values or institution is None
    names = usernames(institution, values.get("uid") or "", values.get("email")) if not named else iter(())  # type: ignore[arg-type]
    person = User(institution=institution, username=values.get("username", "") if named else next(names))
    person.set_unusable_password()
    _put(person, {"username": person.username, **values} if named else values, password)
    while not inserted(person):
        refuse_taken(person, {"username"} if named else set())
        if named or not User.objects.filter(institution=institution, username=person.username).exists():
            return _saved(person, force_insert=True)  # succeeds if the name is free again, else says what is wrong
        person.username = next(names)
        refuse_malformed(person, {*values}, password)
    return person


@one_transaction()
def person_update(
    *,
    person: User,
    may: Collection[str] | None = None,
    is_locked: bool = False,
    session_id: int | None = None,
    **values: Any,
) -> User:
    """Change those values of a person that differ from the stored ones.

    `may` names the values that the caller may change: other differences are refused, by name; None means all. A caller
    who may change everything also allows the person to sign in by setting a password, unless `login_allowed` is sent as
    false: the password is then kept for later. A new password, a deactivation and the end of `login_allowed` end all
    sessions of the person; after a new password the person's own session `session_id`, in which it was set, goes on.
    `institution` can only be changed for a person who has no rows in the present one. `is_locked` says that `person`
    was read by `person_locked` in this transaction. Who changes uid or e-mail for a VLE says so by `brought_by_vle`:
    else the person is the institution's from here on.
    """
    stored = person if is_locked else person_locked(person_id=person.pk)
    administered, administered_all = _administers(stored), _administers_all(stored)
    values = cleaned(values)
    password = values.pop("password", None)
    if password is not None and may is None and not stored.is_staff:
        values.setdefault("login_allowed", True)
    generation, uid_key = stored.session_generation, stored.uid_key
    changed = {name: value for name, value in values.items() if getattr(stored, name) != value}
    _refuse_forbidden(may, {*changed, "password"} if password is not None else {*changed})
    if changed.keys() & {"uid", "email"} and "brought_by_vle" not in values:
        changed["brought_by_vle"] = None  # no VLE says that it is its change: the institution knows the person by it
    if password is not None and may is not None and not (stored.login_allowed or stored.is_staff):
        raise ValidationError({"password": "This person is not allowed to sign in."})
    if "institution" in changed:
        _refuse_move(stored)
    _put(stored, changed, password)
    if administered and not _administers(stored):
        _refuse_last_administrator(stored)
    if administered_all and not _administers_all(stored):
        _refuse_last_global_administrator(stored)
    saved = _saved(stored, {*changed}) if changed or password is not None else stored
    if saved.institution_id is not None and (saved.uid_key != uid_key or "institution" in changed):
        former_uid_taken_over(person=saved)
    if saved.uid_key != uid_key:
        _uid_changed(saved, uid_key, of_institution="brought_by_vle" not in values)
    if password is not None and session_id is not None and _may_sign_in(saved):
        sessions = apps.get_model("signin.CallerSession")._default_manager  # by name: sign-in is a layer above
        current_session = sessions.filter(pk=session_id, user=saved.pk, generation=generation)
        current_session.update(generation=saved.session_generation)
    return saved


@one_transaction()
def person_delete(*, person: User) -> None:
    """Delete the account with its roles and everything that belongs to them, stored files included."""
    stored = person_locked(person_id=person.pk)
    cascade_locked(stored)
    if _administers(stored):
        _refuse_last_administrator(stored)
    if _administers_all(stored):
        _refuse_last_global_administrator(stored)
    for role in ROLES:
        _role_erase(stored, role)
    _account_erase(stored)


@one_transaction()
def person_for_role(*, institution: Institution, role: str, uid: str, **values: Any) -> User:
    """The person who will get a role: the one with this uid, or a new one.

    Names and e-mail in `values` are ignored for a person who has an administrative flag or may sign in.
    """
    person = person_with_uid(institution=institution, uid=uid)
    if person is None:
        return person_added(institution=institution, uid=uid, **values)
    if hasattr(person, role):
        raise Invalid(uid=f"The person with this uid already has the role of {role}{_known_as(person, uid)}.")
    person_brought(person=person, vle_id=None)
    values = values_taken(person, values)
    return person_update(person=person, is_locked=True, **values) if values else person


def _known_as(person: User, uid: str) -> str:
    return "" if identifier_key(uid) == person.uid_key else f" and is known as {person.uid} now"


def person_brought(*, person: User, vle_id: int | None) -> None:
    """Another VLE than the one that brought the locked person, or an administrator, has told of the person, too."""
    if person.brought_by_vle not in (None, vle_id):
        person.brought_by_vle = None
        person.save(update_fields=["brought_by_vle"])


def person_with_uid(*, institution: Institution, uid: str) -> User | None:
    """Who has this uid, else who had it, locked until the transaction ends. Forbidden for a global administrator."""
    rows = User.objects.filter(institution=institution, pk=person_named(institution.pk, identifier_key(uid)))
    person = with_admission(rows).select_for_update().first()
    if person is not None and person.is_staff:
        raise Forbidden(GLOBAL_ADMINISTRATOR)
    return person


@one_transaction()
def instructor_create(*, institution: Institution, uid: str, **values: Any) -> Instructor:
    """The person with this uid, who may be new, becomes an instructor."""
    person = person_for_role(institution=institution, role=INSTRUCTOR, uid=uid, **values)
    return instructor_add(person=person, is_locked=True)


@one_transaction()
def instructor_add(*, person: User, is_locked: bool = False) -> Instructor:
    """Make a person of an institution an instructor."""
    return role_added(Instructor, person, is_locked)


def role_added(role: type[Role], person: User, is_locked: bool) -> Role:
    """The row of the role, new or already there. `is_locked` as for `person_update`."""
    stored = person if is_locked else person_locked(person_id=person.pk)
    row = role(user=stored, institution_id=stored.institution_id)
    return row if inserted(row) else role._default_manager.get(user=stored)


@one_transaction()
def role_delete(*, person: User, role: str, is_locked: bool = False) -> None:
    """Delete a role with everything that belongs to it, and the account when neither role nor flag remains."""
    stored = person if is_locked else person_locked(person_id=person.pk)
    if hasattr(stored, role):
        cascade_locked(getattr(stored, role))
    _role_erase(stored, role)
    if not (stored.has_flag or User.objects.filter(_HAS_ROLE, pk=stored.pk).exists()):
        _account_erase(stored)


def person_locked(*, person_id: int) -> User:
    """The person as stored, locked until the transaction ends.

    A global administrator is locked together with all others: see `_refuse_last_global_administrator`.
    """
    rows = with_admission(User.objects.select_for_update())
    person = next(iter(rows.filter(pk=person_id, is_staff=False)), None)
    if person is None:
        person = next((row for row in rows.filter(is_staff=True).order_by("pk") if row.pk == person_id), None)
    if person is None:
        raise Unknown("There is no such person any more.")
    return person


def two_people_locked(*, institution_id: int, kept_id: int, gone_id: int) -> tuple[User, User]:
    """Two people of the institution, locked in the order of their keys, for their merge. Unknown if one is missing."""
    rows = User.objects.filter(pk__in=(kept_id, gone_id), institution=institution_id).order_by("pk")
    found = {person.pk: person for person in rows.select_for_update()}
    if len(found) != 2:
        raise Unknown("There is no such person in this institution.")
    return found[kept_id], found[gone_id]


def refuse_merge(*, kept: User, gone: User, by_id: int) -> None:
    """Forbidden for accounts that an institution administrator may not touch, and for the own one as the one to go."""
    if kept.is_staff or gone.is_staff:
        raise Forbidden(GLOBAL_ADMINISTRATOR)
    if gone.pk == by_id:
        raise Forbidden("Nobody can merge the own account into another one.")


def values_after_merge(*, kept: User, gone: User) -> dict[str, Any]:
    """The values of the person that is kept which change: what is missing there, and the rights of both.

    The way to sign in comes along if the kept one has none and the e-mail stays the same. Nothing of it comes from an
    account that is deactivated. Conflict when the institution would lose its last administrator.
    """
    values = {name: getattr(gone, name) for name in ("first_name", "last_name", "email", "locale")}
    changes = {name: value for name, value in values.items() if value and not getattr(kept, name)}
    email = changes.get("email", kept.email)
    if gone.is_active:
        changes |= {name: True for name in FLAGS if getattr(gone, name) and not getattr(kept, name)}
        if gone.has_usable_password() and not kept.has_usable_password() and is_same(email, gone.email):
            changes |= {"password": gone.password, "login_allowed": gone.login_allowed}
    if gone.last_login and (kept.last_login is None or gone.last_login > kept.last_login):
        changes["last_login"] = gone.last_login
    if kept.brought_by_vle is not None and kept.brought_by_vle != gone.brought_by_vle:
        changes["brought_by_vle"] = None
    if _administers(gone):
        after = copy(kept)
        for name, value in changes.items():
            setattr(after, name, value)
        if not _administers(after):
            _refuse_last_administrator(gone)
    return changes


def _refuse_forbidden(may: Collection[str] | None, changed: set[str]) -> None:
    forbidden = set() if may is None else changed.difference(may)
    if forbidden:
        raise Forbidden(f"You may not change {', '.join(sorted(forbidden))}.")


def _put(person: User, changed: dict[str, Any], password: str | None) -> None:
    for name, value in changed.items():
        setattr(person, name, value)
    refuse_malformed(person, {*changed}, password)
    if password is not None:
        person.set_password(password)
    if password is not None or changed.get("is_active") is False or changed.get("login_allowed") is False:
        person.session_generation += 1


def _saved(person: User, changed: Collection[str] = TEXTS, **how: Any) -> User:
    """Save the person. Raises Taken, by name, for values that somebody else has."""
    try:
        with one_transaction():
            person.save(**how)
    except IntegrityError as error:
        taken = violated_fields(error) & {"username", "email", "uid"}
        if not taken:
            raise
        raise Taken(partial(refuse_taken, person, changed), **dict.fromkeys(taken, TAKEN)) from error
    return person


def _administers(person: User) -> bool:
    return person.inst_admin and person.login_allowed and _can_sign_in(person)


def _refuse_last_administrator(person: User) -> None:
    """Conflict when nobody else could administer the institution.

    Because of the lock, of two administrators who leave at the same time the second is refused.
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


def _may_sign_in(person: User) -> bool:
    return person.is_active and (person.login_allowed or person.is_staff)


def _refuse_last_global_administrator(person: User) -> None:
    """Conflict when nobody else could administer the installation.

    All global administrators are locked by now: of two who remove each other at the same time the second is refused.
    """
    if not User.objects.filter(_ADMINISTERS_ALL).exclude(pk=person.pk).exists():
        raise Conflict("This is the last global administrator who can sign in.")


def _uid_changed(person: User, before: str, *, of_institution: bool) -> None:
    """VLEs in whose courses the person is go on to send the uid from before a change that is not theirs."""
    links = apps.get_model("courses.CourseLearner"), apps.get_model("courses.CourseInstructor")  # of a layer above
    if of_institution and any(
        each._default_manager.filter(**{role: person.pk}).exists()
        for each, role in zip(links, (LEARNER, INSTRUCTOR), strict=True)
    ):
        former_uid_kept(person=person, uid_key=before)


def _refuse_move(person: User) -> None:
    """Conflict when rows of the present institution refer to the person."""
    bound = [amount_of(rows.model, rows.count()) for rows in _inside_institution(person) if rows.exists()]
    if person.inst_admin or person.legal_admin or person.send_admin or person.data_admin:
        bound.append("administrative rights")
    if person.institution_id is not None and bound:
        raise Conflict(f"This person cannot leave the institution: there are {', '.join(sorted(bound))}.")


def _inside_institution(person: User) -> list[QuerySet]:
    """Rows that refer to the person and belong to an institution themselves."""
    references = [rows for _, rows in referring(person)]
    return [rows for rows in references if any(field.name == "institution" for field in rows.model._meta.fields)]


def _role_erase(person: User, role: str) -> None:
    """Delete the role and what belongs to it, if the person has it; for learners also their files. All is locked."""
    row = getattr(person, role, None)
    if row is not None:
        type(row)._default_manager.filter(pk=row.pk).delete()
    if role == LEARNER:
        files_erase(files=StoredFile.objects.filter(owner=person.pk))


def _account_erase(person: User) -> None:
    User.objects.filter(pk=person.pk).delete()
