"""Fixtures of files, for consents and their documents; callers of every kind, for the administration."""

from tests.contract.conftest import caller
from tests.files.conftest import broken_store, pdf

__all__ = ["broken_store", "caller", "pdf"]
