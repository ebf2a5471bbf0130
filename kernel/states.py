"""Entity tags of rows: ETag, If-Match and If-None-Match of RFC 9110, so that nobody undoes a change without seeing it.

A tag is a hash of the answer, without what every answer makes anew. So reading needs no further statement, each change
that the answer shows gives another tag, whoever made it, and a tag tells its reader nothing beyond the answer.

Answers with what expires, such as signed addresses, have "<hash>-<seconds since 1970, in hex>": until then half of the
time is left in which the addresses work, and If-None-Match is answered 304. If-Match looks at the hash alone, since an
address that has expired is no change of the row.
"""

import re
import time
from hashlib import blake2b
from typing import Any, Self

import orjson
from django.http import Http404
from django.utils.http import parse_etags
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from kernel.access import METHOD
from kernel.http.renderers import JSONRenderer

_UNTIL = "-"
_HEX = re.compile(r"[0-9a-f]{1,10}")
# Keys are sorted: PostgreSQL stores those of JSON in another order than they were written, SQLite does not.
_OPTION = JSONRenderer.option | orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS


class Momentary(str):
    """A text that each answer makes anew, such as a signed address; `stands_for` is what stays the same.

    Whoever has the text need not ask for a new one before `good_until`, in seconds since 1970.
    """

    __slots__ = ("good_until", "stands_for")
    stands_for: str
    good_until: int

    def __new__(cls, text: str, stands_for: str, good_until: int) -> Self:
        made = super().__new__(cls, text)
        made.stands_for, made.good_until = stands_for, good_until
        return made


class Changed(APIException):
    status_code = 412
    default_detail = "The row has changed since it was read."
    default_code = "changed"


class State:
    """What an answer shows of a row."""

    def __init__(self, values: Any) -> None:
        self._ends: set[int] = set()
        digest = blake2b(orjson.dumps(values, self._plain, _OPTION), digest_size=16).hexdigest()
        until = f"{_UNTIL}{min(self._ends):x}" if self._ends else ""
        self.tag = f'"{digest}{until}"'

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Momentary):
            self._ends.add(value.good_until)
            return value.stands_for
        plain: Any = next((kind for kind in (dict, list, int) if isinstance(value, kind)), str)
        return plain(value)


def lasting(tag: str) -> str:
    """The tag without the time until which its answer is good."""
    state, until, _ = tag.partition(_UNTIL)
    return f'{state}"' if until else tag


def is_wanted(request, tag: str) -> bool:
    """Whether the state is one that If-Match names. What is no tag, and a weak one, match nothing."""
    named = request.META.get("HTTP_IF_MATCH")
    return named is None or named.strip() == "*" or lasting(tag) in map(lasting, parse_etags(named))


def known_tags(request, tag: str) -> list[str]:
    """The tags of this state that If-None-Match names, be it as weak ones."""
    named = request.META.get("HTTP_IF_NONE_MATCH", "")
    if named.strip() == "*":
        return [tag]
    return [each for each in (t.removeprefix("W/") for t in parse_etags(named)) if lasting(each) == lasting(tag)]


def is_good(known: str, tag: str) -> bool:
    """Whether the answer with the tag that is known is as good as the one that would be made now."""
    until = known.partition(_UNTIL)[2].removesuffix('"')
    return known == tag or (_UNTIL in tag and _HEX.fullmatch(until) is not None and int(until, 16) > time.time())


# No docstring: the schema would show it as the description of every operation.
class Tagged:
    tagged_actions: frozenset[str] = frozenset()  # which answer with `detail_answer`, beside details
    tag = ""  # of the state that the answer shows, or because of which a change is refused
    action: Any
    request: Any
    detail_serializer_class: Any
    looked_up: Any
    read_one: Any
    _results: Any

    @property
    def is_conditional(self) -> bool:
        return "HTTP_IF_MATCH" in self.request.META or "HTTP_IF_NONE_MATCH" in self.request.META

    def initial(self, request, *args, **kwargs) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc] # the view's
        # What an action changes or deletes has no tag of its own, so If-Match can name none.
        if request.method in {"PUT", "PATCH", "DELETE"} and self.action not in METHOD and not is_wanted(request, ""):
            raise Changed

    def finalize_response(self, request, response, *args, **kwargs):
        if self.tag:
            response["ETag"] = self.tag
        return super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc] # the view's

    def detail_answer(self, values: Any) -> Response:
        """The answer with a row; 304 with the client's own tag where what it has is as good."""
        self.tag = State(values).tag
        is_page = self.request.accepted_renderer.format != "json"
        good = [known for known in known_tags(self.request, self.tag) if is_good(known, self.tag)]
        if is_page or not good:
            return Response(values)
        self.tag = good[0]
        return Response(status=status.HTTP_304_NOT_MODIFIED)

    def tagged(self, values: Any) -> Any:
        """The written row, whose tag the answer will have, unless a detail shows more than this answer."""
        self.tag = "" if self.detail_serializer_class else State(values).tag
        return values

    def refuse_other_states(self) -> None:
        """412 unless the row, which is locked, is as the request's conditions say."""
        if not self.is_conditional:
            return
        action, self.action = self.action, "retrieve"
        try:
            self.tag = State(self.read_one(**self.looked_up)).tag
        except Http404:
            self.tag = ""  # the caller may change the row, but not read it
        finally:
            self.action, self._results = action, None  # what was read may not be true when the answer is made
        if not is_wanted(self.request, self.tag) or known_tags(self.request, self.tag):
            raise Changed
        self.tag = ""
