"""Whom a uid means that is not, or no longer, that of an account.

VLEs and tables go on to send the name by which they know a person, though the institution knows the same person by
another one: because two accounts were merged, because an administrator has changed the uid, or because an import has
brought the person with a uid of its own and the plugin takes the e-mail address for the uid.
"""

from collections.abc import Collection
from typing import Any

from django.db.models import F, Subquery
from django.db.models.functions import Coalesce

from institutions.models import FormerUid, Institution, User
from kernel.domain import Invalid, Unknown
from kernel.many import Among
from kernel.text import identifier_key
from kernel.writes import one_transaction


def person_meant(institution_id: int, uid_key: Any) -> Coalesce:
    """The key of the person of the institution whom a VLE means, or null, as an expression.

    Whom the uid names; else whose e-mail address it is. No VLE reaches by this more people than by their uids: every
    VLE may add people of its institution to its courses.
    """
    by_address = User.objects.filter(institution=institution_id, email=uid_key)
    return Coalesce(*_ways(institution_id, uid_key), Subquery(by_address.values("pk")))


def person_named(institution_id: int, uid_key: Any) -> Coalesce:
    """The key of the person of the institution who has the uid, else of who had it, or null, as an expression."""
    return Coalesce(*_ways(institution_id, uid_key))


def _ways(institution_id: int, uid_key: Any) -> tuple[Subquery, Subquery]:
    """Of a Coalesce, which evaluates the later ones only on a miss."""
    people = User.objects.filter(institution=institution_id)
    former = FormerUid.objects.filter(institution=institution_id, uid_key=uid_key)
    return (
        Subquery(people.filter(uid=uid_key).values("pk")),
        Subquery(former.values("person")),
    )


def people_formerly(*, institution: Institution, uid_keys: Collection[str]) -> dict[str, User]:
    """{uid_key: the person who had it} of those of these keys that somebody had. Who has one now is not looked for."""
    rows = FormerUid.objects.filter(Among(F("uid_key"), uid_keys), institution=institution).select_related("person")
    return {row.uid_key: row.person for row in rows}


def former_uid_kept(*, person: User, uid_key: str) -> None:
    """The uid, which nobody has any more, goes on to mean the person."""
    home: Any = person.institution_id
    row = FormerUid(institution_id=home, uid_key=uid_key, person=person)
    FormerUid.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["institution", "uid_key"], update_fields=["person"]
    )


def former_uid_taken_over(*, person: User) -> None:
    """The present uid of the person is no former one besides. Invalid if it was somebody else's, whom it still means.

    To be called after the person was saved: until then a uid that is being given up is not yet a former one.
    """
    row = FormerUid.objects.filter(institution=person.institution_id, uid_key=person.uid_key).first()
    if row is None:
        return
    if row.person_id != person.pk:
        known_as = User.objects.values_list("uid", flat=True).get(pk=row.person_id)
        text = "A person who is known as {} now had this uid, and VLEs and imports that send it mean that person."
        raise Invalid(uid=f"{text.format(known_as)} Forget it on that person's page first, among the former ids.")
    row.delete()


def former_uids_of(person: User) -> list[str]:
    return [*person.former_uids.order_by("pk").values_list("uid_key", flat=True)]


@one_transaction()
def former_uid_delete(*, person: User, uid: str) -> None:
    """The uid means the person no more. Unknown if it did not."""
    key = identifier_key(uid)  # it may have characters that no database can look for
    row = next((row for row in person.former_uids.order_by("pk") if row.uid_key == key), None)
    if row is None:
        raise Unknown("This is no former uid of the person.")
    row.delete()


def is_meant(person: User, uid_key: str) -> bool:
    """Whether a uid means this person of an institution."""
    home: Any = person.institution_id
    return uid_key == person.uid_key or User.objects.filter(pk=person.pk, id=person_meant(home, uid_key)).exists()


def without_other_address(person: User, uid: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values for a person whom the uid means. Who was found by the address keeps it, or would be lost by it."""
    key = identifier_key(uid)
    if key == person.email_key and key != person.uid_key:
        return {name: value for name, value in values.items() if name != "email"}
    return values
