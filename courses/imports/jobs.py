"""Imports that are uploaded, checked and run in steps. What they need is in the database, nothing is in memory.

A step deals with one part of the rows, in one transaction with the progress: whoever calls `import_step`, however
often and from how many processes, each part is imported once. The console calls it while it shows the progress; a job
runner can do so as well. An import of all rows or none is one step.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from courses.imports.dialects import Columns, Layout, UnknownColumnsError, layout_of
from courses.imports.people import REFUSED, ROWS_TOGETHER, PeopleImport, RowOutcome
from courses.imports.results import undone
from courses.imports.tables import DELIMITERS, Limits, Row, Table, TableError
from courses.imports.trials import TrialFile
from courses.models import Import, ImportPart, ImportTrial
from institutions.models import Institution
from kernel.batches import batched
from kernel.domain import Conflict, Invalid
from kernel.recording import Entry, record
from kernel.repeats import repeated
from kernel.writes import one_transaction

MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 200_000
MOST_CHARACTERS = 100 * 1024 * 1024
LIMITS = Limits(size=200 * 1024 * 1024, lines=2_000_000)  # of what MOST_BYTES of a packed file become
MOST_IMPORTS = 20  # of one institution
KEPT = timedelta(days=7)
_WORKS = {Import.State.CHECKING: Import.State.CHECKED, Import.State.RUNNING: Import.State.DONE}


def import_upload(
    *,
    institution: Institution,
    path: Path,
    name: str,
    encoding: str | None = None,
    delimiters: Sequence[str] = DELIMITERS,
) -> Import:
    """Read the file and keep its rows. Invalid for a file that is no table or too large."""
    imports_purge()
    if institution.imports.count() >= MOST_IMPORTS:
        raise Conflict(f"There are {MOST_IMPORTS} imports already: delete one first.")
    if path.stat().st_size > MOST_BYTES:
        raise Invalid(file=f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.")
    try:
        table = Table(path, delimiters=delimiters, encoding=encoding, forgiving=True, name=name, limits=LIMITS)
        if not table.columns:
            raise TableError(f"{name} has no columns.")
        job = Import.objects.create(
            institution=institution, filename=name[:250], columns=[*table.columns], delimiter=table.delimiter
        )
    except TableError as error:
        raise Invalid(file=str(error)) from error
    try:
        _read(job, table)
    except BaseException as error:
        job.delete()
        if isinstance(error, TableError):
            raise Invalid(file=str(error)) from error
        raise
    _recorded("upload", job)
    return job


def _read(job: Import, table: Table) -> None:
    """Keep the rows, each part in a transaction of its own, so that nobody waits while a long file is read."""
    characters = 0
    for number, part in enumerate(batched(table.all_rows(), ROWS_TOGETHER)):
        characters += sum(len(cell or "") for row in part for cell in row.cells)
        job.rows += len(part)
        if job.rows > MOST_ROWS or characters > MOST_CHARACTERS:
            raise TableError(f"{job.filename} has more than {MOST_ROWS:,} rows, or too much text.")
        ImportPart.objects.create(job=job, number=number, rows=[[row.line, row.cells, row.problem] for row in part])
    try:
        layout = layout_of(_columns(job), ignored=None)
    except TableError:
        pass  # the administrator names the columns
    else:
        job.mapping = {field: job.columns[place] for field, place in layout.fields.items()}
    job.state = Import.State.UPLOADED
    job.save()


def import_layout(job: Import) -> Layout:
    """What the columns say. Raises TableError if the uid is nowhere."""
    return layout_of(_columns(job), columns=job.mapping, ignored=None)


def _columns(job: Import) -> Columns:
    return Columns(tuple(job.columns), job.filename)


@transaction.atomic
def import_check(
    *,
    job: Import,
    mapping: Mapping[str, str],
    vle: str,
    clears: bool,
    all_or_nothing: bool = False,
    left_out: Collection[str] = (),
) -> None:
    """Begin to check the rows with these columns, as often as one likes until they are imported.

    Invalid if it is not said of each column of the table what becomes of it: those of `left_out` are passed over.
    """
    job = _locked(job, Import.State.UPLOADED, Import.State.CHECKING, Import.State.CHECKED)
    job.mapping, job.vle, job.clears, job.all_or_nothing = dict(mapping), vle, clears, all_or_nothing
    try:
        PeopleImport(job.institution, layout_of(_columns(job), columns=mapping, ignored=left_out), vle=vle)
    except UnknownColumnsError as error:
        raise Invalid(mapping=f"{error.said} Choose the field of each of them, or leave it out.") from error
    except TableError as error:
        raise Invalid(mapping=str(error)) from error
    job.trial.all().delete()
    _begin(job, Import.State.CHECKING)


@transaction.atomic
def import_run(*, job: Import, by_id: int, version: str) -> None:
    """Begin to import the rows that were checked. `by_id` is the id of the administrator who wants it.

    Conflict if they were checked again with other columns than `version` (see `Import.version`) is of, or if rows are
    refused where all are wanted.
    """
    job = _locked(job, Import.State.CHECKED)
    if job.version != version:
        raise Conflict("Somebody else has checked this import with other columns. Look at it again.")
    if job.all_or_nothing and job.counts.get(REFUSED):
        raise Conflict("Rows are refused, so nothing is imported.")
    job.run_by_id = by_id
    job.trial.all().delete()
    _begin(job, Import.State.RUNNING)
    _recorded("run", job)


def _recorded(verb: str, job: Import) -> None:
    record(Entry(verb, "pages/import", job.pk, job.institution_id, details={"rows": job.rows}))


def _begin(job: Import, state: Import.State) -> None:
    job.parts.update(outcomes=[])
    job.state, job.rows_done, job.parts_done, job.counts = state, 0, 0, {}
    job.save()


def _locked(job: Import, *states: Import.State) -> Import:
    row = Import.objects.select_for_update().select_related("institution").filter(pk=job.pk, state__in=states).first()
    if row is None:
        raise Conflict("Somebody else has deleted this import or gone on with it.")
    return row


def import_steps(*, job: Import, seconds: float) -> None:
    """Take steps for some seconds, at least one."""
    end = monotonic() + seconds
    while repeated(partial(import_step, job=job)) and monotonic() < end:
        pass


def import_step(*, job: Import) -> bool:
    """Deal with the next part of the rows. False if there is nothing to do."""
    stored = Import.objects.select_related("institution").filter(pk=job.pk, state__in=_WORKS).first()
    if stored is None:
        return False
    part = stored.parts.filter(number=stored.parts_done).first()
    if part is None:
        _moved(stored, _WORKS[Import.State(stored.state)])
        stored.trial.all().delete()
        return False
    try:
        if stored.all_or_nothing and stored.state == Import.State.RUNNING:
            return _took_all(stored)
        _take_part(stored, part)
    except TableError:  # the columns were understood when they were chosen, but the institution's VLEs have changed
        _moved(stored, Import.State.UPLOADED)
        return False
    return True


def _take_part(job: Import, part: ImportPart) -> None:
    rows = _rows(part)
    if job.state == Import.State.CHECKING:
        trial = _StoredTrial(job)
        outcomes = _people(job, trial).part_outcomes(rows)  # reads only, and so outside of the transaction
        with transaction.atomic():
            if _advanced(job, len(rows)):
                trial.write()
                _keep(job, part, outcomes)
    else:
        with transaction.atomic():
            if _advanced(job, len(rows)):
                _keep(job, part, _people(job, None).part_outcomes(rows))


def _took_all(job: Import) -> bool:
    """Import all parts in one transaction. If a row is refused, what was written is taken back, and only told.

    False if somebody else does it at this moment.
    """
    people, counts = _people(job, None), Counter[str]()
    with closing(TrialFile()) as told:  # outlives the transaction, and is not in memory
        with transaction.atomic():
            if not _alone(job):
                return False
            for part in _parts(job):
                outcomes = people.part_outcomes(_rows(part))
                counts += Counter(outcome.status for outcome in outcomes)
                told.keep({str(part.number): [[outcome.status, outcome.reasons] for outcome in outcomes]})
            is_refused = bool(counts[REFUSED])
            if is_refused:
                transaction.set_rollback(True)
            else:
                _tell(job, Import.State.DONE, told, counts)
        if is_refused:
            with transaction.atomic():
                if _alone(job):
                    _tell(job, Import.State.CHECKED, told, counts)
    return True


def _alone(job: Import) -> bool:
    """Lock the import for the one who deals with all of it."""
    skips = connection.features.has_select_for_update_skip_locked  # SQLite has one writer at a time
    rows = Import.objects.select_for_update(skip_locked=skips).filter(pk=job.pk, state=job.state)
    return bool(rows.values_list("pk"))


def _tell(job: Import, state: Import.State, told: TrialFile, counts: Counter[str]) -> None:
    """Keep the outcomes of all parts."""
    is_undone = state == Import.State.CHECKED
    for part in _parts(job):
        (outcomes,) = told.kept([str(part.number)]).values()
        part.outcomes = [[undone(status) if is_undone else status, reasons] for status, reasons in outcomes]
        part.save(update_fields=["outcomes"])
    job.state, job.counts, job.rows_done = state, {}, job.rows
    for status, rows in counts.items():
        status = undone(status) if is_undone else status
        job.counts[status] = job.counts.get(status, 0) + rows
    job.save(update_fields=["state", "counts", "rows_done", "updated_at"])


def _parts(job: Import) -> Iterator[ImportPart]:
    """One after the other, so that few rows are in memory."""
    number = 0
    while part := job.parts.filter(number=number).first():
        yield part
        number += 1


def _rows(part: ImportPart) -> list[Row]:
    return [Row(line, tuple(cells), problem) for line, cells, problem in part.rows]


def _people(job: Import, trial: "_StoredTrial | None") -> PeopleImport:
    layout = import_layout(job)
    return PeopleImport(job.institution, layout, clears=job.clears, vle=job.vle, by_id=job.run_by_id, trial=trial)


def _advanced(job: Import, rows: int) -> bool:
    """Count the next part as done, which locks the import. False if somebody else has done it."""
    same = {name: getattr(job, name) for name in ("mapping", "vle", "clears", "all_or_nothing")}
    present = Import.objects.filter(pk=job.pk, state=job.state, parts_done=job.parts_done, **same)
    counted = present.update(parts_done=F("parts_done") + 1, rows_done=F("rows_done") + rows, updated_at=timezone.now())
    return bool(counted)


def _keep(job: Import, part: ImportPart, outcomes: list[RowOutcome]) -> None:
    counts = Counter(outcome.status for outcome in outcomes)
    stored = Import.objects.get(pk=job.pk)
    stored.counts = dict(Counter(stored.counts) + counts)
    stored.save(update_fields=["counts"])
    part.outcomes = [[outcome.status, outcome.reasons] for outcome in outcomes]
    part.save(update_fields=["outcomes"])


def _moved(job: Import, state: Import.State) -> None:
    """Into this state, unless somebody else has gone on with the import."""
    present = Import.objects.filter(pk=job.pk, state=job.state, parts_done=job.parts_done)
    present.update(state=state, updated_at=timezone.now())


def import_outcomes(job: Import) -> Iterator[RowOutcome]:
    """The rows that were dealt with, in their order."""
    for part in _parts(job):
        for row, (status, reasons) in zip(_rows(part), part.outcomes, strict=False):
            yield RowOutcome(row, status, reasons)


def import_messages(job: Import) -> Iterator[RowOutcome]:
    """Those of which there is something to say."""
    return (outcome for outcome in import_outcomes(job) if outcome.reasons)


def import_delete(*, job: Import) -> None:
    """Delete the import with its rows. What it has written stays."""
    with one_transaction():
        _recorded("delete", job)
        job.delete()


def imports_purge() -> int:
    """Delete what nobody has gone on with for some days; returns the number."""
    old: QuerySet[Import] = Import.objects.filter(updated_at__lt=timezone.now() - KEPT)
    amount = old.count()
    old.delete()
    return amount


class _StoredTrial:
    """A trial in the database. New values are seen at once, and written together."""

    def __init__(self, job: Import) -> None:
        self._job = job
        self._new: dict[str, Any] = {}

    def keep(self, values: Mapping[str, Any]) -> None:
        self._new.update(values)

    def kept(self, names: Iterable[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for part in batched(names):
            found |= dict(self._job.trial.filter(name__in=part).values_list("name", "value"))
            found |= {name: self._new[name] for name in part if name in self._new}
        return found

    def write(self) -> None:
        rows = [ImportTrial(job=self._job, name=name, value=value) for name, value in self._new.items()]
        ImportTrial.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["job", "name"], update_fields=["value"], batch_size=500
        )
