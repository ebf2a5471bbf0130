"""A store of files that fails: whatever writes a file is answered 503 with Retry-After, and has written nothing.

The writes are all that are declared, and those of files in forms; together they write every kind of file there is.
"""

import errno
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files import uploadhandler
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from files.models import Kind
from files.services import store
from institutions.models import User
from tests.contests import opened
from tests.contract import calls
from tests.contract.conftest import undone
from tests.contract.test_write_budgets import WRITES, Sent
from tests.pages.conftest import signed_in_client
from tests.world import World

PDF = b"%PDF-1.4\nI consent.\n%%EOF\n"
NOT_WRITTEN = {Kind.REPORT, Kind.REPORT_AUDIT, Kind.SESSION}  # any more
BY_JOBS = {Kind.BUNDLE}  # nobody waits for the answer: tests/rights/test_bundles.py


def _form(name: str, **fields: Any):
    """A declared write with a form and a file in it."""

    def prepared(caller, world: World) -> Sent:
        call = calls.CALLS[name]
        if call.before is not None:
            call.before(world)
        client, url = caller(call.by), calls.url_of(call, world)
        file = {"pdf" if "language" in fields else "file": SimpleUploadedFile("a.pdf", PDF, "application/pdf")}
        return lambda: getattr(client, call.method)(url, fields | file, format="multipart")

    return prepared


def _model(caller, world: World) -> Sent:
    """A provider uploads a model, to the address that it was told."""
    call = calls.CALLS["provider_enrolment.create"]
    answer = calls.send(caller(call.by), call, world)
    target = answer.json()["model_upload_url"]
    file = SimpleUploadedFile("model.json", b"{}")
    return lambda: Client().post(target["url"], target["fields"] | {"file": file})


ALL = WRITES | {
    "document.create with a PDF": _form("document.create", language="ca", html="<p>Hi.</p>"),
    "me_contest.file with a file": _form("me_contest.file"),
    "provider_enrolment upload of a model": _model,
}


class Failing:
    """In place of the store's own: notes the keys, and fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[str] = []
        for name in ("_save", "_open", "delete"):
            monkeypatch.setattr(store(), name, self)

    def __call__(self, key: str, *_: Any) -> Any:
        self.keys.append(key)
        raise OSError("out of order")


def rows() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def kinds(keys: list[str]) -> set[str]:
    return {key.split("/")[1] for key in keys}


def test_whatever_writes_a_file_is_to_be_sent_again_and_has_written_nothing(caller, world, monkeypatch):
    failing, written = Failing(monkeypatch), set[str]()
    for name, prepared in ALL.items():
        with undone():
            send = prepared(caller, world)
            failing.keys.clear()
            answer = send()
        if not failing.keys:
            assert answer.status_code in (200, 201, 204), (name, answer.content)
            continue
        written |= kinds(failing.keys)
        with undone():
            send = prepared(caller, world)
            before = rows()
            answer = send()
            assert answer.status_code == 503, (name, answer.content)
            assert int(answer["Retry-After"]) > 0, name
            assert answer.json() == {"detail": "Files cannot be stored at the moment."}, name
            assert {label: n for label, n in rows().items() if n != before[label]} == {}, name
    assert written == {*Kind} - NOT_WRITTEN - BY_JOBS


PAGES = {
    "rights: a file of a contest": ("ann", "/me/contests/{contest}/", {"action": "file"}),
    "console: a table of people": ("admin", "/console/{i}/imports/", {}),
}


def sent_to_page(world: World, page: str):
    """The answer to a form with a file, sent by a browser."""
    opened(world)
    who, path, values = PAGES[page]
    person = User.objects.get(pk=world.people[who].pk)
    browser = signed_in_client(Client(enforce_csrf_checks=True, raise_request_exception=False), person)
    values = values | {"csrfmiddlewaretoken": browser.cookies[settings.CSRF_COOKIE_NAME].value}
    file = SimpleUploadedFile("a.pdf", PDF, "application/pdf")
    return browser.post(path.format(**calls.ids_of(world)), values | {"file": file})


def test_a_page_that_cannot_store_a_file_says_so(world, monkeypatch):
    failing = Failing(monkeypatch)
    answer = sent_to_page(world, "rights: a file of a contest")
    assert (answer.status_code, int(answer["Retry-After"]) > 0, kinds(failing.keys)) == (503, True, {"contest"})
    assert "Files cannot be stored at the moment." in answer.content.decode()


@pytest.fixture
def full_disk(monkeypatch, settings):
    """No upload can be kept in a file while it is read, and none is small enough for the memory."""

    def no_room(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    monkeypatch.setattr(uploadhandler, "TemporaryUploadedFile", no_room)


@pytest.mark.parametrize("place", [*PAGES, "document.create with a PDF"])
def test_an_upload_that_finds_no_room_is_to_be_sent_again(place, caller, world, full_disk):
    """Wherever the body is read: by the API, by a page, or by a middleware before it."""
    answer = sent_to_page(world, place) if place in PAGES else ALL[place](caller, world)()
    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (503, True)
    assert answer.json() == {"detail": "Nothing can be stored at the moment."}
