"""Fixtures of files, for consents and their documents."""

from tests.files.conftest import broken_store, pdf

__all__ = ["broken_store", "pdf"]
