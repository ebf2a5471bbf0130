"""Failed sign-ins: growing waits per account from everywhere, known places, IPv6 networks, and no oracle."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from institutions.models import User
from kernel.http.address import address_group
from signin import devices
from signin.models import CallerSession, SignInCounter, SignInPlace
from signin.services import LockedOut, attempts, people
from signin.services.sessions import sessions_forgotten
from tests.world import PASSWORD

LOGIN = "/api/v2/auth/login"
EMAIL, OTHER, NOBODY = "admin@home.example.org", "root@example.org", "nobody@example.org"
HOME = "198.51.100.7"


def login(email=EMAIL, password=PASSWORD, address="127.0.0.1"):
    return APIClient().post(LOGIN, {"email": email, "password": password}, REMOTE_ADDR=address)


def status(*arguments, **more) -> int:
    return login(*arguments, **more).status_code


def later(**delta) -> None:
    """So much time passes."""
    for counter in SignInCounter.objects.all():
        counter.last_failure_at -= timedelta(**delta)
        counter.save()


def known(email=EMAIL, password=PASSWORD, address=HOME) -> None:
    """The account has signed in there with this password. The first time has counted as a failure, which is over."""
    assert status(email, password, address) == 200
    SignInCounter.objects.all().delete()


def attack(email=EMAIL, count=20) -> None:
    """Wrong passwords, each from another address."""
    for number in range(count):
        assert status(email, "wrong", f"203.0.113.{number}") == 401


def test_one_account_is_not_tried_from_any_number_of_addresses(world):
    attack()
    locked = login(address="203.0.113.99")
    assert (locked.status_code, 0 < int(locked["Retry-After"]) <= 30) == (429, True)
    assert status(OTHER, address="203.0.113.99") == 200


def test_waits_grow_up_to_the_window_and_are_remembered_for_a_day(world):
    attack()
    waits = []
    for number in range(7):
        waits.append(int(login(address="192.0.2.1")["Retry-After"]))
        later(seconds=waits[-1] + 1)
        assert status(EMAIL, "wrong", f"192.0.2.{number + 10}") == 401
    assert [round(wait / 10) * 10 for wait in waits] == [30, 60, 120, 240, 480, 900, 900]
    later(hours=23)
    assert status(EMAIL, "wrong", "192.0.2.99") == 401
    assert status(address="192.0.2.100") == 429
    later(hours=25)
    assert status(address="192.0.2.101") == 200


def test_a_known_place_is_let_through_with_the_right_password(world):
    known()
    attack()
    assert status(address="203.0.113.99") == 429
    assert status(address=HOME) == 200
    SignInPlace.objects.update(used_at=timezone.now() - timedelta(days=91))
    assert status(address=HOME) == 429


def test_an_account_of_another_institution_makes_no_place_known(world):
    """Its administrator can make one with anybody's address, and sign in to it from many places."""
    twin = world.away.people["admin"]
    twin.email = EMAIL
    twin.set_password("other-horse-7-battery")
    twin.save()
    for _ in range(3):
        known(password="other-horse-7-battery")
    attack()
    assert status(EMAIL, "other-horse-7-battery", HOME) == 200
    assert [status(EMAIL, "wrong", HOME), status(EMAIL, PASSWORD, HOME)] == [429, 429]


def test_a_full_address_stops_nobody_who_has_signed_in_there(world, settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 30
    assert status(address=HOME) == 200
    for number in range(30):
        assert status(f"{number}@example.org", "x", HOME) == 401
    assert status(address=HOME) == 200
    new = login(OTHER, address=HOME)
    assert (new.status_code, 0 < int(new["Retry-After"]) <= 10) == (429, True)
    later(seconds=11)
    assert status(OTHER, address=HOME) == 200  # after seconds, not after the rest of a window


def test_an_address_waits_a_minute_at_most(world, settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 5
    for number in range(12):
        later(minutes=1)
        assert status(f"{number}@example.org", "x", HOME) == 401
    assert 50 < int(login(OTHER, address=HOME)["Retry-After"]) <= 60


def test_a_known_place_has_its_own_limit(world):
    """Who sits behind the same address as the owner of an account guesses no faster than others."""
    known()
    attack()
    answers = [status(EMAIL, "wrong", HOME) for _ in range(10)]
    assert answers == [429] * 10  # as from any other place while the account waits
    assert status(address=HOME) == 429
    later(seconds=31)
    assert status(address=HOME) == 200


def test_answers_and_work_are_the_same_for_known_unknown_and_missing_accounts(world, monkeypatch):
    """Before, at and after every limit: the same status, the same number of hashes and of statements."""
    assert status(EMAIL, address=HOME) == 200  # known there
    counted = []
    monkeypatch.setattr(people, "make_password", lambda password: counted.append("hash"))
    monkeypatch.setattr("institutions.models.User.check_password", lambda self, password: bool(counted.append("hash")))
    seen = {}
    for email in (EMAIL, OTHER, NOBODY):
        SignInCounter.objects.all().delete()
        rows = []
        for number in range(24):
            with CaptureQueriesContext(connection) as captured:
                rows.append([status(email, "wrong", f"192.0.2.{number}"), len(captured)])
        for _ in range(12):
            counted.clear()
            with CaptureQueriesContext(connection) as captured:
                rows.append([status(email, "wrong", HOME), len(counted), len(captured)])
        seen[email] = rows
    assert seen[EMAIL] == seen[OTHER] == seen[NOBODY]
    statuses = [row[0] for row in seen[NOBODY]]
    assert statuses == [401] * 20 + [429] * 4 + [429] * 12
    assert [row[1] for row in seen[NOBODY][24:]] == [people.TRIED] * 10 + [0] * 2


def page(browser, email=EMAIL, password=PASSWORD, address=HOME) -> int:
    """The status of the sign-in page, 302 for who is let in."""
    return browser.post("/signin/", {"email": email, "password": password}, REMOTE_ADDR=address).status_code


def test_a_known_device_is_let_through_while_its_address_and_its_account_wait(world, settings):
    """Its owner sits behind the same address as somebody who tries passwords, or behind a new one."""
    owner, colleague = Client(), Client()
    assert [page(owner), page(colleague, OTHER)] == [302, 302]
    SignInCounter.objects.all().delete()
    settings.SIGN_IN_FAILURES = 3
    assert [status(EMAIL, "wrong", HOME) for _ in range(4)] == [401] * 3 + [429]
    assert [status(address=HOME), page(Client()), page(colleague), page(owner, password="wrong")] == [429] * 4
    assert page(owner) == 302
    attack(count=15)  # the colleague and the wrong password have counted, too
    assert [status(address="192.0.2.9"), page(colleague, address="192.0.2.9")] == [429, 429]
    assert page(owner, address="192.0.2.9") == 302
    owner.cookies[devices.COOKIE] = owner.cookies[devices.COOKIE].value[:-1] + "-"  # not what was signed
    assert page(owner) == 429


def test_a_stolen_device_has_its_own_limit(world):
    """Whoever shows it is heard from any address, as often as who sits at a known one."""
    thief = Client()
    assert page(thief) == 302
    SignInCounter.objects.all().delete()
    attack()
    assert [page(thief, EMAIL, "wrong", f"192.0.2.{number}") for number in range(10)] == [429] * 10
    assert page(thief, address="192.0.2.99") == 429
    later(seconds=31)
    attack(count=1)  # the account waits again, the device does not
    assert page(thief, address="192.0.2.99") == 302


def test_devices_cost_the_same_work_for_whatever_account(world, monkeypatch):
    """While account and place wait: as many hashes and statements for known, other and missing accounts."""
    attempts.device_remembered(what=people.BY_EMAIL, account=world.people["admin"].pk, device="known")
    hashes = []
    monkeypatch.setattr(people, "make_password", lambda password: hashes.append(1))
    monkeypatch.setattr("institutions.models.User.check_password", lambda self, password: bool(hashes.append(1)))
    seen = {}
    for email in (EMAIL, OTHER, NOBODY):
        assert [status(email, "wrong", HOME) for _ in range(11)] == [401] * 10 + [429]
        seen[email] = []
        for _ in range(11):
            hashes.clear()
            with CaptureQueriesContext(connection) as captured, pytest.raises(LockedOut):
                people.person_verified(email=email, password="wrong", address=HOME, device="known")
            seen[email].append([len(hashes), len(captured)])
    assert seen[EMAIL] == seen[OTHER] == seen[NOBODY]
    assert [row[0] for row in seen[NOBODY]] == [people.TRIED] * 10 + [0]


def test_the_device_is_a_cookie_that_only_the_sign_in_page_gets(world, settings):
    settings.SESSION_COOKIE_SECURE = True
    browser = Client()
    assert page(browser) == 302
    cookie = browser.cookies[devices.COOKIE]
    assert [cookie[name] for name in ("httponly", "secure", "samesite", "path")] == [True, True, "Lax", "/signin/"]
    assert cookie["max-age"] == 90 * 24 * 3600
    assert page(browser, OTHER) == 302
    assert devices.COOKIE not in Client().post("/signin/", {"email": EMAIL, "password": "wrong"}).cookies
    shown = [cookies.value.partition(":")[0] for cookies in (cookie, browser.cookies[devices.COOKIE])]
    assert shown[0] == shown[1]  # one for all who use the browser
    assert not any(shown[0] in place.key for place in SignInPlace.objects.all())


def test_ipv6_is_counted_by_network(world):
    for number in range(10):
        assert status(EMAIL, "wrong", f"2001:db8:0:1::{number:x}") == 401
    assert status(address="2001:db8:0:1:ffff::1") == 429
    assert status(address="2001:db8:0:2::1") == 200


@pytest.mark.parametrize(
    ("forwarded", "group"),
    [
        ("192.0.2.1:4711", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ('"192.0.2.1:4711"', "192.0.2.1"),
        ("[2001:db8::1]:4711", "2001:db8::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ("unknown", "127.0.0.1"),
        ("192.0.2.1:4711:5", "127.0.0.1"),
    ],
)
def test_forwarded_addresses_may_have_ports(world, settings, forwarded, group):
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    settings.SIGN_IN_FAILURES = 1
    wrong = {"email": EMAIL, "password": "wrong"}
    assert APIClient().post(LOGIN, wrong, HTTP_X_FORWARDED_FOR=forwarded).status_code == 401
    direct = {"REMOTE_ADDR": group.replace("/64", "5")}
    assert APIClient().post(LOGIN, wrong, **direct).status_code == 429
    assert address_group(direct["REMOTE_ADDR"]) == group


def test_the_table_is_bounded(world, monkeypatch):
    """What counts no more is deleted by later attempts, and by the daily job."""
    now = timezone.now()
    old = now - timedelta(minutes=16)
    SignInCounter.objects.bulk_create(
        [SignInCounter(key=f"old{n}", failures=1, last_failure_at=old) for n in range(20)]
        + [SignInCounter(key=f"full{n}", failures=30, last_failure_at=old) for n in range(3)]
        + [SignInCounter(key="gone", failures=30, last_failure_at=now - timedelta(hours=25))]
        + [SignInCounter(key="new", failures=1, last_failure_at=now)]
    )
    monkeypatch.setattr(attempts, "SWEPT", 15)
    attempts._sweep("00" + "f" * 62, now)
    assert SignInCounter.objects.count() == 10
    attempts._sweep("01" + "f" * 62, now)
    assert SignInCounter.objects.count() == 10
    SignInPlace.objects.create(key="old", used_at=now - timedelta(days=91))
    SignInPlace.objects.create(key="new", used_at=now)
    sessions_forgotten(before=now - timedelta(days=30))
    assert set(SignInCounter.objects.values_list("key", flat=True)) == {"full0", "full1", "full2", "new"}
    assert [place.key for place in SignInPlace.objects.all()] == ["new"]


def test_places_name_nobody_and_are_one_row_each(world):
    for _ in range(3):
        assert status(address=HOME) == 200
    texts = [f"{place.key} {place}" for place in SignInPlace.objects.all()]
    assert len(texts) == 2  # the place and the password
    assert not any(EMAIL in text or HOME in text for text in texts)


def test_a_success_counts_as_no_failure(world):
    known()
    attack(count=19)
    assert [status(address=f"192.0.2.{number}") for number in range(5)] == [200] * 5
    assert status(EMAIL, "wrong", "192.0.2.50") == 401
    assert status(address="192.0.2.51") == 429


def guessed(world, guess: str, address: str = HOME) -> int:
    """The status for the administrator of another institution, who has given the guess to an account of this e-mail."""
    twin = User(institution=world.away.institution, uid="t", username="t", email=EMAIL, login_allowed=True)
    twin.set_password(guess)
    twin.save()
    answer = status(EMAIL, guess, address)
    twin.delete()
    return answer


def test_an_account_of_another_institution_does_not_hide_guesses(world):
    """Each password that opens it for the first time counts, as it was tried on all accounts of the e-mail."""
    known()
    answers = [guessed(world, f"guess-{number}-horse", f"203.0.113.{number}") for number in range(20)]
    assert answers == [200] * 20
    assert guessed(world, PASSWORD, "203.0.113.99") == 429
    assert status(EMAIL, "wrong", "203.0.113.98") == 429
    SignInCounter.objects.all().delete()
    assert [guessed(world, f"guess-{number}-horse") for number in range(11)] == [200] * 10 + [429]


def test_a_password_is_known_to_one_account_and_one_email(world):
    """Else it would be made known where nothing is tried, and then be tried without being counted."""
    twin = world.away.people["admin"]
    for number in range(20):
        twin.email, guess = f"mine-{number}@x.org", f"guess-{number}-horse"
        twin.set_password(guess)
        twin.save()
        known(twin.email, guess, f"203.0.113.{number}")
        assert status(twin.email, guess, f"203.0.113.{number}") == 200  # known: not counted
        assert not SignInCounter.objects.filter(failures__gt=0).exists()
        twin.email = EMAIL
        twin.save()
        assert status(EMAIL, guess, f"203.0.113.{number}") == 200
        account = attempts._keys("e-mail", EMAIL, None)[1]
        assert SignInCounter.objects.get(key=account).failures == 1


def test_a_password_does_not_become_known_while_the_email_waits(world):
    """Nothing is counted for the e-mail then, and the other accounts are as good as untried."""
    twin = world.away.people["admin"]
    twin.email = EMAIL
    twin.set_password("first-horse-7-battery")
    twin.save()
    known(password="first-horse-7-battery")
    attack()
    twin.set_password("second-horse-7-battery")
    twin.save()
    assert status(EMAIL, "second-horse-7-battery", HOME) == 200
    account = attempts._keys("e-mail", EMAIL, None)[1]
    for failures in (1, 0):  # first counted, then known
        SignInCounter.objects.all().delete()
        assert status(EMAIL, "second-horse-7-battery", HOME) == 200
        assert SignInCounter.objects.get(key=account).failures == failures


@pytest.mark.parametrize("is_right", [True, False])
def test_a_waiting_account_with_the_tried_password_is_passed_over(world, is_right):
    """Whoever signs in to another account of the e-mail does not see whether the password is that of both."""
    victim, twin = world.people["admin"], world.away.people["admin"]
    twin.email = EMAIL
    twin.set_password("first-horse-7-battery")
    twin.save()
    known(password="first-horse-7-battery")
    known(address="192.0.2.7")  # the victim is the one that was used last
    attack()
    twin.set_password(PASSWORD if is_right else "second-horse-7-battery")
    twin.save()
    assert status(EMAIL, PASSWORD if is_right else "second-horse-7-battery", HOME) == 200
    assert CallerSession.objects.latest("pk").user_id == twin.pk != victim.pk


def test_nobody_learns_from_a_wait_that_there_are_other_accounts(world):
    """What one account's owner does makes the owner of another wait as little as if it were not there."""
    twin = world.away.people["admin"]
    twin.email = EMAIL
    twin.set_password("other-horse-7-battery")
    twin.save()
    known()
    known(password="other-horse-7-battery", address="192.0.2.7")
    for password, address in ((PASSWORD, HOME), ("other-horse-7-battery", "192.0.2.7")) * 25:
        assert status(EMAIL, password, address) == 200
    assert not SignInCounter.objects.filter(failures__gt=0).exists()


def test_first_sign_ins_fill_no_address(world, settings):
    """A class behind one address signs in for the first time."""
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 2
    for name in ("admin", "legal", "send", "data"):
        assert status(world.people[name].email, address=HOME) == 200


def test_a_counter_that_is_deleted_before_it_is_locked_is_made_again(world, monkeypatch):
    make, deleted = attempts._make, []

    def made_and_deleted(limits, now):
        make(limits, now)
        if not deleted:
            deleted.append(SignInCounter.objects.all().delete())

    monkeypatch.setattr(attempts, "_make", made_and_deleted)
    assert status(password="wrong") == 401
    assert deleted
    assert [*SignInCounter.objects.values_list("failures", flat=True)] == [1, 1, 1]
