"""Requests that this process makes of its own views: with their permissions, parsers and renderers, without a socket.

The console asks in this way as the person who is signed in. Providers that are a part of the installation ask as
themselves, and follow the addresses that they are told as somebody without credentials does.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

from kernel.caller import Caller
from kernel.http.repeats import answered_again
from kernel.recording import Origin, acting
from kernel.seal import Sealed

JSON = "application/json"


@dataclass(frozen=True)
class LocalAnswer:
    status: int
    data: Any  # JSON as Python's values, anything else as bytes
    headers: Mapping[str, str]


def resolved(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None


def answered(match: ResolverMatch, request: HttpRequest, caller: Caller | None) -> HttpResponseBase:
    """The answer of a view, which takes this caller for authenticated if it asks who calls."""
    view: Any = match.func
    resource = getattr(view, "cls", None)
    if caller is not None and resource is not None and issubclass(resource, Sealed):
        request.known_caller = caller  # type: ignore[attr-defined] # read by the kernel's KnownCaller
        actions = [view.actions] if hasattr(view, "actions") else []  # of resources
        view = resource.as_view_for_known_caller(*actions, **view.initkwargs)
    return view(request, *match.args, **match.kwargs)


class LocalClient:
    """Calls by this caller, made of nothing. Addresses may be whole ones, as the service itself tells them."""

    def __init__(self, caller: Caller | None = None) -> None:
        self.caller = caller

    def get(self, address: str) -> LocalAnswer:
        return self.send("GET", address)

    def send(self, method: str, address: str, body: Any = None) -> LocalAnswer:
        """`body` is sent as JSON, unless it is None."""
        content = b"" if body is None else json.dumps(body).encode()
        return self._answer(method, address, content, JSON)

    def upload(self, address: str, fields: Mapping[str, str], name: str, file: bytes) -> LocalAnswer:
        """POST of a form with these fields and a file behind them."""
        boundary = uuid4().hex
        begin, disposition = f"--{boundary}\r\n", "Content-Disposition: form-data; name="
        parts = [f'{begin}{disposition}"{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()]
        head = f'{begin}{disposition}"file"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        content = "".join([*parts, head]).encode() + file + f"\r\n--{boundary}--\r\n".encode()
        return self._answer("POST", address, content, f"multipart/form-data; boundary={boundary}")

    def _answer(self, method: str, address: str, content: bytes, media_type: str) -> LocalAnswer:
        parts = urlsplit(address)
        match = resolved(unquote(parts.path))
        if match is None:
            return LocalAnswer(404, None, {})
        request = WSGIRequest({
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(parts.path).encode().decode("latin-1"),
            "QUERY_STRING": parts.query,
            "HTTP_HOST": _own_host(),
            "SERVER_NAME": _own_host(),
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_ACCEPT": JSON,
            "CONTENT_TYPE": media_type,
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(content),
        })  # fmt: skip
        by = Origin(request_id=str(uuid4()))
        with acting(by if self.caller is None else by.of(self.caller)):
            return _read(answered_again(request, lambda: answered(match, request, self.caller)))


def _own_host() -> str:
    """A host name that the service admits; a pattern admits its own domain, or all."""
    first = settings.ALLOWED_HOSTS[0].removeprefix(".")
    return "localhost" if first == "*" else first


def _read(response: Any) -> LocalAnswer:
    try:
        if hasattr(response, "render"):
            response.render()
        content = b"".join(response) if response.streaming else response.content
    finally:
        # Not close(): it tells Django that a server's request has ended, whose database connection may be closed.
        for close in response._resource_closers:
            close()
    is_json = response.get("Content-Type", "").partition(";")[0] == JSON
    return LocalAnswer(response.status_code, json.loads(content) if is_json and content else content, response.headers)
