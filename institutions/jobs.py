"""What the service does in the background for providers."""

from institutions.services.notifications import notifications_due
from pipeline.jobs import periodic


@periodic("institutions.notifications", seconds=15)
def notifications() -> None:
    notifications_due()
