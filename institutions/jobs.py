"""What the service does in the background for providers."""

from collections.abc import Iterable

from institutions.models import Provider
from institutions.services import unanswered
from institutions.services.notifications import NOTIFICATIONS, notifications_due
from pipeline.jobs import periodic, queues


@periodic("institutions.notifications", seconds=15)
def notifications() -> None:
    notifications_due()


@periodic("institutions.asked_again", seconds=60)
def asked_again() -> None:
    """Reminders that their providers have not read are sent again."""
    unanswered.asked_again(NOTIFICATIONS)


@queues("providers")
def of_providers() -> Iterable[str]:
    """Also of those that are switched off: their messages wait."""
    return Provider.objects.values_list("queue", flat=True)
