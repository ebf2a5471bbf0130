"""The text of a word processor's document, for pages that show it: docx and odt, without pictures and looks.

Documents come from learners: so much is read of one, and no more, whatever it says about its size.
"""

import struct
import zlib
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from defusedxml.ElementTree import DefusedXMLParser

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"
_PARTS = {DOCX: "word/document.xml", ODT: "content.xml"}
DOCUMENTS = frozenset(_PARTS)
LARGEST = 10 * 1024 * 1024  # bytes of a document
MOST = 2 * 1024 * 1024  # bytes of XML that are read: 20,000 characters of text are rarely half of that
_CHUNK = 64 * 1024
_MARKS = {"tab": "\t", "br": "\n", "cr": "\n", "line-break": "\n", "s": " "}
_BLOCKS = {"p", "h"}
_HIDDEN = {"tracked-changes", "annotation", "Fallback"}  # deleted text, remarks, and what stands there twice
_BROKEN = (
    BadZipFile, EOFError, KeyError, NotImplementedError, OSError, RuntimeError, SyntaxError, ValueError, struct.error,
    zlib.error,
)  # fmt: skip


class _Text:
    """Takes the text out of the elements as they are read. Of docx it is in <t> alone, of odt anywhere in a block."""

    def __init__(self, holders: set[str]) -> None:
        self.holders = holders
        self.parts: list[str] = []
        self.length = self.within = self.hidden = 0

    def start(self, tag: str, _: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        self.within += name in self.holders
        self.hidden += name in _HIDDEN
        if name in _MARKS:
            self.add(_MARKS[name])

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        if name in _BLOCKS:
            self.add("\n")
        self.within -= name in self.holders
        self.hidden -= name in _HIDDEN

    def data(self, text: str) -> None:
        if self.within:
            self.add(text)

    def add(self, text: str) -> None:
        if not self.hidden:
            self.parts.append(text)
            self.length += len(text)


def document_text(media_type: str, content: bytes, longest: int) -> str | None:
    """At most so many characters; None for documents of other types, broken ones, and those without text."""
    if media_type not in _PARTS or len(content) > LARGEST:
        return None
    text, left = _Text({"t"} if media_type == DOCX else _BLOCKS), MOST
    parser = DefusedXMLParser(target=text, forbid_dtd=True)
    try:
        with ZipFile(BytesIO(content)) as archive, archive.open(_PARTS[media_type]) as stream:
            while text.length < longest and left > 0 and (chunk := stream.read(_CHUNK)):
                left -= len(chunk)
                parser.feed(chunk)
    except _BROKEN:
        return None
    found = "".join(text.parts).strip()[:longest]
    return found + "\n…" * (left <= 0 and text.length < longest) if found else None
