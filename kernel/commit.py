"""After the commit: the one seam through which a change causes something outside the database.

The effect runs in the same process right after the commit, and is not repeated when the process dies between the two:
whoever needs more writes a row that a command can find again (see files.models.PendingErasure).
"""

from collections.abc import Callable
from functools import wraps

from django.db import transaction


def after_commit(effect: Callable[..., object], /, **arguments: object) -> None:
    """Run `effect(**arguments)` once the transaction is committed; never when it is rolled back.

    Arguments are plain values (numbers, texts), never rows: the row may have changed by then. A failing effect is
    logged by Django under its own name and does not undo the answer, which is already true. A `functools.partial` has
    no name, so that Django itself would fail over it: hence a function of its own.
    """

    @wraps(effect)
    def run() -> None:
        effect(**arguments)

    transaction.on_commit(run, robust=True)
