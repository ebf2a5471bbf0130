"""How background work in a thread of a serving process gives way to the requests that the process answers.

The interpreter runs one thread at a time, and asks none which is urgent. So while requests are being answered, that
thread takes few jobs at once, and after each batch it rests several times as long as the batch took. Without requests
it does not rest; a process of its own (`manage.py work`) does neither.
"""

import threading
from collections.abc import Callable
from time import monotonic

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase

FEW = 20  # jobs at once
MORE = 50  # jobs at once without requests: one may come while they are being done
RESTS = 4  # times as long as it has worked: so it has a fifth of the time
LONGEST = 2.0  # seconds of a rest


class _Requests:
    """Those that this process is answering."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.number = 0

    def add(self, step: int) -> None:
        with self.lock:
            self.number += step


_requests = _Requests()
_own = threading.local()  # of a thread that gives way: `since` when it has been working; `stopping`: ends its rests


class Answering:
    """Middleware that counts requests while they are answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.PIPELINE_IN_SERVER:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        _requests.add(1)
        try:
            return self.get_response(request)
        finally:
            _requests.add(-1)


def gives_way(stopping: threading.Event) -> None:
    """This thread begins to work, and gives way to requests; it does not rest when it is told to stop."""
    _own.since, _own.stopping = monotonic(), stopping


def rest() -> None:
    """Called between two batches, outside transactions: lets requests go first."""
    since = getattr(_own, "since", None)
    if since is None:
        return
    if _requests.number:
        _own.stopping.wait(min((monotonic() - since) * RESTS, LONGEST))
    _own.since = monotonic()


def few(batch: int) -> int:
    """How many jobs to take at once, of work that takes `batch`."""
    if not hasattr(_own, "since"):
        return batch
    return min(batch, FEW if _requests.number else MORE)
