"""The values of a person: how they are stored, what they must be, which are taken over, and new user names."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from institutions.models import Institution, User
from institutions.services.mail import mail_domain_refuses
from kernel.batches import batched
from kernel.constraints import TAKEN, refuse_violations
from kernel.text import validate_line

FLAGS = ("inst_admin", "legal_admin", "send_admin", "data_admin")
TEXTS = ("username", "first_name", "last_name", "email", "uid", "locale")
_LONGEST_USERNAME = 150
_NOT_IN_USERNAMES = re.compile(r"[^\w.@+-]+")


def cleaned(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they are stored: a missing name is "", a missing e-mail null, a user name normalised."""
    found = dict(values)
    for name in found.keys() & {"first_name", "last_name"}:
        found[name] = found[name] or ""
    if "email" in found:
        found["email"] = found["email"] or None
    if "username" in found:
        found["username"] = User.normalize_username(found["username"])
    return found


def values_taken(person: User, values: dict[str, Any]) -> dict[str, Any]:
    """Of what is said of a person by the way, that which is taken over.

    Names and e-mail of somebody who holds a flag or a password are changed on purpose only: they open the account.
    """
    if person.has_flag or person.has_usable_password():
        return {name: value for name, value in values.items() if name not in {"first_name", "last_name", "email"}}
    return values


class Compared(NamedTuple):
    """Values that would change a person, and names of others that would but are not taken over."""

    changed: dict[str, Any]
    ignored: list[str]


def values_compared(person: User, values: dict[str, Any]) -> Compared:
    different = {name: value for name, value in cleaned(values).items() if getattr(person, name) != value}
    changed = values_taken(person, different)
    return Compared(changed, sorted(different.keys() - changed.keys()))


def refuse_taken(person: User, changed: Collection[str]) -> None:
    """Raise ValidationError with everything that the database forbids, by name."""
    errors: dict[str, list[ValidationError]] = {}
    with _under(errors):
        refuse_violations(person, TEXTS)
    if "username" in changed and User.objects.filter(username=person.username).exclude(pk=person.pk).exists():
        errors["username"] = [ValidationError(TAKEN)]
    if errors:
        raise ValidationError(errors)


def refuse_malformed(person: User, changed: set[str], password: str | None = None) -> None:
    """Raise ValidationError with everything that is wrong with the changed values or the new password, by name.

    Without asking the database, which can hold what passes; see `refuse_taken`.
    """
    errors: dict[str, list[ValidationError]] = {}
    with _under(errors):
        person.clean_fields(exclude={field.name for field in User._meta.fields} - changed)
    for name in changed.intersection(TEXTS):
        with _under(errors, name):
            validate_line(getattr(person, name) or "")
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
            _refuse_password(person, password)
    if errors:
        raise ValidationError(errors)


@contextmanager
def _under(errors: dict[str, list[ValidationError]], name: str | None = None) -> Iterator[None]:
    """Collect what is raised inside, under the name when it names no fields itself."""
    try:
        yield
    except ValidationError as error:
        (ValidationError({name: error}) if name else error).update_error_dict(errors)


def _refuse_address(institution: Institution | None, email: str) -> None:
    if not email.isascii():  # databases fold other letters each in its own way: one address would become two
        raise ValidationError("Only ASCII characters are accepted; write the domain in its xn-- form.")
    if institution is not None and mail_domain_refuses(institution, email):
        raise ValidationError("The institution does not accept addresses of this domain.")


def _refuse_password(person: User, password: str) -> None:
    if not (person.login_allowed or person.is_staff):
        raise ValidationError("This person is not allowed to sign in.")
    validate_password(password, person)


def usernames(institution: Institution, uid: str, email: str | None) -> Iterator[str]:
    """Names to try, the best first: the e-mail, then `<acronym>-<uid>`, then such as nobody has at this moment."""
    address = _address(email)
    if address:
        yield address
    stem = _stem(institution, uid)
    yield stem
    yield from _numbered(stem)


def usernames_together(institution: Institution, people: Mapping[str, str | None]) -> dict[str, str]:
    """{uid: the first of these names} for all of {uid: e-mail}, no name twice."""
    best = {uid: _address(email) or _stem(institution, uid) for uid, email in people.items()}
    taken = {name for part in batched({*best.values()}) for name in _held(part)}
    others: dict[str, Iterator[str]] = {}
    made = {}
    for uid, name in best.items():
        stem = _stem(institution, uid)
        while name in taken:
            name = next(others.setdefault(stem, _free(stem)))
        taken.add(name)
        made[uid] = name
    return made


def _address(email: str | None) -> str | None:
    """The e-mail as a user name, if it can be one."""
    address = (email or "").lower()
    return address if 0 < len(address) <= _LONGEST_USERNAME and not _NOT_IN_USERNAMES.search(address) else None


def _stem(institution: Institution, uid: str) -> str:
    return _NOT_IN_USERNAMES.sub("-", User.normalize_username(f"{institution.acronym}-{uid}"))[:_LONGEST_USERNAME]


def _held(names: Collection[str]) -> QuerySet[User, str]:
    return User.objects.filter(username__in=names).values_list("username", flat=True)


def _free(stem: str) -> Iterator[str]:
    if not _held([stem]).exists():
        yield stem
    yield from _numbered(stem)


def _numbered(stem: str) -> Iterator[str]:
    known = set(User.objects.filter(username__startswith=stem[:100]).values_list("username", flat=True))
    number = 1
    while True:
        number += 1
        ending = f"-{number}"
        name = stem[: _LONGEST_USERNAME - len(ending)] + ending
        if name not in known:
            yield name
