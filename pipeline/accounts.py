"""Providers' accounts at the broker: with BROKER_MANAGEMENT_URL each has a virtual host and an account of its own.

The virtual host is named after the provider's queue. Rows say what the broker is to have; the job `pipeline.account`
makes it so, after the commit and again until the broker has done it. A rotation makes a new account, so that the old
one can go on until it ends; RabbitMQ ends the connections of an account that is removed. Redis has none of this:
whoever reaches it reaches every queue.
"""

import logging
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Now

from pipeline import management_api
from pipeline.jobs import CONSUMERS, add, job
from pipeline.models import BrokerAccount, Job

logger = logging.getLogger(__name__)
JOB = "pipeline.account"
# What the service and the drivers keep at Redis, and RabbitMQ's own names.
_RESERVED = {f"{of}unacked{part}" for of in ("", "tesla_") for part in ("", "_index", "_mutex")}
_PREFIXES = ("_kombu", "amq.")


def url_for_provider(queue: str) -> str:
    """The broker's address that the provider of this queue is told; empty when it is told none.

    An account that the broker does not have yet is made at once: the provider connects right after its sign-in. If the
    broker is away the provider waits for it as well.
    """
    if not settings.BROKER_MANAGEMENT_URL:
        return settings.PROVIDER_BROKER_URL
    account = _current(queue)
    try:
        _made_ready(account)
    except management_api.RefusedError as error:
        logger.warning("the account of %s is made later: %s", queue, error)
    base = settings.PROVIDER_BROKER_URL or settings.BROKER_URL
    return _url(queue, base, f"{quote(account.username, safe='')}:{quote(account.password, safe='')}")


def address_for(queue: str) -> str:
    """Where messages to this queue are published. Raises management_api.RefusedError."""
    if _is_alone(queue):
        _made_ready(_current(queue))
    return address_of(queue)


def address_of(queue: str) -> str:
    """The same, and nothing is made: the broker may not have it yet."""
    if not _is_alone(queue):
        return settings.BROKER_URL
    return _url(queue, settings.BROKER_URL, urlsplit(settings.BROKER_URL).netloc.rpartition("@")[0] or "guest:guest")


def _is_alone(queue: str) -> bool:
    """Whether it has a virtual host of its own."""
    return bool(settings.BROKER_MANAGEMENT_URL) and queue not in CONSUMERS


def _url(vhost: str, base: str, account: str) -> str:
    parts = urlsplit(base)
    address = f"{parts.scheme}://{account}@{parts.netloc.rpartition('@')[2]}/{quote(vhost, safe='')}"
    return f"{address}?{parts.query}" if parts.query else address


def is_reserved(queue: str, *, is_built_in: bool) -> bool:
    """Whether a provider's queue may not have this name: it is a key, a queue or a virtual host of something else."""
    from pipeline.broker import OWN_QUEUE  # with Celery, which many processes do without

    if queue in CONSUMERS:
        return not is_built_in
    return queue == OWN_QUEUE or queue in _RESERVED or queue.startswith(_PREFIXES) or queue == _own_vhost()


def _own_vhost() -> str:
    """The virtual host of the service's own messages."""
    return unquote(urlsplit(settings.BROKER_URL).path.removeprefix("/")) or "/"


def added(queue: str) -> None:
    """A provider with this queue is registered; called in the transaction that does it."""
    if settings.BROKER_MANAGEMENT_URL:
        _current(queue)


def rotated(queue: str, *, overlap_minutes: int) -> None:
    """The provider has a new account; the present ones end in so many minutes."""
    if settings.BROKER_MANAGEMENT_URL:
        _end(queue, timedelta(minutes=overlap_minutes))
        _current(queue)


def renamed(old: str, new: str) -> None:
    """The provider has another queue: what waits for it goes there, as far as it is not at the broker yet."""
    Job.objects.filter(queue=old).update(queue=new)
    if settings.BROKER_MANAGEMENT_URL:
        _end(old, timedelta())
        _current(new)


def lost(queue: str) -> None:
    """The broker refuses the queue: if it has lost what it had, everything is made again before the next message."""
    BrokerAccount.objects.filter(queue=queue).update(is_ready=False)


def removed(queue: str) -> None:
    """There is no provider with this queue any more: its messages are for nobody."""
    Job.objects.filter(queue=queue).delete()
    if settings.BROKER_MANAGEMENT_URL:
        _end(queue, timedelta())


@transaction.atomic
def _current(queue: str) -> BrokerAccount:
    """The account that the provider is to use; a new one is made by a job."""
    found = BrokerAccount.objects.filter(queue=queue, ends_at=None).first()
    if found is None:
        made = BrokerAccount(
            queue=queue, username=f"{queue}.{secrets.token_hex(4)}", password=secrets.token_urlsafe(32)
        )
        BrokerAccount.objects.bulk_create([made], ignore_conflicts=True)
        found = BrokerAccount.objects.get(queue=queue, ends_at=None)  # another process may have been first
        if found.username == made.username:
            _ask(found, timedelta())
    return found


def _end(queue: str, after: timedelta) -> None:
    """Accounts of the queue end then, if they do not end before."""
    ending = BrokerAccount.objects.filter(Q(ends_at=None) | Q(ends_at__gt=_after(after)), queue=queue)
    accounts = [*ending.select_for_update()]
    BrokerAccount.objects.filter(pk__in=[each.pk for each in accounts]).update(ends_at=_after(after))
    for each in accounts:
        _ask(each, after)


def _after(pause: timedelta) -> Any:
    return Now() + Value(pause) if pause else Now()


def _ask(account: BrokerAccount, after: timedelta) -> None:
    add([Job(name=JOB, key=str(account.pk), arguments=account.pk, due_at=_after(after))])


@job(JOB, batch=1)
def made_so(keys: Sequence[int]) -> None:
    """The broker has these accounts, or has them no more, as the rows say."""
    for account in BrokerAccount.objects.filter(pk__in=keys):
        if BrokerAccount.objects.filter(pk=account.pk, ends_at__lte=Now()).exists():
            _remove(account)
        elif account.ends_at is None:
            _made_ready(account)


def _made_ready(account: BrokerAccount) -> None:
    """Everything is put again when it is not known to be there: that changes nothing if it is."""
    if account.is_ready:
        return
    management_api.vhost_put(account.queue)
    management_api.user_put(account.username, account.password)
    management_api.permission_put(account.queue, account.username)
    management_api.permission_put(account.queue, unquote(urlsplit(settings.BROKER_URL).username or "guest"))
    BrokerAccount.objects.filter(pk=account.pk).update(is_ready=True)


def _remove(account: BrokerAccount) -> None:
    management_api.user_delete(account.username)
    others = BrokerAccount.objects.filter(queue=account.queue).exclude(pk=account.pk)
    is_last = not others.filter(Q(ends_at=None) | Q(ends_at__gt=Now())).exists()
    if is_last and account.queue != _own_vhost():  # queues of long ago may be called like it
        management_api.vhost_delete(account.queue)
    Job.objects.filter(name=JOB, key=str(account.pk)).delete()  # one for the end of an overlap that was cut short
    account.delete()
