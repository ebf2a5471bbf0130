"""Large samples over a socket, to the file system and to S3: stored whole, in little memory."""

import base64
import hashlib
import json
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPResponse
from pathlib import Path

import boto3
import pytest

from tests.servers.service import free_port, service

pytestmark = pytest.mark.servers
MB = 1024 * 1024
LARGE, PART, ALLOWED = 100 * MB, 48 * 1024, 32 * MB
BUCKET = "samples"


def memory(pid: int, what: str) -> int:
    return int(re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def worker_of(master: int) -> int:
    """The one worker process of a server."""
    (child,) = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return int(child)


def parts(size: int) -> Iterator[bytes]:
    """A zip, as far as its first bytes tell: the same one each time."""
    letters = random.Random(7)
    first = b"PK\x03\x04" + letters.randbytes(PART - 4)
    for at in range(0, size, PART):
        yield (first if at == 0 else letters.randbytes(PART))[: size - at]


def escaped(part: bytes) -> bytes:
    return base64.b64encode(part).replace(b"/", b"\\/")


def posted(port: int, known: dict, size: int, *, expects: bool = True) -> tuple[int, dict]:
    """The answer to a document of this size, sent as PHP's curl does."""
    metadata = {"mimetype": "application/zip", "context": {"type": "assign"}}
    before = b'{"session_id":null,"data":"data:application\\/zip;base64,'
    after = b'","instruments":%s,"metadata":%s}' % (
        json.dumps(known["instruments"]).encode(), json.dumps(metadata).encode(),
    )  # fmt: skip
    length = len(before) + len(after) + sum(len(escaped(part)) for part in parts(size))
    head = (
        f"POST {known['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nContent-type: application/json\r\n"
        f"Authorization: JWT {known['token']}\r\nContent-Length: {length}\r\n"
    )
    with closing(socket.create_connection(("127.0.0.1", port), timeout=300)) as connection:
        connection.sendall(f"{head}{'Expect: 100-continue' if expects else 'X-A: b'}\r\n\r\n".encode())
        if expects:
            assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(before)
        for part in parts(size):
            connection.sendall(escaped(part))
        connection.sendall(after)
        answer = HTTPResponse(connection, method="POST")
        answer.begin()
        return answer.status, json.loads(answer.read())


def is_whole(stored: Iterator[bytes], size: int) -> bool:
    """Whether a stored object, JSON in chunks, holds the document."""
    head, _, rest = next(stored).partition(b";base64,")
    assert json.loads(head.partition(b',"data":"')[0] + b"}")["instruments"]
    found, letters = hashlib.sha256(), rest
    for chunk in stored:
        letters += chunk
        whole = (len(letters) - 6) // 4 * 4  # what closes the object waits
        if whole > 0:
            found.update(base64.b64decode(letters[:whole], validate=True))
            letters = letters[whole:]
    found.update(base64.b64decode(letters.removesuffix(b'"}'), validate=True))
    wanted = hashlib.sha256()
    for part in parts(size):
        wanted.update(part)
    return found.digest() == wanted.digest()


def read(content) -> Iterator[bytes]:
    return iter(lambda: content.read(MB), b"")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    with service(folder) as found:
        known = found.fill("tests.servers.capturing")
        server = found.start()
        yield found, server.port, known, folder / "var" / "files" / str(known["institution"]) / "request"


def held(folder: Path) -> set[Path]:
    """What the store holds."""
    return set(folder.iterdir()) if folder.exists() else set()


def grown(running, port: int, known: dict, size: int) -> int:
    """By how many bytes the worker grows, at most, while it receives a document; a small one has come before."""
    worker = worker_of(running.processes[-1].pid)
    assert posted(port, known, 2 * MB)[0] == 200
    Path(f"/proc/{worker}/clear_refs").write_text("5")  # the peak counts from now on
    before = memory(worker, "VmRSS")
    status, answer = posted(port, known, size)
    assert (status, answer["status"]) == (200, "OK"), answer
    return memory(worker, "VmHWM") - before


def test_a_sample_of_a_hundred_megabytes_takes_little_memory(files):
    running, port, known, folder = files
    growth = grown(running, port, known, LARGE)
    assert growth < ALLOWED, growth
    largest = max(folder.iterdir(), key=lambda path: path.stat().st_size)
    with largest.open("rb") as content:
        assert is_whole(read(content), LARGE)


def test_a_byte_more_is_413_and_leaves_nothing(files):
    _, port, known, folder = files
    before = held(folder)
    status, answer = posted(port, known, LARGE + 1, expects=False)
    assert (status, list(answer)) == (413, ["detail"])
    assert held(folder) == before


def test_a_client_that_goes_away_leaves_nothing(files):
    _, port, known, folder = files
    before = held(folder)
    head = (
        f"POST {known['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-type: application/json\r\n"
        f"Authorization: JWT {known['token']}\r\nContent-Length: 5000000\r\n\r\n"
    )
    with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as connection:
        connection.sendall(head.encode() + b'{"data":"data:application/zip;base64,UEsDBA' + b"A" * MB)
    assert posted(port, known, 2 * MB)[0] == 200
    assert len(held(folder) - before) == 1


@pytest.fixture
def bucket(tmp_path):
    """A service that stores in S3: the store is a process of its own."""
    port = free_port()
    store = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        found = boto3.resource("s3", endpoint_url=f"http://127.0.0.1:{port}", **keys).Bucket(BUCKET)
        for _ in range(200):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.1)
        found.create()
        with service(tmp_path) as running:
            running.environment |= {
                "S3_BUCKET": BUCKET, "S3_ENDPOINT_URL": f"http://127.0.0.1:{port}", "S3_REGION": "us-east-1",
                "S3_ACCESS_KEY_ID": "key", "S3_SECRET_ACCESS_KEY": "secret",
            }  # fmt: skip
            known = running.fill("tests.servers.capturing")
            server = running.start()
            yield running, server.port, known, found
        found.meta.client.close()
    finally:
        store.terminate()
        store.wait(timeout=30)


def test_a_sample_goes_to_s3_in_little_memory(bucket):
    running, port, known, found = bucket
    growth = grown(running, port, known, LARGE)
    assert growth < ALLOWED, growth
    entries = sorted(found.objects.all(), key=lambda entry: entry.size)
    assert len(entries) == 2
    with closing(entries[-1].get()["Body"]) as content:
        assert is_whole(read(content), LARGE)
