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
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]


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
    """One database, some server processes. `fill` runs a module of the tests against the new database."""

    def __init__(self, folder: Path) -> None:
        self.environment = os.environ | {
            "VAR_DIR": str(folder / "var"),
            "ALLOWED_HOSTS": "127.0.0.1",
            "TLS": "0",
            "DEMO": "0",
            "WEB_CONCURRENCY": "1",
            "WEB_THREADS": "8",
        }
        (folder / "var" / "static").mkdir(parents=True)
        self.processes: list[subprocess.Popen] = []
        self.database = None
        given = os.environ.get("DATABASE_URL", "")
        if given.startswith("postgres"):
            self.database = f"tesla_servers_{os.getpid()}_{time.monotonic_ns()}"
            self.server = given
            self._sql(f'CREATE DATABASE "{self.database}"')
            self.environment["DATABASE_URL"] = urlsplit(given)._replace(path=f"/{self.database}").geturl()
        else:
            self.environment["DATABASE_URL"] = f"sqlite:///{folder / 'service.sqlite3'}"

    def _sql(self, statement: str) -> None:
        import psycopg2

        parts = urlsplit(self.server)
        connection = psycopg2.connect(parts._replace(scheme="postgresql").geturl())
        connection.autocommit = True
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(statement)

    def manage(self, *arguments: str) -> str:
        return self._python("manage.py", *arguments)

    def fill(self, module: str) -> Any:
        return json.loads(self._python("-m", module))

    def _python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> "Server":
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "tesla_api/gunicorn.py", "--bind", f"127.0.0.1:{port}"],
            cwd=ROOT,
            env=self.environment | {"PORT": str(port)},
        )
        self.processes.append(process)
        server = Server(port)
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
        for process in self.processes:
            process.wait(timeout=30)
        if self.database:
            self._sql(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')


@dataclass(frozen=True)
class Server:
    port: int

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"JWT {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        with closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def token(self, email: str, password: str) -> str:
        answer = self.call("POST", "/api/v2/auth/login", {"email": email, "password": password})
        assert answer.status == 200, answer.body
        return answer.json()["token"]["access_token"]


def at_once(calls: list) -> list[Answer]:
    """The answers of calls made at the same time, in their order."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


@contextmanager
def service(folder: Path) -> Iterator[Service]:
    found = Service(folder)
    try:
        found.manage("migrate", "--no-input", "-v0")
        yield found
    finally:
        found.stop()
