"""Whose data must not be erased, because of a legal hold."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from courses.models import Activity, AssessmentSession
from institutions.models import Institution
from institutions.services.keeping import keeps
from kernel.domain import Conflict
from kernel.zones import today_in
from reports.models import Alert, Report, Request
from rights.models import LegalHold, in_force

HELD = "A legal hold keeps what is stored about this person: it has to be released first."


def held_people(institution: int) -> QuerySet[LegalHold, int]:
    """The keys of the accounts with a hold in force: `exclude(learner_id__in=held_people(institution))`."""
    zones = Institution.objects.filter(pk=institution).values_list("time_zone", flat=True)
    zone = next(iter(zones), "UTC")  # of none that is gone meanwhile, with its people
    holds = LegalHold.objects.filter(in_force(today_in(zone)), institution=institution)
    return holds.values_list("person_id", flat=True)


def is_held(person: int) -> bool:
    return _any_in_force(LegalHold.objects.filter(person=person))


def _any_in_force(holds: QuerySet[LegalHold]) -> bool:
    """Of few holds, in one statement."""
    return any(hold.is_in_force for hold in holds.filter(released_at=None).select_related("institution"))


@keeps
def refuse_held(person: int) -> None:
    """Conflict while there is a hold in force."""
    if is_held(person):
        raise Conflict(HELD)


def refuse_held_in(activity: Activity) -> None:
    """Conflict while there is a hold in force of anybody whose work in the activity would go with it."""
    of_activity = Q(
        *(
            Q(Exists(rows.objects.filter(activity=activity, learner=OuterRef("person"))))
            for rows in (AssessmentSession, Request, Alert, Report)
        ),
        _connector=Q.OR,
    )
    if _any_in_force(LegalHold.objects.filter(of_activity, institution=activity.institution_id)):
        raise Conflict("A legal hold keeps the work of a learner in it: it has to be released first.")
