"""Reads CSV files line by line, and writes them so that spreadsheets execute no cell as a formula."""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from django.core.exceptions import ValidationError

from kernel.domain import DomainError
from kernel.text import validate_line

LONGEST_LINE = 64 * 1024
DELIMITERS = ",", ";"
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class TableError(DomainError):
    """The file cannot be read as a table with the required columns."""


class Row(NamedTuple):
    """A line of a table. A line with a `problem` has no cells."""

    line: int
    cells: tuple[str, ...]
    problem: str = ""


class Table:
    """A CSV file in UTF-8, plain or as .gz, whose first line names the columns.

    A row is one line: an unclosed quote makes only its own line invalid, and lines of limited length bound the memory.
    """

    def __init__(self, path: Path, *, delimiters: Sequence[str] = (",",)) -> None:
        """Uses the delimiter that splits the first line into the most columns."""
        self.path = path
        header = next(self._lines(), None)
        candidates = [(_parsed(header, mark), mark) for mark in delimiters] if header else []
        if not candidates:
            raise TableError(f"{path} is empty.")
        row, self.delimiter = max(candidates, key=lambda candidate: len(candidate[0].cells))
        if row.problem:
            raise TableError(f"{path}, line 1: {row.problem}")
        self.columns = tuple(name.strip() for name in row.cells)
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise TableError(f"{path} has the column {', '.join(twice)} more than once.")

    def require(self, columns: Iterable[str]) -> None:
        missing = [name for name in columns if name not in self.columns]
        if missing:
            raise TableError(f"{self.path} lacks the column {', '.join(missing)}.")

    def rows(self, *columns: str) -> Iterator[Row]:
        """The rows after the header, with the cells of these columns; empty lines are skipped."""
        places = [self.columns.index(name) for name in columns]
        lines = self._lines()
        next(lines)
        for number, line in lines:
            if line is not None and not line.strip():
                continue
            row = _parsed((number, line), self.delimiter)
            if not row.problem and len(row.cells) != len(self.columns):
                row = Row(number, (), f"{len(row.cells)} cells where the first line has {len(self.columns)}.")
            yield row if row.problem else Row(number, tuple(row.cells[place] for place in places))

    def _lines(self) -> Iterator[tuple[int, bytes | None]]:
        """(number, content) of each line; content None for a line that is longer than LONGEST_LINE."""
        try:
            with gzip.open(self.path) if self.path.suffix == ".gz" else self.path.open("rb") as file:
                number = 0
                while line := file.readline(LONGEST_LINE):
                    number += 1
                    is_complete, part = len(line) < LONGEST_LINE or line.endswith(b"\n"), line
                    while part and not part.endswith(b"\n"):
                        part = file.readline(LONGEST_LINE)
                    yield number, line if is_complete else None
        except (OSError, EOFError, zlib.error) as error:
            raise TableError(f"{self.path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _parsed(numbered: tuple[int, bytes | None], delimiter: str) -> Row:
    number, line = numbered
    if line is None:
        return Row(number, (), f"The line is longer than {LONGEST_LINE:,} bytes.")
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        validate_line(text.replace(delimiter, ""))
        return Row(number, tuple(next(csv.reader((text,), delimiter=delimiter, strict=True), ())))
    except UnicodeDecodeError:
        return Row(number, (), "The line is not UTF-8.")
    except ValidationError as error:
        return Row(number, (), error.messages[0])
    except csv.Error as error:
        return Row(number, (), f"The line is no CSV: {error}.")


def formula_safe(cell: object) -> str:
    """The cell's text, with an apostrophe in front if a spreadsheet would execute it as a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text


class TableWriter:
    """Writes a CSV table whose cells are safe to open in a spreadsheet."""

    def __init__(self, file: TextIO, columns: Iterable[str], *, delimiter: str = ",") -> None:
        self._rows = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        self.write(columns)

    def write(self, cells: Iterable[object]) -> None:
        self._rows.writerow([formula_safe(cell) for cell in cells])
