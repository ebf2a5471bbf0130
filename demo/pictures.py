"""Generates pictures of faces that are drawn, not of real people, and PDF pages."""

import base64
import struct
import zlib
from functools import lru_cache

SIZE = 48
WALL, SHIRT, SKIN, HAIR, EYES = range(5)
Colour = tuple[int, int, int]
WALLS: tuple[Colour, ...] = ((214, 226, 233), (233, 222, 208), (219, 231, 215), (228, 219, 233))
SHIRTS: tuple[Colour, ...] = ((52, 92, 140), (140, 62, 62), (60, 116, 84), (96, 80, 130), (120, 104, 60))
SKINS: tuple[Colour, ...] = ((244, 208, 178), (224, 172, 130), (176, 122, 84), (116, 78, 54))
HAIRS: tuple[Colour, ...] = ((48, 36, 30), (110, 70, 40), (190, 150, 90), (130, 130, 134))


def portrait(face: int, pose: int = 0, faces: int = 1) -> str:
    """A PNG as data URL: face number `face` in one of three poses, alone, with a second person or (0 faces) absent."""
    palette = bytes(
        part
        for colours, step in ((WALLS, 1), (SHIRTS, 3), (SKINS, 5), (HAIRS, 7))
        for part in colours[face // step % len(colours)]
    ) + bytes((30, 30, 36))
    return data_url("image/png", _png(palette, _pixels(pose % 3, faces)))


def data_url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _png(palette: bytes, pixels: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


@lru_cache(maxsize=16)
def _pixels(pose: int, faces: int) -> bytes:
    """Compressed rows of palette indexes; equal for all faces, because only the palette differs."""
    places = {0: (), 1: (24 + 3 * (pose - 1),), 2: (14, 35)}[faces]
    rows = (bytes(_pixel(x, y, places) for x in range(SIZE)) for y in range(SIZE))
    return zlib.compress(b"".join(b"\x00" + row for row in rows), 9)


def _pixel(x: int, y: int, places: tuple[int, ...]) -> int:
    for middle in places:
        if (abs(x - middle) in (3, 4)) and y in (21, 22):
            return EYES
        if _inside(x, y, middle, 17, 10, 7):
            return HAIR
        if _inside(x, y, middle, 22, 9, 12):
            return SKIN
        if _inside(x, y, middle, 50, 16, 15):
            return SHIRT
    return WALL


def _inside(x: int, y: int, middle: int, height: int, width: int, length: int) -> bool:
    return ((x - middle) / width) ** 2 + ((y - height) / length) ** 2 <= 1


def pdf(title: str, lines: list[str]) -> bytes:
    """One page with a title and lines of text."""
    shown = [f"BT /F1 16 Tf 60 780 Td ({_escaped(title)}) Tj ET"]
    shown += [f"BT /F1 11 Tf 60 {745 - 18 * i} Td ({_escaped(line)}) Tj ET" for i, line in enumerate(lines)]
    stream = "\n".join(shown).encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + head + table + tail


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
