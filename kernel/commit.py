"""After the commit: the only way in which a change has an effect outside the database.

The effect runs in the same process right after the commit, and is not repeated when the process dies between the two.
Effects that must not be lost also write a row that a command can find again (see files.models.PendingErasure).
"""

from collections.abc import Callable
from functools import wraps

from django.db import transaction


def after_commit(effect: Callable[..., object], /, **arguments: object) -> None:
    """Run `effect(**arguments)` once the transaction is committed; never when it is rolled back.

    Arguments are plain values (numbers, texts), never rows: the row may have changed by then. A failing effect is
    logged by Django under its own name and does not change the answer: the change is committed. Django's log needs a
    function's name, which a `functools.partial` lacks: hence the wrapper.
    """

    @wraps(effect)
    def run() -> None:
        effect(**arguments)

    transaction.on_commit(run, robust=True)
