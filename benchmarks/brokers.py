"""A Redis of a run's own, and how many messages wait in the queues of any broker."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kombu import Connection
from redis import Redis
from redis.exceptions import RedisError

from benchmarks.servers import free_port

LONGEST = 10.0  # seconds until it answers


@contextmanager
def redis_started(folder: Path) -> Iterator[tuple[str, int]]:
    """Its address and its process. It stores what it has, as a service's broker has to."""
    if shutil.which("redis-server") is None:
        sys.exit("redis-server is not installed: install it, or name a broker with --broker.")
    folder.mkdir()
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--appendonly", "yes", "--save", ""]
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        with Redis(port=port) as client:
            ends = time.monotonic() + LONGEST
            while not _answers(client):
                if process.poll() is not None or time.monotonic() > ends:
                    raise RuntimeError("Redis does not answer")
                time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0", process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(client: Any) -> bool:
    with suppress(RedisError):
        return bool(client.ping())
    return False


class Depths:
    """How many messages wait in these queues; a queue that nobody has declared yet is empty."""

    def __init__(self, url: str, queues: list[str]) -> None:
        self.queues, self.connection = queues, Connection(url)

    def __call__(self) -> int:
        waiting = 0
        for queue in self.queues:
            with suppress(*self.connection.channel_errors), self.connection.channel() as channel:
                waiting += channel.queue_declare(queue, passive=True).message_count
        return waiting

    def close(self) -> None:
        self.connection.close()
