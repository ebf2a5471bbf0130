"""Legal holds: set and released by data administrators. Whoever changes one locks the person before it."""

from datetime import date

from django.utils import timezone

from institutions.models import Institution, User
from kernel.domain import Conflict, Invalid, Unknown
from kernel.locks import Lock, locked_rows
from kernel.writes import one_transaction
from kernel.zones import today_in
from rights.models import LegalHold


@one_transaction()
def hold_create(
    *, institution_id: int, person_id: int, reason: str, by_id: int, until: date | None = None
) -> LegalHold:
    """Let nothing that is held about the person be erased, until the end of this day of the institution's time zone.

    Conflict while another hold is in force.
    """
    if not locked_rows(User.objects.filter(pk=person_id, institution=institution_id), Lock.CHANGE):
        raise Invalid(person_id=f'Invalid pk "{person_id}" - object does not exist.')
    today = today_in(Institution.objects.values_list("time_zone", flat=True).get(pk=institution_id))
    if until is not None and until < today:
        raise Invalid(until="This is in the past.")
    holds = LegalHold.objects.filter(person=person_id, released_at=None)
    holds.filter(until__lt=today).update(released_at=timezone.now())  # it is over: this one takes its place
    if holds.exists():
        raise Conflict("This person is under a legal hold already: release that one first.")
    return LegalHold.objects.create(
        institution_id=institution_id, person_id=person_id, reason=reason, until=until, set_by_id=by_id
    )


@one_transaction()
def hold_release(*, hold: LegalHold, by_id: int, reason: str) -> LegalHold:
    """The hold is over, for this reason; a second time it is no change."""
    if not locked_rows(LegalHold.objects.filter(pk=hold.pk), Lock.CHANGE):
        raise Unknown("There is no such hold any more.")
    stored = LegalHold.objects.get(pk=hold.pk)
    if stored.released_at is None:
        stored.released_at, stored.released_by_id, stored.release_reason = timezone.now(), by_id, reason
        stored.save(update_fields=["released_at", "released_by_id", "release_reason", "updated_at"])
    return stored


def holds_joined(kept: LegalHold, gone: LegalHold) -> None:
    """Two accounts of a person become one: the hold that is kept lasts as long as both."""
    if kept.until is not None:
        kept.until = None if gone.until is None else max(kept.until, gone.until)
    kept.reason = f"{kept.reason}\n{gone.reason}"
    kept.save(update_fields=["until", "reason", "updated_at"])
