"""Calls the API's views in this process as the signed-in person, with their permissions, filters and pagination.

The console and the pages below /me/ read and change rows in this way only, so no page can show or do what the API would
refuse to the same person.
"""

import json
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, QueryDict
from django.utils import timezone

from kernel.access import ROOTS, Grant
from kernel.caller import NOBODY, Caller, Role
from kernel.http import local
from kernel.rooted import institution_numbered
from kernel.states import lasting

ROOT = "/api/v2/"
NO_STATE = '"none"'  # matches no row


@dataclass(frozen=True)
class ApiResponse:
    status: int
    data: Any
    tag: str = ""  # of the row as it was answered, whenever that was
    view: Any = None  # that has answered, of a resource


class ApiClient:
    """Requests to the API, answered as Python values."""

    def __init__(self, request: HttpRequest, caller: Caller) -> None:
        self.request, self.caller = request, caller
        self.read: dict[str, tuple[Any, Any]] = {}  # model and columns of each row that was answered, by its path

    def get(self, path: str, query: Mapping[str, Any] | None = None, *, as_listed: bool = False) -> ApiResponse:
        """`path` is below /api/v2/. A path without a resource is a 404; errors are responses, never exceptions.

        What is below a row that the caller was just answered needs not ask again whether the ids name a chain of rows.
        A row `as_listed` has the fields that it has in lists, which may be fewer and cost less.
        """
        request = self._request(path, query or {})
        request.as_listed = as_listed  # type: ignore[attr-defined] # by Reader.get_serializer_class
        above = [path.rstrip("/").rsplit("/", number)[0] + "/" for number in (1, 2)]  # of a list, of a row
        request.parent_read = next((self.read[each] for each in above if each in self.read), None)  # type: ignore[attr-defined] # by Reader.parent_row
        response = self._answer(path, request)
        if response.status == 200 and getattr(response.view, "action", "") == "retrieve":
            self.read[path] = response.view.queryset.model, response.view.ids_answered
        return response

    def institution(self, key: int) -> Any:
        """The institution as a row, for pages of who has a role in it: of a member it is known with the caller."""
        return self.caller.institution if self.caller.institution_id == key else institution_numbered(key)

    def post(self, path: str, body: Mapping[str, Any]) -> ApiResponse:
        """The same for a POST with a body in JSON. The page's own form was sent with a CSRF token."""
        return self.send("POST", path, body)

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        tag: str = "",
        query: Mapping[str, Any] | None = None,
    ) -> ApiResponse:
        """A change. But for a POST it is made to the row with this `tag`, that of the row as it was shown, or is 412.

        `*` is any state; without a tag, which a form may lack, nothing is changed.
        """
        request = self._change(method, path, tag, query)
        content = b"" if body is None else json.dumps(body).encode()
        request._body = content
        request._read_started = True  # type: ignore[attr-defined]
        request.META |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(content))}
        request.content_type = "application/json"
        return self._answer(path, request)

    def send_unless_changed(
        self, method: str, path: str, shown: Mapping[str, Any], body: Mapping[str, Any] | None = None
    ) -> ApiResponse:
        """The same to a row that was `shown` without its tag, such as one of a list: 412 if it is another by now."""
        present = self.get(path)
        return self.send(method, path, body, present.tag if present.data == shown else "")

    def forward(self, path: str, method: str = "POST", tag: str = "") -> ApiResponse:
        """The form that the browser has sent to the page, with its files, as it is; `tag` as in `send`."""
        return self._answer(path, self._change(method, path, tag))

    def _change(self, method: str, path: str, tag: str, query: Mapping[str, Any] | None = None) -> HttpRequest:
        request = self._request(path, query or {})
        request.method = method
        if method != "POST":
            request.META["HTTP_IF_MATCH"] = tag or NO_STATE
        return request

    def _answer(self, path: str, request: HttpRequest) -> ApiResponse:
        match = self._resolved(path)
        if match is None:
            return ApiResponse(404, {})
        # The console's view has authenticated the caller: one query, however many API calls a page makes.
        with timezone.override(UTC):  # whatever the page's time zone, the API answers as it always does
            response: Any = local.answered(match, request, self.caller)
        view = (getattr(response, "renderer_context", None) or {}).get("view")
        return ApiResponse(response.status_code, response.data, lasting(response.get("ETag", "")), view)

    def row(self, path: str, *, as_listed: bool = False) -> Any:
        """The data of a detail; a refusal is raised, so that the page is refused too."""
        return self.tagged_row(path, as_listed=as_listed).data

    def tagged_row(self, path: str, *, as_listed: bool = False) -> ApiResponse:
        """The same with its tag."""
        response = self.get(path, as_listed=as_listed)
        if response.status == 404:
            raise Http404
        if response.status != 200:
            raise PermissionDenied
        return response

    def rows(self, path: str, query: Mapping[str, Any] | None = None) -> list[dict[str, Any]] | None:
        """The rows of a list; None where the caller may not read it."""
        page = self.page(path, query)
        return None if page is None else page["results"]

    def page(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """One page of a list with its count; None where the caller may not read it."""
        response = self.get(path, query)
        return response.data if response.status == 200 else None

    def viewset(self, path: str) -> Any:
        """The viewset class of a path; None where there is none."""
        match = self._resolved(path)
        return match and match.func.cls

    def lists(self, path: str) -> bool:
        """Whether the caller's roles may read this list, if only some of its rows."""
        return self.may(path, "list")

    def may(self, path: str, action: str) -> bool:
        """Whether the caller's roles may do this at the path, if only to some of the rows."""
        return any(True for _ in self._grants(path, action))

    def lists_all(self, path: str) -> bool:
        """Whether the caller's roles may read all rows of this list."""
        return self.may_all(path, "list")

    def lists_below(self, path: str, role: Role) -> bool:
        """Whether the caller has this role, and with it reads all rows of the list where the role's rule holds.

        The rule is about parents, such as courses that the caller teaches: who asks knows that this is one.
        """
        return any(grant.rows is grant.sees is None for grant in self._grants(path, "list", role))

    def may_all(self, path: str, action: str) -> bool:
        """Whether the caller's roles may do this to all rows."""
        return any(grant.rows is grant.parent is grant.sees is None for grant in self._grants(path, action))

    def _grants(self, path: str, action: str, among: Role = ~NOBODY) -> Iterable[Grant]:
        match = self._resolved(path)
        if match is None:
            return
        cls = match.func.cls
        root_id = next(iter(match.kwargs.values()), None)
        roles = ROOTS[cls.root].roles(self.caller, root_id) & among
        for granted_roles, grant in cls.access.items():
            if granted_roles & roles and action in grant.actions and (grant.when is None or grant.when(self.caller)):
                yield grant

    @staticmethod
    def _resolved(path: str) -> Any:
        match = local.resolved(ROOT + path)
        return match if match and hasattr(match.func, "cls") else None

    def _request(self, path: str, query: Mapping[str, Any]) -> HttpRequest:
        """A copy of the browser's request, addressed to the API."""
        api_request = copy(self.request)
        api_request.method = "GET"
        api_request.path = api_request.path_info = ROOT + path
        # Conditions of the browser's request are about the page: a part of the page may be as it was.
        of_api = {name: value for name, value in self.request.META.items() if not name.startswith("HTTP_IF_")}
        api_request.META = {**of_api, "HTTP_ACCEPT": "application/json"}
        parameters = QueryDict(mutable=True)
        for name, value in query.items():
            parameters.setlist(name, value if isinstance(value, list) else [str(value)])
        api_request.GET = parameters  # type: ignore[assignment] # a cached property of the class
        return api_request


def texts_of(errors: Any, *, after_names: bool = False) -> list[str]:
    """All texts of what the API says is wrong; with `after_names` each after the names of its fields.

    Names are for pages whose fields are named as the API's, and that do not show a text at its field.
    """
    if isinstance(errors, Mapping):
        return [
            f"{name}: {text}" if after_names and name not in ("detail", "non_field_errors") else text
            for name, value in errors.items()
            for text in texts_of(value, after_names=after_names)
        ]
    if isinstance(errors, list | tuple):
        return [text for value in errors for text in texts_of(value, after_names=after_names)]
    return [str(errors)]
