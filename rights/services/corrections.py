"""Corrections: people ask for them, and administrators answer, who may change no more by it than otherwise."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from institutions.models import User
from institutions.services.people import person_locked, person_update
from institutions.services.person_values import cleaned, refuse_malformed
from kernel.changes import changes_between, values_of
from kernel.domain import Conflict, Invalid, Unknown
from kernel.locks import Lock, locked_rows
from kernel.writes import one_transaction
from rights.models import Correction


@one_transaction()
def correction_create(*, person_id: int, field: str, wanted: str, reason: str, sent_by: int | None) -> Correction:
    """Ask for another value. Invalid for one that could not be stored, Conflict while the same field is asked about.

    Unknown if the account is gone.

    Whether somebody else has the value is not told: that would say who is here.
    """
    if not locked_rows(User.objects.filter(pk=person_id), Lock.CHANGE):  # of two at once the second sees the first
        raise Unknown("The account is gone.")
    person = User.objects.select_related("institution").get(pk=person_id)
    if Correction.objects.filter(person=person, field=field, state=Correction.State.OPEN).exists():
        raise Conflict("You have asked for this already: wait for the answer, or withdraw it first.")
    before, value = getattr(person, field) or "", cleaned({field: wanted})[field]
    if not value or value == before:
        raise Invalid(wanted="This is what is stored.")
    setattr(person, field, value)
    try:
        refuse_malformed(person, {field}, None)
    except ValidationError as error:
        raise Invalid(wanted=" ".join(error.messages)) from error
    return Correction.objects.create(
        institution_id=person.institution_id, person_id=person_id, field=field, before=before, wanted=value,
        reason=reason, sent_by=sent_by,
    )  # fmt: skip


@one_transaction()
def correction_withdraw(*, correction: Correction) -> None:
    """It is deleted. Conflict once it has been answered."""
    if _locked(correction).state != Correction.State.OPEN:
        raise Conflict("This has been answered: there is nothing left to withdraw.")
    Correction.objects.filter(pk=correction.pk).delete()


@one_transaction()
def correction_accept(
    *, correction: Correction, by_id: int, may: Collection[str] | None
) -> tuple[Correction, dict[str, Any]]:
    """Change the account as it is asked for, as a change by this administrator, who may change `may` (None: all).

    Answers what has changed, too.
    """
    person = person_locked(person_id=correction.person_id)
    stored = _locked(correction)
    _refuse_unless_open(stored)
    before = values_of(person)
    values: dict[str, Any] = {stored.field: stored.wanted}
    changed = person_update(person=person, may=may, is_locked=True, **values)
    return _answered(stored, Correction.State.ACCEPTED, by_id), changes_between(before, values_of(changed))


@one_transaction()
def correction_refuse(*, correction: Correction, by_id: int, answer: str) -> Correction:
    """Say why nothing is changed."""
    locked_rows(User.objects.filter(pk=correction.person_id), Lock.REFERENCE)
    stored = _locked(correction)
    _refuse_unless_open(stored)
    return _answered(stored, Correction.State.REFUSED, by_id, answer)


def _locked(correction: Correction) -> Correction:
    rows = Correction.objects.filter(pk=correction.pk)
    if not locked_rows(rows, Lock.CHANGE):
        raise Unknown("It was withdrawn.")
    return rows.get()


def _refuse_unless_open(correction: Correction) -> None:
    if correction.state != Correction.State.OPEN:
        raise Conflict(f"This has been answered: {Correction.State(correction.state).label}.")


def _answered(correction: Correction, state: Correction.State, by_id: int, answer: str = "") -> Correction:
    correction.state, correction.answer = state, answer
    correction.decided_at, correction.decided_by_id = timezone.now(), by_id
    correction.save(update_fields=["state", "answer", "decided_at", "decided_by_id", "updated_at"])
    return correction
