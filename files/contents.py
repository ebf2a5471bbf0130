"""What links lead to that is no stored file: content that is made when it is read, and samples inside stored files.

The app that can make it registers a maker for the word in the link.
"""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import orjson

from files.documents import DOCUMENTS, document_text
from files.links import Links
from files.media import suffix_of
from files.models import StoredFile
from files.pages import PDF, Pages, page_drawn, pages_of
from files.permissions import may_read
from files.services import store, store_read
from kernel.caller import Caller

SAMPLE, PAGE = "sample", "page"  # of a link to a sample inside a file, and to a page of one that is a PDF, drawn
# Browsers show these and run nothing in them; whatever else a sample says to be is only to be saved.
SHOWN = {
    "image/jpeg", "image/png", "image/webp", "image/gif", "audio/wav", "audio/webm", "audio/ogg", "audio/mpeg",
    "audio/mp4", "video/webm", "video/ogg", "video/mp4", "text/plain",
}  # fmt: skip
_DATA_URL = re.compile(r"(?i:data):([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*)(?i:(;base64))?,", re.ASCII)
_NAME = re.compile(r"[a-z]+-(\d{1,6})\.[a-z0-9]+")
_PAGE = re.compile(r"page-(\d{1,6})-([1-9]\d{0,5})\.png")
_HEAD = 64 * 1024  # bytes of a stored sample that hold what is said about it
_URL_HEAD = 500  # bytes of a data URL that hold its media type
_SAMPLE_BEGINS = b',"data":"data:'


@dataclass(frozen=True)
class Content:
    """Content that the caller may read. `kind`, `key` and `owner_id` are what is recorded about the reading.

    Making it, and taking its chunks, raises Unavailable when the store fails.
    """

    institution_id: int
    owner_id: int | None
    kind: str
    key: int
    media_type: str
    chunks: Iterable[bytes]


Maker = Callable[[Caller, int, str, Links], Content | None]
_MAKERS: dict[str, Maker] = {}


def maker(what: str) -> Callable[[Maker], Maker]:
    """@maker(Made.REPORT): make(caller, key, name, links) for links of this kind; None if the caller may not read it.

    `links` makes links for the same caller. The chunks are taken only when they are sent.
    """

    def register(make: Maker) -> Maker:
        _MAKERS[str(what)] = make
        return make

    return register


def content_of(what: str, caller: Caller, key: int, name: str, links: Links) -> Content | None:
    make = _MAKERS.get(what)
    return make(caller, key, name, links) if make else None


@maker(SAMPLE)
def sample_content(caller: Caller, key: int, name: str, links: Links) -> Content | None:
    """A sample that is a data URL inside a file of JSON: the one of the number in the name, counted from 0."""
    file, number = StoredFile.objects.filter(pk=key).first(), _NAME.fullmatch(name)
    if file is None or number is None or not may_read(caller, file):
        return None
    found = _sample(file, int(number[1]))
    if found is None:
        return None
    named, content = found
    media_type = named if named in SHOWN else "application/octet-stream"
    return Content(file.institution_id, file.owner_id, file.kind, file.pk, media_type, [content])


@maker(PAGE)
def page_content(caller: Caller, key: int, name: str, links: Links) -> Content | None:
    """A page, from 1 on, of a sample that is a PDF, as a picture. Unavailable while too many others are drawn."""
    file, numbers = StoredFile.objects.filter(pk=key).first(), _PAGE.fullmatch(name)
    if file is None or numbers is None or not may_read(caller, file):
        return None
    found = _sample(file, int(numbers[1]))
    picture = page_drawn(found[1], int(numbers[2])) if found and found[0] == PDF else None
    if picture is None:
        return None
    return Content(file.institution_id, file.owner_id, file.kind, file.pk, "image/png", [picture])


def _sample(file: StoredFile, number: int) -> tuple[str, bytes] | None:
    """(media type, content) of the sample of this number inside a file. Unavailable when the store fails."""
    found = next((url for place, url in enumerate(_samples(json_of(file))) if place == number), None)
    match = _DATA_URL.match(found or "")
    content = None if found is None or match is None else _decoded(match, found[match.end() :])
    return None if match is None or content is None else (_named(match), content)


def pages_in(file: StoredFile, longest: int) -> Pages | None:
    """Of the first sample inside a file, if it is a PDF: how many pages it has, and the beginning of its text."""
    found = _sample(file, 0)
    return pages_of(found[1], longest) if found and found[0] == PDF else None


def json_of(file: StoredFile | None) -> Any:
    """The JSON in a stored file; None for no file, a lost one, or other content. Unavailable when the store fails."""
    try:
        if file is None:
            return None
        with _opened(file) as stored:
            return orjson.loads(stored.read())
    except (ValueError, FileNotFoundError):
        return None


@contextmanager
def _opened(file: StoredFile) -> Iterator[IO[bytes]]:
    with store_read(file.storage_key), store().open(file.storage_key) as stored:
        yield stored


def facts_of(file: StoredFile | None) -> dict[str, Any]:
    """What a stored sample says about itself, without the sample; {} for no file, a lost one, or other content.

    Unavailable when the store fails.
    """
    try:
        if file is None:
            return {}
        with _opened(file) as stored:
            head = stored.read(_HEAD)
            facts, separator, _ = head.partition(_SAMPLE_BEGINS)
            found = _loaded(facts + b"}") if separator else None
            found = _loaded(head + stored.read()) if found is None else found
    except FileNotFoundError:
        return {}
    return {name: value for name, value in found.items() if name != "data"} if isinstance(found, dict) else {}


def neutrally_named(stored: IO[bytes]) -> tuple[Iterator[bytes], int]:
    """A stored sample in chunks, and by how many bytes it is longer than it was.

    The name that its file had is replaced: it may hold that of a person. The type is still to be seen in it.
    """
    begin = stored.read(_HEAD)
    facts, separator, rest = begin.partition(_SAMPLE_BEGINS)
    found = _loaded(facts + b"}") if separator else None
    if found is None:
        facts, separator, rest = begin + stored.read(), b"", b""
        found = _loaded(facts)
    metadata = found.get("metadata") if isinstance(found, dict) else None
    named = facts
    if isinstance(metadata, dict) and metadata.get("filename"):
        metadata["filename"] = f"sample.{suffix_of(str(metadata.get('mimetype')))}"
        named = orjson.dumps(found)[: -len(b"}") if separator else None]

    def chunks() -> Iterator[bytes]:
        with stored:
            yield named + separator + rest
            yield from iter(lambda: stored.read(_HEAD), b"")

    return chunks(), len(named) - len(facts)


@dataclass(frozen=True)
class Head:
    """What a stored sample is, for a page that shows it."""

    facts: dict[str, Any]
    media_type: str  # "" where there is no sample
    text: str | None  # its beginning, of a text, and of a document whose text can be read


NO_HEAD = Head({}, "", None)


def head_of(file: StoredFile | None, longest: int) -> Head:
    """Its facts, and of a text or a document as many characters as `longest`; NO_HEAD if it is lost, or other content.

    Unavailable when the store fails.
    """
    try:
        if file is None:
            return NO_HEAD
        with _opened(file) as stored:
            begin = stored.read(_HEAD)
            text, separator, rest = begin.partition(_SAMPLE_BEGINS)
            match = _DATA_URL.match(f"data:{rest[:_URL_HEAD].decode(errors='replace')}") if separator else None
            facts = _loaded(text + b"}") if match else None
            if match and isinstance(facts, dict) and not (_is_text(match) or _named(match) in DOCUMENTS):
                return Head(facts, _named(match), None)
            found = _loaded(begin + stored.read())
    except FileNotFoundError:
        return NO_HEAD
    url = found.get("data") if isinstance(found, dict) else None
    match = _DATA_URL.match(url) if isinstance(url, str) else None
    if match is None:
        return NO_HEAD
    facts = {name: value for name, value in found.items() if name != "data"}
    return Head(facts, _named(match), _text_of(match, str(url)[match.end() :], longest))


def _text_of(match: re.Match[str], encoded: str, longest: int) -> str | None:
    is_text = _is_text(match)
    content = _decoded(match, encoded) if is_text or _named(match) in DOCUMENTS else None
    if content is None:
        return None
    return content.decode(errors="replace")[:longest] if is_text else document_text(_named(match), content, longest)


def is_picture(value: Any) -> bool:
    """Whether it is a data URL of a picture."""
    match = _DATA_URL.match(value) if isinstance(value, str) else None
    return match is not None and _named(match).startswith("image/")


def _named(match: re.Match[str]) -> str:
    return (match[1] or "text/plain").lower()


def _is_text(match: re.Match[str]) -> bool:
    return _named(match).startswith("text/") or _named(match) == "application/json"


def samples_in(value: Any) -> Iterator[tuple[int, str, Any]]:
    """(number, media type, the object that holds it) of each data URL in JSON, numbered as `samples_linked` does."""
    numbers = iter(range(1_000_000))

    def walked(value: Any, holder: Any) -> Iterator[tuple[int, str, Any]]:
        if isinstance(value, str):
            if match := _DATA_URL.match(value):
                yield next(numbers), _named(match), holder
        elif isinstance(value, dict | list):
            inner = value if isinstance(value, dict) else holder
            for each in value.values() if isinstance(value, dict) else value:
                yield from walked(each, inner)

    return walked(value, None)


def _loaded(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except ValueError:
        return None


def samples_linked(value: Any, linked: Callable[[int], str]) -> Any:
    """JSON with an address in place of each data URL; `linked` makes that of the one of a number."""
    numbers = iter(range(1_000_000))

    def walked(value: Any) -> Any:
        if isinstance(value, str) and _DATA_URL.match(value):
            return linked(next(numbers))
        if isinstance(value, dict):
            return {key: walked(each) for key, each in value.items()}
        return [walked(each) for each in value] if isinstance(value, list) else value

    return walked(value)


def _samples(value: Any) -> Iterator[str]:
    """All data URLs in JSON, in the order in which `samples_linked` and `samples_in` number them."""
    if isinstance(value, str):
        if _DATA_URL.match(value):
            yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _samples(each)


def _decoded(head: re.Match[str], text: str) -> bytes | None:
    """The content of a data URL with this head."""
    try:
        return b64decode(text) if head[3] else text.encode()
    except (Error, ValueError):
        return None
