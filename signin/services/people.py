"""People who sign in with e-mail and password."""

from django.contrib.auth.hashers import make_password

from institutions.models import User
from signin.services import Refused
from signin.services.attempts import attempt_counted, attempt_taken_back


def person_verified(*, email: str, password: str, address: str | None) -> User:
    """The person with this e-mail (case ignored) and password who may sign in.

    Raises LockedOut before the password is checked, and Refused for every other reason, without saying which: unknown
    address, wrong password, deactivated, not allowed to sign in.
    """
    attempt = attempt_counted(what="e-mail", who=email.lower(), address=address)
    # Stored addresses are ASCII. Databases fold some other letters to ASCII ones, which the counter's key does not:
    # such spellings would get counters of their own.
    person = User.objects.filter(email__iexact=email).first() if email.isascii() else None
    # An unknown address costs as much time as a known one.
    good = person.check_password(password) if person is not None else _hash_for_timing(password)
    if person is None or not good or not person.is_active or not (person.login_allowed or person.is_staff):
        raise Refused("No account with this e-mail and password may sign in.")
    attempt_taken_back(keys=attempt)
    return person


def _hash_for_timing(password: str) -> bool:
    make_password(password)
    return False
