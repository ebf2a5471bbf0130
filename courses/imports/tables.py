"""Reads tables row by row, from CSV files and workbooks."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from django.core.exceptions import ValidationError

from courses.imports.workbooks import WorkbookError, is_workbook, refuse_other_formats, workbook_rows
from kernel.domain import DomainError
from kernel.spreadsheets import ESCAPED_FORMULA
from kernel.text import validate_line, validate_prose

LONGEST_LINE = 64 * 1024
LONGEST_PASSED_OVER = 16 * 1024 * 1024  # characters of a line: after so many the file is no table
DELIMITER_WORDS = {",": ",", ";": ";", "tab": "\t"}  # as people choose them
DELIMITERS = tuple(DELIMITER_WORDS.values())
ENCODINGS = "utf-8", "utf-16", "windows-1252"
RESULT_COLUMNS = "line", "status", "reasons"  # the first columns of the result of an import
_UNDECODABLE = re.compile("[\udc80-\udcff]")
_ENDS = ("\n", "\r")
_SECRET = re.compile(
    r"(.*(password|passwd|passphrase|passwort|kennwort|contraseña|contrasenya|motdepasse|secret|token|apikey)"
    r"|pwd|pw)([0-9]*|hash|hashed)"
)
_GZIP = b"\x1f\x8b"


class TableError(DomainError):
    """The file cannot be read as a table with the required columns."""


class Limits(NamedTuple):
    """Of what somebody has uploaded: bytes, after unpacking, and lines, blank ones too."""

    size: int
    lines: int


class Row(NamedTuple):
    """A row of a table and the line where it begins.

    A row with a `problem` has the cells that were read, for whoever repairs it: fewer or more than there are columns,
    or none where the line is no row at all. A cell is None where the row ends before the column.
    """

    line: int
    cells: tuple[str | None, ...]
    problem: str = ""


class Table:
    """A CSV file (plain or packed with gzip) or an .xlsx workbook, whose first line names the columns.

    A line break inside quotes belongs to its cell. A quote that is never closed spoils only its own line, and rows of
    limited length bound the memory. What stands in columns of passwords is left out, whoever reads the table.

    `forgiving` takes what spreadsheets make of a table: blank and short rows, separators without a value at the end, a
    first line `sep=;`, and the result of an import, whose own columns and apostrophes are taken off.
    """

    def __init__(
        self,
        path: Path,
        *,
        delimiters: Sequence[str] = (",",),
        encoding: str | None = None,
        forgiving: bool = False,
        name: str = "",
        limits: Limits | None = None,
    ) -> None:
        """Uses the delimiter that splits the first line into the most columns.

        `encoding` is ignored where the file begins with a byte order mark. `name` stands for the path in messages.
        """
        self.path, self.name, self._forgiving, self._limits = path, name or str(path), forgiving, limits
        self.delimiter = delimiters[0]
        with self._failures():
            with path.open("rb") as file:
                head = file.read(200)
            refuse_other_formats(head)
            self._is_workbook = is_workbook(head)
            self._is_packed = head.startswith(_GZIP) or path.suffix == ".gz"
            with self._opened() as binary:
                self._encoding = _encoding(binary.read(4), encoding)
        self._lines_before = 0
        with self._failures():
            header = self._header(delimiters)
        if header.problem:
            raise TableError(f"{self.name}, line {header.line}: {header.problem}")
        names = [(name or "").strip() for name in header.cells]
        self._is_result = forgiving and tuple(name.lower() for name in names[:3]) == RESULT_COLUMNS
        if self._is_result:
            names = names[3:]
        while forgiving and names and not names[-1]:
            names.pop()
        self.columns, self._secret = tuple(names), secret_places(names)
        twice = sorted({name for name in names if name and names.count(name) > 1})
        if twice:
            raise TableError(f"{self.name} has the column {', '.join(twice)} more than once.")

    def require(self, columns: Iterable[str]) -> None:
        missing = [name for name in columns if name not in self.columns]
        if missing:
            raise TableError(f"{self.name} lacks the column {', '.join(missing)}.")

    def rows(self, *columns: str) -> Iterator[Row]:
        """The rows after the header, with the cells of these columns; blank ones are skipped."""
        places = [self.columns.index(name) for name in columns]
        for row in self.all_rows():
            cells = () if row.problem else tuple(row.cells[place] for place in places)
            yield Row(row.line, cells, row.problem)

    def all_rows(self) -> Iterator[Row]:
        """The rows after the header with all cells."""
        with self._failures():
            rows = self._raw(self.delimiter)
            for _ in range(self._lines_before + 1):
                next(rows, None)
            for row in rows:
                if not _is_blank(row):
                    yield self._checked(row)

    def count(self) -> int:
        """The number of rows."""
        return sum(1 for _ in self.all_rows())

    def _checked(self, row: Row) -> Row:
        """The row with as many cells as there are columns, or what is wrong with it."""
        width, problem = len(self.columns), row.problem
        cells: Sequence[str | None] = row.cells
        if self._is_result:
            cells = [_without_apostrophe(cell) for cell in cells[3:]]
        if len(cells) != width and not problem:
            if not self._forgiving or any(cell and not cell.isspace() for cell in cells[width:]):
                problem = f"{len(cells)} cells where the first line has {width}."
            else:
                cells = [*cells[:width], *[None] * (width - len(cells))]
        if self._secret:
            if len(cells) != width:  # a secret may stand in any place from its own on
                cells = cells[: min(self._secret)]
            cells = [None if place in self._secret else cell for place, cell in enumerate(cells)]
        return Row(row.line, tuple(cells), problem)

    def _header(self, delimiters: Sequence[str]) -> Row:
        if self._forgiving and not self._is_workbook:
            first = next(self._lines(), (0, ""))[1] or ""
            named = re.fullmatch(r'"?sep=(.)"?\s*', first, re.IGNORECASE)
            if named and named[1] in DELIMITERS:
                delimiters, self._lines_before = (named[1],), 1
        best: Row | None = None
        first_place = self._lines_before
        for mark in delimiters:
            rows = islice(enumerate(self._raw(mark)), first_place, None)
            found = next(((place, row) for place, row in rows if not (self._forgiving and _is_blank(row))), None)
            if found is not None and (best is None or len(found[1].cells) > len(best.cells)):
                self._lines_before, best = found
                self.delimiter = mark
            if self._is_workbook:
                break
        if best is None:
            raise TableError(f"{self.name} is empty.")
        return best

    def _raw(self, delimiter: str) -> Iterator[Row]:
        """All rows, the header among them."""
        if not self._is_workbook:
            return self._csv_rows(delimiter)
        return (
            Row(line, _storable(cells), problem) if (problem := self._problem(cells)) else Row(line, cells)
            for line, cells in workbook_rows(self.path)
        )

    def _csv_rows(self, delimiter: str) -> Iterator[Row]:
        lines = _Lines(self._lines())
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                first = (lines.taken[0][1] or "").rstrip("\r\n")
                yield lines.spoilt_row(self._problem([first]) or f"The line is no CSV: {error}.")
            else:
                line, text = lines.taken[0]
                problem = f"The line is longer than {LONGEST_LINE:,} bytes." if text is None else self._problem(cells)
                yield lines.spoilt_row(problem, cells) if problem else Row(line, tuple(cells))

    def _problem(self, cells: Sequence[str]) -> str:
        for cell in cells:
            if cell.isprintable():
                continue
            if _UNDECODABLE.search(cell):
                encoding = "UTF-8" if self._encoding.startswith("utf-8") else self._encoding
                return f"The line is not {encoding}: name the file's encoding, such as windows-1252."
            try:
                (validate_prose if self._forgiving else validate_line)(cell)
            except ValidationError as error:
                return error.messages[0]
        return ""

    def _lines(self) -> Iterator[tuple[int, str | None]]:
        """(number, text) of each line; text None for a line that is longer than LONGEST_LINE."""
        with self._failures(), self._opened() as binary:
            errors = "strict" if self._encoding.startswith("utf-16") else "surrogateescape"
            newline = "" if self._forgiving else "\n"  # old spreadsheets end lines with a carriage return alone
            file = io.TextIOWrapper(binary, encoding=self._encoding, errors=errors, newline=newline)
            number = 0
            while line := file.readline(LONGEST_LINE):
                number += 1
                if self._limits and number > self._limits.lines:
                    raise TableError(f"{self.name} has more than {self._limits.lines:,} lines.")
                is_complete, part, length = len(line) < LONGEST_LINE or line.endswith(_ENDS), line, len(line)
                while part and not part.endswith(_ENDS):
                    part = file.readline(LONGEST_LINE)
                    length += len(part)
                    if length > LONGEST_PASSED_OVER:
                        raise TableError(f"{self.name}, line {number}: The line does not end, so this is no table.")
                yield number, line if is_complete else None

    def _opened(self) -> BinaryIO:
        file: Any = gzip.open(self.path) if self._is_packed else self.path.open("rb")  # noqa: SIM115 - closed by the caller
        return io.BufferedReader(_Bounded(file, self)) if self._limits else file

    def refuse_larger(self, size: int) -> None:
        if self._limits and size > self._limits.size:
            raise TableError(f"{self.name} has more than {self._limits.size // 1024 // 1024} MB, unpacked.")

    def _failures(self) -> "_Failures":
        return _Failures(self.name)


def secret_places(columns: Iterable[str]) -> frozenset[int]:
    """Where the columns are that hold passwords, their hashes or tokens, by their names in any spelling."""
    return frozenset(place for place, name in enumerate(columns) if _SECRET.fullmatch(folded(name)))


def folded(name: str) -> str:
    """The letters and digits of a column's name, in lower case: "E-Mail" is "email"."""
    return "".join(character for character in name.casefold() if character.isalnum())


def _storable(cells: Sequence[str]) -> tuple[str, ...]:
    """The cells; none if one of them has what neither a database nor a file of text can hold."""
    return () if any("\0" in cell or _UNDECODABLE.search(cell) for cell in cells) else tuple(cells)


def _is_blank(row: Row) -> bool:
    return not row.problem and not any(cell and not cell.isspace() for cell in row.cells)


class _Bounded(io.RawIOBase):
    """A file that is read up to the table's limit."""

    def __init__(self, file: BinaryIO, table: Table) -> None:
        self._file, self._table, self._size = file, table, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._file.readinto(buffer)  # type: ignore[attr-defined] # binary files have it
        self._size += size
        self._table.refuse_larger(self._size)
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


class _Failures:
    """Whatever makes a file unreadable becomes a TableError that names it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, WorkbookError):
            raise TableError(f"{self._name} {error}") from error
        if isinstance(error, UnicodeDecodeError):
            raise TableError(f"{self._name} cannot be read as {error.encoding}.") from error
        if isinstance(error, OSError | EOFError | zlib.error):
            raise TableError(f"{self._name} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


class _Lines:
    """The lines of a file for `csv.reader`, which takes as many as a row has.

    When a row cannot be read, only its first line is lost: the others are given to the reader again.
    """

    def __init__(self, lines: Iterator[tuple[int, str | None]]) -> None:
        self._lines = lines
        self._again: deque[tuple[int, str | None]] = deque()
        self._size = 0
        self.taken: list[tuple[int, str | None]] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        text = line[1]
        self._size += len(text or "")
        if self.taken and (text is None or self._size > LONGEST_LINE):
            self._again.appendleft(line)
            raise StopIteration  # the reader reports an unclosed quote
        self.taken.append(line)
        return text or ""

    def begin(self) -> None:
        self.taken, self._size = [], 0

    def spoilt_row(self, problem: str, cells: Sequence[str] = ()) -> Row:
        """The first line with its problem, and with the cells unless some of them are in the lines after it."""
        (line, _), *rest = self.taken
        self._again.extendleft(reversed(rest))
        return Row(line, () if rest else _storable(cells), problem)


def _encoding(head: bytes, named: str | None) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if named in (None, "utf-16"):
        if head[1:2] == b"\0":
            return "utf-16-le"
        if head[:1] == b"\0":
            return "utf-16-be"
    return named or "utf-8"


def _without_apostrophe(cell: str | None) -> str | None:
    return cell[1:] if cell and ESCAPED_FORMULA.match(cell) else cell
