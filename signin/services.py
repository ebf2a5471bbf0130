"""Sign-in: who may, how often it may fail, and the sessions that it opens and ends."""

from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from institutions.models import User
from signin import tokens
from signin.callers import caller_of
from signin.models import CallerSession, SignInCounter
from tesla_api.api.address import address_group
from tesla_api.api.caller import CallerKind
from tesla_api.api.ids import bounded_id


class Refused(Exception):  # noqa: N818 - an outcome
    """These credentials open nothing."""


class LockedOut(Exception):  # noqa: N818
    """Too many failures; `wait` is the number of seconds until the next attempt is heard."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(f"Too many failed attempts. Try again in {wait} seconds.")


def person_verified(*, email: str, password: str, address: str | None) -> User:
    """The person with this e-mail (case ignored) and password who may sign in.

    Raises LockedOut before a password is looked at, Refused for every other reason alike: unknown address, wrong
    password, deactivated, not allowed to sign in.
    """
    attempt = _attempt_counted(email, address)
    # Stored addresses are ASCII; databases fold some other letters to ASCII ones, and the count would not.
    person = User.objects.filter(email__iexact=email).first() if email.isascii() else None
    # An unknown address costs as much time as a known one.
    good = person.check_password(password) if person is not None else _wasted(password)
    if person is None or not good or not person.is_active or not (person.login_allowed or person.is_staff):
        raise Refused("No account with this e-mail and password may sign in.")
    _attempt_taken_back(attempt)
    return person


def _wasted(password: str) -> bool:
    make_password(password)
    return False


@transaction.atomic
def _attempt_counted(email: str, address: str | None) -> list[str]:
    """Count an attempt as a failure before it is judged: parallel attempts cannot outrun the count.

    The counters' keys, for `_attempt_taken_back`. Raises LockedOut without counting.
    """
    now, place = timezone.now(), address_group(address)
    limits = {
        _key("e-mail and address", email.lower(), place): settings.SIGN_IN_FAILURES,
        _key("address", place): settings.SIGN_IN_FAILURES_PER_ADDRESS,
    }
    counters = [_counter(key, now) for key in sorted(limits)]  # in one order: attempts never wait crosswise
    full = [counter for counter in counters if counter.failures >= limits[counter.key]]
    if full:
        ends = max(counter.since for counter in full) + settings.SIGN_IN_WINDOW
        raise LockedOut(max(1, ceil((ends - now) / timedelta(seconds=1))))
    for counter in counters:
        counter.failures += 1
        counter.save(update_fields=["failures", "since"])
    return sorted(limits)


@transaction.atomic
def _attempt_taken_back(keys: list[str]) -> None:
    """It was no failure. Earlier ones of this place keep counting."""
    for key in keys:
        SignInCounter.objects.filter(key=key, failures__gt=0).update(failures=F("failures") - 1)


def _key(*parts: str) -> str:
    """A keyed hash: the table tells nobody who failed to sign in from where."""
    return salted_hmac("signin.counter", "\n".join(parts), algorithm="sha256").hexdigest()


def _counter(key: str, now: datetime) -> SignInCounter:
    SignInCounter.objects.get_or_create(key=key, defaults={"since": now})
    counter = SignInCounter.objects.select_for_update().get(key=key)
    if counter.since + settings.SIGN_IN_WINDOW <= now:
        counter.failures, counter.since = 0, now
    return counter


@transaction.atomic
def session_open(*, person: User, address: str | None) -> CallerSession:
    """A session of a person who has signed in, as long as the longest token of it may live."""
    now = timezone.now()
    lifetime = settings.GLOBAL_ADMIN_SESSION_LIFETIME if person.is_staff else settings.PERSON_SESSION_LIFETIME
    User.objects.filter(pk=person.pk).update(last_login=now)
    return CallerSession.objects.create(
        kind=CallerKind.PERSON.value,
        user=person,
        generation=person.session_generation,
        address=address,
        expires_at=now + lifetime,
    )


@transaction.atomic
def session_end(*, session_id: int) -> None:
    """All tokens of the session are refused from now on. Ending it again changes nothing."""
    CallerSession.objects.filter(pk=session_id, ended_at=None).update(ended_at=timezone.now())


def pair_refreshed(*, refresh: str, access: str | None) -> dict[str, str]:
    """A new access token for a session whose refresh token is still good; the refresh token is handed back.

    The old access token may have expired but must be ours and of the same session. Raises Refused.
    """
    try:
        token = tokens.RefreshToken.read(refresh)
        old = tokens.AccessToken.even_expired(access) if access is not None else token
    except tokens.InvalidToken as error:
        raise Refused("The refresh token is not valid.") from error
    if any(old.get(claim) != token.get(claim) for claim in ("sid", "sub", "kind")):
        raise Refused("The two tokens are not of one session.")
    if not bounded_id(token["sid"]) or caller_of(token["sid"], token["kind"]) is None:
        raise Refused("The session has ended.")
    return tokens.pair(CallerSession.objects.get(pk=token["sid"]), refresh)


def sessions_forgotten(*, before: datetime) -> int:
    """Delete sessions that ended or expired before an instant, and counters of closed windows; how many rows."""
    over, _ = CallerSession.objects.filter(expires_at__lt=before).delete()
    closed, _ = SignInCounter.objects.filter(since__lt=min(before, timezone.now() - settings.SIGN_IN_WINDOW)).delete()
    return over + closed
