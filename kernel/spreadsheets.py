"""Tables that people open in a spreadsheet: CSV without formulas, also in parts as it is made."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from kernel.batches import batched

ROWS = 100  # in one part of the answer
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
ESCAPED_FORMULA = re.compile(r"'+[=+\-@\t\r]")


def formula_safe(cell: object) -> str:
    """The cell's text, with an apostrophe in front if a spreadsheet would execute it as a formula.

    A text that begins like an escaped one gets another apostrophe, so that the first can always be taken off again.
    """
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) or ESCAPED_FORMULA.match(text) else text


class TableWriter:
    """Writes a CSV table whose cells are safe to open in a spreadsheet."""

    def __init__(self, file: TextIO, columns: Iterable[str], *, delimiter: str = ",") -> None:
        self._rows = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        self.write(columns)

    def write(self, cells: Iterable[object]) -> None:
        self._rows.writerow([formula_safe(cell) for cell in cells])


def streamed(columns: Iterable[str], rows: Iterable[Iterable[object]], *, delimiter: str = ",") -> Iterator[str]:
    """Such a table in UTF-8, in parts: as much is in memory as is sent next."""
    lines = _Lines()
    writer = TableWriter(lines, columns, delimiter=delimiter)  # type: ignore[arg-type] # only written to
    for part in batched(rows, ROWS):
        for cells in part:
            writer.write(cells)
        yield lines.taken()
    yield lines.taken()


class _Lines:
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._lines = ["\ufeff"]  # spreadsheets take the file for UTF-8

    def write(self, text: str) -> None:
        self._lines.append(text)

    def taken(self) -> str:
        lines, self._lines = self._lines, []
        return "".join(lines)
