"""Bundles: everything that is held about a person, made in parts by jobs, and deleted after some hours.

A part is as much as is read within some seconds, so that no job takes long and what a dead process has not committed
is made again. Only the person reads a bundle, signed in as when it was asked for: see rights/leaving.py.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson
from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone

from files.models import Kind, StoredFile
from files.quotas import refuse_full_institution
from files.services import CHUNK, file_store, files_erase, store, store_read
from institutions.models import User
from kernel.caller import Anyone, Caller
from kernel.domain import Conflict, Unknown
from kernel.locks import Lock, locked_rows
from kernel.recording import Entry, record
from kernel.spreadsheets import streamed
from kernel.writes import one_transaction
from learners.models import Learner, OnWithdrawal, Withdrawal
from pipeline.jobs import enqueue
from pipeline.models import Job
from reports.visibility import evidence_shown
from rights.archive import PartWriter, directory_of
from rights.models import Bundle, BundlePart, BundleState
from rights.services.notices import BUNDLE, SENT_JOB
from rights.taking import SECTIONS, TRAIL, TRAIL_COLUMNS, Item, Section, Whose
from signin.services.people import has_own_sign_in, shows_itself
from trail.reading import cut_until

JOB = "rights.bundle"
ROWS = 500  # of one kind in a part
PART_BYTES = 16 * 1024**2  # before compression, after which a part ends
PART_SECONDS = 2.0  # the same: SQLite has one writer at a time
STUCK = timedelta(days=1)  # without a new part
_LIVE = (BundleState.MAKING, BundleState.READY)


@one_transaction()
def bundle_create(*, person_id: int, vle_id: int | None, with_captures: bool, is_sent: bool = False) -> Bundle:
    """Ask for the bundle of this person, whom a VLE may have sent.

    Conflict while there is another one, Full when the institution has no room.
    """
    if not locked_rows(User.objects.filter(pk=person_id), Lock.CHANGE):  # of two at once the second sees the first
        raise Unknown("The account is gone.")
    person = User.objects.select_related("institution").get(pk=person_id)
    institution = person.institution
    if institution is None:
        raise Unknown("This account belongs to no institution.")
    earlier = Bundle.objects.filter(person=person)
    if earlier.filter(state__in=_LIVE).exists():
        raise Conflict("There is a bundle already: delete it first, or fetch it.")
    refuse_full_institution(institution.pk)
    earlier.delete()
    bundle = Bundle.objects.create(institution=institution, person=person, vle_id=vle_id, with_captures=with_captures)
    enqueue(JOB, [bundle.pk])
    if is_sent:
        enqueue(SENT_JOB, [[person_id, BUNDLE]])
    return bundle


@one_transaction()
def bundle_delete(*, bundle: Bundle) -> None:
    _parts_erased(Bundle.objects.filter(pk=bundle.pk))
    Bundle.objects.filter(pk=bundle.pk).delete()


def _parts_erased(bundles: QuerySet[Bundle]) -> None:
    parts = BundlePart.objects.filter(bundle__in=bundles)
    files = [*parts.values_list("file", flat=True)]
    parts.delete()
    files_erase(files=StoredFile.objects.filter(pk__in=files))


def bundles_joined(kept: Bundle, gone: Bundle) -> None:
    """Two accounts become one, and neither bundle is of the whole: both are of what was."""
    _parts_erased(Bundle.objects.filter(pk=gone.pk))


def bundle_part(key: int) -> bool:
    """Make the next part; whether there is another one after it."""
    bundle = Bundle.objects.filter(pk=key).select_related("institution", "person").first()
    if bundle is None:
        return False
    locked_rows(User.objects.filter(pk=bundle.person_id), Lock.REFERENCE)
    if not locked_rows(Bundle.objects.filter(pk=key, state=BundleState.MAKING), Lock.CHANGE):
        return False
    bundle.refresh_from_db(fields=["section", "after", "page", "total", "done", "size"])
    whose = _whose(bundle)
    if not bundle.parts.exists():
        bundle.total = sum(section.rows(whose).count() for section in SECTIONS)
    with PartWriter() as writer:
        _written(writer, bundle, whose)
        content, directory = writer.content(), writer.directory()
        if directory:
            _part_stored(bundle, content, directory)
    _ended(bundle)
    bundle.save()
    return bundle.state == BundleState.MAKING


def _whose(bundle: Bundle) -> Whose:
    me = Anyone(bundle.person_id, bundle.institution_id, bundle.vle_id)
    hidden = set() if bundle.with_captures else {"samples", "captures", "alerts"}
    if bundle.vle_id is not None and has_own_sign_in(bundle.person_id):
        hidden.add("needs")
    if Learner.objects.filter(pk=bundle.person_id, is_restricted=True).exists():  # nobody opens these any more
        hidden |= {"captures", "documents", "alerts"}
    if Withdrawal.objects.filter(learner=bundle.person_id).exclude(of_models=OnWithdrawal.KEEP).exists():
        hidden |= {"samples"}
    return Whose(me, bundle.institution, frozenset(hidden))


def _part_stored(bundle: Bundle, content: Iterable[bytes], directory: list[list[Any]]) -> None:
    file = file_store(
        institution=bundle.institution,
        owner=bundle.person,
        kind=Kind.BUNDLE,
        media_type="application/octet-stream",
        content=content,
        extension="part",
    )
    BundlePart.objects.create(institution_id=bundle.institution_id, bundle=bundle, file=file, directory=directory)
    bundle.size += file.size


def _ended(bundle: Bundle) -> None:
    """Ready when there is nothing left to write."""
    if bundle.section < len(SECTIONS):
        return
    now = timezone.now()
    bundle.state, bundle.done = BundleState.READY, bundle.total
    bundle.ready_at, bundle.expires_at = now, now + timedelta(hours=settings.BUNDLE_HOURS)
    bundle.size += len(_directory(bundle))


def _written(writer: PartWriter, bundle: Bundle, whose: Whose) -> None:
    """Write what comes next until it is enough for a part."""
    ends = time.monotonic() + PART_SECONDS

    def is_full() -> bool:
        return writer.size >= PART_BYTES or time.monotonic() >= ends

    if bundle.section == bundle.after == 0:
        writer.add("README.txt", [_readme(bundle).encode()])
    while bundle.section < len(SECTIONS):
        section = SECTIONS[bundle.section]
        items = section.items(whose, bundle.after, ROWS)
        rows = [*_with_files(writer, items, is_full)]
        if rows or not bundle.page:
            writer.add(_name(section, bundle.page), _rows_in(section, rows))
        bundle.done += len(rows)
        if len(rows) == len(items) < ROWS:
            bundle.section, bundle.after, bundle.page = bundle.section + 1, 0, 0
        else:
            bundle.after, bundle.page = items[len(rows) - 1].key, bundle.page + 1
        if is_full():
            break


def _readme(bundle: Bundle) -> str:
    until = cut_until(bundle.institution_id)
    if until is None:
        return README
    at = f"{until:%Y-%m-%d %H:%M}"
    return f"{README}\nLines of {TRAIL}.csv that were written until {at} are deleted: their time was over.\n"


def _with_files(writer: PartWriter, items: Iterable[Item], is_full: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """The rows whose files have been written; at least one."""
    for item in items:
        for path, content in item.files:
            if isinstance(content, StoredFile):
                _file_added(writer, path, content)
            else:
                writer.add(path, [content.encode()])
        yield item.row
        if is_full():
            return


def _file_added(writer: PartWriter, path: str, file: StoredFile) -> None:
    """A file that the store has lost is told by its row, and is not there."""
    try:
        with store_read(file.storage_key), store().open(file.storage_key) as stored:
            writer.add(path, iter(partial(stored.read, CHUNK), b""), size=file.size)
    except FileNotFoundError:
        return


def _name(section: Section, page: int) -> str:
    extension = "csv" if section.name == TRAIL else "json"
    return f"{section.name}-{page + 1}.{extension}" if page else f"{section.name}.{extension}"


def _rows_in(section: Section, rows: list[dict[str, Any]]) -> Iterable[bytes]:
    if section.name == TRAIL:
        return (text.encode() for text in streamed(TRAIL_COLUMNS, (row.values() for row in rows)))
    return [orjson.dumps(rows, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)]


def _directory(bundle: Bundle) -> bytes:
    parts = bundle.parts.order_by("pk").values_list("file__size", "directory")
    return directory_of([*parts])


def bundle_content(bundle: Bundle) -> Iterator[bytes]:
    """The whole archive, in chunks. Raises Unavailable when the store fails, FileNotFoundError for a lost part."""
    for key in [*bundle.parts.order_by("pk").values_list("file__storage_key", flat=True)]:
        with store_read(key), store().open(key) as stored:
            yield from iter(partial(stored.read, CHUNK), b"")
    yield _directory(bundle)


def may_take(caller: Caller, with_captures: bool) -> bool:
    """Whether the files of what was captured are for this sign-in.

    A VLE, which sees no captures, could follow the link of one of its people itself. So whoever can show a password, or
    is known to an identity provider, takes them away in that way. Nobody's own data is kept back for the lack of one.
    """
    return not with_captures or evidence_shown(caller.institution) or shows_itself(caller)


def is_ready(state: str, expires_at: datetime | None) -> bool:
    return state == BundleState.READY and expires_at is not None and expires_at > timezone.now()


def bundles_over() -> int:
    """Delete what has expired, and say of what could not be made that it failed; answers how many."""
    parked = Job.objects.filter(name=JOB, key=Cast(OuterRef("pk"), CharField())).exclude(parked_at=None)
    late = Q(updated_at__lt=timezone.now() - STUCK)
    rules = (
        (BundleState.READY, Q(expires_at__lte=timezone.now()), BundleState.EXPIRED),
        (BundleState.MAKING, Q(Exists(parked)) | late, BundleState.FAILED),
    )
    return sum(
        _over(key, before, after)
        for before, rule, after in rules
        for key in [*Bundle.objects.filter(rule, state=before).order_by("pk").values_list("pk", flat=True)]
    )


@one_transaction()
def _over(key: int, before: BundleState, after: BundleState) -> int:
    bundles = Bundle.objects.filter(pk=key, state=before)
    if not locked_rows(bundles, Lock.CHANGE):
        return 0
    bundle = bundles.get()
    _parts_erased(bundles)
    bundle.state, bundle.size = after, 0
    bundle.save()
    Job.objects.filter(name=JOB, key=str(key)).exclude(parked_at=None).delete()
    record(Entry("delete", "me/bundle", key, bundle.institution_id, bundle.person_id))
    return 1


README = f"""What is held about you.

Each kind of data is a file of JSON, a list of rows; a kind with many rows goes on in captures-2.json and so on.
Instants are UTC. {TRAIL}.csv says who changed or looked at what is held about you; people are told by their roles.

account           your account
sign_ins          when and from where you signed in
courses_attended, courses_taught
needs             special needs, with the options that instructors see
decisions         what you decided about consents; the texts are in the folder consents
samples           samples for enrolment; the files are in the folder samples
models            what providers have made of the samples: told, not copied
sessions          assessment sessions
captures          what was captured while you worked; the files are in the folder captures
documents         what you handed in; the files are in the folder documents
alerts            what was noticed while you worked; the files are in the folder alerts
reports           the reports on your work; levels and reasons where your institution shows them
contests          contests of reports; the files are in the folder contests
corrections       what you asked to have corrected, with the answers

`file` of a row says where its file is, with its media type, size in bytes and SHA-256; a path that is null, or that is
not there, is of a file that is not in this bundle. Files of samples, captures, documents and alerts are JSON as they
are stored: `data` is a data URL with the content in base64.
"""
