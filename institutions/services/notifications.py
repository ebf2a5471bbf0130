"""Reminders that providers set themselves: each is sent to its provider when it comes due."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from institutions.models import MOST_REPEATS, ProviderNotification
from institutions.services.unanswered import Question, declared
from kernel.writes import inserted, one_transaction
from pipeline.jobs import add, provider_job
from pipeline.models import Job

NOTIFY = "tesla_ce.tasks.notification.providers.provider_notify"
BATCH = 500  # sent in one transaction


@one_transaction()
def notification_put(
    *, provider_id: int, key: str, when: datetime, info: Mapping[str, Any] | None = None
) -> ProviderNotification:
    """The provider's notification with this key, which may be new. Its `info` and this one are merged.

    It is sent again only if it has another time than before.
    """
    new = ProviderNotification(provider_id=provider_id, key=key, when=when, info=info)
    if inserted(new):
        return new
    row = ProviderNotification.objects.select_for_update().get(provider=provider_id, key=key)
    if row.when != when:
        row.when, row.sent_at, row.asked_again = when, None, 0
    if info is not None:
        row.info = {**(row.info or {}), **info}
    row.save(update_fields=("when", "sent_at", "asked_again", "info", "updated_at"))
    return row


def _unread() -> QuerySet[ProviderNotification]:
    """Those that were sent: a provider deletes what it has read."""
    rows = ProviderNotification.objects.filter(sent_at__isnull=False, asked_again__lt=MOST_REPEATS)
    return rows.annotate(asked_at=F("sent_at"))


def _messages(rows: Iterable[ProviderNotification]) -> list[Job]:
    return [provider_job(row.provider.queue, NOTIFY, str(row.pk), row.pk) for row in rows]


NOTIFICATIONS = declared(Question("notifications", NOTIFY, _unread, _messages))


def notifications_due() -> int:
    """Send those whose time has come, each once, to providers that are enabled; answers their number."""
    sent = 0
    while part := _sent():
        sent += part
    return sent


@one_transaction()
def _sent() -> int:
    due = ProviderNotification.objects.filter(when__lte=Now(), sent_at=None, provider__enabled=True)
    locking = {"skip_locked": True} if connection.features.has_select_for_update_skip_locked else {}
    locked = due.order_by("pk").select_for_update(of=("self",), **locking)
    rows = list(locked.values_list("pk", "provider__queue")[:BATCH])
    add(provider_job(queue, NOTIFY, str(key), key) for key, queue in rows)
    return ProviderNotification.objects.filter(pk__in=[key for key, _ in rows]).update(sent_at=Now())
