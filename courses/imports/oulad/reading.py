"""Reads and checks the five files of the dataset and groups their rows by presentation. Nothing is written here."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeVar

from courses.imports.tables import Table, TableError

_PRESENTED = "code_module", "code_presentation"
# The columns that are read of each file; other columns are ignored.
COLUMNS = {
    "courses": (*_PRESENTED, "module_presentation_length"),
    "assessments": (*_PRESENTED, "id_assessment", "assessment_type", "date"),
    "studentInfo": (*_PRESENTED, "id_student", "disability"),
    "studentRegistration": (*_PRESENTED, "id_student", "date_registration"),
    "studentAssessment": ("id_assessment", "id_student", "date_submitted", "is_banked"),
}
MAY_BE_EMPTY = {"date", "date_registration"}
ASSESSMENT_TYPES = "TMA", "CMA", "Exam"
LONGEST_CODE = 240  # together with the presentation's code it must fit into vle_course_id
MOST_DAYS = 36_525
_PRESENTATION = re.compile(r"([12][0-9]{3})([BJ])")
_FIRST_MONTH = {"B": 2, "J": 10}
_ID = re.compile(r"[0-9]{1,18}")
_DAYS = re.compile(r"(-?[0-9]{1,18})(?:\.0*)?")

Checked = TypeVar("Checked")


class RowError(Exception):
    """The row is rejected, for the reason given in the text."""


class Rejected(NamedTuple):
    file: str
    line: int
    reason: str


class Assessment(NamedTuple):
    id: str
    type: str
    end: datetime | None
    line: int


@dataclass
class Presentation:
    """A course (module) as given from one February or October on.

    `listed` and `registered` are {student: line number} from studentInfo and studentRegistration.
    """

    module: str
    code: str
    length: timedelta
    assessments: dict[str, Assessment] = field(default_factory=dict)
    listed: dict[str, int] = field(default_factory=dict)
    registered: dict[str, int] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return f"{self.module}-{self.code}"

    @property
    def start(self) -> datetime:
        return datetime(int(self.code[:4]), _FIRST_MONTH[self.code[4:]], 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        return self.start + self.length

    @property
    def students(self) -> list[str]:
        return sorted({*self.listed, *self.registered})

    @cached_property
    def positions(self) -> dict[str, int]:
        return {student: position for position, student in enumerate(self.registered)}


class Submission(NamedTuple):
    presentation: Presentation
    assessment: str
    student: str
    submitted_at: datetime
    is_banked: bool


class Dataset:
    """The files of one folder. `reject` is called with each invalid row; `taken` counts the valid ones by file."""

    def __init__(self, folder: Path, reject: Callable[[Rejected], None]) -> None:
        self._reject = reject
        self.taken: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.presentations: dict[tuple[str, str], Presentation] = {}
        self._presentation_of: dict[str, Presentation] = {}  # by assessment
        self._tables = {name: Table(_path(folder, name)) for name in COLUMNS}
        for name, table in self._tables.items():
            table.require(COLUMNS[name])

    def read(self) -> None:
        """Read all files but the submissions."""
        parsers: dict[str, Callable[..., None]] = {
            "courses": self._presentation,
            "assessments": self._assessment,
            "studentInfo": self._student,
            "studentRegistration": self._registration,
        }
        for name, parse in parsers.items():
            for _ in self._rows(name, parse):
                pass

    def submissions(self) -> Iterator[Submission]:
        """Yields the submissions, after `read`. A second one of a student to the same assessment is rejected."""
        submitted_by: dict[str, bytearray] = {}  # per assessment one byte for each registered student

        def submission(line: int, assessment: str, student: str, date: str, banked: str) -> Submission:
            number, student = _id("id_assessment", assessment), _id("id_student", student)
            presentation = self._presentation_of.get(number)
            if presentation is None:
                raise RowError(f"There is no assessment {number}.")
            self._refuse_unknown(student)
            if student not in presentation.registered:
                raise RowError(f"The student {student} is not registered for {presentation.name}.")
            if banked not in {"0", "1"}:
                raise RowError(f"is_banked: {_quoted(banked)} is neither 0 nor 1.")
            submitted_at = presentation.start + _days("date_submitted", date)
            submitted = Submission(presentation, number, student, submitted_at, banked == "1")
            marks = submitted_by.setdefault(number, bytearray(len(presentation.registered)))
            if marks[presentation.positions[student]]:
                raise RowError(f"There is a line before with the assessment {number} and the student {student}.")
            marks[presentation.positions[student]] = 1
            return submitted

        yield from self._rows("studentAssessment", submission)

    def take_back(self, name: str, line: int, reason: str) -> None:
        """Reject a valid row that could not be written."""
        self.taken[name] -= 1
        self._add_rejection(name, line, reason)

    def _add_rejection(self, name: str, line: int, reason: str) -> None:
        self.rejected[name] += 1
        self._reject(Rejected(self._tables[name].path.name, line, reason))

    def _rows(self, name: str, parse: Callable[..., Checked]) -> Iterator[Checked]:
        columns = COLUMNS[name]
        for row in self._tables[name].rows(*columns):
            try:
                if row.problem:
                    raise RowError(row.problem)
                for column, cell in zip(columns, row.cells, strict=True):
                    if not cell and column not in MAY_BE_EMPTY:
                        raise RowError(f"{column} is missing.")
                value = parse(row.line, *row.cells)
            except RowError as error:
                self._add_rejection(name, row.line, str(error))
            else:
                self.taken[name] += 1
                yield value

    def _presentation(self, line: int, module: str, code: str, length: str) -> None:
        if len(module) > LONGEST_CODE:
            raise RowError(f"code_module has more than {LONGEST_CODE} characters.")
        if not _PRESENTATION.fullmatch(code):
            raise RowError(f"code_presentation: {_quoted(code)} is no year with B or J behind it, such as 2013J.")
        presentation = Presentation(module, code, _days("module_presentation_length", length))
        if presentation.length < timedelta(0):
            raise RowError("module_presentation_length is negative.")
        if (module, code) in self.presentations:
            raise RowError(f"There is a line before with the presentation {presentation.name}.")
        self.presentations[module, code] = presentation

    def _assessment(self, line: int, module: str, code: str, number: str, kind: str, date: str) -> None:
        presentation, number = self._find_presentation(module, code), _id("id_assessment", number)
        if kind not in ASSESSMENT_TYPES:
            raise RowError(f"assessment_type: {_quoted(kind)} is none of {', '.join(ASSESSMENT_TYPES)}.")
        end = presentation.start + _days("date", date) if date else None
        if number in self._presentation_of:
            raise RowError(f"There is a line before with the assessment {number}.")
        self._presentation_of[number] = presentation
        presentation.assessments[number] = Assessment(number, kind, end, line)

    def _student(self, line: int, module: str, code: str, student: str, disability: str) -> None:
        presentation, student = self._find_presentation(module, code), _id("id_student", student)
        if disability not in {"Y", "N"}:
            raise RowError(f"disability: {_quoted(disability)} is neither Y nor N.")
        if student in presentation.listed:
            raise RowError(f"There is a line before with the student {student} in {presentation.name}.")
        presentation.listed[student] = line
        if disability == "Y":
            presentation.disabled.add(student)

    def _registration(self, line: int, module: str, code: str, student: str, date: str) -> None:
        presentation, student = self._find_presentation(module, code), _id("id_student", student)
        self._refuse_unknown(student)
        if date:
            _days("date_registration", date)
        if student in presentation.registered:
            raise RowError(f"There is a line before with the student {student} in {presentation.name}.")
        presentation.registered[student] = line

    def _find_presentation(self, module: str, code: str) -> Presentation:
        presentation = self.presentations.get((module, code))
        if presentation is None:
            raise RowError(f"There is no presentation {_quoted(f'{module}-{code}')}.")
        return presentation

    @cached_property
    def _students(self) -> set[str]:
        return {student for presentation in self.presentations.values() for student in presentation.listed}

    def _refuse_unknown(self, student: str) -> None:
        if student not in self._students:
            raise RowError(f"There is no student {student}.")


def _path(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz"):
        if path.is_file():
            return path
    raise TableError(f"There is neither {name}.csv nor {name}.csv.gz in {folder}.")


def _id(column: str, text: str) -> str:
    if not _ID.fullmatch(text):
        raise RowError(f"{column}: {_quoted(text)} is no id, which is a whole number.")
    return str(int(text))


def _days(column: str, text: str) -> timedelta:
    """The dataset writes days with and without a fraction of 0."""
    match = _DAYS.fullmatch(text)
    if match is None:
        raise RowError(f"{column}: {_quoted(text)} is no whole number of days.")
    days = int(match[1])
    if abs(days) > MOST_DAYS:
        raise RowError(f"{column}: {days} days are more than a hundred years.")
    return timedelta(days=days)


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")
