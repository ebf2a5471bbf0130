"""Django's PostgreSQL backend, with a health check only for connections that were idle."""

import time

from django.db.backends.postgresql import base

IDLE_SECONDS = 5


class DatabaseWrapper(base.DatabaseWrapper):
    """Skips the health check of recently used connections: it costs every request a round trip.

    After a restart of the database, one request per connection may fail within IDLE_SECONDS.
    """

    last_used = float("-inf")

    def close_if_health_check_failed(self) -> None:
        now = time.monotonic()
        if now - self.last_used < IDLE_SECONDS:
            self.health_check_done = True
        else:
            super().close_if_health_check_failed()
        self.last_used = now

    def connect(self) -> None:
        self.last_used = float("-inf")
        super().connect()
