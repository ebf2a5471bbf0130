"""People's accounts as global administrators change them: they cannot delete or lock their own."""

from typing import Any

from institutions.models import User
from institutions.services.people import person_delete, person_update
from kernel.domain import Conflict
from kernel.writes import one_transaction

_NEEDED_TO_SIGN_IN = ("is_staff", "is_active", "login_allowed")


@one_transaction()
def account_update(*, person: User, own: bool, is_locked: bool = False, **values: Any) -> User:
    """Change any person. Conflict when flags of the `own` account that are needed to sign in would be revoked."""
    revoked = [name for name in _NEEDED_TO_SIGN_IN if getattr(person, name) and values.get(name) is False]
    if own and revoked:
        raise Conflict(f"Nobody can take {', '.join(revoked)} from the own account.")
    return person_update(person=person, is_locked=is_locked, **values)


@one_transaction()
def account_delete(*, person: User, own: bool) -> None:
    """Delete the account with its roles and everything that belongs to them; refused for the `own` account."""
    if own:
        raise Conflict("Nobody can delete the own account.")
    person_delete(person=person)
