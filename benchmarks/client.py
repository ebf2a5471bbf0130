"""A client with little cost of its own: raw sockets that stay open, and a constant request."""

import select
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

BUFFER = 1 << 16
TIMEOUT = 30.0


class BadAnswer(Exception):  # noqa: N818 - an outcome
    """Not the 200 or 201 that was expected."""


@dataclass(frozen=True)
class Target:
    """One request to one of the servers."""

    port: int
    request: bytes

    @classmethod
    def of(cls, port: int, path: str, query: str = "", token: str = "") -> "Target":
        lines = [
            f"GET {path}{'?' if query else ''}{query} HTTP/1.1",
            "Host: 127.0.0.1",  # without the port: links in the two answers are equal
            "Accept: application/json",
            f"Authorization: JWT {token}",
        ]
        return cls(port, "\r\n".join([*lines, "", ""]).encode())

    @classmethod
    def page(cls, port: int, path: str, query: str, cookie: str) -> "Target":
        """As a browser asks that is signed in."""
        lines = [
            f"GET {path}{'?' if query else ''}{query} HTTP/1.1",
            "Host: 127.0.0.1",
            "Accept: text/html",
            f"Cookie: {cookie}",
        ]
        return cls(port, "\r\n".join([*lines, "", ""]).encode())

    @classmethod
    def sending(cls, port: int, method: str, path: str, body: bytes, token: str) -> "Target":
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Accept: application/json",
            f"Authorization: JWT {token}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        return cls(port, "\r\n".join([*lines, "", ""]).encode() + body)


class Connection:
    """One connection to a server. Sending and receiving are two calls, so that several connections can wait at once."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.buffer = bytearray(BUFFER)
        self.filled = 0
        self._open()

    def _open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.target.port), timeout=TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def rested(self) -> None:
        """Opens it again if the server has closed it, as HTTP libraries do: it does so with those that rest for 2 s."""
        if select.select([self.socket], [], [], 0)[0]:  # nothing is asked: only an end can have come
            self.close()
            self._open()

    def send(self) -> None:
        self.socket.sendall(self.target.request)
        self.filled = 0
        self.ends = 0

    def receive(self) -> bool:
        """Reads the bytes that have arrived; True once the answer is complete."""
        view = memoryview(self.buffer)
        read = self.socket.recv_into(view[self.filled :])
        view.release()
        if not read:
            raise BadAnswer("the server closed the connection")
        self.filled += read
        if not self.ends:
            self.ends = self._end()
        if self.filled == len(self.buffer):
            self.buffer.extend(bytes(len(self.buffer)))
        return bool(self.ends) and self.filled >= self.ends

    def _end(self) -> int:
        """The position where the answer ends; 0 until its head has arrived."""
        head, blank, _ = bytes(self.buffer[: min(self.filled, 4096)]).partition(b"\r\n\r\n")
        if not blank:
            return 0
        if not head.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 201 ")):
            raise BadAnswer(head.decode("latin-1"))
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        self.body = len(head) + 4
        return self.body + int(length.partition(b":")[2])

    def ask(self) -> bytes:
        self.rested()
        self.send()
        while not self.receive():
            pass
        return bytes(self.buffer[self.body : self.ends])

    def close(self) -> None:
        with suppress(OSError):
            self.socket.close()


def body_of(target: Target) -> bytes:
    """The body of the answer to one request on a new connection."""
    connection = Connection(target)
    try:
        return connection.ask()
    finally:
        connection.close()


def latencies(connection: Connection, seconds: float) -> list[float]:
    """Seconds of each request, one after the other; of two at least."""
    times: list[float] = []
    connection.rested()
    now = time.perf_counter()
    until = now + seconds
    while now < until or len(times) < 2:
        begun = now
        connection.send()
        while not connection.receive():
            pass
        now = time.perf_counter()
        times.append(now - begun)
    return times


def answered(connections: list[Connection], seconds: float) -> Iterator[tuple[Connection, float, float]]:
    """Keeps all connections busy for so long; each that has an answer, with when it was asked and when it was there."""
    with selectors.DefaultSelector() as waiting:
        asked: dict[Connection, float] = {}
        for connection in connections:
            connection.rested()
            waiting.register(connection.socket, selectors.EVENT_READ, connection)
            asked[connection] = time.perf_counter()
            connection.send()
        until = time.perf_counter() + seconds
        while waiting.get_map():
            for key, _ in waiting.select(TIMEOUT):
                connection = key.data
                if not connection.receive():
                    continue
                now = time.perf_counter()
                yield connection, asked[connection], now
                if now < until:
                    asked[connection] = now
                    connection.send()
                else:
                    # On a busy machine the server may close it before the last of the others has its answer. Nothing
                    # is asked on it any more: no answer is lost.
                    waiting.unregister(connection.socket)


def rate(connections: list[Connection], seconds: float) -> float:
    """Requests per second while all connections are busy."""
    begun, ends = time.perf_counter(), [ended for _, _, ended in answered(connections, seconds)]
    return len(ends) / (max(ends) - begun)
