"""How long a statement may take: of web requests alone, as background work and commands have no limit.

The limit is a property of the connection, which PostgreSQL is told when it is made. Each thread has its own connection:
those that answer requests say so before the first statement.
"""

import threading

_threads = threading.local()


def limit_statements(seconds: float) -> None:
    """Connections that this thread makes from now on end statements after so many seconds; 0: never."""
    _threads.seconds = seconds


def options_of_thread(options: str) -> str:
    """libpq's `options` for a connection of this thread."""
    seconds = getattr(_threads, "seconds", 0)
    return f"{options} -c statement_timeout={round(seconds * 1000)}".strip() if seconds else options
