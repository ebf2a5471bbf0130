"""Redis and RabbitMQ as processes of the tests: on ports of their own, in a folder of their own, ended at the end.

They are stopped and started in the middle of tests, so that no broker that runs anyway can be used.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from base64 import b64decode
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
import redis

from tests.servers.service import free_port

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # without the package's wrapper, which changes the account
PASSWORD = "of-the-tests"
LONGEST = 120.0  # seconds: they start beside other processes


def needed(what: str, is_there: bool) -> None:
    """Where it is not installed the tests are left out; .ci/run installs it."""
    if not is_there and "CI" in os.environ:
        raise AssertionError(f"{what} is not installed")
    if not is_there:
        pytest.skip(f"{what} is not installed")


class Broker:
    management_url = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.port = free_port()
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            quiet = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": self.folder}
            self.process = subprocess.Popen(self.command(), env=self.environment(), start_new_session=True, **quiet)
        ends = time.monotonic() + LONGEST
        while not self.answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
            assert time.monotonic() < ends, "the broker does not answer"
            time.sleep(0.1)

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def end(self) -> None:
        self.stop()

    def kept(self) -> bytes:
        """Whatever it has stored: bodies of messages, in Redis base64, as they were sent."""
        parts = []
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with suppress(FileNotFoundError):  # it runs meanwhile, and deletes files
                    parts.append(Path(folder, name).read_bytes())
        stored = b"".join(parts)
        encoded = re.findall(rb"(?:[A-Za-z0-9+/]{4}){6,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", stored)
        return b"\n".join([stored, *(b64decode(each) for each in encoded)])

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError


class Redis(Broker):
    name = "redis"

    def __init__(self, folder: Path) -> None:
        needed("redis-server", shutil.which("redis-server") is not None)
        super().__init__(folder)
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        # What it has stored is there again after a restart, as with RabbitMQ.
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--appendonly", "yes", "--save", ""]

    def answers(self) -> bool:
        with suppress(redis.exceptions.RedisError), redis.Redis(port=self.port, socket_timeout=1) as client:
            return client.ping()
        return False


class RabbitMQ(Broker):
    name = "rabbitmq"

    def __init__(self, folder: Path) -> None:
        needed("rabbitmq-server", RABBITMQ.exists())
        super().__init__(folder)
        self.management_port, self.epmd_port, self.nodes_port = free_port(), free_port(), free_port()
        self.epmd: subprocess.Popen | None = None
        self.url = f"amqp://tesla:{PASSWORD}@127.0.0.1:{self.port}/"
        self.management_url = f"http://tesla:{PASSWORD}@127.0.0.1:{self.management_port}"
        (folder / "plugins").write_text("[rabbitmq_management].\n")
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.local = 127.0.0.1:{self.port}\n"
            f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self.management_port}\n"
            f"default_user = tesla\ndefault_pass = {PASSWORD}\nmanagement_agent.disable_metrics_collector = true\n"
        )

    def command(self) -> list[str]:
        if self.epmd is None:  # one of its own, which is no daemon that stays
            self.epmd = subprocess.Popen(
                ["epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1"], stdin=subprocess.DEVNULL
            )
        return [str(RABBITMQ)]

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "ERL_EPMD_PORT": str(self.epmd_port),
            "RABBITMQ_NODENAME": f"tesla{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self.nodes_port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            # A scheduler without work sleeps: else it turns in circles for a while, on the processors of the tests.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        }

    def answers(self) -> bool:
        with suppress(OSError), closing(HTTPConnection("127.0.0.1", self.management_port, timeout=2)) as connection:
            connection.request("GET", "/api/overview")
            return connection.getresponse().status == 401
        return False

    def stop(self) -> None:
        """At once, as its own end takes six seconds. What it has confirmed it has stored."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
        super().stop()

    def end(self) -> None:
        super().end()
        if self.epmd is not None:
            self.epmd.terminate()
            self.epmd.wait()
