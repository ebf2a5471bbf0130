"""Password hashing, a few at a time: each hash takes 100 MB, so that threads together would take all memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

from kernel.domain import Unavailable

LONGEST_WAIT = 10  # seconds: a thread that waits serves nobody else
RETRY_AFTER = 2
_SLOTS = BoundedSemaphore(settings.PASSWORD_HASHES)


@contextmanager
def _slot() -> Iterator[None]:
    if not _SLOTS.acquire(timeout=LONGEST_WAIT):
        raise Unavailable("Too many people are signing in at the moment. Try again.", wait=RETRY_AFTER)
    try:
        yield
    finally:
        _SLOTS.release()


class BoundedArgon2PasswordHasher(Argon2PasswordHasher):
    """Django's, of which at most PASSWORD_HASHES work in a process. Raises Unavailable when others take too long."""

    def encode(self, password, salt):
        with _slot():
            return super().encode(password, salt)

    def verify(self, password, encoded):
        with _slot():
            return super().verify(password, encoded)
