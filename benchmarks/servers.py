"""A database and server processes of the run, which end with it."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import psycopg2

ROOT = Path(__file__).resolve().parents[1]
APPLICATIONS = {"service": "tesla_api.wsgi:application", "floor": "benchmarks.floor:application"}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Run:
    """With a name the database is not dropped at the end, and the next run with that name uses it again."""

    def __init__(self, name: str = "") -> None:
        self.keep = bool(name)
        self.name = name or f"tesla_bench_{os.getpid()}_{secrets.token_hex(3)}"
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="tesla-bench."))
        self.folder.chmod(0o711)  # PostgreSQL runs under another account than root
        (self.folder / "var" / "static").mkdir(parents=True)
        try:
            self.server = self._postgres("start", str(self.folder / "postgres"))
            self._create()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _create(self) -> None:
        url = f"{self.server.rpartition('/')[0]}/{self.name}"
        self.environment = {
            name: value for name, value in os.environ.items() if name not in ("DEMO", "TRUSTED_PROXIES")
        }
        self.environment |= {
            "DJANGO_SETTINGS_MODULE": "tesla_api.settings",
            "SECRET_KEY": secrets.token_hex(32),
            "TOKEN_KEYS": f"bench:{secrets.token_hex(32)}",
            "ENCRYPTION_KEYS": urlsafe_b64encode(b"a database that is kept is read ").decode(),
            "ALLOWED_HOSTS": "127.0.0.1",
            "TLS": "0",
            "ACCESS_TOKEN_MINUTES": "600",
            "VAR_DIR": str(self.folder / "var"),
            "DATABASE_URL": url,
            "PYTHONPATH": str(ROOT),
        }
        if template := os.environ.get("BENCH_TEMPLATE"):
            self._copy(template)
            return
        if not self.keep or not self._is_there(url):
            self._postgres("create", self.server, self.name)
        self.python("manage", "migrate", "--no-input", "-v0")

    def _copy(self, template: str) -> None:
        """Create the database as a copy of a migrated one on the same server, which the tests have prepared."""
        with closing(psycopg2.connect(self.server)) as connection:
            connection.autocommit = True
            connection.cursor().execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{template}"')

    def _is_there(self, url: str) -> bool:
        with suppress(psycopg2.OperationalError), closing(psycopg2.connect(url)):
            return True
        return False

    def _postgres(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, str(ROOT / ".ci" / "postgres"), *arguments],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def python(self, module: str, *arguments: str, stdin: str = "", **more: str) -> str:
        """The standard output of a module that runs in a process of its own; its errors go to our standard error."""
        command, environment = [sys.executable, "-m", module, *arguments], self.environment | more
        done = subprocess.run(
            command, cwd=ROOT, env=environment, input=stdin, stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout

    def serve(self, which: str, **more: Any) -> int:
        """Start a server with the service's own settings, and these; its port, once it answers."""
        port = free_port()
        process = self.start("gunicorn", "--config", "tesla_api/gunicorn.py", "--log-level", "warning", "--bind",
                             f"127.0.0.1:{port}", APPLICATIONS[which], **more)  # fmt: skip
        for _ in range(300):
            if process.poll() is not None:
                break
            with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
                connection.request("GET", "/health/live")
                connection.getresponse()
                return port
            time.sleep(0.1)
        raise RuntimeError(f"the {which} does not answer")

    def start(
        self, module: str, *arguments: str, stdin: str = "", stdout: IO[bytes] | None = None, **more: Any
    ) -> subprocess.Popen[bytes]:
        """A process of this module that ends with the run, unless it has been ended before."""
        command, environment = [sys.executable, "-m", module, *arguments], self.environment | more
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=stdout)
        self.processes.append(process)
        if process.stdin is not None:
            process.stdin.write(stdin.encode())
            process.stdin.close()
        return process

    def end(self, *processes: subprocess.Popen[bytes]) -> None:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
        self.processes = [process for process in self.processes if process not in processes]

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(self.environment["DATABASE_URL"])) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def change(self, statement: str) -> None:
        with closing(psycopg2.connect(self.environment["DATABASE_URL"])) as connection:
            connection.autocommit = True
            connection.cursor().execute(statement)

    def _end(self) -> None:
        self.end(*self.processes)
        if hasattr(self, "server"):
            if not self.keep:
                self._postgres("drop", self.server, self.name)
            if (self.folder / "postgres").exists():
                self._postgres("stop", str(self.folder / "postgres"))
        shutil.rmtree(self.folder, ignore_errors=True)
