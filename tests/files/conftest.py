"""Files of the world's own institution, and a look at what the store holds."""

import io

import pytest

from files.models import Kind, StoredFile
from files.services import file_store, store

PDF = b"%PDF-1.4\nI consent.\n%%EOF\n"


def stored(world, content: bytes = PDF, kind: Kind = Kind.CONSENT_PDF, owner=None, home=None) -> StoredFile:
    return file_store(
        institution=(home or world.home).institution,
        owner=owner,
        kind=kind,
        media_type="application/pdf",
        content=io.BytesIO(content),
        extension="pdf",
    )


def held(key: str) -> bytes | None:
    """What the store holds under this key."""
    if not store().exists(key):
        return None
    with store().open(key) as opened:
        return opened.read()


@pytest.fixture
def pdf(world) -> StoredFile:
    """The PDF of the document of consent 1.0.0."""
    file = stored(world)
    world.home.document.pdf = file
    world.home.document.save()
    return file


@pytest.fixture
def broken_store(monkeypatch):
    """A store that erases nothing. Calling the fixture's value repairs it."""

    def fail(name):
        raise OSError("out of order")

    monkeypatch.setattr(store(), "delete", fail)
    return monkeypatch.undo
