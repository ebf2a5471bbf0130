"""The own password: who changes it shows the present one, or has signed in with it just now.

Attempts are counted, and sessions known, in a layer above: it registers the check.
"""

from collections.abc import Callable

from institutions.models import User

# (person, what was typed as the present password, the caller's address, the caller's session)
Prove = Callable[[User, str | None, str | None, int | None], None]
_PROVE: list[Prove] = []


def password_prover(prove: Prove) -> Prove:
    """Register the function that raises Invalid unless the person has shown the present password."""
    _PROVE[:] = [prove]
    return prove


def refuse_unproven(*, person: User, given: str | None, address: str | None, session_id: int | None) -> None:
    """Raises Invalid under `current_password`, and TooMany after too many wrong ones."""
    for prove in _PROVE:
        prove(person, given, address, session_id)
