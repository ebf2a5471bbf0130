"""Django's PostgreSQL backend, with few health checks, locks of several strengths, a limit for statements of web
requests, and a count of its commits."""

import select
import time
from typing import Any

from django.db.backends.postgresql import base, operations

from kernel.locks import Strengths
from kernel.postgres.limits import options_of_thread
from kernel.postgres.plans import Plans

IDLE_SECONDS = 5
# For short statements on disks without moving parts, and only where nobody has chosen: PostgreSQL's own values compile
# a statement of some milliseconds for a hundred, and read whole tables where an index leads to some thousand rows.
PLANNER = """
SELECT set_config(name, chosen, false) FROM pg_settings
JOIN (VALUES ('jit', 'off'), ('random_page_cost', '1.1')) AS choices(name, chosen) USING (name) WHERE source = 'default'
"""


class DatabaseOperations(operations.DatabaseOperations):
    def for_update_sql(self, nowait=False, skip_locked=False, of=(), no_key: Any = False) -> str:
        """Django has one strength for all tables of a statement; here each may have its own (see locks.py)."""
        if not isinstance(no_key, Strengths):
            return super().for_update_sql(nowait=nowait, skip_locked=skip_locked, of=of, no_key=no_key)
        return " ".join(f"FOR {lock.value} OF {table}" for table, lock in zip(of, no_key, strict=True))


class DatabaseWrapper(base.DatabaseWrapper):
    """Skips the health check of recently used connections: it costs every request a round trip.

    One that the server has ended (a restart, an administrator) is noticed all the same: it has told so, which only
    looks at the socket. If the network is lost, one request per connection may fail within IDLE_SECONDS.
    """

    ops_class = DatabaseOperations
    health_check_done: bool
    last_used = float("-inf")
    commits = 0  # of transactions, by this connection
    plans: Plans

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc] # the stubs lack it
        self.commits += 1

    def close_if_health_check_failed(self) -> None:
        now = time.monotonic()
        if self.connection is not None and not self.health_check_done:
            self.health_check_done = now - self.last_used < IDLE_SECONDS and self._is_open()
        super().close_if_health_check_failed()
        self.last_used = now

    def _is_open(self) -> bool:
        """Whether the server has sent nothing that nobody has asked for: it does so when it ends a connection."""
        if self.connection.closed:
            return False
        looking = select.poll()
        looking.register(self.connection.fileno(), select.POLLIN)
        return not looking.poll(0)

    def init_connection_state(self) -> None:
        super().init_connection_state()
        with self.connection.cursor() as cursor:
            cursor.execute(PLANNER)

    def get_connection_params(self) -> dict[str, Any]:
        parameters = super().get_connection_params()
        options = options_of_thread(parameters.get("options", ""))
        return parameters | ({"options": options} if options else {})

    def connect(self) -> None:
        self.last_used = float("-inf")
        self.plans = Plans(self)
        super().connect()
