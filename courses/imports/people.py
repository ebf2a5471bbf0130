"""Imports people, identified by uid, with their roles and courses from a table with one row per person and course."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from courses.imports.members import members_join
from courses.imports.table_statistics import TableStatistics
from courses.imports.tables import Row
from courses.models import Course, CourseInstructor, CourseLearner
from courses.services.members import INSTRUCTORS, LEARNERS
from institutions.models import Institution, Instructor, User
from institutions.services.people import INSTRUCTOR, LEARNER, instructor_add
from institutions.services.person_values import values_compared
from institutions.services.rosters import instructors_add, people_create, person_upsert
from kernel.batches import batched
from kernel.domain import DomainError, Invalid
from kernel.text import as_identifier, identifier_key
from learners.models import Learner
from learners.services import learner_add, learners_add

VALUES = "first_name", "last_name", "email", "locale"
IDENTIFIERS = "uid", "email", "course"
COLUMNS = ("uid", *VALUES, "role", "vle", "course")
ROLES = {"": (), LEARNER: (LEARNER,), INSTRUCTOR: (INSTRUCTOR,), "both": (INSTRUCTOR, LEARNER)}
CREATED, UPDATED, UNCHANGED, REFUSED = STATUSES = "created", "updated", "unchanged", "refused"
IGNORED = "not taken over, the person holds administrative rights or a password."


class PersonEntry(NamedTuple):
    """The values of a valid row."""

    uid: str
    values: dict[str, Any]
    roles: tuple[str, ...]
    course: Course | None

    @property
    def key(self) -> str:
        return identifier_key(self.uid)


class RowOutcome(NamedTuple):
    row: Row
    status: str
    reasons: list[str]


class PeopleImport:
    """Imports rows into one institution. Each row has a transaction of its own; a refused row changes nothing.

    An empty cell leaves the stored value as it is; with `clears` it deletes a name, e-mail or locale.
    """

    def __init__(self, institution: Institution, columns: tuple[str, ...], *, clears: bool = False) -> None:
        self._institution = institution
        self._columns = columns
        self._clears = clears

    def outcomes(self, rows: Iterable[Row]) -> Iterator[RowOutcome]:
        """Import the rows and yield the outcome of each in their order, after it was written."""
        statistics = TableStatistics(User, Learner, Instructor, Course)
        for part in batched(rows):
            courses = _Courses(self._institution)
            parsed = [(row, self._entry(row, courses)) for row in part]
            entries = [entry for _, entry in parsed if isinstance(entry, PersonEntry)]
            stored = _StoredPeople(self._institution, entries)
            created = _created_together(self._institution, stored.missing(entries))
            new_people = 0
            for row, entry in parsed:
                if isinstance(entry, PersonEntry):
                    status, reasons = self._outcome(entry, stored, created)
                    new_people += status == CREATED
                    yield RowOutcome(row, status, reasons)
                else:
                    yield RowOutcome(row, REFUSED, entry)
            statistics.rows_added(new_people)

    def _outcome(self, entry: PersonEntry, stored: "_StoredPeople", created: set[str]) -> tuple[str, list[str]]:
        if entry.uid in created:
            return CREATED, []
        return stored.unchanged(entry) or _import_entry(self._institution, entry)

    def _entry(self, row: Row, courses: "_Courses") -> PersonEntry | list[str]:
        """The row's values, or what is wrong with it."""
        if row.problem:
            return [row.problem]
        cells = {name: as_identifier(cell) if name in IDENTIFIERS else cell.strip() for name, cell in zip(self._columns, row.cells, strict=True)}
        errors = [] if cells["uid"] else ["uid: missing."]
        role = cells.get("role", "").lower()
        if role not in ROLES:
            errors.append(f"role: one of {', '.join(filter(None, ROLES))}, or nothing.")
        try:
            course = courses.find(cells.get("vle", ""), cells.get("course", ""))
        except Invalid as error:
            errors += _reasons(error)
        else:
            if course and not role:
                errors.append("role: missing, it says as what the person is in the course.")
        if errors:
            return errors
        values = {name: cells[name] or None for name in VALUES if cells.get(name) or (name in cells and self._clears)}
        return PersonEntry(cells["uid"], values, ROLES[role], course)


class _Courses:
    """Finds courses of the institution by the name of their VLE and their id there, each with one query."""

    def __init__(self, institution: Institution) -> None:
        self._institution = institution
        self._cache: dict[tuple[str, str], Course] = {}

    def find(self, vle: str, course: str) -> Course | None:
        if not (vle or course):
            return None
        if not course:
            raise Invalid(course="missing, the row names a VLE.")
        if not vle:
            raise Invalid(vle="missing, the row names a course.")
        if (vle, course) not in self._cache:
            self._cache[vle, course] = self._query(vle, course)
        return self._cache[vle, course]

    def _query(self, vle: str, course: str) -> Course:
        row = self._institution.vles.filter(name=vle).first()
        if row is None:
            raise Invalid(vle="the institution has no VLE of this name.")
        match = Course.objects.filter(institution=self._institution, vle=row, vle_course_id=course).first()
        if match is None:
            raise Invalid(course="the VLE has no course with this id.")
        return match


class _StoredPeople:
    """The stored people of some rows, to skip unchanged rows: in a nightly import these are most of them."""

    def __init__(self, institution: Institution, entries: list[PersonEntry]) -> None:
        people = User.objects.filter(institution=institution, uid_key__in={entry.key for entry in entries})
        self._people = {person.uid_key: person for person in people.select_related(INSTRUCTOR, LEARNER)}
        keys = [person.pk for person in self._people.values()]
        courses = {entry.course.pk for entry in entries if entry.course}
        taught = CourseInstructor.objects.filter(course__in=courses, instructor__in=keys)
        attended = CourseLearner.objects.filter(course__in=courses, learner__in=keys)
        self._members = {
            INSTRUCTOR: set(taught.values_list("course_id", "instructor_id")),
            LEARNER: set(attended.values_list("course_id", "learner_id")),
        }

    def missing(self, entries: list[PersonEntry]) -> list[PersonEntry]:
        """The entries of new people who can be created together: whose uid and e-mail are in one row only."""
        uids = Counter(entry.key for entry in entries)
        emails = Counter(identifier_key(entry.values.get("email") or "") for entry in entries)
        return [
            entry
            for entry in entries
            if entry.key not in self._people
            and uids[entry.key] == 1
            and not (entry.values.get("email") and emails[identifier_key(entry.values["email"])] > 1)
        ]

    def unchanged(self, entry: PersonEntry) -> tuple[str, list[str]] | None:
        """The outcome if nothing has to be written, else None: then the person is forgotten, as the row changes it."""
        person = self._people.pop(entry.key, None)
        if person is None or person.is_staff:
            return None
        compared = values_compared(person, entry.values)
        has_roles = all(hasattr(person, role) for role in entry.roles)
        course = entry.course
        joined = course is None or all((course.pk, person.pk) in self._members[role] for role in entry.roles)
        if compared.changed or not has_roles or not joined:
            return None
        self._people[entry.key] = person
        return UNCHANGED, _notes(compared.ignored)


def _created_together(institution: Institution, entries: list[PersonEntry]) -> set[str]:
    """Create new people with bulk inserts: the uids of those created. Where that fails, rows are written one by one."""
    try:
        with transaction.atomic():
            people = {entry.uid: entry.values for entry in entries}
            ids, _ = people_create(institution=institution, people=people)
            created = [entry for entry in entries if entry.uid in ids]
            for role, add in _ADD_ALL.items():
                add(institution=institution, person_ids=[ids[entry.uid] for entry in created if role in entry.roles])
            courses = {entry.course.pk: entry.course for entry in created if entry.course}
            for key, course in sorted(courses.items()):  # courses are locked in this order everywhere
                joining = [entry for entry in created if entry.course and entry.course.pk == key]
                for role, membership in _MEMBERSHIPS.items():
                    members = [ids[entry.uid] for entry in joining if role in entry.roles]
                    members_join(course=course, membership=membership, members=members)
    except (DomainError, IntegrityError):
        return set()
    return {*ids}


def _import_entry(institution: Institution, entry: PersonEntry) -> tuple[str, list[str]]:
    try:
        with transaction.atomic():
            return _write(institution, entry)
    except (DomainError, ValidationError) as error:
        return REFUSED, _reasons(error)
    except IntegrityError:  # from the check at the commit: a row that this one refers to was deleted meanwhile
        return REFUSED, ["Somebody else is changing the same person or course at this moment."]


def _write(institution: Institution, entry: PersonEntry) -> tuple[str, list[str]]:
    person, is_new, compared = person_upsert(institution=institution, uid=entry.uid, **entry.values)
    changes = len(compared.changed)
    for role in entry.roles:
        changes += _add_role(person, role)
        if entry.course:
            changes += members_join(course=entry.course, membership=_MEMBERSHIPS[role], members=[person.pk])
    return CREATED if is_new else UPDATED if changes else UNCHANGED, _notes(compared.ignored)


def _add_role(person: User, role: str) -> bool:
    if hasattr(person, role):
        return False
    _ADD[role](person=person)
    return True


_ADD: dict[str, Callable[..., Any]] = {INSTRUCTOR: instructor_add, LEARNER: learner_add}
_ADD_ALL: dict[str, Callable[..., int]] = {INSTRUCTOR: instructors_add, LEARNER: learners_add}
_MEMBERSHIPS = {INSTRUCTOR: INSTRUCTORS, LEARNER: LEARNERS}


def _notes(ignored: list[str]) -> list[str]:
    return [f"{name}: {IGNORED}" for name in ignored]


def _reasons(error: DomainError | ValidationError) -> list[str]:
    if isinstance(error, Invalid):
        return [f"{name}: {text}" for name, text in error.fields.items()]
    if isinstance(error, ValidationError):
        return [f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts]
    return [str(error)]
