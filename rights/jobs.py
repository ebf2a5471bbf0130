"""What the service does in the background about contests."""

from collections.abc import Sequence
from typing import Any

from pipeline.jobs import job, periodic
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
