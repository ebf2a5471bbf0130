"""Many people of an institution at once, as lists of participants bring them."""

from collections.abc import Collection
from typing import NamedTuple

from django.db import IntegrityError, transaction

from institutions.models import Institution, User
from institutions.services.person_values import refuse_malformed, usernames_together
from tesla_api.api.batches import batched
from tesla_api.api.constraints import violated_fields
from tesla_api.api.domain import Conflict


class Roster(NamedTuple):
    """{uid: person's id} of who was found and of who was made, and the uids that are global administrators'."""

    found: dict[str, int]
    made: dict[str, int]
    refused: set[str]


@transaction.atomic
def people_listed(*, institution: Institution, uids: Collection[str]) -> Roster:
    """The people with these uids. Who is not there is made, without names and e-mail and unable to sign in.

    Of who is there nothing is changed. Conflict when somebody else writes the same people at this moment: what was
    asked for can be asked for again.
    """
    known = User.objects.filter(institution=institution).values_list("uid", "pk", "is_staff")
    rows = [row for part in batched(uids) for row in known.filter(uid__in=part)]
    missing = sorted({*uids}.difference(uid for uid, _, _ in rows))
    return Roster(
        found={uid: pk for uid, pk, is_staff in rows if not is_staff},
        made=_made(institution, missing),
        refused={uid for uid, _, is_staff in rows if is_staff},
    )


def _made(institution: Institution, uids: list[str]) -> dict[str, int]:
    people = []
    for uid, username in usernames_together(institution, uids).items():
        person = User(institution=institution, uid=uid, username=username)
        person.set_unusable_password()
        refuse_malformed(person, {"uid", "username"})
        people.append(person)
    try:
        with transaction.atomic():
            User.objects.bulk_create(people)
    except IntegrityError as error:
        taken = violated_fields(error) & {"uid", "username"}
        if not taken:
            raise
        raise Conflict("Somebody else is writing the same people at this moment.") from error
    return {person.uid: person.pk for person in people}
