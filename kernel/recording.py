"""The trail of what is done and seen, as resources know it: what they tell of a request. The kernel knows no table.

Who is at it - the origin - belongs to the request, and is set once: the middleware begins it, authentication completes
it. What is told is written where TRAIL_WRITER points, in the transaction of the change.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from kernel.caller import Caller, CallerKind
from kernel.http.address import client_address

# How a caller of this kind was signed in.
_SIGNED_IN = {
    CallerKind.PERSON: "password",
    CallerKind.GLOBAL_ADMIN: "password",
    CallerKind.LAUNCHED: "launcher",
    CallerKind.LEARNER_SESSION: "learner session",
    CallerKind.VLE: "approle",
    CallerKind.PROVIDER: "approle",
}
_MODULES = {CallerKind.VLE.value, CallerKind.PROVIDER.value}
COMMAND = "command"  # the kind of an origin that is a management command


@dataclass(frozen=True)
class Origin:
    """Who does something, from where, in which request."""

    kind: str = ""  # of the caller, or "command"; empty: nobody has signed in
    id: int | None = None
    name: str = ""
    signed_in: str = ""
    signed_in_by: int | None = None  # the VLE that sent the person
    address: str | None = None
    request_id: str = ""

    @property
    def person_id(self) -> int | None:
        """The account whose name and address these are."""
        return None if self.kind in _MODULES or self.kind == COMMAND else self.id

    def of(self, caller: Caller) -> "Origin":
        """The same request, of this caller."""
        return replace(
            self,
            kind=caller.kind.value,
            id=caller.id,
            name=caller.name,
            signed_in=caller.signed_in or _SIGNED_IN[caller.kind],
            signed_in_by=caller.sent_by,
        )


@dataclass(frozen=True)
class Entry:
    """What was done with one row, or seen in one list."""

    verb: str
    resource: str  # the words of its address
    row: Any = ""  # what names the row in its address
    institution: int | None = None  # None: the whole installation
    person: int | None = None  # the account of the person whom it concerns
    details: Mapping[str, Any] = field(default_factory=dict)
    sealed: bool = False  # the details tell of that person, or without one of whom the actor asks for


Writer = Callable[[Origin, tuple[Entry, ...]], None]


@dataclass
class _Acting:
    """Who acts in the request of this thread. Most requests only read: their origin is never made."""

    request: HttpRequest | None
    made: Origin | None = None
    caller: Caller | None = None
    seen: list[Entry] | None = None

    @property
    def origin(self) -> Origin:
        if self.made is None:
            address = None if self.request is None else client_address(self.request)
            made = Origin(address=address, request_id=str(uuid4()))
            self.made = made if self.caller is None else made.of(self.caller)
        return self.made

    def complete(self, caller: Caller) -> None:
        self.caller = caller
        self.made = None if self.made is None else self.made.of(caller)


_acting: ContextVar[_Acting | None] = ContextVar("acting", default=None)


@lru_cache(maxsize=2)
def _writer(name: str) -> Writer:
    return import_string(name)


def record(*entries: Entry, by: Origin | None = None) -> None:
    """Write these into the trail with one statement, in the transaction that is open."""
    if entries and settings.TRAIL_WRITER:
        _writer(settings.TRAIL_WRITER)(by or origin(), entries)


def saw(entry: Entry) -> None:
    """What the caller is shown: a line, or a part of the page that is made of it."""
    acting_now = _acting.get()
    if acting_now is None or acting_now.seen is None:
        record(entry)
    else:
        acting_now.seen.append(entry)


@contextmanager
def page_made() -> Iterator[list[Entry]]:
    """What the caller is shown inside is on one page, which leaves one line: whoever makes it records it."""
    acting_now, seen = _acting.get() or _Acting(None), list[Entry]()
    before, acting_now.seen = acting_now.seen, seen
    try:
        yield seen
    finally:
        acting_now.seen = before


def origin() -> Origin:
    """Of the request at hand; outside one nobody's."""
    acting_now = _acting.get()
    return Origin() if acting_now is None else acting_now.origin


@contextmanager
def acting(by: Origin) -> Iterator[None]:
    """What is recorded inside is this one's."""
    token = _acting.set(_Acting(None, by))
    try:
        yield
    finally:
        _acting.reset(token)


def request_begins(request: HttpRequest) -> None:
    """Nobody is known yet. What this thread did before is over."""
    _acting.set(_Acting(request))


def caller_known(caller: Caller) -> None:
    """The caller of the request at hand has been found."""
    acting_now = _acting.get()
    if acting_now is not None:
        acting_now.complete(caller)


def command(name: str) -> Origin:
    """Who runs a management command is known to the machine, not to the service."""
    return Origin(kind=COMMAND, name=name, signed_in=COMMAND, request_id=str(uuid4()))
