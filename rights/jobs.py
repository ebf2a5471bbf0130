"""What the service does in the background about contests, bundles of own data, erasures, and figures."""

from collections.abc import Sequence
from typing import Any

from kernel.writes import one_transaction
from learners.models import Withdrawal, pending_withdrawals
from learners.services import WITHDRAWAL_JOB
from pipeline.jobs import enqueue, job, periodic
from rights.services.bundles import JOB as BUNDLE_JOB
from rights.services.bundles import bundle_part, bundles_over
from rights.services.contests import DECISION_JOB
from rights.services.erasing import withdrawal_part
from rights.services.erasures import ERASURE_JOB, REFUSED_JOB, erasure_part, erasures_waiting
from rights.services.figures import FIGURES_JOB, figures_counted, figures_due
from rights.services.notices import (
    ASSIGNED_JOB,
    OPENED_JOB,
    REMINDER_JOB,
    SENT_JOB,
    assignments_told,
    decisions_told,
    openings_told,
    refusals_told,
    reminders_due,
    reminders_sent,
    sent_told,
)


@periodic("rights.reminders", seconds=3600)
def reminders() -> None:
    reminders_due()


@job(REMINDER_JOB)
def reminder_mails(keys: Sequence[Any]) -> None:
    reminders_sent(keys)


@job(OPENED_JOB)
def opening_mails(keys: Sequence[Any]) -> None:
    openings_told(keys)


@job(ASSIGNED_JOB)
def assignment_mails(keys: Sequence[Any]) -> None:
    assignments_told(keys)


@job(DECISION_JOB)
def decision_mails(keys: Sequence[Any]) -> None:
    decisions_told(keys)


@job(BUNDLE_JOB)
def bundles(keys: Sequence[Any]) -> None:
    """A part of each; what is left is a job of its own."""
    enqueue(BUNDLE_JOB, [key for key in keys if bundle_part(key)])


@periodic("rights.bundles", seconds=300)
def bundles_ended() -> None:
    bundles_over()


@job(WITHDRAWAL_JOB)
def withdrawals(keys: Sequence[Any]) -> None:
    """A part for each learner; what is left is a job of its own."""
    enqueue(WITHDRAWAL_JOB, [key for key in keys if withdrawal_part(key)])


@periodic("rights.withdrawals", seconds=3600)
def withdrawals_kept() -> None:
    """Those that a legal hold or a contest has kept from being erased are looked at again."""
    with one_transaction():
        enqueue(WITHDRAWAL_JOB, Withdrawal.objects.filter(pending_withdrawals()).values_list("learner", flat=True))


@job(ERASURE_JOB)
def erasures(keys: Sequence[Any]) -> None:
    """A part of each; what is left is a job of its own."""
    enqueue(ERASURE_JOB, [key for key in keys if erasure_part(key)])


@job(SENT_JOB)
def sent_mails(keys: Sequence[Any]) -> None:
    sent_told(keys)


@job(REFUSED_JOB)
def refusals(keys: Sequence[Any]) -> None:
    refusals_told(keys)


@periodic("rights.erasures", seconds=3600)
def erasures_stopped() -> None:
    erasures_waiting()


@job(FIGURES_JOB)
def figures(keys: Sequence[Any]) -> None:
    figures_counted(keys)


@periodic("rights.figures", seconds=3600)
def figures_wanted() -> None:
    figures_due()
