"""The values of a person: normalising, validating and comparing them, and generating user names."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet

from institutions.models import Institution, User
from institutions.services.mail import mail_domain_refuses
from institutions.services.oidc import is_admitted
from kernel.constraints import refuse_violations
from kernel.many import Among
from kernel.text import as_identifier, identifier_key, language_in, validate_line

FLAGS = ("inst_admin", "legal_admin", "send_admin", "data_admin")
TEXTS = ("username", "first_name", "last_name", "email", "uid", "locale")
_GUARDED = frozenset({"first_name", "last_name", "email"})
_LONGEST_USERNAME = 150
_NOT_IN_USERNAMES = re.compile(r"[^\w.@+-]+")


def cleaned(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they are stored: a missing name is "", a missing e-mail null, identifiers normalised.

    What is no language code is replaced by the code at its beginning or by null.
    """
    stored_values = dict(values)
    for name in stored_values.keys() & {"first_name", "last_name"}:
        stored_values[name] = stored_values[name] or ""
    if "email" in stored_values:
        stored_values["email"] = as_identifier(stored_values["email"] or "") or None
    if "uid" in stored_values:
        stored_values["uid"] = as_identifier(stored_values["uid"] or "")
    if "locale" in stored_values:
        stored_values["locale"] = language_in(stored_values["locale"])
    if "username" in stored_values:
        stored_values["username"] = as_identifier(User.normalize_username(stored_values["username"]))
    return stored_values


def values_taken(person: User, values: dict[str, Any]) -> dict[str, Any]:
    """The values that imports and roles may write: all but names and e-mail of guarded people (`is_guarded`).

    Such people sign in with their e-mail, so it is only changed directly, in the API's resources of people.
    """
    if values.keys() & _GUARDED and is_guarded(person):
        return {name: value for name, value in values.items() if name not in _GUARDED}
    return values


def is_guarded(person: User) -> bool:
    """Whether the person has a right or a way to sign in, to which a change of the e-mail would lead somebody else."""
    has_own = person.has_flag or person.login_allowed or person.is_staff or person.has_usable_password()
    return has_own or is_admitted(person)


def is_same(email: str | None, other: str | None) -> bool:
    """Whether the two are one address, or both none."""
    return identifier_key(email or "") == identifier_key(other or "")


class Compared(NamedTuple):
    """Values that change a person, and names of values that differ but are ignored (see `values_taken`)."""

    changed: dict[str, Any]
    ignored: list[str]


def values_compared(person: User, values: dict[str, Any]) -> Compared:
    different = {name: value for name, value in cleaned(values).items() if getattr(person, name) != value}
    changed = values_taken(person, different)
    return Compared(changed, sorted(different.keys() - changed.keys()))


def refuse_taken(person: User, changed: Collection[str]) -> None:
    """Raise ValidationError with all violated constraints, by name."""
    errors: dict[str, list[ValidationError]] = {}
    with _under(errors):
        refuse_violations(person, TEXTS)
    if "username" not in changed:  # a generated name, of which there are others
        errors.pop("username", None)
    if errors:
        raise ValidationError(errors)


def refuse_malformed(person: User, changed: set[str], password: str | None = None) -> None:
    """Raise ValidationError with everything that is wrong with the changed values or the new password, by name.

    Needs no query. Values that pass fit into the columns; whether they are unique is checked by `refuse_taken`.
    """
    errors = _malformed(person, changed)
    if person.institution_id is not None and not person.uid:
        errors["uid"] = [ValidationError("A person of an institution needs a uid.")]
    for name in FLAGS:
        if person.institution_id is None and getattr(person, name):
            errors[name] = [ValidationError("Only a person of an institution can hold this right.")]
    if changed & {"email", "institution"}:
        with _under(errors, "email"):
            _refuse_address(person.institution, person.email or "")
    if password is not None:
        with _under(errors, "password"):
            validate_password(password, person)
    if errors:
        raise ValidationError(errors)


def _malformed(person: User, changed: set[str]) -> dict[str, list[ValidationError]]:
    """What is wrong with the changed values. Without `_under`, which takes longer than looking at valid ones."""
    errors: dict[str, list[ValidationError]] = {}
    try:
        person.clean_fields(exclude=_unchanged(frozenset(changed)))
    except ValidationError as error:
        error.update_error_dict(errors)
    for name in changed.intersection(TEXTS):
        try:
            validate_line(getattr(person, name) or "")
        except ValidationError as error:
            ValidationError({name: error}).update_error_dict(errors)
    return errors


@lru_cache(maxsize=64)
def _unchanged(changed: frozenset[str]) -> frozenset[str]:
    """The names of the other fields."""
    return frozenset(field.name for field in User._meta.fields) - changed


@contextmanager
def _under(errors: dict[str, list[ValidationError]], name: str | None = None) -> Iterator[None]:
    """Collect what is raised inside, under the name when it names no fields itself."""
    try:
        yield
    except ValidationError as error:
        (ValidationError({name: error}) if name else error).update_error_dict(errors)


def _refuse_address(institution: Institution | None, email: str) -> None:
    if not email.isascii():  # databases fold the case of other letters differently: one address would count as two
        raise ValidationError("Only ASCII characters are accepted; write the domain in its xn-- form.")
    if institution is not None and mail_domain_refuses(institution, email):
        raise ValidationError("The institution does not accept addresses of this domain.")


def usernames(institution: Institution, uid: str, email: str | None) -> Iterator[str]:
    """Names to try, in this order: the e-mail, `<acronym>-<uid>`, then numbered names that are not in use."""
    address = _address(email)
    if address:
        yield address
    stem = _generated_name(institution, uid)
    yield stem
    yield from _numbered_names(institution, stem)


def usernames_together(institution: Institution, people: Mapping[str, str | None]) -> dict[str, str]:
    """{uid: the first unused of its `usernames`} for all of {uid: e-mail}, no name twice."""
    preferred = {uid: _address(email) or _generated_name(institution, uid) for uid, email in people.items()}
    taken = {*_usernames_in_use(institution, {*preferred.values()})}
    others: dict[str, Iterator[str]] = {}
    chosen = {}
    for uid, name in preferred.items():
        if name in taken:
            stem = _generated_name(institution, uid)
            names = others.setdefault(stem, _unused_names(institution, stem))
            name = next(other for other in names if other not in taken)
        taken.add(name)
        chosen[uid] = name
    return chosen


def _address(email: str | None) -> str | None:
    """The e-mail as a user name; None when it is no valid one."""
    address = identifier_key(email or "")
    return address if 0 < len(address) <= _LONGEST_USERNAME and not _NOT_IN_USERNAMES.search(address) else None


def _generated_name(institution: Institution, uid: str) -> str:
    return _NOT_IN_USERNAMES.sub("-", User.normalize_username(f"{institution.acronym}-{uid}"))[:_LONGEST_USERNAME]


def _usernames_in_use(institution: Institution, names: Collection[str]) -> QuerySet[User, str]:
    rows = User.objects.filter(Among(F("username"), names), institution=institution)
    return rows.values_list("username", flat=True)


def _unused_names(institution: Institution, stem: str) -> Iterator[str]:
    if not _usernames_in_use(institution, [stem]).exists():
        yield stem
    yield from _numbered_names(institution, stem)


def _numbered_names(institution: Institution, stem: str) -> Iterator[str]:
    rows = User.objects.filter(institution=institution, username__startswith=stem[:100])
    taken = set(rows.values_list("username", flat=True))
    number = 1
    while True:
        number += 1
        ending = f"-{number}"
        name = stem[: _LONGEST_USERNAME - len(ending)] + ending
        if name not in taken:
            yield name
