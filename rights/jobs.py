"""What the service does in the background about contests, and about bundles of own data."""

from collections.abc import Sequence
from typing import Any

from pipeline.jobs import enqueue, job, periodic
from rights.services.bundles import JOB as BUNDLE_JOB
from rights.services.bundles import bundle_part, bundles_over
from rights.services.contests import DECISION_JOB
from rights.services.notices import REMINDER_JOB, decisions_told, reminders_due, reminders_sent


@periodic("rights.reminders", seconds=3600)
def reminders() -> None:
    reminders_due()


@job(REMINDER_JOB)
def reminder_mails(keys: Sequence[Any]) -> None:
    reminders_sent(keys)


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
