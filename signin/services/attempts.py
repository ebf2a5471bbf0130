"""Failed attempts, counted in fixed windows: by what was tried and from where, by the place, and maybe by what alone.

Each way of signing in has counters of its own: modules with an old secret keep nobody there from signing in with a
password. `what` names the way, `who` the account or role that is tried. Whatever is tried, the failures that are heard
of an address bound the rows that come of it: the others leave none.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from kernel.http.address import address_group
from signin.models import SignInCounter
from signin.services import LockedOut


@transaction.atomic
def attempt_counted(*, what: str, who: str, address: str | None, from_anywhere: int | None = None) -> list[str]:
    """Count a failure; of a password before it is judged: parallel attempts cannot outrun the count.

    `from_anywhere` is how many failures of `who` are counted from all places together, for what cannot be locked out
    by them. The counters' keys, for `attempt_taken_back`. Raises LockedOut without counting.
    """
    now, limits = timezone.now(), _limits(what, who, address, from_anywhere)
    counters = [_counter(key, now) for key in sorted(limits)]  # in one order: attempts never wait crosswise
    _refuse_full(counters, limits, now)
    for counter in counters:
        counter.failures += 1
        counter.save(update_fields=["failures", "since"])
    return sorted(limits)


@transaction.atomic
def attempt_taken_back(*, keys: list[str]) -> None:
    """It was no failure. Earlier ones of this place keep counting."""
    for key in sorted(keys):
        SignInCounter.objects.filter(key=key, failures__gt=0).update(failures=F("failures") - 1)


def _limits(what: str, who: str, address: str | None, from_anywhere: int | None) -> dict[str, int]:
    place = address_group(address)
    limits = {
        _key(f"{what} and address", who, place): settings.SIGN_IN_FAILURES,
        _key(f"address of {what}", place): settings.SIGN_IN_FAILURES_PER_ADDRESS,
    }
    return limits if from_anywhere is None else limits | {_key(what, who): from_anywhere}


def _key(*parts: str) -> str:
    """A keyed hash: the table tells nobody who failed to sign in from where."""
    return salted_hmac("signin.counter", "\n".join(parts), algorithm="sha256").hexdigest()


def _refuse_full(counters: Iterable[SignInCounter], limits: dict[str, int], now: datetime) -> None:
    ends = [counter.since + settings.SIGN_IN_WINDOW for counter in counters if counter.failures >= limits[counter.key]]
    wait = max(ends, default=now) - now
    if wait > timedelta(0):
        raise LockedOut(ceil(wait / timedelta(seconds=1)))


def _counter(key: str, now: datetime) -> SignInCounter:
    SignInCounter.objects.get_or_create(key=key, defaults={"since": now})
    counter = SignInCounter.objects.select_for_update().get(key=key)
    if counter.since + settings.SIGN_IN_WINDOW <= now:
        counter.failures, counter.since = 0, now
    return counter
