"""Many people of an institution at once, as lists of participants bring them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from secrets import token_urlsafe
from typing import Any, NamedTuple

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from institutions.models import Institution, Instructor, User
from institutions.services.named import people_formerly
from institutions.services.oidc import with_admission
from institutions.services.people import (
    GLOBAL_ADMINISTRATOR,
    INSTRUCTOR,
    ROLES,
)
from institutions.services.person_values import FLAGS, TEXTS, cleaned, refuse_malformed, usernames_together
from kernel.batches import batched
from kernel.constraints import TAKEN, violated_fields
from kernel.domain import Conflict
from kernel.fields import with_derived
from kernel.locks import Lock, locked_rows, locking
from kernel.many import Among, rows_inserted, rows_updated
from kernel.text import identifier_key
from kernel.writes import one_transaction

_INSERTED = (*TEXTS, "password")
# What decides whether values are taken over, and the values themselves.
_COMPARED = ("first_name", "last_name", "email", "locale", "password", "login_allowed", "is_staff", *FLAGS)


class Roster(NamedTuple):
    """{uid: person's id} of existing and of created people, {uid: reason} of refused ones."""

    existing: dict[str, int]
    created: dict[str, int]
    refused: dict[str, str]


@one_transaction()
def people_listed(*, institution: Institution, uids: Collection[str]) -> Roster:
    """The people who have these uids, or had them. Missing ones are created.

    They have neither names nor e-mail and cannot sign in. Values of existing people are not changed; no VLE renames
    them from here on.
    """
    known = User.objects.filter(institution=institution).values_list("uid_key", "pk", "is_staff")
    keys = {uid: identifier_key(uid) for uid in uids}
    rows = {key: row for part in batched({*keys.values()}) for key, *row in known.filter(uid_key__in=part)}
    for part in batched({*keys.values()} - rows.keys()):
        former = people_formerly(institution=institution, uid_keys=part)
        rows |= {key: [person.pk, person.is_staff] for key, person in former.items()}
    missing = sorted(uid for uid, key in keys.items() if key not in rows)
    created, malformed = people_create(institution=institution, people={uid: {} for uid in missing})
    found = {uid: rows[key] for uid, key in keys.items() if key in rows}
    for part in batched(sorted({pk for pk, _ in found.values()})):
        brought = locked_rows(User.objects.filter(pk__in=part, brought_by_vle__isnull=False), Lock.CHANGE)
        User.objects.filter(pk__in=brought).update(brought_by_vle=None)
    return Roster(
        existing={uid: pk for uid, (pk, is_staff) in found.items() if not is_staff},
        created=created,
        refused=malformed | {uid: GLOBAL_ADMINISTRATOR for uid, (_, is_staff) in found.items() if is_staff},
    )


@one_transaction()
def people_create(
    *, institution: Institution, people: Mapping[str, dict[str, Any]]
) -> tuple[dict[str, int], dict[str, str]]:
    """Create people, unable to sign in, of {uid: values}: {uid: person's id}, and {uid: reason} of refused ones.

    Conflict, and nobody is created, when another transaction writes the same people at this moment.
    """
    ready, refused = _prepared(institution, people)
    with _conflicts():
        _insert(institution, [*ready.values()])
    return {uid: person.pk for uid, person in ready.items()}, refused


def _prepared(institution: Institution, people: Mapping[str, dict[str, Any]]) -> tuple[dict[str, User], dict[str, str]]:
    """Unsaved people by uid, and {uid: what is wrong} of the others."""
    emails = {uid: values.get("email") for uid, values in people.items()}
    wanted = {identifier_key(email) for email in emails.values() if email}
    emails_in_use = {*emails_owned(institution=institution, emails=wanted)}
    names = usernames_together(institution, emails)
    ready, refused, uid_keys = {}, {}, set()
    for uid, values in people.items():
        values = cleaned({"uid": uid, "username": names[uid], **values})
        person = User(institution=institution, **values)
        person.set_unusable_password()
        address = person.email_key
        try:
            refuse_malformed(person, {*values})
            if person.uid_key in uid_keys:  # another spelling of a uid before it
                raise ValidationError({"uid": TAKEN})
            if address and address in emails_in_use:
                raise ValidationError({"email": TAKEN})
        except ValidationError as error:
            refused[uid] = " ".join(f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts)
        else:
            ready[uid] = person
            uid_keys.add(person.uid_key)
            emails_in_use |= {address} if address else set()
    return ready, refused


@one_transaction()
def instructors_add(*, institution: Institution, person_ids: Collection[int], are_new: bool = False) -> int:
    """Make instructors of those of these people of the institution who are none; answer their number.

    `are_new`: they were created in this transaction, so that they have no role and need no lock.
    """
    keys = person_ids if are_new else people_without(role=INSTRUCTOR, institution=institution, person_ids=person_ids)
    rows = [(key,) for key in keys]
    # A transaction that we waited for may have added it.
    rows_inserted(Instructor, ("user",), rows, same={"institution": institution.pk}, passes_over_taken=True)
    return len(rows)


def people_without(*, role: str, institution: Institution, person_ids: Collection[int]) -> list[int]:
    """Those of these people of the institution who lack the role, locked until the transaction ends."""
    rows = User.objects.filter(institution=institution, **{role: None}).order_by("pk")
    locked = rows.select_for_update(of=("self",)).values_list("pk", flat=True)
    return [key for part in batched(sorted(person_ids)) for key in locked.filter(pk__in=part)]


def people_with_uids(*, institution: Institution, uids: Collection[str]) -> Iterator[tuple[User, set[str]]]:
    """The people with these uids, each with the roles that the person has; nothing is locked."""
    rows = with_admission(User.objects.annotate(**{f"{role}_key": F(f"{role}__pk") for role in ROLES}))
    for person in rows.filter(Among(F("uid_key"), map(identifier_key, uids)), institution=institution):
        person.institution = institution
        yield person, {role for role in ROLES if getattr(person, f"{role}_key") is not None}


def emails_owned(*, institution: Institution, emails: Collection[str]) -> dict[str, int]:
    """{e-mail: person's id} of those of these e-mails, given as keys, that belong to somebody of the institution."""
    rows = User.objects.filter(Among(F("email_key"), emails), institution=institution)
    return dict(rows.values_list("email_key", "pk"))


@one_transaction()
def people_insert(*, institution: Institution, people: Sequence[User]) -> None:
    """Insert new people whose values were checked. They get user names, and cannot sign in.

    Conflict when another transaction writes the same people at this moment.
    """
    if not people:
        return
    names = usernames_together(institution, {person.uid: person.email for person in people})
    for person in people:
        person.username = names[person.uid]
        # As `set_unusable_password`, with one call for random bytes instead of forty.
        person.password = f"{UNUSABLE_PASSWORD_PREFIX}{token_urlsafe(30)}"
    with _conflicts():
        _insert(institution, people)


def _insert(institution: Institution, people: Sequence[User]) -> None:
    """Insert these people with their texts; they have no rights."""
    rows = [[getattr(person, name) for name in _INSERTED] for person in people]
    keys = rows_inserted(User, _INSERTED, rows, same={"institution": institution.pk})
    for person, key in zip(people, keys, strict=True):
        person.pk = key


class PersonChange(NamedTuple):
    """A person with new values that were checked, the stored ones by name, and the names of those that differ."""

    person: User
    stored: Mapping[str, Any]
    changed: Collection[str]


@one_transaction()
def people_change(*, institution: Institution, changes: Sequence[PersonChange]) -> None:
    """Change people, who stay locked until the transaction ends; nothing but the lock if no value changes.

    Conflict when another transaction has changed one of them meanwhile, or takes an e-mail at this moment.
    """
    rows = User.objects.filter(institution=institution, pk__in=[change.person.pk for change in changes]).order_by("pk")
    locked = {row["pk"]: row for row in locking(rows, self=Lock.CHANGE).values("pk", *_COMPARED)}
    for person, stored, _ in changes:
        before = {name: stored[name] if name in stored else getattr(person, name) for name in _COMPARED}
        if locked.get(person.pk) != before | {"pk": person.pk}:
            raise Conflict("Somebody else is changing the same people at this moment.")
    rows.exclude(brought_by_vle=None).update(brought_by_vle=None)  # the institution itself knows them by their uids
    changing = [change for change in changes if change.changed]
    if not changing:
        return
    # An e-mail that goes from one of them to another is free in between.
    moved = [change.person.pk for change in changing if "email" in change.changed and change.stored["email"]]
    with _conflicts():
        if moved:
            User.objects.filter(pk__in=moved).update(email=None, search_text="")  # until they are written below
        columns = with_derived(User, sorted({name for change in changing for name in change.changed}))
        now = timezone.now()
        rows_updated(
            User,
            (*columns, "updated_at"),
            {person.pk: (*(getattr(person, name) for name in columns), now) for person, *_ in changing},
        )


@contextmanager
def _conflicts() -> Iterator[None]:
    """A value that somebody else has taken meanwhile is a Conflict."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if not violated_fields(error) & {"uid", "username", "email"}:
            raise
        raise Conflict("Somebody else is writing the same people at this moment.") from error
