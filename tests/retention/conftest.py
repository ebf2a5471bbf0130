"""Browsers."""

from tests.pages.conftest import signed_in, visitor

__all__ = ["signed_in", "visitor"]
