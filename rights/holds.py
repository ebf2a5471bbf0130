"""Whose data must not be erased, because of a legal hold."""

from django.db.models import QuerySet

from kernel.domain import Conflict
from rights.models import LegalHold, in_force

HELD = "A legal hold keeps what is stored about this person: it has to be released first."


def held_people(institution: int) -> QuerySet[LegalHold, int]:
    """The keys of the accounts with a hold in force: `exclude(learner_id__in=held_people(institution))`."""
    return LegalHold.objects.filter(in_force(), institution=institution).values_list("person_id", flat=True)


def is_held(person: int) -> bool:
    return LegalHold.objects.filter(in_force(), person=person).exists()


def refuse_held(person: int) -> None:
    """Conflict while there is a hold in force."""
    if is_held(person):
        raise Conflict(HELD)
