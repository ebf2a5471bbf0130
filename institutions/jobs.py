"""What the service does in the background for providers."""

from collections.abc import Iterable

from institutions.models import Provider
from institutions.services.notifications import notifications_due
from pipeline.jobs import periodic, queues


@periodic("institutions.notifications", seconds=15)
def notifications() -> None:
    notifications_due()


@queues("providers")
def of_providers() -> Iterable[str]:
    """Also of those that are switched off: their messages wait."""
    return Provider.objects.values_list("queue", flat=True)
