"""Watches over Celery's worker: one that takes no more messages is begun again.

A broker that goes away while messages are taken or acknowledged can leave a worker connected and idle: Celery counts
messages as being done that it has forgotten, and takes no others. It says nothing of that. It shows in this: messages
wait, nothing is being done, and nothing has been begun for a while.
"""

import logging
import time
from collections.abc import Callable

from celery.worker import state

logger = logging.getLogger(__name__)
EVERY = 10.0  # seconds between two looks, each of which asks the broker
IDLE = 30.0  # seconds of waiting messages and an idle worker: some hundred times what a worker needs to take one


class Watch:
    """A step of the loop; calls `begin_again` once, when the worker has been idle beside waiting messages for IDLE."""

    def __init__(self, waiting: Callable[[], int], begin_again: Callable[[], None]) -> None:
        self.waiting, self.begin_again = waiting, begin_again
        self.looked_at = self.idle_since = time.monotonic()
        self.begun = 0

    def __call__(self, ended: Callable[[], bool]) -> int:
        now = time.monotonic()
        if now - self.looked_at < EVERY or ended():
            return 0
        self.looked_at = now
        begun = sum(state.total_count.values())
        if begun != self.begun or state.active_requests or not self.waiting():
            self.begun, self.idle_since = begun, now
        elif now - self.idle_since >= IDLE:
            self.idle_since = now
            logger.error("the worker is begun again: messages wait for it, and it takes none")
            self.begin_again()
        return 0
