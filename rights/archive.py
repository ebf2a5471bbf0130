"""A ZIP archive that is made in parts, by different processes at different times, and put together when it is read.

A part is the content of some entries as they stand in the archive. What its directory will say of them is kept beside
it, so that nobody reads the parts to write the directory, which comes last.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

CHUNK = 64 * 1024
LARGE = 1024**3  # an entry beyond this gets the fields for sizes that 32 bits cannot hold
_FACTS = ("filename", "date_time", "compress_type", "CRC", "compress_size", "file_size", "header_offset", "flag_bits")
_MORE = ("external_attr", "create_system", "create_version", "extract_version")


class PartWriter:
    """Writes the entries of one part into a temporary file."""

    def __init__(self) -> None:
        self._spool: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed below
        self._zip = ZipFile(self._spool, "w", ZIP_DEFLATED, compresslevel=1)
        self.size = 0  # of the entries before they were compressed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._zip.close()
        self._spool.close()

    def add(self, name: str, chunks: Iterable[bytes], *, size: int = 0) -> None:
        with self._zip.open(name, "w", force_zip64=size > LARGE) as entry:
            for chunk in chunks:
                entry.write(chunk)
                self.size += len(chunk)

    def content(self) -> Iterator[bytes]:
        """The entries, without the directory. Nothing can be added any more."""
        self._zip.close()
        left = self._zip.start_dir
        self._spool.seek(0)
        while left:
            chunk = self._spool.read(min(CHUNK, left))
            left -= len(chunk)
            yield chunk

    def directory(self) -> list[list[Any]]:
        return [[getattr(entry, name) for name in (*_FACTS, *_MORE)] for entry in self._zip.infolist()]


def directory_of(parts: Iterable[tuple[int, Sequence[Sequence[Any]]]]) -> bytes:
    """What comes after the parts: of each its size, and what its writer said in `directory`."""
    entries, at = [], 0
    for size, facts in parts:
        entries += [_entry(each, at) for each in facts]
        at += size
    behind = _Behind(at)
    with ZipFile(behind, "w") as archive:
        archive.infolist().extend(entries)
    return behind.getvalue()


def _entry(facts: Sequence[Any], at: int) -> ZipInfo:
    values = dict(zip((*_FACTS, *_MORE), facts, strict=True))
    entry = ZipInfo(values.pop("filename"), tuple(values.pop("date_time")))
    for name, value in values.items():
        setattr(entry, name, value)
    entry.header_offset += at
    return entry


class _Behind(io.BytesIO):
    """What is written behind so many bytes that are elsewhere."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def tell(self) -> int:
        return self.at + super().tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.at + super().seek(offset - self.at, whence)
