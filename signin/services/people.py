"""People who sign in with e-mail and password."""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.db.models import F, Q

from institutions.models import User
from kernel.text import identifier_key
from signin.services import Refused
from signin.services.attempts import attempt_counted, attempt_taken_back

# So many accounts of one address are tried, and so many passwords are hashed, in every sign-in.
TRIED = 3
_MAY_SIGN_IN = Q(is_active=True) & (Q(login_allowed=True) | Q(is_staff=True))
_HAS_PASSWORD = ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)


def person_verified(*, email: str, password: str, address: str | None, institution: str | None = None) -> User:
    """The person with this e-mail, in whatever spelling, and this password who may sign in.

    An address may have an account in each institution. Those of `institution` (its acronym), if given, are tried, else
    the `TRIED` that were used last; if the password is that of several, the one that was used last is answered.

    Raises LockedOut before the password is checked, and Refused for every other reason, without saying which: unknown
    address or institution, wrong password, deactivated, not allowed to sign in.
    """
    key = identifier_key(email)
    attempt = attempt_counted(what="e-mail", who=key, address=address)
    rows = User.objects.filter(_MAY_SIGN_IN, _HAS_PASSWORD, email=key)
    if institution:
        rows = rows.filter(institution__acronym=institution)
    accounts = list(rows.order_by(F("last_login").desc(nulls_last=True), "pk")[:TRIED])
    person = _opened_by(password, accounts)
    if person is None:
        raise Refused("No account with this e-mail and password may sign in.")
    attempt_taken_back(keys=attempt)
    return person


def _opened_by(password: str, accounts: list[User]) -> User | None:
    """The first account with this password. It takes as long whether there are accounts, one or many, or a match."""
    matches = [account for account in accounts if account.check_password(password)]
    for _ in range(TRIED - len(accounts)):
        make_password(password)
    return matches[0] if matches else None
