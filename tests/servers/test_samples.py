"""Large samples over a socket, to the file system and to S3: stored whole, in little memory."""

import base64
import hashlib
import json
import random
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from http.client import HTTPResponse
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.captures import FA, PLAG
from tests.servers.service import Server
from tests.servers.test_captures import attachment_path

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("servers")]
MB = 1024 * 1024
LARGE, PART, ALLOWED = 100 * MB, 48 * 1024, 32 * MB
BUCKET = "samples"


def memory(pid: int, what: str) -> int:
    return int(re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def worker_of(master: int) -> int:
    """The one worker process of a server."""
    (child,) = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return int(child)


def random_parts() -> tuple[bytes, ...]:
    letters = random.Random(7)
    return tuple(letters.randbytes(PART) for _ in range(61))


RANDOM = random_parts()


def parts(size: int) -> Iterator[bytes]:
    """A zip, as far as its first bytes tell: the same one each time, of random parts that repeat."""
    for number, at in enumerate(range(0, size, PART)):
        part = RANDOM[number % len(RANDOM)]
        yield (b"PK\x03\x04" + part[4:] if at == 0 else part)[: size - at]


@cache
def escaped(part: bytes) -> bytes:
    return base64.b64encode(part).replace(b"/", b"\\/")


def posted(to: "Recipient", size: int, *, expects: bool = True) -> tuple[int, dict]:
    """The answer to a document of this size, sent as PHP's curl does."""
    metadata = {"mimetype": "application/zip", "context": {"type": "assign"}}
    before = b'{"session_id":null,"data":"data:application\\/zip;base64,'
    after = b'","instruments":%s,"metadata":%s}' % (
        json.dumps([FA, PLAG]).encode(), json.dumps(metadata).encode(),
    )  # fmt: skip
    length = len(before) + len(after) + sum(len(escaped(part)) for part in parts(size))
    head = (
        f"POST {to.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nContent-type: application/json\r\n"
        f"Authorization: JWT {to.token}\r\nContent-Length: {length}\r\n"
    )
    with closing(socket.create_connection(("127.0.0.1", to.server.port), timeout=300)) as connection:
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
    digest, letters = hashlib.sha256(), rest
    for chunk in stored:
        letters += chunk
        whole = (len(letters) - 6) // 4 * 4  # what closes the object waits
        if whole > 0:
            digest.update(base64.b64decode(letters[:whole], validate=True))
            letters = letters[whole:]
    digest.update(base64.b64decode(letters.removesuffix(b'"}'), validate=True))
    wanted = hashlib.sha256()
    for part in parts(size):
        wanted.update(part)
    return digest.digest() == wanted.digest()


def read(content) -> Iterator[bytes]:
    return iter(lambda: content.read(MB), b"")


@dataclass(frozen=True)
class Recipient:
    """A server that takes documents of a learner, and what such a request needs."""

    server: Server
    path: str
    token: str


def recipient(server: Server, facts: dict) -> Recipient:
    return Recipient(server, attachment_path(facts["samples"]), facts["samples"]["vle_token"])


@pytest.fixture
def recipient_with_files(servers, facts):
    return recipient(servers[0], facts)


@pytest.fixture
def folder(service, facts) -> Path:
    """Where the service keeps the documents."""
    return Path(service.environment["VAR_DIR"]) / "files" / str(facts["samples"]["institution"]) / "request"


def stored_in(folder: Path) -> set[Path]:
    return set(folder.iterdir()) if folder.exists() else set()


def growth(to: Recipient, size: int) -> int:
    """By how many bytes the worker grows, at most, while it receives a document; a small one has come before."""
    worker = worker_of(to.server.pid)
    assert posted(to, 2 * MB)[0] == 200
    Path(f"/proc/{worker}/clear_refs").write_text("5")  # the peak counts from now on
    before = memory(worker, "VmRSS")
    status, answer = posted(to, size)
    assert (status, answer["status"]) == (200, "OK"), answer
    return memory(worker, "VmHWM") - before


def test_a_sample_of_a_hundred_megabytes_takes_little_memory(recipient_with_files, folder):
    assert growth(recipient_with_files, LARGE) < ALLOWED
    largest = max(folder.iterdir(), key=lambda path: path.stat().st_size)
    with largest.open("rb") as content:
        assert is_whole(read(content), LARGE)


def test_a_sample_one_byte_too_large_is_413_and_leaves_no_file(recipient_with_files, folder):
    before = stored_in(folder)
    status, answer = posted(recipient_with_files, LARGE + 1, expects=False)
    assert (status, list(answer)) == (413, ["detail"])
    assert stored_in(folder) == before


def test_a_client_that_breaks_the_connection_leaves_no_file(recipient_with_files, folder):
    to, before = recipient_with_files, stored_in(folder)
    head = (
        f"POST {to.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-type: application/json\r\n"
        f"Authorization: JWT {to.token}\r\nContent-Length: 5000000\r\n\r\n"
    )
    with closing(socket.create_connection(("127.0.0.1", to.server.port), timeout=60)) as connection:
        connection.sendall(head.encode() + b'{"data":"data:application/zip;base64,UEsDBA' + b"A" * MB)
    assert posted(to, 2 * MB)[0] == 200
    assert len(stored_in(folder) - before) == 1


@pytest.fixture
def bucket():
    """A new bucket on a server that speaks S3."""
    store = ThreadedMotoServer(port=0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    made = boto3.resource("s3", endpoint_url=f"http://{host}:{port}", **keys).Bucket(BUCKET)
    made.create()
    yield made
    made.meta.client.close()
    store.stop()


def test_a_sample_goes_to_s3_in_little_memory(bucket, service, facts):
    server = service.start(
        S3_BUCKET=BUCKET,
        S3_ENDPOINT_URL=bucket.meta.client.meta.endpoint_url,
        S3_REGION="us-east-1",
        S3_ACCESS_KEY_ID="key",
        S3_SECRET_ACCESS_KEY="secret",
    )
    assert growth(recipient(server, facts), LARGE) < ALLOWED
    entries = sorted(bucket.objects.all(), key=lambda entry: entry.size)
    assert len(entries) == 2
    with closing(entries[-1].get()["Body"]) as content:
        assert is_whole(read(content), LARGE)
