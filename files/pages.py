"""Pages of a PDF as pictures, and its text: for pages that show what a learner has handed in.

Browsers do not start their viewer in a sandbox, and outside of one a document could lead whoever looks at it elsewhere,
or tell its author that it was looked at. So nothing of the document reaches the browser but pictures. PDFium draws them
(pypdfium2), in a process of its own that has nothing but the document: no settings, no connection, few seconds, little
memory, and no file to write (see drawing.py). One is drawn at a time in each process of the service.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from threading import BoundedSemaphore, Timer
from typing import NamedTuple

import orjson

from files.drawing import SIGNATURE
from kernel.domain import Unavailable

PDF = "application/pdf"
LARGEST = 32 * 1024 * 1024  # bytes of a document
MOST = 20 * 1024 * 1024  # bytes that are taken of the process
SECONDS = 10  # of one page
WAIT = 20  # seconds for those of others
_PROGRAM = Path(__file__).with_name("drawing.py")
_turn = BoundedSemaphore(1)


class Pages(NamedTuple):
    number: int
    text: str  # its beginning


@cache
def can_draw() -> bool:
    return all(find_spec(name) for name in ("pypdfium2", "PIL"))


def pages_of(content: bytes, longest: int) -> Pages | None:
    """How many pages a PDF has, and at most so many characters of its text. None for what cannot be read."""
    try:
        found = orjson.loads(_answered(content, "0", str(longest)) or b"null")
        return Pages(int(found["pages"]), _plain(str(found["text"]))) if found else None
    except (KeyError, TypeError, ValueError):
        return None


def _plain(text: str) -> str:
    """Documents say what letters their signs stand for, and may name what is none."""
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n")


def page_drawn(content: bytes, number: int) -> bytes | None:
    """The page of this number, from 1 on, as PNG. None where there is none, and for what cannot be drawn in time."""
    picture = _answered(content, str(number), "0")
    return picture if picture and picture.startswith(SIGNATURE) else None


def _answered(content: bytes, *asked: str) -> bytes | None:
    """What the process writes; None if it fails. Unavailable while too many others wait."""
    if len(content) > LARGEST or not can_draw():
        return None
    # It inherits neither settings nor secrets, and imports from where this process does.
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
    with _taking_turns(), TemporaryFile() as document:
        document.write(content)
        document.seek(0)
        process = subprocess.Popen(  # noqa: S603 - a program of this service
            [sys.executable, "-P", str(_PROGRAM), *asked],
            stdin=document, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd="/",
        )  # fmt: skip
        timer = Timer(SECONDS, process.kill)
        timer.start()
        try:
            answer = process.stdout.read(MOST) if process.stdout else b""
        finally:
            timer.cancel()
            process.kill()
            if process.stdout:
                process.stdout.close()
            process.wait()
    return answer or None


@contextmanager
def _taking_turns() -> Iterator[None]:
    if not _turn.acquire(timeout=WAIT):
        raise Unavailable("Too many pages are being drawn.")
    try:
        yield
    finally:
        _turn.release()
