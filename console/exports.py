"""Any list of the console as a table to take away: all rows that its search and filters find, as CSV or xlsx.

The rows of most lists come from the API, page by page and as the person who is signed in, with the columns of the list.
What is sent is one line of the trail. Cells are made safe for spreadsheets, as everywhere: see kernel/spreadsheets.py.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from html.parser import HTMLParser
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, Any

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from console.tables import Row, Table
from kernel.domain import Conflict
from kernel.http.client import ApiClient
from kernel.recording import page_made
from kernel.spreadsheets import formula_safe, streamed

CSV, XLSX = "csv", "xlsx"
FORMATS = (CSV, XLSX)
PART = 1000  # rows that the API is asked for at a time
XLSX_ROWS = 50_000  # such a file is complete before its first byte is sent; CSV has no bound
LONGEST = 32_767  # characters in a cell
PAPER = 30  # reports in one PDF: some 20 seconds
PART_OF_PAPER = "part"  # in the query: which PDF, of more reports, counted from 1
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SPACES = re.compile(r"\s+")


class ExportFailedError(Exception):
    """The list ended before its last row: the file that is being sent must not look complete."""


class _Text(HTMLParser):
    """What people read of a cell; of an instant the whole of it."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.in_time = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "time":
            self.in_time = True
            self.parts.append(dict(attributes).get("datetime") or "")
        elif tag == "li":
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.in_time = self.in_time and tag != "time"

    def handle_data(self, data: str) -> None:
        if not self.in_time:
            self.parts.append(data)


def text_of(value: Any) -> str:
    """The value of a cell without its HTML."""
    return _without_tags(str(value)) if isinstance(value, SafeString) else str(value)


@lru_cache(maxsize=4096)  # levels and days are the same in many rows
def _without_tags(html: str) -> str:
    reader = _Text()
    reader.feed(html)
    reader.close()
    return _SPACES.sub(" ", "".join(reader.parts)).strip()


def rows_of(
    shown: Table, api: ApiClient, ids: Mapping[str, int], offset: int = 0, end: int | None = None
) -> Iterator[Row]:
    """All rows of the list as the API answers them now, with what the page adds to them; or those of these places."""
    path, asked = shown.listing.path.format(**ids), shown.query.asked()
    while True:
        limit = PART if end is None else min(PART, end - offset)
        with page_made():  # the export is one line of the trail, whatever its number of parts
            answer = api.get(path, asked | {"limit": limit, "offset": offset})
            if answer.status != 200:
                raise ExportFailedError(f"{path}: {answer.status} after {offset} rows")
            rows = answer.data["results"]
            if shown.listing.add_values is not None:
                shown.listing.add_values(api, ids, rows)
        yield from rows
        offset += len(rows)
        if not rows or offset >= (answer.data["count"] if end is None else end):
            return


def exported(kind: str, name: str, shown: Table, api: ApiClient, ids: Mapping[str, int]) -> HttpResponseBase:
    """The whole list as a file. Conflict if it is too long for the format."""
    columns = [column for column in shown.listing.columns if not column.only_shown]
    cells = ([text_of(column.show(row)) for column in columns] for row in rows_of(shown, api, ids))
    return file_of(kind, name, [column.label for column in columns], cells, shown.count)


def file_of(
    kind: str, name: str, labels: Sequence[str], cells: Iterable[Sequence[object]], count: int
) -> HttpResponseBase:
    """So many rows as a file. Conflict if they are too many for the format."""
    if kind == CSV:
        headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        return StreamingHttpResponse(streamed(labels, cells), content_type="text/csv; charset=utf-8", headers=headers)
    if count > XLSX_ROWS:
        raise Conflict(f"{count:,} rows are too many for xlsx, which takes {XLSX_ROWS:,}: use CSV, or filters.")
    return FileResponse(workbook(labels, cells), as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX_TYPE)


def workbook(labels: Sequence[str], rows: Iterable[Sequence[object]]) -> IO[bytes]:
    """An xlsx file on the disk: rows are written one after the other, so that few are in memory."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("List")
    sheet.freeze_panes = "A2"
    for cells in chain([labels], rows):
        sheet.append([_cell(sheet, "" if value is None else str(value)) for value in cells])
    file = TemporaryFile()  # noqa: SIM115 - closed with the answer
    book.save(file)
    file.seek(0)
    return file


def _cell(sheet: Any, text: str) -> Any:
    """A text, whatever it looks like: openpyxl would take some for formulas."""
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", formula_safe(text))[:LONGEST])
    cell.data_type = "s"
    return cell


def papers_of(shown: Table) -> list[tuple[str, str]]:
    """(which reports, query) of the PDFs of a list of reports."""
    if shown.count <= PAPER:
        return [("all", shown.query.address())]
    return [
        (places(first, min(first + PAPER, shown.count)), shown.query.address(**{PART_OF_PAPER: number}))
        for number, first in enumerate(range(0, shown.count, PAPER), 1)
    ]


def places(first: int, end: int) -> str:
    """31-60, for people: the places after the first 30."""
    return f"{first + 1:,}\N{EN DASH}{end:,}" if end > first + 1 else f"{end:,}"
