"""Withdrawing the consent: what the learner is told of its effects before, and what has become of the data since."""

from datetime import datetime
from typing import TypedDict

from institutions.models import Institution, OnWithdrawal
from kernel.domain import Conflict, Unknown
from kernel.writes import one_transaction
from learners.models import Learner, Withdrawal
from learners.queries import learner_state
from learners.services import GRACE, consent_reject
from rights.services.erasing import is_waiting, obstacles
from rights.words import KEPT_BECAUSE, NO_REASON, ON_WITHDRAWAL, SENT_WAITS, WAITS_UNTIL
from signin.services.sessions import SignedIn


class Effect(TypedDict):
    """`policy` is a value of OnWithdrawal; `reason` is the institution's."""

    policy: str
    text: str
    reason: str


class Withdrawn(TypedDict):
    """What has become of the data since the consent was withdrawn."""

    at: datetime
    models: str
    evidence: str
    models_erased_at: datetime | None
    evidence_erased_at: datetime | None
    waits_for: list[str]  # why what is to be erased is still there, and opened by nobody


class WithdrawalTold(TypedDict):
    consent: str
    may_withdraw: bool
    models: Effect
    evidence: Effect
    kept_because: list[str]
    last: Withdrawn | None


def withdrawal_told(learner_id: int, *, is_sent: bool) -> WithdrawalTold:
    """What withdrawing will do, or has done. `is_sent`: a VLE has sent who asks."""
    state = learner_state(Learner.objects.filter(pk=learner_id))
    assert state is not None, "a learner asks"  # noqa: S101
    learner, home = state.learner, state.learner.institution
    kept = [KEPT_BECAUSE[code] for code in obstacles(learner_id)]
    row = Withdrawal.objects.filter(learner=learner).first()
    erases = OnWithdrawal.ERASE in (home.withdrawal_models, home.withdrawal_evidence)
    return WithdrawalTold(
        consent=state.ic_status,
        may_withdraw=learner.consent_id is not None and learner.consent_rejected is None and not home.external_ic,
        models=_effect("models", home.withdrawal_models, home.withdrawal_models_reason),
        evidence=_effect("evidence", home.withdrawal_evidence, home.withdrawal_evidence_reason),
        kept_because=[*kept, *([SENT_WAITS.format(GRACE.days)] if is_sent and erases else [])],
        last=None if row is None else _withdrawn(row, kept),
    )


def _effect(what: str, policy: str, reason: str) -> Effect:
    return Effect(policy=policy, text=ON_WITHDRAWAL[what][policy], reason=reason or NO_REASON)


def _withdrawn(row: Withdrawal, kept: list[str]) -> Withdrawn:
    return Withdrawn(
        at=row.at,
        models=row.of_models,
        evidence=row.of_evidence,
        models_erased_at=row.models_erased_at,
        evidence_erased_at=row.evidence_erased_at,
        waits_for=[*kept, *([WAITS_UNTIL.format(row.waits_until)] if is_waiting(row) else [])]
        if row.is_pending
        else [],
    )


@one_transaction()
def consent_withdraw(
    *, learner_id: int, models: str, evidence: str, address: str | None = None, by: SignedIn | None = None
) -> None:
    """The learner withdraws the consent, and has been told that this becomes of models and evidence.

    Conflict if the institution's policy is another one by now.
    """
    learner = Learner.objects.filter(pk=learner_id).first()
    if learner is None:
        raise Unknown("There is no such learner any more.")
    home = Institution.objects.get(pk=learner.institution_id)
    if (OnWithdrawal(models), OnWithdrawal(evidence)) != (home.withdrawal_models, home.withdrawal_evidence):
        raise Conflict("Your institution has changed what becomes of your data. Read it again.")
    consent_reject(learner=learner, address=address, by=by)
