"""Django's PostgreSQL backend, which asks only a connection that was idle whether it still works."""

import time

from django.db.backends.postgresql import base

IDLE_SECONDS = 5


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that has just served is not asked again: that question would cost every request a round trip.

    When the database restarts, one request per connection may find out by failing, within these few seconds.
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
