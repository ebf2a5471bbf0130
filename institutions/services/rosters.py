"""Many people of an institution at once, as lists of participants bring them."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from institutions.models import Institution, Instructor, User
from institutions.services.people import (
    GLOBAL_ADMINISTRATOR,
    INSTRUCTOR,
    person_create,
    person_update,
    person_with_uid,
)
from institutions.services.person_values import (
    Compared,
    cleaned,
    refuse_malformed,
    usernames_together,
    values_compared,
)
from kernel.batches import batched
from kernel.constraints import TAKEN, violated_fields
from kernel.domain import Conflict
from kernel.text import identifier_key
from kernel.writes import one_transaction


class Roster(NamedTuple):
    """{uid: person's id} of existing and of created people, {uid: reason} of refused ones."""

    existing: dict[str, int]
    created: dict[str, int]
    refused: dict[str, str]


@one_transaction()
def people_listed(*, institution: Institution, uids: Collection[str]) -> Roster:
    """The people with these uids. Missing ones are created, without names and e-mail and unable to sign in.

    Existing people are not changed.
    """
    known = User.objects.filter(institution=institution).values_list("uid_key", "pk", "is_staff")
    keys = {uid: identifier_key(uid) for uid in uids}
    rows = {key: row for part in batched({*keys.values()}) for key, *row in known.filter(uid_key__in=part)}
    missing = sorted(uid for uid, key in keys.items() if key not in rows)
    created, malformed = people_create(institution=institution, people={uid: {} for uid in missing})
    found = {uid: rows[key] for uid, key in keys.items() if key in rows}
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
    try:
        with transaction.atomic():
            User.objects.bulk_create(ready.values())
    except IntegrityError as error:
        if not violated_fields(error) & {"uid", "username", "email"}:
            raise
        raise Conflict("Somebody else is writing the same people at this moment.") from error
    return {uid: person.pk for uid, person in ready.items()}, refused


def _prepared(institution: Institution, people: Mapping[str, dict[str, Any]]) -> tuple[dict[str, User], dict[str, str]]:
    """Unsaved people by uid, and {uid: what is wrong} of the others."""
    emails = {uid: values.get("email") for uid, values in people.items()}
    emails_in_use, names = _emails_in_use(institution, emails.values()), usernames_together(institution, emails)
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
            if address in emails_in_use:
                raise ValidationError({"email": TAKEN})
        except ValidationError as error:
            refused[uid] = " ".join(f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts)
        else:
            ready[uid] = person
            uid_keys.add(person.uid_key)
            emails_in_use |= {address} - {None}
    return ready, refused


def _emails_in_use(institution: Institution, emails: Iterable[str | None]) -> set[str | None]:
    """The keys of those of these e-mails that belong to somebody of the institution."""
    rows = User.objects.filter(institution=institution).values_list("email_key", flat=True)
    wanted = {identifier_key(email) for email in emails if email}
    return {key for part in batched(wanted) for key in rows.filter(email_key__in=part)}


@one_transaction()
def instructors_add(*, institution: Institution, person_ids: Collection[int]) -> int:
    """Make instructors of those of these people of the institution who are none; answer their number."""
    keys = people_without(role=INSTRUCTOR, institution=institution, person_ids=person_ids)
    rows = [Instructor(user_id=key, institution=institution) for key in keys]
    Instructor.objects.bulk_create(rows, ignore_conflicts=True)  # a transaction that we waited for may have added it
    return len(rows)


def people_without(*, role: str, institution: Institution, person_ids: Collection[int]) -> list[int]:
    """Those of these people of the institution who lack the role, locked until the transaction ends."""
    rows = User.objects.filter(institution=institution, **{role: None}).order_by("pk")
    locked = rows.select_for_update(of=("self",)).values_list("pk", flat=True)
    return [key for part in batched(sorted(person_ids)) for key in locked.filter(pk__in=part)]


@one_transaction()
def person_upsert(*, institution: Institution, uid: str, **values: Any) -> tuple[User, bool, Compared]:
    """Create or change the person with this uid: the person, whether it is new, and what was changed or ignored."""
    person = person_with_uid(institution=institution, uid=uid)
    if person is None:
        return person_create(institution=institution, uid=uid, **values), True, Compared({}, [])
    compared = values_compared(person, values)
    if compared.changed:
        person = person_update(person=person, is_locked=True, **compared.changed)
    return person, False, compared
