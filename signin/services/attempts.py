"""Failed attempts, counted in fixed windows: by what was tried and from where, and by the place alone."""

from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from signin.models import SignInCounter
from signin.services import LockedOut
from tesla_api.api.address import address_group


@transaction.atomic
def attempt_counted(*, what: str, who: str, address: str | None) -> list[str]:
    """Count an attempt as a failure before it is judged: parallel attempts cannot outrun the count.

    `what` names the way of signing in, `who` the account that is tried. The counters' keys, for `attempt_taken_back`.
    Raises LockedOut without counting.
    """
    now, place = timezone.now(), address_group(address)
    limits = {
        _key(f"{what} and address", who, place): settings.SIGN_IN_FAILURES,
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
def attempt_taken_back(*, keys: list[str]) -> None:
    """It was no failure. Earlier ones of this place keep counting."""
    for key in sorted(keys):
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
