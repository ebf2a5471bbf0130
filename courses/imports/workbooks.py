"""Reads the first sheet of an .xlsx workbook row by row. Other formats of spreadsheets are refused by name."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import Cell

MOST_SHEET_BYTES = 512 * 1024 * 1024  # unpacked; a sheet is read as a stream
MOST_TEXT_BYTES = 64 * 1024 * 1024  # unpacked; the texts of all cells are in memory
MOST_OTHER_BYTES = 16 * 1024 * 1024
LONGEST_ROW = 4 * 1024 * 1024  # bytes of XML
MOST_ROWS, MOST_COLUMNS = 1_048_576, 1_000  # the library fills gaps between rows and cells
LARGEST_NUMBER = 10**15  # spreadsheets keep fifteen digits
_CHUNK = 256 * 1024
_OF_A_WORKBOOK = b"PK\x03\x04"
_OLD = b"\xd0\xcf\x11\xe0"
_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument"
_MARKUP = (b"<html", b"<!doctype", b"<?xml", b"<table", b"<head", b"<meta")  # what some programs name .xls
_ZEROS = re.compile("0+")


class WorkbookError(Exception):
    """The file is no workbook that can be read. The text continues a sentence that begins with the file's name."""


def is_workbook(head: bytes) -> bool:
    """Whether a file with this beginning is one that `workbook_rows` reads."""
    return head.startswith(_OF_A_WORKBOOK) and _OPEN_DOCUMENT not in head


def refuse_other_formats(head: bytes) -> None:
    if head.startswith(_OLD):
        raise WorkbookError("is an old (.xls) or encrypted workbook: save it as .xlsx without a password, or as CSV.")
    if _OPEN_DOCUMENT in head[:200]:
        raise WorkbookError("is an OpenDocument spreadsheet (.ods): save it as .xlsx or as CSV.")
    if head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower().startswith(_MARKUP):
        raise WorkbookError("is a web page or XML, whatever its name says: open it and save it as .xlsx or as CSV.")
    if head.startswith(b"%PDF"):
        raise WorkbookError("is a PDF: save the table as .xlsx or as CSV.")


def workbook_rows(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(number, texts) of the rows of the first sheet. Formulas count with the value that was computed last."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            _refuse_other_archives(archive)
            _refuse_bombs(archive)
            yield from _sheet_rows(file)
    except (WorkbookError, OSError):
        raise
    except Exception as error:  # the library raises whatever a broken part leads to
        raise WorkbookError(f"is no workbook that can be read ({type(error).__name__}).") from error


def _sheet_rows(file: Any) -> Iterator[tuple[int, tuple[str, ...]]]:
    with closing(openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)) as workbook:
        if not workbook.worksheets:
            return
        sheet: Any = workbook.worksheets[0]
        sheet.reset_dimensions()  # some programs write wrong ones, and rows would be cut
        for number, row in enumerate(sheet.iter_rows(), 1):
            if number > MOST_ROWS or len(row) > MOST_COLUMNS:
                raise WorkbookError(f"has more than {MOST_ROWS:,} rows or {MOST_COLUMNS:,} columns.")
            yield number, _texts(row)


def _texts(row: Any) -> tuple[str, ...]:
    texts = [_text(cell) for cell in row]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _text(cell: Cell) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        return _number(value, cell)
    return str(value)


def _number(value: float, cell: Cell) -> str:
    """As the sheet shows a whole number; one that has lost digits in the spreadsheet is shown in its short form."""
    if value != int(value):
        return repr(value)
    if abs(value) >= LARGEST_NUMBER:
        return f"{float(value):.5E}"
    shown = str(int(value))
    zeros = cell.number_format or ""
    return shown.zfill(len(zeros)) if _ZEROS.fullmatch(zeros) else shown


def _refuse_other_archives(archive: zipfile.ZipFile) -> None:
    """OneRoster and Canvas write archives of tables."""
    names = {name.rpartition("/")[2].lower(): name for name in archive.namelist() if name.lower().endswith(".csv")}
    if "[Content_Types].xml" in archive.namelist() or not names:
        return
    ordered = [names[name] for name in ("users.csv", "enrollments.csv") if name in names]
    said = ", then ".join(ordered) or "the table of people in it"
    raise WorkbookError(f"is an archive (ZIP) of tables: unpack it and import {said}.")


def _refuse_bombs(archive: zipfile.ZipFile) -> None:
    """Refuse what would fill the memory. A part is never read beyond the size that is declared for it."""
    others = 0
    for part in archive.infolist():
        if part.filename.endswith("sharedStrings.xml"):
            _refuse_larger(part, MOST_TEXT_BYTES)
        elif "worksheets/" in part.filename:
            _refuse_larger(part, MOST_SHEET_BYTES)
            _refuse_long_rows(archive, part)
        else:
            others += part.file_size
    if others > MOST_OTHER_BYTES:
        raise WorkbookError("is too large: save the table as CSV.")


def _refuse_larger(part: zipfile.ZipInfo, most: int) -> None:
    if part.file_size > most:
        raise WorkbookError("is too large: save the table as CSV.")


def _refuse_long_rows(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """The library keeps everything in memory that stands between two rows."""
    with archive.open(part) as file:
        since, tail = 0, b""
        while chunk := file.read(_CHUNK):
            text = tail + chunk
            since = len(text) - end if (end := text.rfind(b"<row")) >= 0 else since + len(chunk)
            if since > LONGEST_ROW:
                raise WorkbookError("has too long a row: save the table as CSV.")
            tail = text[-4:]
