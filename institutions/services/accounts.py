"""People's accounts as global administrators change them: nobody takes the own one away."""

from typing import Any

from institutions.models import User
from institutions.services.people import person_delete, person_update
from kernel.domain import Conflict
from kernel.writes import one_transaction

_OPENS = ("is_staff", "is_active", "login_allowed")


@one_transaction()
def account_update(*, person: User, own: bool, is_locked: bool = False, **values: Any) -> User:
    """Change anybody; of the `own` account nothing that opens it is taken."""
    taken = [name for name in _OPENS if getattr(person, name) and values.get(name) is False]
    if own and taken:
        raise Conflict(f"Nobody can take {', '.join(taken)} from the own account.")
    return person_update(person=person, is_locked=is_locked, **values)


@one_transaction()
def account_delete(*, person: User, own: bool) -> None:
    """The account with its roles and all that hangs from them; not the own one."""
    if own:
        raise Conflict("Nobody can delete the own account.")
    person_delete(person=person)
