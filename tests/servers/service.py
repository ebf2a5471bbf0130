"""Real server processes on a database of their own, and a small client for them."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from threading import Lock
from typing import Any

from tests.answers import check_sent
from tests.servers.databases import ROOT, database_copy


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # whatever the case of a name
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """One database, some server processes on it, and one helper process (see helper.py)."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.environment = os.environ | {
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": database_url,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "TLS": "0",
            "DEMO": "0",
            "WEB_CONCURRENCY": "1",
            "WEB_THREADS": "8",
        }
        (folder / "var" / "static").mkdir(parents=True)
        self.processes: list[subprocess.Popen] = []
        self.helper: subprocess.Popen | None = None
        self.helper_lock = Lock()

    def run(self, name: str, /, module: str = "tests.servers.data", **arguments: Any) -> Any:
        """What this function of the module returns in the helper process, as JSON tells it."""
        with self.helper_lock:
            if self.helper is None:
                command = [sys.executable, "-m", "tests.servers.helper"]
                self.helper = subprocess.Popen(
                    command, cwd=ROOT, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            print(json.dumps([module, name, arguments]), file=self.helper.stdin, flush=True)
            answer = json.loads(self.helper.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def start(self, **environment: str) -> "Server":
        """A new server process, with these settings besides those of the service."""
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "tesla_api/gunicorn.py", "--bind", f"127.0.0.1:{port}"],
            cwd=ROOT,
            env=self.environment | {"PORT": str(port)} | environment,
        )
        self.processes.append(process)
        server = Server(port, process.pid)
        for _ in range(200):
            assert process.poll() is None, "the server ended"
            with suppress(OSError):
                server.call("GET", "/api/v2/institution/")
                return server
            time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        if self.helper is not None:
            self.helper.stdin.close()  # the end of its input is its end
            self.helper.stdout.close()
            self.processes.append(self.helper)
        for process in self.processes:
            process.wait(timeout=30)


@dataclass(frozen=True)
class Server:
    port: int
    pid: int  # of gunicorn, whose one child answers

    def call(self, method: str, path: str, body: Any = None, token: str = "", **more: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = ({"Authorization": f"JWT {token}"} if token else {}) | more
        if body is not None:
            headers["Content-Type"] = "application/json"
        with closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            received = Answer(answer.status, answer.headers, answer.read())
        check_sent(method, path, received.status, received.headers, received.body)
        return received

    def token(self, email: str, password: str) -> str:
        answer = self.call("POST", "/api/v2/auth/login", {"email": email, "password": password})
        assert answer.status == 200, answer.body
        return answer.json()["token"]["access_token"]


def at_once(calls: list) -> list[Answer]:
    """The answers of calls made at the same time, in their order."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


@contextmanager
def running_service(folder: Path, database_server: str = "") -> Iterator[Service]:
    """A service on a new, migrated database, by default where the tests' own is; no server has been started yet."""
    with database_copy(folder, database_server or os.environ["DATABASE_URL"]) as url:
        service = Service(folder, url)
        try:
            yield service
        finally:
            service.stop()
