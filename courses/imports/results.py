"""Writes the outcomes of an import into a CSV file: the imported rows with line, status and reasons."""

import csv
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from courses.imports.people import CREATED, UPDATED, RowOutcome
from courses.imports.tables import RESULT_COLUMNS, Table
from kernel.spreadsheets import TableWriter

NOT_WRITTEN = "not written"
ENCODING = "utf-8-sig"  # by the mark at the beginning spreadsheets know that it is UTF-8


class Result:
    """The open result file. Set `undone` when the import was rolled back."""

    def __init__(self, write: Callable[[RowOutcome], None]) -> None:
        self.write = write
        self.undone = False


@contextmanager
def result_file(path: Path | None, table: Table) -> Iterator[Result]:
    """Creates the file when the import is done. Only its owner may read it, because it contains data of people."""
    if path is None:
        yield Result(lambda outcome: None)
        return
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        draft = Path(folder) / "draft"
        with draft.open("w", encoding=ENCODING, newline="") as file:
            rows = TableWriter(file, (*RESULT_COLUMNS, *table.columns), delimiter=table.delimiter)
            result = Result(lambda outcome: rows.write(result_cells(outcome, len(table.columns))))
            yield result
        if result.undone:
            draft = _rewritten_as_undone(draft, table.delimiter)
        draft.chmod(0o600)
        draft.replace(path)


def result_cells(outcome: RowOutcome, width: int) -> tuple[object, ...]:
    """The cells of a line of the result; empty ones for those that could not be read."""
    cells = (*outcome.row.cells, *("",) * (width - len(outcome.row.cells)))
    return outcome.row.line, outcome.status, " ".join(outcome.reasons), *cells


def _rewritten_as_undone(draft: Path, delimiter: str) -> Path:
    """The same file with the status NOT_WRITTEN for all rows that were rolled back."""
    final = draft.with_name("final")
    with draft.open(encoding=ENCODING, newline="") as old, final.open("w", encoding=ENCODING, newline="") as new:
        writer = csv.writer(new, delimiter=delimiter, lineterminator="\n")
        for line, status, *rest in csv.reader(old, delimiter=delimiter):
            writer.writerow([line, undone(status), *rest])
    return final


def undone(status: str) -> str:
    """What the status of a row becomes when all that was written is taken back."""
    return NOT_WRITTEN if status in {CREATED, UPDATED} else status
