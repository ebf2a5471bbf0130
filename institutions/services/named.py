"""Whom a uid means that a VLE sends.

VLEs go on to send the name by which they know a person, though the institution knows the same person by another one:
because two accounts were merged, or because an import has brought the person with a uid of its own and the plugin takes
the e-mail address for the uid.
"""

from typing import Any

from django.db.models import Subquery
from django.db.models.functions import Coalesce

from institutions.models import FormerUid, User
from kernel.text import identifier_key


def person_meant(institution_id: int, uid_key: Any) -> Coalesce:
    """The key of the person of the institution, or null, as an expression: later parts are only evaluated on a miss.

    Who has the uid; else whose merged account had it; else whose e-mail address it is. No VLE reaches by this more
    people than by their uids: every VLE may add people of its institution to its courses.
    """
    people = User.objects.filter(institution=institution_id)
    former = FormerUid.objects.filter(institution=institution_id, uid_key=uid_key)
    return Coalesce(
        Subquery(people.filter(uid=uid_key).values("pk")),
        Subquery(former.values("person")),
        Subquery(people.filter(email=uid_key).values("pk")),
    )


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
