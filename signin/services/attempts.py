"""Failed sign-in attempts, counted in fixed windows: per account and address, per address, optionally per account.

Each way of signing in has its own counters, so that modules with an old secret do not lock out people of the same
address. `what` names the way of signing in, `who` the account or role. The number of rows is bounded: once an address
has reached its limit, its further failures are refused without creating rows.
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
    """Count a failure. A password's is counted before the check, so that parallel attempts cannot exceed the limit.

    `from_anywhere` limits the failures of `who` from all addresses together; it is meant for accounts that other
    people's failures cannot lock out. Answers the counters' keys, for `attempt_taken_back`. Raises LockedOut, without
    counting, when a limit is reached.
    """
    now, limits = timezone.now(), _limits(what, who, address, from_anywhere)
    counters = [_counter(key, now) for key in sorted(limits)]  # locked in one order: no deadlocks
    _refuse_full(counters, limits, now)
    for counter in counters:
        counter.failures += 1
        counter.save(update_fields=["failures", "since"])
    return sorted(limits)


@transaction.atomic
def attempt_taken_back(*, keys: list[str]) -> None:
    """Undo `attempt_counted`: the attempt succeeded. Earlier failures of this address still count."""
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
    """A keyed hash, so that the table does not reveal who failed to sign in from which address."""
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
