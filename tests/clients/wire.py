"""Requests as clients in the field send them: files of bytes with gaps, sent through a socket.

A file's first line names the operation and what is particular about the request; it is not sent. The rest is the
request: `{{name}}` is filled from the client's values, `{{length}}` with the length of the body. Lines of the head end
in CRLF on the wire, and so do those of a multipart body; a JSON body is sent as it stands.
PHP's json_encode writes each `/` as `\\/`.
"""

import json
import re
import socket
from contextlib import closing
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

from tests.answers import check_sent
from tests.clients.reading import Reader
from tests.servers.service import Answer

REQUESTS = Path(__file__).parent / "requests"
SENT: set[str] = set()  # names of the requests that were sent
GAP = re.compile(r"\{\{(\w+)\}\}")


def request_bytes(name: str, values: dict[str, Any]) -> tuple[bytes, bytes]:
    """Head and body of the request in `requests/<name>.http`."""
    comment, _, text = (REQUESTS / f"{name}.http").read_text().partition("\n")
    assert comment.startswith("# "), f"{name} does not name its operation"
    head, _, body = text.partition("\n\n")
    multipart, php = "multipart/form-data" in head, "User-Agent: TeSLA-PHP-SDK" in head
    filled = _filled(body, values, slash="\\/" if php else "/").encode()
    content = filled.replace(b"\n", b"\r\n") if multipart else filled
    head = _filled(head, values | {"length": len(content)})
    return head.replace("\n", "\r\n").encode() + b"\r\n\r\n", content


def _filled(text: str, values: dict[str, Any], slash: str = "/") -> str:
    return GAP.sub(lambda gap: _written(values[gap[1]]).replace("/", slash), text)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def send(port: int, name: str, values: dict[str, Any]) -> Answer:
    """What the server on this port answers, which must be as the schema says."""
    received = exchanged(port, name, values)
    head, _ = request_bytes(name, {"host": "", **values})
    method, path, _ = head.decode().partition("\r\n")[0].split(" ")
    check_sent(method, path, received.status, received.headers, received.body)
    return received


def exchanged(port: int, name: str, values: dict[str, Any]) -> Answer:
    """What the server answers. A client that expects 100-continue must get that interim answer."""
    SENT.add(name)
    head, body = request_bytes(name, {"host": f"127.0.0.1:{port}", **values})
    with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as connection:
        connection.sendall(head)
        if b"Expect: 100-continue" in head:
            interim = connection.recv(len(b"HTTP/1.1 100 Continue\r\n\r\n"))
            assert interim.startswith(b"HTTP/1.1 100"), interim
        connection.sendall(body)
        response = HTTPResponse(connection, method=head.decode().partition(" ")[0])
        response.begin()
        return Answer(response.status, response.headers, response.read())


class Client:
    """Stands for a client in the field: values that fill the gaps, and the reader of its answers."""

    folder: str

    def __init__(self, port: int, reader: Reader, **values: Any) -> None:
        self.port, self.reader, self.values = port, reader, values

    def answer(self, name: str, /, **values: Any) -> Answer:
        return send(self.port, f"{self.folder}/{name}", self.values | values)

    def send(self, name: str, status: int, /, **values: Any) -> Any:
        """The decoded answer, None without one. Another status than the client accepts is a failure."""
        answer = self.answer(name, **values)
        assert answer.status == status, f"{name}: {answer.status} {answer.body[:500]!r}"
        return self.taken(name, answer)

    def taken(self, name: str, answer: Answer) -> Any:
        """The body, after reading the keys that the client reads: of successes, and of refusals that it looks into."""
        if answer.status == 204:
            assert not answer.body
            return None
        assert answer.headers["Content-Type"].startswith("application/json"), f"{name}: {answer.headers}"
        body = answer.json()
        refused = f"{name} {answer.status}"
        if answer.status < 300:
            self.reader.read(name, body)
        elif refused in self.reader.paths:
            self.reader.read(refused, body)
        return body
