"""After the commit: the one seam through which a change causes something outside the database.

Today the effect runs in the same process right after the commit, and is not repeated when the process dies between the
two: whoever needs more writes a row that a command can find again (see files.models.PendingErasure).
"""

import logging
from collections.abc import Callable
from functools import partial

from django.db import transaction

logger = logging.getLogger(__name__)


def after_commit(effect: Callable[..., object], /, **arguments: object) -> None:
    """Run `effect(**arguments)` once the transaction is committed; never when it is rolled back.

    Arguments are plain values (numbers, texts), never rows: the row may have changed by then. A failing effect is
    logged and does not undo the answer, which is already true.
    """
    transaction.on_commit(partial(_run, effect, arguments))


def _run(effect: Callable[..., object], arguments: dict[str, object]) -> None:
    try:
        effect(**arguments)
    except Exception:
        logger.exception("after commit: %s failed", effect.__qualname__)
