"""Draws a page of the PDF on its standard input, as a process of its own: see pages.py.

    drawing.py NUMBER LETTERS

NUMBER 0 answers how many pages there are and so many letters of the text as JSON, any other one that page as PNG.
"""

import resource
import sys

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MEMORY = 1024**3  # bytes
CPU = 6  # seconds
FILES = 64  # open ones: fonts of the system that a document names and does not bring
WIDTH, PIXELS, SCALE = 1240, 3_000_000, 2.0  # of a picture, and at most so many for each point of the page
PAGES = 200  # whose text is read


def confine() -> None:
    """Whatever the document does to the library, it gets no more than this."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, CPU), (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NPROC, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (most, most))


def answered(content: bytes, number: int, longest: int) -> bytes:
    from io import BytesIO
    from json import dumps

    from pypdfium2 import PdfDocument

    document = PdfDocument(content)
    if number:
        page = document[number - 1]
        width, height = page.get_size()
        scale = min(SCALE, WIDTH / width, (PIXELS / (width * height)) ** 0.5)
        picture = page.render(scale=scale, may_draw_forms=False).to_pil()
        picture.save(file := BytesIO(), "PNG")
        return file.getvalue()
    texts, left = [], longest
    for place in range(min(len(document), PAGES)):
        if left <= 0:
            break
        texts.append(document[place].get_textpage().get_text_bounded()[:left])
        left -= len(texts[-1])
    return dumps({"pages": len(document), "text": "\n".join(texts).strip()}).encode()


if __name__ == "__main__":  # pragma: no cover - in a process of its own
    confine()
    sys.stdout.buffer.write(answered(sys.stdin.buffer.read(), *map(int, sys.argv[1:3])))
