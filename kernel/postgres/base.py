"""Django's PostgreSQL backend, with few health checks, locks of several strengths, and a count of its commits."""

import time
from typing import Any

from django.db.backends.postgresql import base, operations

from kernel.locks import Strengths

IDLE_SECONDS = 5


class DatabaseOperations(operations.DatabaseOperations):
    def for_update_sql(self, nowait=False, skip_locked=False, of=(), no_key: Any = False) -> str:
        """Django has one strength for all tables of a statement; here each may have its own (see locks.py)."""
        if not isinstance(no_key, Strengths):
            return super().for_update_sql(nowait=nowait, skip_locked=skip_locked, of=of, no_key=no_key)
        return " ".join(f"FOR {lock.value} OF {table}" for table, lock in zip(of, no_key, strict=True))


class DatabaseWrapper(base.DatabaseWrapper):
    """Skips the health check of recently used connections: it costs every request a round trip.

    After a restart of the database, one request per connection may fail within IDLE_SECONDS.
    """

    ops_class = DatabaseOperations
    last_used = float("-inf")
    commits = 0  # of transactions, by this connection

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc] # the stubs lack it
        self.commits += 1

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
