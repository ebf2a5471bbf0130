"""Carrying rows of the outbox to the broker: the only place that publishes, in no request.

The service's own jobs stay rows: what is published is one message "there is work of this name", which a worker answers
by doing all that is due. It is published again after RENEW seconds if work is still due and no worker has begun, but
not while as many lie there as there are names: nobody listens.
Messages to providers are published and then deleted: when this process dies in between, they are published twice.

While a broker is away the rows wait. A provider's virtual host that does not answer holds up no other. A message that
the broker itself refuses has failed, as a job does: it is tried again after growing pauses, parked in the end, and
holds up none behind it.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Exists, OuterRef
from django.db.models.functions import Substr

from pipeline import accounts, turns
from pipeline.broker import OWN_QUEUE, Publisher, is_about_queue, is_refusal
from pipeline.jobs import CONSUMERS, WORKS
from pipeline.models import Job
from pipeline.running import carried, due, failed, given_back, never, take

logger = logging.getLogger(__name__)
BATCH = 200  # messages that are taken at once
BATCHES = 10  # in a round
RENEW = 5.0  # seconds
REST = 5.0  # seconds that rows of a broker that is away wait
REFUSALS = 3  # messages in a row: after them the others of a queue rest, too
GATHER = 0.05  # seconds between two rounds at least: commits that follow each other closely share a message
RUN_TASK = "tesla_pipeline.run"
PREFIX = "run:"


class Relay:
    """The step of a loop that publishes; it keeps its connections."""

    def __init__(self) -> None:
        self.publishers: dict[str, Publisher] = {}
        self.rests_until = 0.0
        self.last = 0.0
        self.is_prepared = False

    def __call__(self, ended: Callable[[], bool] = never) -> int:
        """One round; answers the number of messages to providers that it has published."""
        if self._rests():
            return 0
        time.sleep(max(0.0, self.last + GATHER - time.monotonic()))
        self.last = time.monotonic()
        self._wake_workers()
        published = 0
        for _ in range(BATCHES):
            rows = [] if ended() or self._rests() else self._taken()
            if not rows:
                break
            published += self._publish(rows)
        return published

    def _rests(self) -> bool:
        return time.monotonic() < self.rests_until

    def _wake_workers(self) -> None:
        if not self.is_prepared:
            turns.prepare(PREFIX + name for name in WORKS)
            self.is_prepared = True
        work = due(queue="", name=OuterRef("job")).order_by()
        names = {PREFIX + name: name for name in WORKS}
        waiting = turns.due(names).annotate(job=Substr("name", len(PREFIX) + 1)).filter(Exists(work))
        for turn in waiting.values_list("name", flat=True):
            if turns.claimed(turn, seconds=RENEW):
                try:
                    publisher = self._publisher(settings.BROKER_URL)
                    if publisher.depth(OWN_QUEUE) >= len(WORKS):
                        return
                    publisher.send(OWN_QUEUE, RUN_TASK, [names[turn]], {})
                except Exception as error:  # noqa: BLE001 - drivers of brokers have many
                    turns.open_again(turn)
                    self._away(settings.BROKER_URL, error, OWN_QUEUE)
                    return

    def _taken(self) -> list[Job]:
        messages = due(queue__gt="").order_by("queue", "due_at", "pk")
        return take(messages, BATCH) if messages.exists() else []

    def _publish(self, rows: list[Job]) -> int:
        published = 0
        for queue, of_queue in groupby(rows, key=lambda row: row.queue):
            if self._rests():
                given_back(of_queue, seconds=REST)
            else:
                published += self._publish_to(queue, [*of_queue])
        return published

    def _publish_to(self, queue: str, rows: list[Job]) -> int:
        waiting, sent, refused = deque(rows), list[Job](), 0
        while waiting:
            url, publisher = "", None
            try:
                url = accounts.address_for(queue)
                publisher = self._publisher(url)
                while waiting:
                    publisher.send(queue, waiting[0].name, waiting[0].arguments, _headers(waiting[0]))
                    sent.append(waiting.popleft())
                    refused = 0
            except DatabaseError:
                raise
            except Exception as error:  # noqa: BLE001 - drivers of brokers have many
                self._away(url, error, queue)
                if is_about_queue(error):
                    accounts.lost(queue)
                if publisher is None or not is_refusal(error) or refused == REFUSALS:
                    given_back(waiting, seconds=REST)
                    break
                failed([waiting.popleft()], error)
                refused += 1
        carried(sent)
        return len(sent)

    def _publisher(self, url: str) -> Publisher:
        if url not in self.publishers:
            self.publishers[url] = Publisher(url)
        return self.publishers[url]

    def _away(self, url: str, error: Exception, queue: str) -> None:
        """Rest, unless the broker has only refused this queue, or the connection may just have been too old."""
        logger.warning("the broker does not take messages for %s: %s", queue, error)
        publisher = self.publishers.pop(url, None)
        was_used = publisher is not None and publisher.was_used
        if publisher is not None:
            publisher.close()
        if url and not was_used and not is_about_queue(error):
            self.rests_until = time.monotonic() + REST


def _headers(row: Job) -> dict[str, Any]:
    """What a provider in this installation needs to count its failures; others are sent what Celery sends."""
    return {"tesla_key": row.key, "tesla_tries": row.tries} if row.queue in CONSUMERS else {}
