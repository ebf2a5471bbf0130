"""Stored files: writing objects to the store and erasing them. No HTTP.

Store and database cannot commit together. The order of the steps decides what a failure can leave behind:

* An object is written before its row is committed, so that a row never names an object that does not exist. When the
  transaction is rolled back, or the process or the connection to the database dies before the commit is answered, the
  object stays without a row. That cannot be recorded beforehand: a record in the same transaction is rolled back with
  it, and SQLite allows no second writer. `objects_erase_unknown` finds such objects by the form of their keys: older
  than any transaction, and without a row.
* An object is erased after the deletion of its row is committed: a rollback never leaves a row without its object.
  The PendingErasure row is committed together with the deletion, and goes when the store has erased the object.

`manage.py erase_files` does both repairs. Refer to a new file in the same transaction that stores it.
"""

import hashlib
import io
import logging
import re
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import IO

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db.models import Exists, ManyToOneRel, OuterRef, QuerySet
from django.utils import timezone

from files.models import Kind, PendingErasure, StoredFile
from kernel.batches import batched
from kernel.commit import after_commit
from kernel.domain import Unavailable
from kernel.repeats import is_away
from kernel.writes import one_transaction

logger = logging.getLogger(__name__)
CHUNK = 64 * 1024
BATCH = 500  # keys per statement
OUR_KEY = re.compile(rf"[0-9]+/(?:{'|'.join(Kind.values)})/[0-9a-f-]{{36}}\.[a-z0-9]{{1,10}}")


def store() -> Storage:
    """Where the objects are: the file system, or S3."""
    return storages["default"]


class _Measured(io.RawIOBase):
    """Content that is read once, sequentially; size and hash are complete after the last byte."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks, self.rest = iter(chunks), b""
        self.size, self.sha256 = 0, hashlib.sha256()
        self.is_broken = False  # the content, not the store, has failed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while not self.rest:
            try:
                chunk = next(self.chunks, None)
            except BaseException:
                self.is_broken = True
                raise
            if chunk is None:
                return 0
            self.rest = chunk
        part, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(part)] = part
        self.size += len(part)
        self.sha256.update(part)
        return len(part)


def _chunks(content: IO[bytes] | Iterable[bytes]) -> Iterator[bytes]:
    read = getattr(content, "read", None)
    if read is None:
        return iter(content)
    content.seek(0)  # type: ignore[union-attr]
    return iter(lambda: read(CHUNK), b"")


@contextmanager
def file_drafted(
    *, institution, owner, kind: Kind, media_type: str, content: IO[bytes] | Iterable[bytes], extension: str
) -> Iterator[StoredFile]:
    """Write an object with this content and yield its unsaved row: the block saves it, in a transaction of its own.

    So no transaction waits for a slow store. The object is erased again when the block fails, unless the connection to
    the database was lost: then the row may have been committed. See `file_store`.
    """
    if owner is not None and owner.institution_id != institution.pk:
        raise ValueError("The owner of a file is a person of its institution.")
    key = f"{institution.pk}/{kind.value}/{uuid.uuid4()}.{extension}"
    if not OUR_KEY.fullmatch(key):
        raise ValueError(f"{extension!r} is no extension.")
    measured = _Measured(_chunks(content))
    try:
        readable: File = File(io.BufferedReader(measured, CHUNK), name=key)
        readable.content_type = media_type  # type: ignore[attr-defined]  # S3 stores it with the object
        if _saved_as(key, readable, measured) != key:
            raise ValueError(f"The store keeps {key} under another name.")
        yield StoredFile(
            institution=institution,
            owner=owner,
            kind=kind.value,
            media_type=media_type,
            size=measured.size,
            sha256=measured.sha256.hexdigest(),
            storage_key=key,
        )
    except BaseException as error:
        if not is_away(error):
            _object_erase(key)  # what was written so far
        raise


def _saved_as(key: str, content: File, measured: _Measured) -> str:
    """The key under which the store has saved it; Unavailable when the store fails."""
    try:
        return store().save(key, content)
    except store_failures() as error:
        if measured.is_broken:
            raise
        logger.error("the store did not take %s: %s", key, error)
        raise Unavailable("Files cannot be stored at the moment.") from error


@contextmanager
def store_read(key: str) -> Iterator[None]:
    """Around what reads an object: FileNotFoundError if the store has lost it, Unavailable when the store fails."""
    try:
        yield
    except FileNotFoundError:
        raise
    except store_failures() as error:
        logger.error("the store did not give %s: %s", key, error)
        raise Unavailable("Files cannot be read at the moment.") from error


def store_failures() -> tuple[type[Exception], ...]:
    """What the store raises when it is away or has refused something."""
    if "botocore" not in sys.modules:  # the file system: only settings with a bucket import it
        return (OSError,)
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    return OSError, Boto3Error, BotoCoreError, ClientError


@one_transaction()
def file_store(
    *, institution, owner, kind: Kind, media_type: str, content: IO[bytes] | Iterable[bytes], extension: str
) -> StoredFile:
    """The row of a new object with this content, which is read in chunks; a file is read from its start.

    `owner` is the person whose data it is, None for the institution's own documents. Refer to the row in the same
    transaction: a file that no row refers to is erased at the next opportunity (see the module for rollbacks).
    """
    with file_drafted(
        institution=institution, owner=owner, kind=kind, media_type=media_type, content=content, extension=extension
    ) as row:
        row.save()
    return row


@one_transaction()
def files_erase(*, files: QuerySet[StoredFile]) -> int:
    """Delete these rows, and their objects after the commit; answer the number of files.

    Nothing may refer to them any more: ProtectedError otherwise.
    """
    erased = 0
    for keys in batched(list(files.order_by().values_list("pk", flat=True)), BATCH):
        rows = StoredFile.objects.filter(pk__in=keys)
        objects = list(rows.select_for_update().order_by("pk").values_list("storage_key", flat=True))
        rows.delete()
        PendingErasure.objects.bulk_create([PendingErasure(storage_key=key) for key in objects], ignore_conflicts=True)
        after_commit(objects_erase, storage_keys=objects)
        erased += len(objects)
    return erased


def files_erase_unreferenced(*, institution) -> int:
    """After a cascade: erase the institution's files that no row refers to any more; answer their number."""
    unreferenced = StoredFile.objects.filter(institution=institution)
    for relation in StoredFile._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel):
            referring = relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
            unreferenced = unreferenced.filter(~Exists(referring))
    return files_erase(files=unreferenced)


def objects_erase(*, storage_keys: Sequence[str]) -> int:
    """Erase these objects; answer how many the store failed to erase. Their PendingErasure rows stay."""
    erased = [key for key in storage_keys if _object_erase(key)]
    for keys in batched(erased, BATCH):
        PendingErasure.objects.filter(storage_key__in=keys).delete()
    return len(storage_keys) - len(erased)


def objects_erase_pending() -> tuple[int, int]:
    """Try again what the store has not erased yet: (erased, still pending)."""
    keys = list(PendingErasure.objects.order_by("pk").values_list("storage_key", flat=True))
    left = objects_erase(storage_keys=keys)
    return len(keys) - left, left


def objects_erase_unknown(*, older_than: timedelta) -> tuple[int, int]:
    """Erase objects without a row, left by transactions that were not committed: (erased, failed).

    `older_than` must be longer than any transaction and any upload. Objects with keys of another form are left alone.
    """
    erased = failed = 0
    for keys in batched(_keys_in_store(), BATCH):
        known = {*StoredFile.objects.filter(storage_key__in=keys).values_list("storage_key", flat=True)}
        for key in keys:
            if key not in known and _is_older(key, older_than):
                gone = _object_erase(key)
                erased, failed = erased + gone, failed + (not gone)
    return erased, failed


def _keys_in_store() -> Iterator[str]:
    for institution in _listed("")[0]:
        for kind in _listed(institution)[0]:
            keys = (f"{institution}/{kind}/{name}" for name in _listed(f"{institution}/{kind}")[1])
            yield from (key for key in keys if OUR_KEY.fullmatch(key))


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return store().listdir(folder)
    except FileNotFoundError:
        return [], []  # nothing was ever stored here


def _is_older(key: str, than: timedelta) -> bool:
    try:
        return store().get_modified_time(key) < timezone.now() - than
    except FileNotFoundError:
        return False  # another process has erased it


def _object_erase(key: str) -> bool:
    try:
        store().delete(key)
    except Exception:
        logger.exception("the store did not erase %s", key)
        return False
    return True
