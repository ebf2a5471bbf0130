"""Password hashing is bounded: so many at once in a process, the others wait, and not for ever."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password
from django.test import Client
from rest_framework.test import APIClient

from kernel import hashing
from kernel.domain import Unavailable
from kernel.hashing import BoundedArgon2PasswordHasher
from signin.models import SignInCounter
from tesla_api import settings as declared
from tests.world import PASSWORD

LOGIN = {"email": "admin@home.example.org", "password": PASSWORD}


@pytest.fixture
def hasher(settings, monkeypatch):
    """The hasher of the settings, with a stand-in for the work: hasher.most is how many were at work at once."""
    settings.PASSWORD_HASHERS = ["kernel.hashing.BoundedArgon2PasswordHasher"]

    class Work:
        now = most = 0
        lock, going = Lock(), Event()

    def work(self, *_):
        with Work.lock:
            Work.now += 1
            Work.most = max(Work.most, Work.now)
        Work.going.wait(0.02)
        with Work.lock:
            Work.now -= 1
        return True

    monkeypatch.setattr(Argon2PasswordHasher, "verify", work)
    return Work


@pytest.fixture
def taken(settings, monkeypatch):
    """Somebody else takes the only slot, and nobody waits for it."""
    settings.PASSWORD_HASHERS = ["kernel.hashing.BoundedArgon2PasswordHasher"]
    monkeypatch.setattr(hashing, "LONGEST_WAIT", 0)
    with hashing._slot():
        yield


def test_the_settings_take_it_first():
    assert declared.PASSWORD_HASHERS[0] == "kernel.hashing.BoundedArgon2PasswordHasher"
    assert settings.PASSWORD_HASHES == 1


def test_sixteen_at_once_are_one_after_the_other(hasher):
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: BoundedArgon2PasswordHasher().verify("x", "argon2$x"), range(16)))
    assert hasher.most == 1


def test_hashes_are_djangos_own(settings):
    encoded = Argon2PasswordHasher().encode(PASSWORD, "salt-of-some-length")
    settings.PASSWORD_HASHERS = ["kernel.hashing.BoundedArgon2PasswordHasher"]
    assert check_password(PASSWORD, encoded)
    assert not check_password("wrong", encoded)


def test_who_waits_too_long_is_told_to_come_again(taken):
    for call in (lambda: make_password("x"), lambda: check_password("x", "argon2$argon2id$v=19$m=8,t=1,p=1$YQ$YQ")):
        with pytest.raises(Unavailable) as refused:
            call()
        assert refused.value.wait == 2


def test_a_sign_in_that_could_not_be_checked_is_503_and_counts_as_no_failure(world, taken):
    body = {"email": "nobody@example.org", "password": "x"}  # whose hash would be made anew
    for _ in range(12):
        answer = APIClient().post("/api/v2/auth/login", body)
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    page = Client().post("/signin/", body)
    assert (page.status_code, page["Retry-After"]) == (503, "2")
    assert "Too many people are signing in" in page.text
    assert set(SignInCounter.objects.values_list("failures", flat=True)) == {0}


def test_a_slot_is_free_again_after_an_error(settings):
    settings.PASSWORD_HASHERS = ["kernel.hashing.BoundedArgon2PasswordHasher"]
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), hashing._slot():
            1 / 0  # noqa: B018
    assert make_password("x").startswith("argon2$")
