"""Work that the database has refused because of other transactions is repeated: the whole request, some times.

PostgreSQL ends one of two transactions that wait for each other (see locks.py). And a row may vanish between the moment
in which a request has read it and the commit of a row that refers to it. In both cases nothing of the request is
stored; done again, it reads what is true now, and is answered as if it had come a moment later: often with 404.
`http/repeats.py` does it for all views; what no request starts calls `repeated` itself.
"""

import logging
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import IntegrityError, InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
ATTEMPTS = 5
PAUSE = 0.02  # seconds after the first attempt, on average; each further one is twice as long
_GONE = "23503"  # foreign_key_violation
# serialization_failure, deadlock_detected, lock_not_available; a kept plan that does not fit any more, or is not there
_LOST = {"40001", "40P01", "55P03", "0A000", "26000"}
_CANCELLED = "57014"  # query_canceled: it has taken longer than STATEMENT_SECONDS
_AWAY = ("08", "53", "57P")  # classes of errors: no connection, no room for another, and a server that starts or stops


def is_lost(error: BaseException | None) -> bool:
    """Whether PostgreSQL ended the transaction in favour of another one."""
    return getattr(_cause(error, OperationalError), "pgcode", None) in _LOST


def is_away(error: BaseException | None) -> bool:
    """Whether PostgreSQL cannot be reached: a connection that fails or breaks has an error without a code."""
    cause: Any = error.__cause__ if isinstance(error, OperationalError | InterfaceError) else None
    return hasattr(cause, "pgcode") and (cause.pgcode is None or cause.pgcode.startswith(_AWAY))


def is_slow(error: BaseException | None) -> bool:
    """Whether PostgreSQL has ended a statement that took too long, or waited too long for a lock."""
    return getattr(_cause(error, OperationalError), "pgcode", None) == _CANCELLED


def is_busy(error: BaseException | None) -> bool:
    """Whether other transactions were in the way, or the database is away: the same request can succeed later."""
    return (
        is_lost(error)
        or is_away(error)
        or is_slow(error)
        or _sqlite_name(error, OperationalError).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
    )


def refers_to_nothing(error: BaseException | None) -> bool:
    """Whether a foreign key was violated: its row was deleted meanwhile, or a deleted row was referred to meanwhile."""
    is_violation = getattr(_cause(error, IntegrityError), "pgcode", None) == _GONE
    return is_violation or _sqlite_name(error, IntegrityError) == "SQLITE_CONSTRAINT_FOREIGNKEY"


def is_passing(error: BaseException | None) -> bool:
    """Errors that handlers of errors have to let through: the view is repeated, or answered below."""
    return is_busy(error) or refers_to_nothing(error)


def _cause(error: BaseException | None, kind: type[Exception]) -> Any:
    """The driver's error."""
    return error.__cause__ if isinstance(error, kind) else None


def _sqlite_name(error: BaseException | None, kind: type[Exception]) -> str:
    return getattr(_cause(error, kind), "sqlite_errorname", None) or ""


def repeated(work: Callable[[], Result]) -> Result:
    """What the work returns, which opens its transactions itself.

    It is done up to ATTEMPTS times, but never again after one of its transactions has been committed: nothing is done
    twice. Inside a transaction it is done once, as a part cannot be repeated. A busy SQLite is not asked again: it has
    waited already.
    """
    attempts, committed = 1 if _is_inside_transaction() else ATTEMPTS, _commits()
    attempt = 0
    while True:
        attempt += 1
        try:
            return work()
        except (OperationalError, IntegrityError) as error:
            is_last = attempt == attempts or _commits() != committed
            if is_last or not (is_lost(error) or refers_to_nothing(error)):
                raise
            logger.warning("repeated after attempt %d: %s", attempt, str(error).partition("\n")[0])
        time.sleep(PAUSE * 2**attempt * random.random())  # noqa: S311 - so that two do not meet again


def _commits() -> int:
    """SQLite's are not counted: its transactions are not repeated, but for references, which only a commit refuses."""
    return getattr(connection, "commits", 0)


def _is_inside_transaction() -> bool:
    outer: Any = connection.atomic_blocks
    return bool(outer) and not outer[-1]._from_testcase
