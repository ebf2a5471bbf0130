"""Model fields."""

from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=1)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


class EncryptedTextField(models.TextField):
    """Text that is encrypted in the database. The first of ENCRYPTION_KEYS encrypts, all of them decrypt.

    It cannot be searched. The empty text stays empty.
    """

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return _cipher(tuple(settings.ENCRYPTION_KEYS)).encrypt(value.encode()).decode() if value else value

    def from_db_value(self, value, expression, connection):
        return _cipher(tuple(settings.ENCRYPTION_KEYS)).decrypt(value.encode()).decode() if value else value
