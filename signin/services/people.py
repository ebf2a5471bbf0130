"""People who sign in with e-mail and password."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from institutions.models import User
from institutions.services.passwords import password_prover
from kernel.caller import CallerKind
from kernel.domain import Counted, Invalid
from signin.models import CallerSession
from signin.services import LockedOut, Refused
from signin.services.attempts import (
    attempt_begun,
    attempt_succeeded,
    failure_counted,
    refuse_waiting,
    untaken_if_unavailable,
)

JUST_NOW = timedelta(minutes=5)
AGAIN = " Or sign out, sign in again, and change it within five minutes."


def person_verified(*, email: str, password: str, address: str | None) -> User:
    """The person with this e-mail (case ignored) and password who may sign in.

    Raises LockedOut after too many failures, Unavailable when too many passwords are being checked, and Refused for
    every other reason, without saying which: unknown address, wrong password, deactivated, not allowed to sign in.
    """
    attempt = attempt_begun(what="e-mail", who=email.lower(), address=address)
    # Stored addresses are ASCII. Databases fold some other letters to ASCII ones, which the counter's key does not:
    # such spellings would get counters of their own.
    person = User.objects.filter(email__iexact=email).first() if email.isascii() else None
    with untaken_if_unavailable(attempt):
        # An unknown address costs as much time as a known one.
        good = person.check_password(password) if person is not None else _hash_for_timing(password)
    if person is not None and not (good and person.is_active and (person.login_allowed or person.is_staff)):
        person = None
    if attempt.wait and not (person and attempt.lets_in):
        raise LockedOut(attempt.wait)
    if person is None:
        raise Refused("No account with this e-mail and password may sign in.")
    attempt_succeeded(attempt)
    return person


@password_prover
def own_password_proven(person: User, given: str | None, address: str | None, session_id: int | None) -> None:
    """Invalid unless `given` is the person's present password. Wrong ones are counted, apart from those of sign-ins.

    The dashboards for which LEGACY_DASHBOARD is set do not ask for it: there it suffices that the session was opened
    with the password a few minutes ago.
    """
    if given is None:
        if settings.LEGACY_DASHBOARD and _has_just_signed_in(person, session_id):
            return
        raise Invalid(current_password=f"The present password is needed.{AGAIN if settings.LEGACY_DASHBOARD else ''}")
    attempts: dict[str, Any] = {"what": "own password", "who": str(person.pk), "address": address}
    refuse_waiting(**attempts)
    if not person.check_password(given):
        count = partial(failure_counted, per_account=settings.SIGN_IN_FAILURES, **attempts)
        raise Counted(count, current_password="This is not the present password.")  # noqa: S106


def _has_just_signed_in(person: User, session_id: int | None) -> bool:
    opened = CallerSession.objects.filter(pk=session_id or 0, user=person, kind=CallerKind.PERSON.value)
    return opened.filter(created_at__gt=timezone.now() - JUST_NOW).exists()


def _hash_for_timing(password: str) -> bool:
    make_password(password)
    return False
