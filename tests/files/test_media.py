"""Declared media types and what content begins with."""

import io
import zipfile

import pytest

from files.media import HEAD, agrees, is_known, media_type_named

OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."


def zipped(*names: str, first: bytes = b"x") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, first)
    return content.getvalue()


DOCX, XLSX = zipped("[Content_Types].xml", "word/document.xml"), zipped("xl/workbook.xml")
ODT = zipped("mimetype", first=f"{ODF}text".encode())
CONTENTS = {
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "webp": b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    "wav": b"RIFF\x10\x00\x00\x00WAVEfmt ",
    "webm": b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1fB\x86\x81\x01B\x82\x84webmB\x87",
    "mkv": b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1fB\x86\x81\x01B\x82\x88matroskaB\x87",
    "ogg": b"OggS\x00\x02",
    "mp3": b"ID3\x04",
    "mp4": b"\x00\x00\x00\x20ftypisom",
    "text": "Gràcies, això és tot.\n".encode(),
    "cut": b"a" + "è".encode() * (HEAD // 2 - 1) + "è".encode()[:1],
    "half": "è".encode() * 10 + "è".encode()[:1],
    "half alone": b"\xf1",
    "latin": "è".encode("latin-1") + b" x",
    "control": b"a\x00b",
    "json": b' {"a": 1}',
    "bom": b"\xef\xbb\xbf[1]",
    "pdf": b"%PDF-1.7\n",
    "rtf": b"{\\rtf1 x}",
    "zip": zipped("content.txt"),
    "empty zip": zipped(),
    "doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "docx": DOCX,
    "xlsx": XLSX,
    "odt": ODT,
}
AGREE = {
    "image/jpeg": {"jpeg"},
    "image/png": {"png"},
    "image/webp": {"webp"},
    "audio/wav": {"wav"},
    "audio/webm": {"webm"},
    "video/webm": {"webm"},
    "audio/ogg": {"ogg"},
    "audio/mpeg": {"mp3"},
    "video/mp4": {"mp4"},
    "text/plain": {"text", "cut", "json", "bom", "pdf", "rtf", "mp3"} - {"mp3"},
    "application/json": {"json", "bom", "rtf"},
    "application/pdf": {"pdf"},
    "application/rtf": {"rtf"},
    "application/zip": {"zip", "empty zip", "docx", "xlsx", "odt"},
    "application/msword": {"doc"},
    f"{OOXML}wordprocessingml.document": {"docx"},
    f"{OOXML}spreadsheetml.sheet": {"docx", "xlsx"},
    f"{ODF}text": {"odt"},
    f"{ODF}spreadsheet": set(),
}


@pytest.mark.parametrize("media_type", AGREE)
def test_content_agrees_with_its_own_types_alone(media_type):
    assert {name for name, content in CONTENTS.items() if agrees(media_type, content)} == AGREE[media_type]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("image/jpeg", "image/jpeg"),
        ("IMAGE/JPG ", "image/jpeg"),
        ("audio/x-wav; rate=8000", "audio/wav"),
        ("video/webm;codecs=vp8,opus", "video/webm"),
        ("application/x-zip-compressed", "application/zip"),
        ("", ""),
    ],
)
def test_types_have_one_name(said, named):
    assert media_type_named(said) == named


@pytest.mark.parametrize(
    "media_type", ["application/octet-stream", "image/svg+xml", "application/x-msdownload", "", "text", "*/*"]
)
def test_what_cannot_be_told_is_not_known(media_type):
    assert not is_known(media_type)


def test_nothing_is_nothing():
    assert not any(agrees(media_type, b"") for media_type in AGREE if media_type != "text/plain")
