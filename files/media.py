"""Checks whether the first bytes of a file agree with its declared media type."""

import codecs
from collections.abc import Callable

HEAD = 4096  # number of bytes that are examined
Check = Callable[[bytes], bool]

_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "application/x-zip-compressed": "application/zip",
    "application/x-pdf": "application/pdf",
    "text/rtf": "application/rtf",
}
_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second: an empty archive
_NAME = 30  # offset of the name of a zip's first entry


def _starts_with(*words: bytes) -> Check:
    return lambda head: head.startswith(words)


def _has_at(word: bytes, at: int) -> Check:
    return lambda head: head[at : at + len(word)] == word


def _pdf(head: bytes) -> bool:
    """Scanners and printers write something before the header. It is no markup: that would be a page as well."""
    before, header, _ = head[:1024].partition(b"%PDF-")
    return bool(header) and b"<" not in before


def _riff(form: bytes) -> Check:
    return lambda head: head.startswith(b"RIFF") and head[8:12] == form


def _webm(head: bytes) -> bool:
    return head.startswith(b"\x1aE\xdf\xa3") and b"webm" in head[:64]


def _ooxml(folder: str) -> Check:
    """A zip whose first entry is one that office programs write first: the content types or a part of the document."""
    first = tuple(name.encode() for name in ("[Content_Types].xml", "_rels/", "docProps/", "customXml/", folder))
    return lambda head: head.startswith(_ZIP[0]) and head[_NAME:].startswith(first)


def _odf(media_type: str) -> Check:
    """A zip whose first entry is named `mimetype` and holds the media type, uncompressed and without extra fields."""
    return lambda head: head.startswith(_ZIP[0]) and head[_NAME:].startswith(f"mimetype{media_type}".encode())


def _text(head: bytes) -> bool:
    """UTF-8 without control characters. A head of full length may end inside a character."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD)
    except ValueError:
        return False
    return not any(letter < " " and letter not in "\t\n\r\f" for letter in text)


def _json(head: bytes) -> bool:
    return _text(head) and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in tuple(bytes([c]) for c in b'{["-0123456789tfn')


_CHECKS: dict[str, Check] = {
    "image/jpeg": _starts_with(b"\xff\xd8\xff"),
    "image/png": _starts_with(b"\x89PNG\r\n\x1a\n"),
    "image/webp": _riff(b"WEBP"),
    "audio/wav": _riff(b"WAVE"),
    "audio/webm": _webm,
    "video/webm": _webm,
    "audio/ogg": _starts_with(b"OggS"),
    "video/ogg": _starts_with(b"OggS"),
    "audio/mpeg": _starts_with(b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    "audio/mp4": _has_at(b"ftyp", 4),
    "video/mp4": _has_at(b"ftyp", 4),
    "text/plain": _text,
    "text/csv": _text,
    "text/html": _text,
    "text/markdown": _text,
    "application/json": _json,
    "application/pdf": _pdf,
    "application/rtf": _starts_with(b"{\\rtf"),
    "application/zip": _starts_with(*_ZIP),
    "application/msword": _starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    f"{_OOXML}wordprocessingml.document": _ooxml("word/"),
    f"{_OOXML}spreadsheetml.sheet": _ooxml("xl/"),
    f"{_OOXML}presentationml.presentation": _ooxml("ppt/"),
    f"{_ODF}text": _odf(f"{_ODF}text"),
    f"{_ODF}spreadsheet": _odf(f"{_ODF}spreadsheet"),
    f"{_ODF}presentation": _odf(f"{_ODF}presentation"),
}
_SUFFIXES = {
    "image/jpeg": "jpg", "audio/mpeg": "mp3", "audio/mp4": "m4a", "text/plain": "txt", "text/markdown": "md",
    "application/msword": "doc", f"{_OOXML}wordprocessingml.document": "docx", f"{_OOXML}spreadsheetml.sheet": "xlsx",
    f"{_OOXML}presentationml.presentation": "pptx", f"{_ODF}text": "odt", f"{_ODF}spreadsheet": "ods",
    f"{_ODF}presentation": "odp",
}  # fmt: skip


def suffix_of(media_type: str) -> str:
    """How names of files of this type end; "data" for types that are not known."""
    return _SUFFIXES.get(media_type) or (media_type.partition("/")[2] if is_known(media_type) else "data")


def media_type_named(text: str) -> str:
    """The standard name of a media type, without parameters: "audio/x-wav; rate=8000" is audio/wav."""
    plain = text.partition(";")[0].strip().lower()
    return _ALIASES.get(plain, plain)


def is_known(media_type: str) -> bool:
    """Whether there is a check for this type, named as `media_type_named` returns it."""
    return media_type in _CHECKS


def agrees(media_type: str, head: bytes) -> bool:
    """Whether content with this head can be of this known type."""
    return _CHECKS[media_type](head)
