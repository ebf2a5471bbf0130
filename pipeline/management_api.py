"""RabbitMQ's management API: what the service asks of it."""

import base64
import json
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from django.conf import settings

TIMEOUT = 5  # seconds


class RefusedError(Exception):
    """The broker is away, or has not done it."""


def vhost_put(vhost: str) -> None:
    _call("PUT", "vhosts", vhost)


def vhost_delete(vhost: str) -> None:
    """Its queues and their messages go with it."""
    _call("DELETE", "vhosts", vhost)


def user_put(username: str, password: str) -> None:
    _call("PUT", "users", username, body={"password": password, "tags": ""})


def user_delete(username: str) -> None:
    """Its connections end."""
    _call("DELETE", "users", username)


def permission_put(vhost: str, username: str) -> None:
    """The user may do everything in this virtual host, and nothing in any other."""
    _call("PUT", "permissions", vhost, username, body={"configure": ".*", "write": ".*", "read": ".*"})


def _call(method: str, *path: str, body: dict[str, Any] | None = None) -> None:
    """What is deleted need not be there."""
    parts = urlsplit(settings.BROKER_MANAGEMENT_URL)
    account = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    headers = {
        "Authorization": f"Basic {base64.b64encode(account.encode()).decode()}",
        "Content-Type": "application/json",
    }
    made = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    address = "/".join([parts.path.rstrip("/"), "api", *(quote(part, safe="") for part in path)])
    try:
        with closing(made(parts.hostname or "", parts.port, timeout=TIMEOUT)) as connection:
            connection.request(method, address, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            answer.read()
    except (OSError, HTTPException) as error:
        raise RefusedError(f"RabbitMQ's management API is away: {error}") from error
    if answer.status >= 300 and not (method == "DELETE" and answer.status == 404):
        raise RefusedError(f"RabbitMQ has answered {answer.status} to {method} {path[0]}")
