"""Test clients share their middleware, which Django builds anew for each client: a twelfth of a request's time.

A setting that changes takes the shared one away: middleware reads settings while it is built.
"""

from typing import Any

from django.core.handlers.base import BaseHandler
from django.core.signals import setting_changed
from django.test.client import ClientHandler

_BUILT = ("_view_middleware", "_template_response_middleware", "_exception_middleware", "_middleware_chain")
_shared: dict[str, Any] = {}


def share() -> None:
    """From now on."""

    def load_middleware(self: ClientHandler) -> None:
        if not _shared:
            BaseHandler.load_middleware(self)
            _shared.update({name: getattr(self, name) for name in _BUILT})
        vars(self).update(_shared)

    ClientHandler.load_middleware = load_middleware
    setting_changed.connect(lambda **_: _shared.clear(), weak=False)
