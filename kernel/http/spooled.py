"""Large JSON bodies: the long string at one key is written to a file while it arrives, the rest is kept in memory.

No JSON library returns parts of a string. So a scanner follows as much of the grammar as is needed to recognise the
value of the wanted key of the outermost object, and replaces it by `null`. Whether the rest is JSON is decided by a
real parser afterwards: a body that it refuses may have been scanned wrongly without harm.
"""

import binascii
import re
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile

import orjson

CHUNK = 64 * 1024
IN_MEMORY = 256 * 1024  # of a content; longer ones go to disk
LONGEST_HEAD = 255  # of a data URL, up to its comma
_PLAIN = re.compile(rb'[^"{}\[\],:]*+')
_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)  # up to the closing quote, or the end of what is here
_HALF_ESCAPE = re.compile(rb"\\u[0-9A-Fa-f]{0,3}\Z")
_HEAD = re.compile(r"data:([a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*)(?:;[^;]*)*;base64", re.IGNORECASE)
_MARK = re.compile(";base64,", re.IGNORECASE)
_HEAD_ALONE = re.compile("(?:data:(?:[^,/]+/[^,]*)?,?)?")
_BLANKS = b" \t\r\n"


class Scanner:
    """Reads a JSON body in chunks: passes the string at `key` to `sink` piece by piece, collects the rest in `rest`."""

    def __init__(self, key: str, sink: Callable[[str], None], limit: int) -> None:
        self.key, self.sink, self.limit = key, sink, limit
        self.rest = bytearray()
        self.is_too_long = False  # more than `limit` bytes beside the string
        self.is_broken = False  # the string itself is no JSON
        self.times = 0  # how often the key occurs
        self.was_streamed = False
        self._read = self._read_outside
        self._unfinished = b""  # the beginning of an escape sequence, until the next chunk arrives
        self._depth = 0
        self._in_object = False  # the outermost value is one
        self._before_key = False
        self._is_wanted = False  # the value that follows belongs to the key
        self._name: bytearray | None = None  # a key of the outermost object, while it is read

    def feed(self, chunk: bytes) -> None:
        buffer, at = self._unfinished + chunk, 0
        self._unfinished = b""
        while at < len(buffer):
            at = self._read(buffer, at)

    def _keep(self, part: bytes) -> None:
        if len(self.rest) + len(part) > self.limit:
            self.is_too_long = True
        else:
            self.rest += part

    def _read_outside(self, buffer: bytes, at: int) -> int:
        end = _PLAIN.match(buffer, at).end()  # type: ignore[union-attr] # it matches nothing, too
        self._keep(buffer[at:end])
        mark = buffer[end : end + 1]
        if mark == b'"':
            self._enter_string()
        elif mark:
            self._keep(mark)
            self._structure(mark)
        return end + 1

    def _structure(self, mark: bytes) -> None:
        if mark in b"{[":
            if self._depth == 0:
                self._in_object = self._before_key = mark == b"{"
            self._depth += 1
        elif mark in b"}]":
            self._depth -= 1
        elif self._depth == 1:  # a comma or a colon
            self._before_key = self._in_object and mark == b","
            self._is_wanted = self._is_wanted and mark == b":"

    def _enter_string(self) -> None:
        outermost = self._depth == 1 and self._in_object
        if outermost and self._is_wanted and not self._before_key:
            self._keep(b"null")
            self._read, self.was_streamed = self._read_wanted_string, True
        else:
            self._keep(b'"')
            self._name = bytearray() if outermost and self._before_key else None
            self._read = self._read_string

    def _read_string(self, buffer: bytes, at: int) -> int:
        part, at, closed = self._piece(buffer, at)
        self._keep(part)
        if self._name is not None and len(self._name) <= 6 * len(self.key):  # every letter may be an escape
            self._name += part
        if closed:
            self._keep(b'"')
            self._read = self._read_outside
            if self._name is not None:
                self._is_wanted = _text(bytes(self._name)) == self.key
                self.times += self._is_wanted
        return at

    def _read_wanted_string(self, buffer: bytes, at: int) -> int:
        part, at, closed = self._piece(buffer, at)
        if closed:
            self._read, self._is_wanted = self._read_outside, False
        elif half := _HALF_ESCAPE.search(part):
            self._unfinished, part = half[0] + self._unfinished, part[: half.start()]
        text = _text(part)
        if text is None:
            self.is_broken = True
        elif text:
            self.sink(text)
        return at

    def _piece(self, buffer: bytes, at: int) -> tuple[bytes, int, bool]:
        """The part of the string in this buffer, where to continue, and whether the string ends here."""
        end = buffer.find(b'"', at)
        end = len(buffer) if end < 0 else end
        if buffer.find(b"\\", at, end) >= 0:  # else the expression would find the same, more slowly
            end = _STRING.match(buffer, at).end()  # type: ignore[union-attr] # it matches nothing, too
        self._unfinished = b"\\" if buffer[end : end + 1] == b"\\" else b""
        return buffer[at:end], end + 1, buffer[end : end + 1] == b'"'


def _text(part: bytes) -> str | None:
    """The decoded content of a JSON string, of the text between its quotes; None when that is invalid."""
    try:
        return orjson.loads(b'"' + part + b'"')
    except ValueError:
        return None


class Content:
    """The content of a base64 data URL, decoded into a file piece by piece. The creator has to close it."""

    def __init__(self, limit: int, folder: str | None = None) -> None:
        self.limit = limit
        self.media_type = ""  # as declared, without parameters, in lower case
        self.size = 0
        self.problem = ""  # what is wrong with the URL
        self.is_empty = False  # nothing else is wrong with it: a recording of no length
        self._file = SpooledTemporaryFile(IN_MEMORY, dir=folder)  # noqa: SIM115
        self._head: str | None = ""  # None: it is complete
        self._left = b""  # letters of base64 that are not decoded yet

    @property
    def is_too_large(self) -> bool:
        return self.size > self.limit

    def take(self, text: str) -> None:
        """The next part of the URL."""
        if self._head is not None:
            text = self._without_head(self._head + text)
        if not text or self.problem or self.is_too_large:
            return
        if not text.isascii():
            self.problem = "This is no base64."
            return
        self._left += text.encode().translate(None, _BLANKS)
        # Padding is only allowed at the very end: the last letters are decoded when more follow or in `end`.
        ready = (len(self._left) - 1) // 4 * 4 if self._left else 0
        self._decode(self._left[:ready], is_last=False)
        self._left = self._left[ready:]

    def end(self) -> None:
        """Called after the last part of the URL."""
        if self._head is not None:
            self.is_empty = not self.problem and _HEAD_ALONE.fullmatch(self._head.strip()) is not None
            self.problem = self.problem or "This is no data URL in base64."
        self._decode(self._left, is_last=True)
        if not self.size:
            self.is_empty = self.is_empty or not self.problem
            self.problem = self.problem or "This is empty."

    def _without_head(self, text: str) -> str:
        """The text after the head of the URL; empty as long as the head is not complete."""
        # Not at the first comma: browsers write `;codecs=vp8,opus` without quotes.
        mark = _MARK.search(text)
        head, rest = (text[: mark.start()], text[mark.end() :]) if mark else (text, "")
        if len(head) > LONGEST_HEAD:
            self.problem = "This is no data URL in base64."
        self._head = text if not (mark or self.problem) else None
        if not mark:
            return ""
        match = _HEAD.fullmatch(head + ";base64")
        if match is None:
            self.problem = "This is no data URL in base64."
        else:
            self.media_type = match[1].lower()
        return rest

    def _decode(self, letters: bytes, *, is_last: bool) -> None:
        try:
            if b"=" in letters and not is_last:
                raise ValueError
            part = binascii.a2b_base64(letters, strict_mode=True)
        except ValueError:
            self.problem = self.problem or "This is no base64."
            return
        self.size += len(part)
        if not self.is_too_large:
            self._file.write(part)

    def head(self, size: int) -> bytes:
        """The first bytes."""
        self._file.seek(0)
        return self._file.read(size)

    def base64(self) -> Iterator[bytes]:
        """The whole content in base64, encoded anew instead of copied from the client's text."""
        self._file.seek(0)
        while part := self._file.read(CHUNK // 4 * 3):
            yield binascii.b2a_base64(part, newline=False)

    def close(self) -> None:
        self._file.close()
