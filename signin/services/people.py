"""People who sign in with e-mail and password."""

import logging
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.db import DatabaseError
from django.db.models import F, Q
from django.utils import timezone

from institutions.models import User
from institutions.services.oidc import provider_admits
from institutions.services.passwords import password_prover
from kernel.caller import Caller, CallerKind
from kernel.domain import Counted, Invalid
from kernel.http.address import address_group
from kernel.recording import Entry, Origin, origin, record
from kernel.text import identifier_key
from signin.models import CallerSession
from signin.services import LockedOut, Refused, Suspended
from signin.services.attempts import (
    attempt_begun,
    attempt_succeeded,
    failure_counted,
    is_let_in,
    known_before,
    refuse_waiting,
    untaken_if_unavailable,
)
from signin.suspension import is_suspended, suspension_text

logger = logging.getLogger(__name__)
BY_EMAIL = "e-mail"  # the way of signing in, where attempts are counted
JUST_NOW = timedelta(minutes=5)
AGAIN = " Or sign out, sign in again, and change it within five minutes."

# So many accounts of one address are tried, and so many passwords are hashed, in every sign-in.
TRIED = 3
MAY_SIGN_IN = Q(is_active=True) & (Q(login_allowed=True) | Q(is_staff=True))
_HAS_PASSWORD = ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)


def has_own_sign_in(person_id: int) -> bool:
    """Whether the person can sign in without being sent by a VLE: with a password, or by an identity provider."""
    ways = (MAY_SIGN_IN & _HAS_PASSWORD) | (Q(is_active=True) & provider_admits("institution__oidc_connections"))
    return User.objects.filter(ways, pk=person_id).exists()


def shows_itself(caller: Caller) -> bool:
    """Whether the caller has signed in as surely as this person can. A VLE signs people in without their password."""
    return caller.sent_by is None or not has_own_sign_in(caller.id)


def person_verified(
    *, email: str, password: str, address: str | None, institution: str | None = None, device: str | None = None
) -> User:
    """The person with this e-mail, in whatever spelling, and this password who may sign in.

    An address may have an account in each institution. Those of `institution` (its acronym), if given, are tried, else
    the `TRIED` that were used last, a global administrator's among them; if the password is that of several, the one
    that was used last is answered, of those that need not wait. `device` is what the browser shows, if it shows one.

    Raises LockedOut after too many failures, Unavailable when too many passwords are being checked, and Refused for
    every other reason, without saying which: unknown address or institution, wrong password, deactivated, not allowed
    to sign in.
    """
    key = identifier_key(email)
    place: dict[str, Any] = {"what": BY_EMAIL, "who": key, "address": address}
    attempt = attempt_begun(device=device, **place)
    rows = User.objects.filter(MAY_SIGN_IN, _HAS_PASSWORD, email=key)
    if institution:
        rows = rows.filter(institution__acronym=institution)
    last_used = F("last_login").desc(nulls_last=True), "pk"
    # No institution names the account of a global administrator: it is always among those that are tried.
    tried = rows.order_by("-is_staff", *last_used).values("pk")[:TRIED]
    accounts = list(User.objects.select_related("institution").filter(pk__in=tried).order_by(*last_used))
    known = known_before(attempt, accounts={account.pk: account.password for account in accounts}, **place)
    with untaken_if_unavailable(attempt):
        matches = _opened_by(password, accounts)
    # One that must wait is passed over as if the password were wrong: else who has another account would see the match.
    let_in = [match for match in matches if is_let_in(attempt, known, match.pk)]
    person = next((match for match in let_in if not _is_suspended(match)), next(iter(let_in), None))
    if person is not None:
        is_known = person.pk in known.with_password
        attempt_succeeded(attempt, account=person.pk, stored=person.password, is_known=is_known, **place)
        if person.institution is not None and _is_suspended(person):
            raise Suspended(suspension_text(person.institution, with_reason=person.inst_admin))
        return person
    if attempt.wait:
        raise LockedOut(attempt.wait)
    failure_recorded(*((account.institution_id, account.pk) for account in accounts))
    raise Refused("No account with this e-mail and password may sign in.")


def _is_suspended(person: User) -> bool:
    return is_suspended(person.institution) and not person.is_staff


def password_recorded(person: User) -> None:
    """The person has another password; neither of the two is in the line."""
    details = {"password": [None, None]}
    record(Entry("update", "institution/user", person.pk, person.institution_id, person.pk, details))


def failure_recorded(*accounts: tuple[int | None, int | None], row: str = "") -> None:
    """Somebody has failed to sign in: a line for each account, (institution, person), or one if there is none.

    Waits are not recorded: they cost no work, and so could fill the trail. A failure that cannot be written down is
    answered all the same.
    """
    by = Origin(address=origin().address, request_id=origin().request_id)
    lines = [Entry("sign-in failed", "auth", row, home, person) for home, person in accounts or [(None, None)]]
    try:
        record(*lines, by=by)
    except DatabaseError:
        logger.exception("a failure to sign in is not in the trail")


def _opened_by(password: str, accounts: list[User]) -> list[User]:
    """The accounts with this password. It takes as long whether there are accounts, one or many, or a match."""
    matches = [account for account in accounts if account.check_password(password)]
    for _ in range(TRIED - len(accounts)):
        make_password(password)
    return matches


@password_prover
def own_password_proven(person: User, given: str | None, address: str | None, session_id: int | None) -> None:
    """Invalid unless `given` is the person's present password. Wrong ones are counted, apart from those of sign-ins.

    The dashboards for which LEGACY_DASHBOARD is set do not ask for it: there it suffices that the session was opened
    with the password a few minutes ago, in the same place.
    """
    if given is None:
        if settings.LEGACY_DASHBOARD and _has_just_signed_in(person, session_id, address):
            return
        raise Invalid(current_password=f"The present password is needed.{AGAIN if settings.LEGACY_DASHBOARD else ''}")
    attempts: dict[str, Any] = {"what": "own password", "who": str(person.pk), "address": address}
    refuse_waiting(**attempts)
    if not person.check_password(given):
        count = partial(failure_counted, per_account=settings.SIGN_IN_FAILURES, **attempts)
        raise Counted(count, current_password="This is not the present password.")  # noqa: S106


def _has_just_signed_in(person: User, session_id: int | None, address: str | None) -> bool:
    opened = CallerSession.objects.filter(pk=session_id or 0, user=person, kind=CallerKind.PERSON.value, oidc=None)
    place = opened.filter(created_at__gt=timezone.now() - JUST_NOW).values_list("address", flat=True)
    return [address_group(each) for each in place] == [address_group(address)]
