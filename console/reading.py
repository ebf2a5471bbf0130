"""Reads the API in this process, as the person of this browser: its resources, rights, filters and pages.

A page can show nothing that the API would refuse to the same person: there is no other way to a row.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, QueryDict
from django.urls import Resolver404, resolve

from kernel.access import ROOTS, Grant
from kernel.caller import Caller

ROOT = "/api/v2/"


@dataclass(frozen=True)
class Answer:
    status: int
    data: Any


class Reader:
    """Answers of the API to GET, as Python values."""

    def __init__(self, request: HttpRequest, caller: Caller) -> None:
        self.request, self.caller = request, caller

    def ask(self, path: str, query: Mapping[str, Any] | None = None) -> Answer:
        """`path` is below /api/v2/. 404 for what is no resource; every other refusal is in the answer."""
        found = self._resolved(path)
        if found is None:
            return Answer(404, {})
        # Who asks was found when the page was opened: one query, however many answers the page is made of.
        view = found.func.cls.as_view_for_known_caller(found.func.actions, **found.func.initkwargs)
        answer = view(self._request(path, query or {}), *found.args, **found.kwargs)
        return Answer(answer.status_code, answer.data)

    def row(self, path: str) -> Any:
        """The answer, or the refusal as the page's own."""
        answer = self.ask(path)
        if answer.status == 404:
            raise Http404
        if answer.status != 200:
            raise PermissionDenied
        return answer.data

    def rows(self, path: str, query: Mapping[str, Any] | None = None) -> list[dict[str, Any]] | None:
        """The rows of a list; None where the caller may not read it."""
        found = self.page(path, query)
        return None if found is None else found["results"]

    def page(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        answer = self.ask(path, query)
        return answer.data if answer.status == 200 else None

    def count(self, path: str) -> int | None:
        found = self.page(path, {"limit": 1})
        return None if found is None else found["count"]

    def viewset(self, path: str) -> Any:
        """The viewset that answers a path; None where there is none."""
        found = self._resolved(path)
        return found and found.func.cls

    def lists(self, path: str) -> bool:
        """The caller's roles open this list, if only for some of its rows."""
        return any(True for _ in self._grants(path))

    def lists_all(self, path: str) -> bool:
        """The caller's roles open this list and hide none of its rows."""
        return any(grant.rows is grant.parent is grant.sees is None for grant in self._grants(path))

    def _grants(self, path: str) -> Iterable[Grant]:
        found = self._resolved(path)
        if found is None:
            return
        cls = found.func.cls
        first = next(iter(found.kwargs.values()), None)
        roles = ROOTS[cls.root].roles(self.caller, first)
        for who, grant in cls.access.items():
            if who & roles and "list" in grant.actions and (grant.when is None or grant.when(self.caller)):
                yield grant

    @staticmethod
    def _resolved(path: str) -> Any:
        try:
            found = resolve(ROOT + path)
        except Resolver404:
            return None
        return found if hasattr(found.func, "cls") else None

    def _request(self, path: str, query: Mapping[str, Any]) -> HttpRequest:
        """This browser's request, as if it had been made to the API."""
        inner = copy(self.request)
        inner.method = "GET"
        inner.path = inner.path_info = ROOT + path
        inner.META = {**self.request.META, "HTTP_ACCEPT": "application/json"}
        asked = QueryDict(mutable=True)
        for name, value in query.items():
            asked.setlist(name, value if isinstance(value, list) else [str(value)])
        inner.GET = asked  # type: ignore[assignment] # a cached property of the class
        inner.known_caller = self.caller  # type: ignore[attr-defined] # read by the kernel's KnownCaller
        return inner
