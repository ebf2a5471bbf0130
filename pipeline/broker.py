"""The message broker: the Celery application, connections to publish with, and messages.

Everything is JSON. A message is published through the broker's default exchange, which leads to the queue of its
routing key: on Redis a binding that is gone would lose it without a word. On RabbitMQ `mandatory` and confirms make an
error of a message that no queue has stored. The queue is declared as Celery itself, and so a provider's worker, does:
durable, with a direct exchange of the same name.
"""

import ssl
import uuid
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from amqp.exceptions import AccessRefused, ChannelError, FrameError, MessageNacked, NotAllowed, NotFound
from celery import Celery
from django.conf import settings
from kombu import Connection, Exchange, Producer, Queue
from kombu.exceptions import EncodeError
from redis.exceptions import NoPermissionError, ResponseError

OWN_QUEUE = "tesla_pipeline"
TIMEOUT = 5  # seconds until a broker that does not answer is taken for dead


def is_amqp(url: str) -> bool:
    return url.startswith("amqp")


@lru_cache
def queue_of(name: str) -> Queue:
    return Queue(name, Exchange(name, type="direct", durable=True), routing_key=name, durable=True)


def _transport_options(url: str, timeout: float) -> dict[str, Any]:
    if is_amqp(url):
        return {"confirm_publish": True, "read_timeout": timeout, "write_timeout": timeout}
    return {"socket_timeout": timeout, "socket_connect_timeout": timeout}


def tls(url: str) -> dict[str, Any] | bool:
    """The broker's certificate and name are checked, which the drivers do not do by themselves."""
    if url.startswith("amqps:"):
        return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": urlsplit(url).hostname}
    if url.startswith("rediss:"):
        return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    return False


def connection_to(url: str, *, timeout: float = TIMEOUT) -> Connection:
    """A connection that gives up soon; it is made when it is used first."""
    options = _transport_options(url, timeout)
    return Connection(url, connect_timeout=timeout, transport_options=options, ssl=tls(url))


class Publisher:
    """Publishes tasks over one connection. Any error of `send` means that the message may not have arrived."""

    was_used = False

    def __init__(self, url: str) -> None:
        self.connection = connection_to(url)
        self.connection.connect()  # the default channel would try for ever
        self.producer = Producer(self.connection.channel(), auto_declare=False)

    def send(self, queue: str, task: str, arguments: Sequence[Any], headers: Mapping[str, Any]) -> None:
        """Declares the queue, once in each connection, and waits until the broker has the message."""
        message = app.amqp.create_task_message(
            str(uuid.uuid4()), task, list(arguments), {}, argsrepr=repr([*arguments]), kwargsrepr="{}", origin="tesla"
        )
        self.producer.publish(
            message.body,
            exchange="",
            routing_key=queue,
            headers=message.headers | headers,
            declare=[queue_of(queue)],
            serializer="json",
            delivery_mode=2,
            mandatory=True,
            confirm_timeout=TIMEOUT,
            retry=False,
            **message.properties,
        )
        self.was_used = True

    def depth(self, queue: str) -> int:
        """How many messages no worker has taken from the queue, which is declared."""
        return int(queue_of(queue)(self.producer.channel).queue_declare().message_count)

    def close(self) -> None:
        self.connection.collect(socket_timeout=1)


def is_about_queue(error: BaseException) -> bool:
    """Whether the broker answers and has refused what was asked of it: other queues may do.

    Redis says WRONGTYPE of a queue whose name is that of a key of another kind.
    """
    refusals = (ChannelError, AccessRefused, NotAllowed, MessageNacked)
    return is_refusal(error) or isinstance(error, refusals) or isinstance(error.__cause__, refusals)


def is_refusal(error: BaseException) -> bool:
    """Whether the broker will say the same each time: too large, no such route, not allowed, or not to be written.

    Not a queue that is full, or whose node or virtual host is away: that passes.
    """
    cause = error.__cause__ if isinstance(error.__cause__, ChannelError | FrameError | ResponseError) else error
    if isinstance(cause, ResponseError):  # Redis says by it also that it is full, or is loading what it has
        return isinstance(cause, NoPermissionError) or "WRONGTYPE" in str(cause)
    return isinstance(cause, ChannelError | FrameError | EncodeError) and not isinstance(cause, NotFound)


def _made() -> Celery:
    made = Celery("tesla", set_as_current=False)
    made.conf.update(
        broker_url=settings.BROKER_URL or "memory://",
        broker_use_ssl=tls(settings.BROKER_URL),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # for ever
        broker_transport_options={} if is_amqp(settings.BROKER_URL) else {
            # After which a message of a dead worker is given to another one.
            "visibility_timeout": 2 * settings.JOB_SECONDS,
            # What nobody has confirmed is kept apart from that of providers, whose tasks may take longer: a worker of
            # the service would give it out again while it is being done.
            **{f"unacked{part}_key": f"tesla_unacked{part}" for part in ("", "_index", "_mutex")},
            "socket_keepalive": True,
        },
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_acks_on_failure_or_timeout=True,
        task_default_queue=OWN_QUEUE,
        task_create_missing_queues=False,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        timezone="UTC",
        enable_utc=True,
        imports=["pipeline.tasks"],
    )  # fmt: skip
    return made


app = _made()
