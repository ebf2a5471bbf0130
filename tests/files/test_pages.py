"""Pages of PDFs, which learners have written: drawn by a process of their own, and only for who may read them."""

import json
import subprocess

import pytest

from files import drawing, pages
from files.contents import page_content
from files.models import Kind
from files.pages import page_drawn, pages_of
from kernel.caller import CallerKind
from kernel.domain import Unavailable
from signin.callers import caller_named
from tests.captures import FR, drawn_pdf
from tests.reports.test_contents import sample_file
from tests.reports.work import Work

TWO = drawn_pdf(2, b"An \000essay")


def test_pages_and_text():
    assert pages_of(TWO, 100) == (2, "An essay")
    assert pages_of(TWO, 4).text == "An e"
    assert [bool(page_drawn(TWO, number)) for number in (1, 2, 3)] == [True, True, False]
    swollen = TWO.replace(b"[0 0 200 300]", b"[0 0 9000 9000]")
    width, height = (int.from_bytes(page_drawn(swollen, 1)[at : at + 4], "big") for at in (16, 20))
    assert (width <= drawing.WIDTH + 1, width * height <= drawing.PIXELS * 1.01) == (True, True)


@pytest.mark.parametrize("content", [b"", b"x", b"%PDF-1.7", TWO[:200]])
def test_what_is_broken_is_nothing(content):
    assert (pages_of(content, 9), page_drawn(content, 1)) == (None, None)


def test_the_process_has_nothing_but_the_document_and_little_time(monkeypatch):
    begun = []

    class Noted(subprocess.Popen):
        def __init__(self, *args, **more):
            begun.append(more)
            super().__init__(*args, **more)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    monkeypatch.setenv("SECRET_KEY", "x" * 50)
    assert page_drawn(TWO, 1)
    assert begun[0]["env"].keys() == {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
    monkeypatch.setattr(pages, "SECONDS", 0.001)
    assert page_drawn(TWO, 1) is None
    monkeypatch.setattr(pages, "LARGEST", 10)
    assert (page_drawn(TWO, 1), len(begun)) == (None, 2)


def test_the_program_itself(monkeypatch):
    """As it runs there: what it answers, and that it takes all limits."""
    limits = {}
    monkeypatch.setattr(drawing.resource, "setrlimit", limits.__setitem__)
    drawing.confine()
    assert limits[drawing.resource.RLIMIT_FSIZE] == (0, 0)
    assert limits[drawing.resource.RLIMIT_AS] == (drawing.MEMORY, drawing.MEMORY)
    assert drawing.answered(TWO, 2, 0).startswith(drawing.SIGNATURE)
    assert json.loads(drawing.answered(TWO, 0, 3)) == {"pages": 2, "text": "An"}


def test_it_writes_no_file_and_takes_no_more_memory(tmp_path):
    """In a process of its own, which the limits stay with."""
    tried = (
        "import os\nfrom files import drawing\ndrawing.confine()\ntry: bytearray(drawing.MEMORY)\n"
        f"except MemoryError: os.write(os.open({str(tmp_path / 'x')!r}, os.O_CREAT | os.O_WRONLY), b'x')"
    )
    found = subprocess.run([pages.sys.executable, "-c", tried], stderr=subprocess.PIPE, check=False)
    assert b"MemoryError" in found.stderr
    assert b"File too large" in found.stderr


def test_one_is_drawn_at_a_time(monkeypatch):
    monkeypatch.setattr(pages, "WAIT", 0.01)
    with pages._taking_turns(), pytest.raises(Unavailable):
        page_drawn(TWO, 1)
    assert page_drawn(TWO, 1)


def test_a_page_is_for_who_may_read_the_sample(world):
    work = Work(world.home)
    request = work.request(FR, data=sample_file(work, Kind.REQUEST, TWO, "application/pdf"))
    text = work.request(FR, data=sample_file(work, Kind.REQUEST, b"x", "text/plain"))

    def read(name: str, who: str = "admin", file: int = request.data_id, home=world.home):
        caller = caller_named(CallerKind.PERSON, home.people[who].pk)
        return page_content(caller, file, name, None)

    found = read("page-0-2.png")
    assert (found.media_type, found.key, found.owner_id) == ("image/png", request.data_id, request.learner_id)
    assert read("page-0-1.png", file=text.data_id) is None
    for name in ("page-0-3.png", "page-1-1.png", "page-0-0.png", "sample-0.png", "page-0-1.pdf"):
        assert read(name) is None
    assert read("page-0-1.png", "send") is None
    assert read("page-0-1.png", home=world.away) is None
    assert read("page-0-1.png", file=10**9) is None
