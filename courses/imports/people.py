"""People with their roles and courses from a table of one row per person and course, found again by uid."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from courses.imports.growth import Growth
from courses.imports.members import members_join
from courses.imports.tables import Row
from courses.models import Course, CourseInstructor, CourseLearner
from courses.services.members import INSTRUCTORS, LEARNERS
from institutions.models import Institution, Instructor, User
from institutions.services.people import INSTRUCTOR, LEARNER, instructor_add
from institutions.services.person_values import values_compared
from institutions.services.rosters import instructors_add, people_create, person_upsert
from kernel.batches import batched
from kernel.domain import DomainError, Invalid
from learners.models import Learner
from learners.services import learner_add, learners_add

VALUES = "first_name", "last_name", "email", "locale"
COLUMNS = ("uid", *VALUES, "role", "vle", "course")
ROLES = {"": (), LEARNER: (LEARNER,), INSTRUCTOR: (INSTRUCTOR,), "both": (INSTRUCTOR, LEARNER)}
CREATED, UPDATED, UNCHANGED, REFUSED = STATUSES = "created", "updated", "unchanged", "refused"
IGNORED = "not taken over, the person holds administrative rights or a password."


class Entry(NamedTuple):
    """What a row asks for."""

    uid: str
    values: dict[str, Any]
    roles: tuple[str, ...]
    course: Course | None


class Outcome(NamedTuple):
    row: Row
    status: str
    reasons: list[str]


class PeopleImport:
    """Rows become people of one institution. Each is written by itself; a refused one leaves nothing behind.

    An empty cell says nothing, or with `clears` that the person has no such name, e-mail or locale.
    """

    def __init__(self, institution: Institution, columns: tuple[str, ...], *, clears: bool = False) -> None:
        self._institution = institution
        self._columns = columns
        self._clears = clears

    def outcomes(self, rows: Iterable[Row]) -> Iterator[Outcome]:
        """What becomes of each row, in their order; it has become so when it is told."""
        growth = Growth(User, Learner, Instructor, Course)
        for part in batched(rows):
            courses = _Courses(self._institution)
            read = [(row, self._entry(row, courses)) for row in part]
            entries = [entry for _, entry in read if isinstance(entry, Entry)]
            known = _Known(self._institution, entries)
            created = _created_together(self._institution, known.missing(entries))
            made = 0
            for row, entry in read:
                if isinstance(entry, Entry):
                    status, reasons = self._outcome(entry, known, created)
                    made += status == CREATED
                    yield Outcome(row, status, reasons)
                else:
                    yield Outcome(row, REFUSED, entry)
            growth.by(made)

    def _outcome(self, entry: Entry, known: "_Known", created: set[str]) -> tuple[str, list[str]]:
        if entry.uid in created:
            return CREATED, []
        return known.unchanged(entry) or _written(self._institution, entry)

    def _entry(self, row: Row, courses: "_Courses") -> Entry | list[str]:
        """What the row asks for, or what is wrong with it."""
        if row.problem:
            return [row.problem]
        cells = {name: cell.strip() for name, cell in zip(self._columns, row.cells, strict=True)}
        wrong = [] if cells["uid"] else ["uid: missing."]
        role = cells.get("role", "").lower()
        if role not in ROLES:
            wrong.append(f"role: one of {', '.join(filter(None, ROLES))}, or nothing.")
        try:
            course = courses.named(cells.get("vle", ""), cells.get("course", ""))
        except Invalid as error:
            wrong += _reasons(error)
        else:
            if course and not role:
                wrong.append("role: missing, it says as what the person is in the course.")
        if wrong:
            return wrong
        values = {name: cells[name] or None for name in VALUES if cells.get(name) or (name in cells and self._clears)}
        return Entry(cells["uid"], values, ROLES[role], course)


class _Courses:
    """The institution's courses by the names of their VLEs and their ids there; each is looked up once."""

    def __init__(self, institution: Institution) -> None:
        self._institution = institution
        self._found: dict[tuple[str, str], Course] = {}

    def named(self, vle: str, course: str) -> Course | None:
        if not (vle or course):
            return None
        if not course:
            raise Invalid(course="missing, the row names a VLE.")
        if not vle:
            raise Invalid(vle="missing, the row names a course.")
        if (vle, course) not in self._found:
            self._found[vle, course] = self._looked_up(vle, course)
        return self._found[vle, course]

    def _looked_up(self, vle: str, course: str) -> Course:
        home = self._institution.vles.filter(name=vle).first()
        if home is None:
            raise Invalid(vle="the institution has no VLE of this name.")
        found = Course.objects.filter(institution=self._institution, vle=home, vle_course_id=course).first()
        if found is None:
            raise Invalid(course="the VLE has no course with this id.")
        return found


class _Known:
    """What is stored of the people of some rows: of most rows that come every night, nothing is new."""

    def __init__(self, institution: Institution, entries: list[Entry]) -> None:
        people = User.objects.filter(institution=institution, uid__in={entry.uid for entry in entries})
        self._people = {person.uid: person for person in people.select_related(INSTRUCTOR, LEARNER)}
        keys = [person.pk for person in self._people.values()]
        courses = {entry.course.pk for entry in entries if entry.course}
        taught = CourseInstructor.objects.filter(course__in=courses, instructor__in=keys)
        attended = CourseLearner.objects.filter(course__in=courses, learner__in=keys)
        self._members = {
            INSTRUCTOR: set(taught.values_list("course_id", "instructor_id")),
            LEARNER: set(attended.values_list("course_id", "learner_id")),
        }

    def missing(self, entries: list[Entry]) -> list[Entry]:
        """Those about people who are not there, named by one row only; nobody else of these rows wants the e-mail."""
        uids = Counter(entry.uid for entry in entries)
        emails = Counter((entry.values.get("email") or "").lower() for entry in entries)
        return [
            entry
            for entry in entries
            if entry.uid not in self._people
            and uids[entry.uid] == 1
            and not (entry.values.get("email") and emails[entry.values["email"].lower()] > 1)
        ]

    def unchanged(self, entry: Entry) -> tuple[str, list[str]] | None:
        """The outcome, if nothing has to be written. What is to be written is not known here any more."""
        person = self._people.pop(entry.uid, None)
        if person is None or person.is_staff:
            return None
        compared = values_compared(person, entry.values)
        held = all(hasattr(person, role) for role in entry.roles)
        course = entry.course
        joined = course is None or all((course.pk, person.pk) in self._members[role] for role in entry.roles)
        if compared.changed or not held or not joined:
            return None
        self._people[entry.uid] = person
        return UNCHANGED, _notes(compared.ignored)


def _created_together(institution: Institution, entries: list[Entry]) -> set[str]:
    """New people at once, for that is fast: the uids of who was made. The others, if any, are told why one by one."""
    try:
        with transaction.atomic():
            people = {entry.uid: entry.values for entry in entries}
            made, _ = people_create(institution=institution, people=people)
            taken = [entry for entry in entries if entry.uid in made]
            for role, add in _ADD_ALL.items():
                add(institution=institution, person_ids=[made[entry.uid] for entry in taken if role in entry.roles])
            courses = {entry.course.pk: entry.course for entry in taken if entry.course}
            for key, course in sorted(courses.items()):  # whoever locks several courses does so in this order
                joining = [entry for entry in taken if entry.course and entry.course.pk == key]
                for role, membership in _MEMBERSHIPS.items():
                    members = [made[entry.uid] for entry in joining if role in entry.roles]
                    members_join(course=course, membership=membership, members=members)
    except (DomainError, IntegrityError):
        return set()
    return {*made}


def _written(institution: Institution, entry: Entry) -> tuple[str, list[str]]:
    try:
        with transaction.atomic():
            return _write(institution, entry)
    except (DomainError, ValidationError) as error:
        return REFUSED, _reasons(error)
    except IntegrityError:  # noted at the end of the transaction: something that the row names is gone
        return REFUSED, ["Somebody else is changing the same person or course at this moment."]


def _write(institution: Institution, entry: Entry) -> tuple[str, list[str]]:
    person, is_new, compared = person_upsert(institution=institution, uid=entry.uid, **entry.values)
    changes = len(compared.changed)
    for role in entry.roles:
        changes += _role_given(person, role)
        if entry.course:
            changes += members_join(course=entry.course, membership=_MEMBERSHIPS[role], members=[person.pk])
    return CREATED if is_new else UPDATED if changes else UNCHANGED, _notes(compared.ignored)


def _role_given(person: User, role: str) -> bool:
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
