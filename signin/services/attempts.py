"""Failed attempts to sign in: per account and place, per account from everywhere, and per place.

A place is an IPv4 address or the /64 network of an IPv6 one. The first failures of a counter are free; from its limit
on each failure doubles the wait until the next attempt is considered. A counter is forgotten when nothing has failed
for SIGN_IN_WINDOW, and for a day where an account has reached its limit: who goes on trying one account from many
places gets some hundred attempts a day; who stops before the limit may begin again after a window.

Each way of signing in has its own counters, so that modules with an old secret do not lock out people of the same
address. `what` names the way of signing in, `who` the account or role.

Passwords: the wait of an account and that of a place do not hold for places from which the account has signed in
before. Whether that is so shows only to who knows the password: a wrong one is answered in the same way, after the same
work. The wait of account and place holds for every place, and needs no work: it depends on nothing that is stored of
the account.

A device is a browser that shows what it was given when somebody had signed in with it. None of the waits holds for the
accounts that have signed in with it. Account and device have a counter of their own: who has stolen what a browser
shows is soon treated as if it were not shown. What is done for a device depends on that counter, and on nothing that
is stored of the account; a device that has never signed in to it is answered as a wrong password is.

A right password counts as no failure if it has opened that account under that e-mail before. The first time it counts
for the account and for account and place: who may make an account of the same e-mail in another institution would else
try any number of passwords on the accounts of that e-mail, each by giving it to the own account first. It depends on
nothing but the account that was opened, so that nobody learns from it, or from a wait, whether there are others.

The table is bounded: each row costs the work of a password, and rows that count no more are deleted while others are
made.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, Value, When
from django.utils import timezone
from django.utils.crypto import salted_hmac

from kernel.domain import Unavailable
from kernel.http.address import address_group
from signin.models import SignInCounter, SignInPlace
from signin.services import LockedOut

DAY = timedelta(days=1)
FIRST_WAIT = timedelta(seconds=30)
# People behind one address do not wait long for what others do there.
FIRST_WAIT_OF_PLACE, LONGEST_OF_PLACE = timedelta(seconds=10), timedelta(minutes=1)
PLACES_KEPT = timedelta(days=90)
SWEPT = 1000  # rows that are deleted at a time


@dataclass(frozen=True)
class Limit:
    failures: int  # from here on each failure has a wait
    first: timedelta
    longest: timedelta
    kept: timedelta  # after the limit is reached

    def wait(self, counter: SignInCounter, now: datetime) -> timedelta:
        if counter.failures < self.failures:
            return timedelta(0)
        doublings = min(counter.failures - self.failures, 20)
        return counter.last_failure_at + min(self.first * 2**doublings, self.longest) - now

    def is_over(self, counter: SignInCounter, now: datetime) -> bool:
        kept = self.kept if counter.failures >= self.failures else settings.SIGN_IN_WINDOW
        return counter.last_failure_at + kept <= now


@dataclass(frozen=True)
class Attempt:
    """An attempt that counts as failed until `attempt_succeeded`."""

    at: datetime
    counted: dict[str, datetime]  # key of a counter -> its last failure before
    place: str  # the key of the place's counter
    wait: int  # seconds, 0: who has the right password is let in from every place
    device: str | None  # None also while it must wait
    here: bool  # account and place need not wait: who is known there is let in


def attempt_begun(*, what: str, who: str, address: str | None, device: str | None = None) -> Attempt:
    """Count an attempt before the password is checked, so that parallel attempts cannot exceed the limits.

    Raises LockedOut, without counting, while account and place must wait, and account and device, too, if there is one.
    """
    now = timezone.now()
    pair, account, place = _keys(what, who, address)
    of_account = Limit(settings.SIGN_IN_FAILURES_PER_ACCOUNT, FIRST_WAIT, settings.SIGN_IN_WINDOW, DAY)
    limits = {pair: _limit_of_pair(), account: of_account, place: _limit_of_place()}
    with_device = None if device is None else _key(f"{what} and device", who, device)
    if with_device is not None:
        limits[with_device] = _limit_of_pair()
    _make(limits, now)
    with transaction.atomic():
        counters = _locked(limits, now)
        waits = {key: limits[key].wait(counter, now) for key, counter in counters.items()}
        counting = [counter for key, counter in counters.items() if waits[key] <= timedelta(0)]
        if with_device is None or waits.pop(with_device) > timedelta(0):
            _refuse_waiting([waits[pair]])
            device = None
        before = {counter.key: counter.last_failure_at for counter in counting}
        _counted(counting, now)
    _sweep(pair, now)
    return Attempt(now, before, place, _seconds(waits.values()), device, pair in before)


class Known(NamedTuple):
    """Those of some accounts that have signed in before: from a place, with the present password, with a device."""

    there: set[int]
    with_password: set[int]
    with_device: set[int]


def known_before(attempt: Attempt, *, what: str, who: str, accounts: Mapping[int, str], address: str | None) -> Known:
    """What is known of accounts, given with their stored passwords: one query, whatever accounts there are.

    The account is a person's key and not the e-mail: another institution may make an account of the same address, sign
    in to it, and would be let through when it tries passwords of this one.
    """
    pairs, device = accounts or {0: ""}, attempt.device
    places = {account: _place_key(what, account, address) for account in pairs}
    passwords = {account: _password_key(what, who, account, stored) for account, stored in pairs.items()}
    devices = {} if device is None else {account: _device_key(what, account, device) for account in pairs}
    keys = [*places.values(), *passwords.values(), *devices.values()]
    rows = SignInPlace.objects.filter(key__in=keys, used_at__gt=timezone.now() - PLACES_KEPT)
    fresh = set(rows.values_list("key", flat=True))
    return Known(*({account for account, key in each.items() if key in fresh} for each in (places, passwords, devices)))


def is_let_in(attempt: Attempt, known: Known, account: int) -> bool:
    """Whether the right password opens this account now."""
    return not attempt.wait or account in known.with_device or (attempt.here and account in known.there)


@transaction.atomic
def attempt_succeeded(
    attempt: Attempt, *, what: str, who: str, account: int, stored: str, is_known: bool, address: str | None
) -> None:
    """The account, whose password is `stored`, is known at the place from now on. Earlier failures still count.

    It counts as no failure if the password `is_known`. If not, it is from now on; but not while the e-mail must wait,
    as nothing is counted for it then.
    """
    _taken_back(attempt, attempt.counted if is_known else attempt.counted.keys() & {attempt.place})
    keys = [_place_key(what, account, address)]
    if is_known or not attempt.wait:
        keys.append(_password_key(what, who, account, stored))
    _remember(keys, attempt.at)


def device_remembered(*, what: str, account: int, device: str) -> None:
    """Somebody has signed in to the account with this device."""
    _remember([_device_key(what, account, device)], timezone.now())


def _remember(keys: list[str], now: datetime) -> None:
    SignInPlace.objects.bulk_create(
        [SignInPlace(key=key, used_at=now) for key in sorted(keys)],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["used_at"],
    )


@contextmanager
def untaken_if_unavailable(attempt: Attempt) -> Iterator[None]:
    """Around the check of the password: it does not count if it was not checked."""
    try:
        yield
    except Unavailable:
        attempt_taken_back(attempt)
        raise


@transaction.atomic
def attempt_taken_back(attempt: Attempt) -> None:
    """It counts as no failure: the password could not be checked."""
    _taken_back(attempt, attempt.counted)


def _taken_back(attempt: Attempt, keys: Iterable[str]) -> None:
    for key in sorted(keys):
        before = attempt.counted[key]
        last = Case(
            When(last_failure_at=attempt.at, then=Value(before)),
            default=F("last_failure_at"),
            output_field=DateTimeField(),
        )
        rows = SignInCounter.objects.filter(key=key, failures__gt=0)
        rows.update(failures=F("failures") - 1, last_failure_at=last)


def failure_counted(*, what: str, who: str, address: str | None, per_account: int) -> None:
    """Count a failure after it has happened. Raises LockedOut, without counting, while one of the counters must wait.

    For what cannot be guessed, or is asked of somebody who is signed in: `per_account` is its limit from all places.
    """
    pair, account, place = _keys(what, who, address)
    of_account = Limit(per_account, FIRST_WAIT, settings.SIGN_IN_WINDOW, settings.SIGN_IN_WINDOW)
    _failure_counted({pair: _limit_of_pair(), account: of_account, place: _limit_of_place()})


def place_failure_counted(*, what: str, address: str | None) -> None:
    """The same where no account is named: failures from everywhere must lock nobody else out."""
    _, _, place = _keys(what, "", address)
    _failure_counted({place: _limit_of_place()})


def _failure_counted(limits: dict[str, Limit]) -> None:
    now = timezone.now()
    present = SignInCounter.objects.filter(key__in=limits)
    _refuse_waiting(limits[counter.key].wait(counter, now) for counter in present)  # before rows are made
    _make(limits, now)
    with transaction.atomic():
        counters = _locked(limits, now)
        _refuse_waiting(limits[key].wait(counter, now) for key, counter in counters.items())
        _counted(counters.values(), now)


def refuse_waiting(*, what: str, who: str, address: str | None) -> None:
    """Raises LockedOut while account and place must wait."""
    key, _, _ = _keys(what, who, address)
    counter = SignInCounter.objects.filter(key=key).first()
    if counter is not None:
        _refuse_waiting([_limit_of_pair().wait(counter, timezone.now())])


def refuse_waiting_place(*, what: str, address: str | None) -> None:
    """Raises LockedOut while the place must wait."""
    _, _, key = _keys(what, "", address)
    counter = SignInCounter.objects.filter(key=key).first()
    if counter is not None:
        _refuse_waiting([_limit_of_place().wait(counter, timezone.now())])


def counters_forgotten(now: datetime, most: int | None = None) -> int:
    """Delete counters that count no more, at most so many; answer the number of deleted rows."""
    unlimited = SignInCounter.objects.filter(
        Q(last_failure_at__lte=now - DAY)
        | Q(last_failure_at__lte=now - settings.SIGN_IN_WINDOW, failures__lt=settings.SIGN_IN_FAILURES)
    )
    with transaction.atomic():
        keys = list(unlimited.select_for_update(skip_locked=True).values_list("pk", flat=True)[:most])
        deleted, _ = SignInCounter.objects.filter(pk__in=keys).delete()
    return deleted


def places_forgotten(now: datetime) -> int:
    """Delete known places, devices and passwords that were not used for long, but none that is used at this moment."""
    old = SignInPlace.objects.filter(used_at__lte=now - PLACES_KEPT)
    with transaction.atomic():
        keys = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True))
        deleted, _ = SignInPlace.objects.filter(pk__in=keys).delete()
    return deleted


def _limit_of_pair() -> Limit:
    return Limit(settings.SIGN_IN_FAILURES, FIRST_WAIT, settings.SIGN_IN_WINDOW, DAY)


def _limit_of_place() -> Limit:
    failures, kept = settings.SIGN_IN_FAILURES_PER_ADDRESS, settings.SIGN_IN_WINDOW
    return Limit(failures, FIRST_WAIT_OF_PLACE, LONGEST_OF_PLACE, kept)


def _keys(what: str, who: str, address: str | None) -> tuple[str, str, str]:
    """Of account and place, of the account, of the place."""
    place = address_group(address)
    return _key(f"{what} and address", who, place), _key(what, who), _key(f"address of {what}", place)


def _place_key(what: str, account: int, address: str | None) -> str:
    return _key(f"known place of {what}", str(account), address_group(address))


def _device_key(what: str, account: int, device: str) -> str:
    return _key(f"known device of {what}", str(account), device)


def _password_key(what: str, who: str, account: int, stored: str) -> str:
    """With the e-mail: an account may be given another one after its password was tried."""
    return _key(f"known password of {what}", who, str(account), stored)


def _key(*parts: str) -> str:
    """A keyed hash, so that the table does not reveal who failed to sign in from which address."""
    return salted_hmac("signin.counter", "\n".join(parts), algorithm="sha256").hexdigest()


def _make(limits: dict[str, Limit], now: datetime) -> None:
    """The counters that are not there yet. Before any is locked: two who hold some and make others wait crosswise."""
    new = [SignInCounter(key=key, last_failure_at=now) for key in sorted(limits)]
    SignInCounter.objects.bulk_create(new, ignore_conflicts=True)


def _locked(limits: dict[str, Limit], now: datetime) -> dict[str, SignInCounter]:
    """The counters, locked in the order of their keys: no deadlocks."""
    rows = SignInCounter.objects.select_for_update().filter(key__in=limits).order_by("key")
    counters = list(rows)
    if len(counters) < len(limits):  # one that counted no more was deleted at this moment
        _make(limits, now)
        counters = list(rows.all())
    for counter in counters:
        if limits[counter.key].is_over(counter, now):
            counter.failures, counter.last_failure_at = 0, now
    return {counter.key: counter for counter in counters}


def _counted(counters: Iterable[SignInCounter], now: datetime) -> None:
    counters = list(counters)
    for counter in counters:
        counter.failures, counter.last_failure_at = counter.failures + 1, now
    SignInCounter.objects.bulk_update(counters, ["failures", "last_failure_at"])


def _refuse_waiting(waits: Iterable[timedelta]) -> None:
    if seconds := _seconds(waits):
        raise LockedOut(seconds)


def _seconds(waits: Iterable[timedelta]) -> int:
    return max(ceil(max(waits, default=timedelta(0)) / timedelta(seconds=1)), 0)


def _sweep(key: str, now: datetime) -> None:
    """Once in 256 attempts, as the key happens to be."""
    if key.startswith("00"):
        counters_forgotten(now, SWEPT)
