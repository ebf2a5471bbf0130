"""The five files of the dataset: read, checked and put together by presentation. Nothing is written here."""

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
# Of each file the columns that are read; others may be there.
COLUMNS = {
    "courses": (*_PRESENTED, "module_presentation_length"),
    "assessments": (*_PRESENTED, "id_assessment", "assessment_type", "date"),
    "studentInfo": (*_PRESENTED, "id_student", "disability"),
    "studentRegistration": (*_PRESENTED, "id_student", "date_registration"),
    "studentAssessment": ("id_assessment", "id_student", "date_submitted", "is_banked"),
}
MAY_BE_EMPTY = {"date", "date_registration"}
ASSESSMENT_TYPES = "TMA", "CMA", "Exam"
LONGEST_CODE = 240  # with the presentation it must fit into a course's id
MOST_DAYS = 36_525
_PRESENTATION = re.compile(r"([12][0-9]{3})([BJ])")
_FIRST_MONTH = {"B": 2, "J": 10}
_ID = re.compile(r"[0-9]{1,18}")
_DAYS = re.compile(r"(-?[0-9]{1,18})(?:\.0*)?")

Checked = TypeVar("Checked")


class Wrong(Exception):  # noqa: N818 - it is about a row, and caught where rows are read
    """The row cannot be taken. The text is for people."""


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
    """A course as it was given from one February or October on. `listed` and `registered`: {student: line}."""

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
    def places(self) -> dict[str, int]:
        return {student: place for place, student in enumerate(self.registered)}


class Submission(NamedTuple):
    presentation: Presentation
    assessment: str
    student: str
    submitted_at: datetime
    is_banked: bool


class Dataset:
    """The files of one folder. Rows that cannot be taken go to `reject`; `taken` counts the others by file."""

    def __init__(self, folder: Path, reject: Callable[[Rejected], None]) -> None:
        self._reject = reject
        self.taken: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.presentations: dict[tuple[str, str], Presentation] = {}
        self._homes: dict[str, Presentation] = {}  # of the assessments
        self._tables = {name: Table(_path(folder, name)) for name in COLUMNS}
        for name, table in self._tables.items():
            table.require(COLUMNS[name])

    def read(self) -> None:
        """Everything but the submissions."""
        takers: dict[str, Callable[..., None]] = {
            "courses": self._presentation,
            "assessments": self._assessment,
            "studentInfo": self._student,
            "studentRegistration": self._registration,
        }
        for name, take in takers.items():
            for _ in self._rows(name, take):
                pass

    def submissions(self) -> Iterator[Submission]:
        """After `read`: one by one, each assessment's students once."""
        handed_in: dict[str, bytearray] = {}

        def submission(line: int, assessment: str, student: str, date: str, banked: str) -> Submission:
            number, student = _id("id_assessment", assessment), _id("id_student", student)
            home = self._homes.get(number)
            if home is None:
                raise Wrong(f"There is no assessment {number}.")
            self._refuse_unknown(student)
            if student not in home.registered:
                raise Wrong(f"The student {student} is not registered for {home.name}.")
            if banked not in {"0", "1"}:
                raise Wrong(f"is_banked: {_shown(banked)} is neither 0 nor 1.")
            found = Submission(home, number, student, home.start + _days("date_submitted", date), banked == "1")
            marks = handed_in.setdefault(number, bytearray(len(home.registered)))
            if marks[home.places[student]]:
                raise Wrong(f"There is a line before with the assessment {number} and the student {student}.")
            marks[home.places[student]] = 1
            return found

        yield from self._rows("studentAssessment", submission)

    def take_back(self, name: str, line: int, reason: str) -> None:
        """A row that was taken cannot be written."""
        self.taken[name] -= 1
        self._put_aside(name, line, reason)

    def _put_aside(self, name: str, line: int, reason: str) -> None:
        self.rejected[name] += 1
        self._reject(Rejected(self._tables[name].path.name, line, reason))

    def _rows(self, name: str, take: Callable[..., Checked]) -> Iterator[Checked]:
        columns = COLUMNS[name]
        for row in self._tables[name].rows(*columns):
            try:
                if row.problem:
                    raise Wrong(row.problem)
                for column, cell in zip(columns, row.cells, strict=True):
                    if not cell and column not in MAY_BE_EMPTY:
                        raise Wrong(f"{column} is missing.")
                found = take(row.line, *row.cells)
            except Wrong as error:
                self._put_aside(name, row.line, str(error))
            else:
                self.taken[name] += 1
                yield found

    def _presentation(self, line: int, module: str, code: str, length: str) -> None:
        if len(module) > LONGEST_CODE:
            raise Wrong(f"code_module has more than {LONGEST_CODE} characters.")
        if not _PRESENTATION.fullmatch(code):
            raise Wrong(f"code_presentation: {_shown(code)} is no year with B or J behind it, such as 2013J.")
        found = Presentation(module, code, _days("module_presentation_length", length))
        if found.length < timedelta(0):
            raise Wrong("module_presentation_length is negative.")
        if (module, code) in self.presentations:
            raise Wrong(f"There is a line before with the presentation {found.name}.")
        self.presentations[module, code] = found

    def _assessment(self, line: int, module: str, code: str, number: str, kind: str, date: str) -> None:
        home, number = self._home(module, code), _id("id_assessment", number)
        if kind not in ASSESSMENT_TYPES:
            raise Wrong(f"assessment_type: {_shown(kind)} is none of {', '.join(ASSESSMENT_TYPES)}.")
        end = home.start + _days("date", date) if date else None
        if number in self._homes:
            raise Wrong(f"There is a line before with the assessment {number}.")
        self._homes[number] = home
        home.assessments[number] = Assessment(number, kind, end, line)

    def _student(self, line: int, module: str, code: str, student: str, disability: str) -> None:
        home, student = self._home(module, code), _id("id_student", student)
        if disability not in {"Y", "N"}:
            raise Wrong(f"disability: {_shown(disability)} is neither Y nor N.")
        if student in home.listed:
            raise Wrong(f"There is a line before with the student {student} in {home.name}.")
        home.listed[student] = line
        if disability == "Y":
            home.disabled.add(student)

    def _registration(self, line: int, module: str, code: str, student: str, date: str) -> None:
        home, student = self._home(module, code), _id("id_student", student)
        self._refuse_unknown(student)
        if date:
            _days("date_registration", date)
        if student in home.registered:
            raise Wrong(f"There is a line before with the student {student} in {home.name}.")
        home.registered[student] = line

    def _home(self, module: str, code: str) -> Presentation:
        found = self.presentations.get((module, code))
        if found is None:
            raise Wrong(f"There is no presentation {_shown(f'{module}-{code}')}.")
        return found

    @cached_property
    def _students(self) -> set[str]:
        return {student for found in self.presentations.values() for student in found.listed}

    def _refuse_unknown(self, student: str) -> None:
        if student not in self._students:
            raise Wrong(f"There is no student {student}.")


def _path(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz"):
        if path.is_file():
            return path
    raise TableError(f"There is neither {name}.csv nor {name}.csv.gz in {folder}.")


def _id(column: str, text: str) -> str:
    if not _ID.fullmatch(text):
        raise Wrong(f"{column}: {_shown(text)} is no id, which is a whole number.")
    return str(int(text))


def _days(column: str, text: str) -> timedelta:
    """The dataset writes days with and without a fraction of 0."""
    found = _DAYS.fullmatch(text)
    if found is None:
        raise Wrong(f"{column}: {_shown(text)} is no whole number of days.")
    days = int(found[1])
    if abs(days) > MOST_DAYS:
        raise Wrong(f"{column}: {days} days are more than a hundred years.")
    return timedelta(days=days)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")
