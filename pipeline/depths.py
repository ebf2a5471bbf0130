"""How much the broker's queues hold. It imports Celery, which a service without a broker needs not."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from amqp.exceptions import NotFound
from django.conf import settings

from pipeline import accounts
from pipeline.broker import OWN_QUEUE, connection_to, is_about_queue, is_amqp
from pipeline.jobs import CONSUMERS, QUEUES
from pipeline.status import Depth

AWAY, REFUSED = "the broker does not answer", "the broker refuses it"
TIMEOUT = 2  # seconds: whoever asks waits, and /metrics is asked often


def depths(*, broker: str) -> list[Depth]:
    """Of each queue that there may be. A broker that does not answer is asked once, and no error is raised for it."""
    found: list[Depth] = []
    away = ""
    for url, queues in _queues_by_address(broker).items():
        messages, error = ({}, away) if away else _asked(url, queues)
        found += [{"queue": queue, "messages": messages.get(queue), "error": error} for queue in queues]
        away = error if error.startswith(AWAY) else ""
    return found


def own_messages() -> int:
    """How many messages wait for the service's own workers; 0 if the broker does not say."""
    return sum(_asked(settings.BROKER_URL, [OWN_QUEUE, *CONSUMERS])[0].values())


def depth(queue: str) -> int | None:
    """Of a provider's queue; None if the broker is away. What it refuses, or does not have, holds nothing."""
    messages, error = _asked(accounts.address_of(queue), [queue])
    return None if error.startswith(AWAY) else messages.get(queue, 0)


def _asked(url: str, queues: Sequence[str]) -> tuple[dict[str, int], str]:
    try:
        with _connected(url) as connection:
            return (_declared if is_amqp(url) else _counted)(connection, queues), ""
    except Exception as error:  # noqa: BLE001 - drivers of brokers have many
        words = (str(error) or type(error).__name__).partition("\n")[0]
        return {}, f"{REFUSED if is_about_queue(error) else AWAY}: {words}"


def _queues_by_address(broker: str) -> dict[str, list[str]]:
    """The service's own address is the first."""
    found: dict[str, list[str]] = {broker: [OWN_QUEUE, *sorted(CONSUMERS)]}
    for queue in sorted({name for names in QUEUES.values() for name in names()} - {*CONSUMERS}):
        found.setdefault(accounts.address_of(queue), []).append(queue)
    return found


@contextmanager
def _connected(url: str) -> Iterator[Any]:
    connection = connection_to(url, timeout=TIMEOUT)
    try:
        connection.connect()  # the default channel would try for ever
        yield connection
    finally:
        connection.collect(socket_timeout=1)


def _declared(connection: Any, queues: Sequence[str]) -> dict[str, int]:
    """A passive declaration makes nothing, and tells what there is. What there is not holds nothing."""
    found = {}
    for queue in queues:
        with closing(connection.channel()) as channel:
            try:
                found[queue] = channel.queue_declare(queue, passive=True).message_count
            except NotFound:
                found[queue] = 0
    return found


def _counted(connection: Any, queues: Sequence[str]) -> dict[str, int]:
    """On Redis a queue is a list of its name."""
    with closing(connection.channel()) as channel, channel.conn_or_acquire() as client:
        pipe = client.pipeline(transaction=False)
        for queue in queues:
            pipe.llen(queue)
        return dict(zip(queues, pipe.execute(), strict=True))
