"""Files in the store and their rows: stored together, erased together, repaired when something failed in between."""

import hashlib
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import ProtectedError

from courses.models import AssessmentSession
from courses.services.courses import course_delete
from files.models import Kind, PendingErasure, StoredFile
from files.services import (
    file_store,
    files_erase,
    files_erase_unreferenced,
    objects_erase_unknown,
    store,
)
from institutions.services.vles import vle_delete
from reports.models import Alert, Request
from tests.files.conftest import held, stored

ALL = StoredFile.objects.all


def age(key: str, hours: float) -> None:
    path = Path(store().path(key))
    then = path.stat().st_mtime - hours * 3600
    os.utime(path, (then, then))


def test_file_is_stored_under_an_unguessable_key_with_size_and_hash(world):
    content = os.urandom(300_000)
    file = stored(world, content, Kind.SAMPLE, world.people["ann"])
    assert held(file.storage_key) == content
    assert re.fullmatch(rf"{world.home.institution.pk}/sample/[0-9a-f-]{{36}}\.pdf", file.storage_key)
    assert (file.size, file.sha256) == (300_000, hashlib.sha256(content).hexdigest())
    assert (file.owner, file.kind, file.media_type) == (world.people["ann"], "sample", "application/pdf")
    assert stored(world).storage_key != stored(world).storage_key


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [([b"ab", b"", b"c" * 100_000, b"d"], b"ab" + b"c" * 100_000 + b"d"), ([], b""), ([b""], b"")],
)
def test_content_may_come_in_chunks_of_any_size(world, chunks, expected):
    file = file_store(
        institution=world.home.institution,
        owner=None,
        kind=Kind.REPORT,
        media_type="application/json",
        content=(chunk for chunk in chunks),
        extension="json",
    )
    assert held(file.storage_key) == expected
    assert (file.size, file.sha256) == (len(expected), hashlib.sha256(expected).hexdigest())


def test_file_that_was_looked_into_is_stored_from_its_start(world, tmp_path):
    (tmp_path / "x").write_bytes(b"0123456789")
    with (tmp_path / "x").open("rb") as opened:
        opened.read(7)
        file = file_store(
            institution=world.home.institution,
            owner=None,
            kind=Kind.ALERT,
            media_type="a/b",
            content=opened,
            extension="x",
        )
    assert held(file.storage_key) == b"0123456789"


def test_owner_is_a_person_of_the_institution(world):
    with pytest.raises(ValueError, match="owner"):
        stored(world, owner=world.people["stranger"])
    assert not ALL().exists()


@pytest.mark.parametrize("extension", ["", "../x", "a/b", "PDF", "p f", "pdf\n"])
def test_extension_is_a_plain_word(world, extension):
    with pytest.raises(ValueError, match="extension"):
        file_store(
            institution=world.home.institution,
            owner=None,
            kind=Kind.REPORT,
            media_type="a/b",
            content=[b"x"],
            extension=extension,
        )
    assert not store().exists(str(world.home.institution.pk))


def test_content_that_breaks_off_leaves_nothing(world):
    def breaking():
        yield b"x" * 100_000
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        file_store(
            institution=world.home.institution,
            owner=None,
            kind=Kind.REPORT,
            media_type="a/b",
            content=breaking(),
            extension="json",
        )
    assert not ALL().exists()
    assert store().listdir(f"{world.home.institution.pk}/report")[1] == []


def test_row_that_is_refused_takes_its_object_with_it(world, monkeypatch):
    monkeypatch.setattr(StoredFile, "save", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        stored(world)
    assert store().listdir(f"{world.home.institution.pk}/consent_pdf")[1] == []


def test_erased_file_is_gone_from_table_and_store_after_the_commit(world, django_capture_on_commit_callbacks):
    file, other = stored(world), stored(world)
    with django_capture_on_commit_callbacks() as callbacks:
        assert files_erase(files=ALL().filter(pk=file.pk)) == 1
    assert held(file.storage_key) is not None  # not before the commit
    assert [row.storage_key for row in PendingErasure.objects.all()] == [file.storage_key]
    for callback in callbacks:
        callback()
    assert held(file.storage_key) is None
    assert held(other.storage_key) is not None
    assert list(ALL()) == [other]
    assert not PendingErasure.objects.exists()


def test_rolled_back_erasure_erases_nothing(world, django_capture_on_commit_callbacks):
    file = stored(world)

    class Back(Exception):
        pass

    with django_capture_on_commit_callbacks(execute=True) as callbacks, pytest.raises(Back), transaction.atomic():
        files_erase(files=ALL())
        raise Back
    assert callbacks == []
    assert held(file.storage_key) is not None
    assert list(ALL()) == [file]
    assert not PendingErasure.objects.exists()


def test_more_files_than_one_batch_are_erased(world, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr("files.services.BATCH", 2)
    files = [stored(world) for _ in range(5)]
    with django_capture_on_commit_callbacks(execute=True):
        assert files_erase(files=ALL().order_by("-pk")) == 5
    assert [held(file.storage_key) for file in files] == [None] * 5
    assert not PendingErasure.objects.exists()


def test_file_that_is_referred_to_is_not_erased(pdf):
    with pytest.raises(ProtectedError):
        files_erase(files=ALL())


def test_failing_store_leaves_the_erasure_to_the_command(
    world, broken_store, capsys, django_capture_on_commit_callbacks
):
    file = stored(world)
    with django_capture_on_commit_callbacks(execute=True):
        files_erase(files=ALL())
    assert not ALL().exists()
    assert held(file.storage_key) is not None
    with pytest.raises(CommandError, match="did not erase everything"):
        call_command("erase_files")
    assert PendingErasure.objects.count() == 1
    broken_store()
    call_command("erase_files")
    assert held(file.storage_key) is None
    assert not PendingErasure.objects.exists()
    assert capsys.readouterr().out.splitlines() == [
        "erased: 0 pending, 0 unknown; left: 1 pending, 0 unknown",
        "erased: 1 pending, 0 unknown; left: 0 pending, 0 unknown",
    ]


def test_command_finds_the_objects_of_transactions_that_were_rolled_back(world):
    kept = stored(world)
    with transaction.atomic():
        old, new = stored(world), stored(world)
        transaction.set_rollback(True)
    foreign = store().save("static/logo.pdf", ContentFile(b"x"))
    alike = store().save("1/consent_pdf/notes.pdf", ContentFile(b"x"))
    for key in (old.storage_key, kept.storage_key, foreign, alike):
        age(key, 25)
    age(new.storage_key, 23)
    call_command("erase_files")
    assert held(old.storage_key) is None
    assert None not in map(held, (kept.storage_key, new.storage_key, foreign, alike))
    call_command("erase_files", "--unknown-hours=22")
    assert held(new.storage_key) is None


def test_command_has_nothing_to_do_in_an_empty_store(world, capsys):
    call_command("erase_files")
    assert capsys.readouterr().out == "erased: 0 pending, 0 unknown; left: 0 pending, 0 unknown\n"


def test_command_never_looks_at_what_may_be_under_way(world):
    with pytest.raises(CommandError, match="at least 1"):
        call_command("erase_files", "--unknown-hours=0")


def test_unknown_object_that_the_store_keeps_is_counted(world, broken_store):
    with transaction.atomic():
        file = stored(world)
        transaction.set_rollback(True)
    age(file.storage_key, 2)
    assert objects_erase_unknown(older_than=timedelta(hours=1)) == (0, 1)


def test_unreferenced_files_of_the_one_institution_are_erased(world, pdf):
    loose, away = stored(world), stored(world, home=world.away)
    assert files_erase_unreferenced(institution=world.home.institution) == 1
    assert set(ALL()) == {pdf, away}
    assert loose not in ALL()


@pytest.fixture
def captured(world) -> dict[str, StoredFile]:
    """A request of ann in the activity with a result, and an alert, each with a file."""
    ann, home = world.people["ann"], world.home
    of_ann = {"institution": home.institution, "activity": home.activity, "learner": ann.learner}
    files = {kind.value: stored(world, kind=kind, owner=ann) for kind in (Kind.ALERT, Kind.REQUEST, Kind.RESULT_AUDIT)}
    session = AssessmentSession.objects.create(**of_ann)
    request = Request.objects.create(**of_ann, session=session, data=files["request"])
    request.results.create(instrument_id=1, audit=files["result_audit"])
    Alert.objects.create(**of_ann, session=session, level=1, data=files["alert"], raised_at=session.started_at)
    return files


@pytest.mark.parametrize("what", ["course", "vle"])
def test_deleting_a_course_or_a_vle_erases_the_files_below_it(
    world, pdf, captured, what, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        if what == "course":
            course_delete(course=world.home.course)
        else:
            vle_delete(vle=world.home.vle)
    assert list(ALL()) == [pdf]
    assert [held(file.storage_key) for file in captured.values()] == [None, None, None]
    assert held(pdf.storage_key) is not None
