"""Imports people, identified by uid, with their roles and courses from a table.

Rows are imported some hundred at a time. What a part changes is worked out in memory, row by row, and then written with
a few statements in one short transaction. When that fails, because somebody else changes the same rows, halves of the
part are tried: so a row that cannot be written spoils no other one.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from courses.imports.dialects import INSTRUCTOR, LEARNER, ROLES, VALUES, Layout
from courses.imports.table_statistics import TableStatistics
from courses.imports.tables import Row, TableError, folded
from courses.imports.trials import Trial
from courses.models import Adder, Course
from courses.services.members import INSTRUCTORS, LEARNERS, AddedBy, memberships_add
from institutions.models import VLE, Institution, Instructor, User
from institutions.services.named import people_formerly
from institutions.services.people import GLOBAL_ADMINISTRATOR
from institutions.services.person_values import cleaned, refuse_malformed, values_compared
from institutions.services.rosters import (
    PersonChange,
    emails_owned,
    instructors_add,
    people_change,
    people_insert,
    people_with_uids,
)
from kernel.batches import batched
from kernel.constraints import TAKEN
from kernel.domain import DomainError, Forbidden, Invalid
from kernel.recording import Entry, Origin, record
from kernel.repeats import repeated
from kernel.text import as_identifier, identifier_key, language_in, line_of
from learners.models import Learner
from learners.services import learners_add

CREATED, UPDATED, UNCHANGED, REFUSED = STATUSES = "created", "updated", "unchanged", "refused"
SKIPPED = "skipped"  # the table says of the row that it is over, or has a role that there is not here
IGNORED = "not taken over, the person holds administrative rights or may sign in."
LOCALE_IGNORED = "not taken over, enter a language code such as en, ca or pt-BR."
SOMEBODY_ELSE = "Somebody else is changing the same person or course at this moment."
ROWS_TOGETHER = 500
_ROLES = ", ".join(filter(None, ROLES))
_SHORTENED = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?E[+-][0-9]{1,3}", re.IGNORECASE)  # 1.23457E+11, 123.457E+9
_SPREADSHEET_ERROR = re.compile(r"#(N/A|NAME\?|REF!|VALUE!|NUM!|NULL!|DIV/0!|#+)", re.IGNORECASE)
_WITH_DECIMALS = re.compile(r"([0-9]+)[.,]0+")  # 1001.0
# What dates, times and logical values of a workbook become.
_NO_TEXT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+|(-?[0-9]+ days?, )?[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?|TRUE|FALSE"
)


class PersonEntry(NamedTuple):
    """The values of a valid row. `warnings` are what else there is to say of it."""

    uid: str
    values: dict[str, Any]
    roles: tuple[str, ...]
    memberships: tuple[tuple[Course, str], ...]
    warnings: list[str]


class RowOutcome(NamedTuple):
    row: Row
    status: str
    reasons: list[str]


class Skipped(Exception):  # noqa: N818 - no error
    """The row is none to import."""


class PeopleImport:
    """Imports rows into one institution. A refused row changes nothing.

    An empty cell leaves the stored value as it is; with `clears` it deletes a name, e-mail or locale. `vle` is the name
    of the VLE of courses whose rows name none, `by_id` the id of the person who imports, if it is known. With a `trial`
    nothing is written or locked, and the outcomes are those that the import would have.
    """

    def __init__(
        self,
        institution: Institution,
        layout: Layout,
        *,
        clears: bool = False,
        vle: str = "",
        by_id: int | None = None,
        trial: Trial | None = None,
    ) -> None:
        self.institution, self.layout, self.clears, self.trial = institution, layout, clears, trial
        self.by = AddedBy(Adder.IMPORT, by_id)
        self.vle = vle or self._only_vle()
        self._statistics = TableStatistics(User, Learner, Instructor, Course)

    def outcomes(self, rows: Iterable[Row]) -> Iterator[RowOutcome]:
        """Import the rows and yield the outcome of each in their order, after it was written."""
        for part in batched(rows, ROWS_TOGETHER):
            yield from self.part_outcomes(part)

    def part_outcomes(self, rows: list[Row]) -> list[RowOutcome]:
        """Import some hundred rows together."""
        outcomes = self._imported(rows)
        if self.trial is None:
            self._statistics.rows_added(sum(outcome.status == CREATED for outcome in outcomes))
        return outcomes

    def _imported(self, rows: list[Row], may_retry: bool = True) -> list[RowOutcome]:
        try:
            return repeated(partial(self._written, rows))
        except (DomainError, IntegrityError) as error:
            if len(rows) > 1:
                middle = len(rows) // 2
                return self._imported(rows[:middle]) + self._imported(rows[middle:])
            if may_retry:
                return self._imported(rows, may_retry=False)
            return [RowOutcome(rows[0], REFUSED, [str(error) if isinstance(error, DomainError) else SOMEBODY_ELSE])]

    def _written(self, rows: list[Row]) -> list[RowOutcome]:
        part = _Part(self, rows)
        outcomes = part.outcomes()
        part.write()
        return outcomes

    def _only_vle(self) -> str:
        """The VLE of a table that names none. Raises TableError if it is not clear which."""
        if self.layout.dialect.names_vle or not self.layout.has_courses():
            return ""
        names = sorted(self.institution.vles.values_list("name", flat=True)[:20])
        if len(names) != 1:
            raise TableError(f"The table has courses: name their VLE, one of {', '.join(names) or 'none'}.")
        return names[0]


class _State:
    """A person as the rows so far have it, and what is not written yet."""

    def __init__(self, person: User, roles: Iterable[str] = ()) -> None:
        self.person = person
        self.stored = {name: getattr(person, name) for name in VALUES}
        self.changed: set[str] = set()
        self.roles = set(roles)
        self.new_roles: set[str] = set()
        self.members: set[tuple[int, str]] = set()
        self.new_members: set[tuple[int, str]] = set()
        self.is_named = False  # by a row that was not refused

    @property
    def is_new(self) -> bool:
        return self.person.pk is None

    @property
    def has_changes(self) -> bool:
        return bool(self.is_new or self.changed or self.new_roles or self.new_members or self.is_new_to_institution)

    @property
    def is_new_to_institution(self) -> bool:
        """Only a VLE has told of the person so far."""
        return self.is_named and self.person.brought_by_vle is not None

    def role_added(self, role: str) -> bool:
        if role in self.roles:
            return False
        self.roles.add(role)
        self.new_roles.add(role)
        return True

    def member_added(self, course: int, role: str) -> bool:
        if (course, role) in self.members:
            return False
        self.members.add((course, role))
        self.new_members.add((course, role))
        return True


class _Part:
    """Some rows, the stored people that they are about, and what the rows change."""

    def __init__(self, job: PeopleImport, rows: list[Row]) -> None:
        self._job, self._rows, self._home = job, rows, job.institution
        reader = _RowReader(job, rows)
        self._entries = [reader.entry(row) for row in rows]
        entries = [entry for entry in self._entries if isinstance(entry, PersonEntry)]
        # The addresses first: the person whose address was found is then found, too. The other way round, of somebody
        # who is made in between by another import, only the address would be.
        self._owners = self._owners_of_emails(entries)
        self._former: dict[str, str] = {}  # {key of a former uid: that of the present one}
        self._people = self._stored_people(entries)

    def outcomes(self) -> list[RowOutcome]:
        return [RowOutcome(row, *self._outcome(entry)) for row, entry in zip(self._rows, self._entries, strict=True)]

    def write(self) -> None:
        """Write what the rows have changed, or keep it in the trial."""
        changed = [state for state in self._people.values() if state.has_changes]
        if self._job.trial is not None:
            self._job.trial.keep({f"uid {person_key(s.person.uid)}": _kept(s) for s in changed})
            self._job.trial.keep({f"email {address}": owner for address, owner in self._owners.items()})
        elif changed:
            _write(self._home, changed, self._job.by)

    def _outcome(self, entry: PersonEntry | list[str] | Skipped) -> tuple[str, list[str]]:
        if isinstance(entry, Skipped):
            return SKIPPED, [str(entry)]
        if isinstance(entry, list):
            return REFUSED, entry
        key = person_key(entry.uid)
        state = self._people.get(self._former.get(key, key))
        ignored: list[str] = []
        try:
            if state is None:
                state, status = self._new(entry), CREATED
            else:
                ignored, status = self._changed(state, entry)
        except ValidationError as error:
            return REFUSED, [f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts]
        except DomainError as error:
            return REFUSED, [str(error)]
        additions = [state.role_added(role) for role in entry.roles]
        for course, role in entry.memberships:
            additions += [state.role_added(role), state.member_added(course.pk, role)]
        if status == UNCHANGED and any(additions):
            status = UPDATED
        if key in self._former:
            entry.warnings.append(f"uid: {entry.uid} is a former uid, the person is known as {state.person.uid} now.")
        return status, [*entry.warnings, *(f"{name}: {IGNORED}" for name in ignored)]

    def _new(self, entry: PersonEntry) -> _State:
        if not self._job.layout.dialect.adds_people:
            raise Invalid(uid="nobody in the institution has it; import the people first.")
        values = cleaned({"uid": entry.uid, **entry.values})
        person = _new_person(self._home, values)
        self._check(person, {*values}, person_key(entry.uid))
        self._own(person.email, None, person_key(entry.uid))
        state = self._people[person_key(entry.uid)] = _State(person)
        return state

    def _changed(self, state: _State, entry: PersonEntry) -> tuple[list[str], str]:
        """Names of the values that were not taken over, and the status."""
        person = state.person
        if person.is_staff:
            raise Forbidden(GLOBAL_ADMINISTRATOR)
        compared = values_compared(person, entry.values)
        before = {name: getattr(person, name) for name in compared.changed}
        owner = person.pk or person_key(person.uid)
        try:
            _set(person, compared.changed)
            if compared.changed:
                self._check(person, {*compared.changed}, owner)
        except ValidationError:
            _set(person, before)
            raise
        if "email" in before:
            self._own(person.email, before["email"], owner)
        state.is_named = True
        state.changed |= compared.changed.keys()
        return compared.ignored, UPDATED if compared.changed else UNCHANGED

    def _check(self, person: User, changed: set[str], owner: int | str) -> None:
        refuse_malformed(person, changed)
        if (
            "email" in changed
            and person.email
            and self._owners.get(email_key(person.email), owner) not in (owner, None)
        ):
            raise ValidationError({"email": TAKEN})

    def _own(self, email: str | None, before: str | None, owner: int | str) -> None:
        """The owner has this e-mail from now on, and not the one before."""
        if before:
            self._owners[email_key(before)] = None
        if email:
            self._owners[email_key(email)] = owner

    def _stored_people(self, entries: list[PersonEntry]) -> dict[str, _State]:
        people = {}
        keys = {person_key(entry.uid) for entry in entries}
        for person, roles in people_with_uids(institution=self._home, uids=keys):
            people[person_key(person.uid)] = _State(person, roles)
        missing = keys - people.keys()
        if missing and (former := people_formerly(institution=self._home, uid_keys=missing)):
            self._former = {key: person_key(person.uid) for key, person in former.items()}
            unread = {*self._former.values()} - people.keys()
            for person, roles in people_with_uids(institution=self._home, uids=unread):
                people[person_key(person.uid)] = _State(person, roles)
        if self._job.trial is not None:
            kept = self._job.trial.kept(f"uid {key}" for key in sorted(keys | {*self._former.values()}))
            for name, values in kept.items():
                key = name.removeprefix("uid ")
                people[key] = _restored(people.get(key), values, self._home)
        self._add_members(people, {course.pk for entry in entries for course, _ in entry.memberships})
        return people

    @staticmethod
    def _add_members(people: Mapping[str, _State], courses: Collection[int]) -> None:
        stored = {state.person.pk: state for state in people.values() if not state.is_new}
        if not (courses and stored):
            return
        for role, membership in _MEMBERSHIPS.items():
            for part in batched(courses):
                rows = membership.links.objects.filter(course__in=part, **{f"{membership.column}__in": stored.keys()})
                for course, key in rows.values_list("course_id", f"{membership.column}_id"):
                    stored[key].members.add((course, role))

    def _owners_of_emails(self, entries: list[PersonEntry]) -> dict[str, int | str | None]:
        """Who has these addresses: the key of a stored person, or the folded uid of a new one."""
        wanted = {email_key(entry.values["email"]) for entry in entries if entry.values.get("email")}
        owners: dict[str, int | str | None] = dict(emails_owned(institution=self._home, emails=wanted))
        if self._job.trial is not None:
            kept = self._job.trial.kept(f"email {address}" for address in wanted)
            owners |= {name.removeprefix("email "): owner for name, owner in kept.items()}
        return owners


def person_key(uid: str) -> str:
    """Two uids with the same key name one person."""
    return identifier_key(uid)


def email_key(email: str) -> str:
    """Two addresses with the same key are one."""
    return identifier_key(email)


@cache
def _new_values() -> dict[str, Any]:
    """What is stored of a new person of whom nothing is known, by column."""
    person = User(password=UNUSABLE_PASSWORD_PREFIX)
    return {field.attname: getattr(person, field.attname) for field in User._meta.concrete_fields}


def _new_person(home: Institution, values: Mapping[str, Any]) -> User:
    """As `User(institution=home, **values)`, which takes three times as long to find the other values."""
    person = User(*(_new_values() | {**values}).values())  # type: ignore[misc] # all columns in their order
    person.institution = home
    return person


def _set(person: User, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(person, name, value)


def _kept(state: _State) -> dict[str, Any]:
    """What a trial remembers of a person."""
    return {
        "uid": state.person.uid,
        "values": {name: getattr(state.person, name) for name in (VALUES if state.is_new else sorted(state.changed))},
        "roles": sorted(state.roles),
        "members": sorted(state.new_members),
    }


def _restored(state: _State | None, kept: Mapping[str, Any], home: Institution) -> _State:
    state = state or _State(_new_person(home, {"uid": kept["uid"]}))
    _set(state.person, kept["values"])
    state.changed |= kept["values"].keys()
    state.roles |= set(kept["roles"])
    state.new_members |= {(course, role) for course, role in kept["members"]}
    state.members |= state.new_members
    return state


def _write(home: Institution, states: list[_State], by: AddedBy) -> None:
    """All locks are taken in one order: people, roles, courses."""
    stored = [state for state in states if not state.is_new]
    with transaction.atomic():
        people_change(
            institution=home,
            changes=[
                PersonChange(state.person, state.stored, state.changed)
                for state in stored
                if state.changed or state.new_roles or state.is_new_to_institution
            ],
        )
        people_insert(institution=home, people=[state.person for state in states if state.is_new])
        new = {state.person.pk for state in states} - {state.person.pk for state in stored}
        for role, add in ((INSTRUCTOR, instructors_add), (LEARNER, learners_add)):
            keys = {state.person.pk for state in states if role in state.new_roles}
            add(institution=home, person_ids=keys & new, are_new=True)
            add(institution=home, person_ids=keys - new)
        links: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for state in states:
            for course, role in state.new_members:
                links[role].append((course, state.person.pk))
        pairs = {_MEMBERSHIPS[role]: members for role, members in links.items()}
        memberships_add(institution=home, pairs=pairs, by=by, new_people=new)
        numbers = {"new": len(new), "changed": len(stored)}
        # Whoever looks at the progress of an import moves it on.
        runner = None if by.id is None else Origin("person", by.id, signed_in="import")
        lines = (_line_of(home.pk, state, state.person.pk in new) for state in states)
        record(Entry("import", "people", institution=home.pk, details=numbers), *lines, by=runner)


def _line_of(home: int, state: _State, is_new: bool) -> Entry:
    """The line that the resource of one person would write, with the roles and courses that came along."""
    person = state.person
    if is_new:
        told = {name: [None, getattr(person, name)] for name in ("uid", *VALUES) if getattr(person, name)}
    else:
        told = {name: [state.stored[name], getattr(person, name)] for name in state.changed}
    if state.is_new_to_institution:
        told["brought_by_vle"] = [person.brought_by_vle, None]
    if state.new_roles:
        told["roles"] = [sorted(state.roles - state.new_roles), sorted(state.roles)]
    for role in _MEMBERSHIPS:
        if courses := sorted(course for course, as_role in state.new_members if as_role == role):
            told[f"{role}_of"] = [None, courses]
    verb = "create" if is_new else "update"
    return Entry(verb, "institution/user", f"{home}/{person.pk}", home, person.pk, told, sealed=True)


_MEMBERSHIPS = {INSTRUCTOR: INSTRUCTORS, LEARNER: LEARNERS}


class _RowReader:
    """Reads the cells of rows. The courses of all rows are found with at most three queries."""

    def __init__(self, job: PeopleImport, rows: list[Row]) -> None:
        self._job, self._layout, self._dialect = job, job.layout, job.layout.dialect
        self._courses = _Courses(job.institution, self._dialect.course_ids)
        self._courses.read({name for row in rows if not row.problem for name in self._named_courses(row)})

    def entry(self, row: Row) -> PersonEntry | list[str] | Skipped:
        """The row's values, or what is wrong with it."""
        if row.problem:
            return [row.problem]
        try:
            return self._entry(row)
        except Skipped as reason:
            return reason

    def _entry(self, row: Row) -> PersonEntry | list[str]:
        for place, (column, values) in self._layout.gone.items():
            if folded(row.cells[place] or "") in values:
                said = (row.cells[place] or "").strip()
                raise Skipped(f"the row says {column} {said}; imports take nothing away.")
        errors: list[str] = []
        warnings: list[str] = []
        uid = self._uid(row, errors, warnings)
        roles = self._roles(self._cell(row, "role"), errors)
        memberships = self._memberships(row, roles, errors, warnings)
        values = self._values(row, errors, warnings)
        return errors or PersonEntry(uid, values, roles, tuple(memberships), warnings)

    def _cell(self, row: Row, field: str) -> str:
        place = self._layout.fields.get(field)
        return "" if place is None else as_identifier(row.cells[place] or "")

    def _uid(self, row: Row, errors: list[str], warnings: list[str]) -> str:
        uid = self._cell(row, "uid")
        if not uid:
            column, *instead = self._layout.uid_columns
            others = "".join(f" --column uid={name} takes {name}." for name in instead)
            errors.append(f"uid: missing, {column} is empty here.{others}" if others else "uid: missing.")
        elif _SHORTENED.fullmatch(uid):
            errors.append(f"uid: {uid} is a number that a spreadsheet has shortened: make the column text there.")
        elif _SPREADSHEET_ERROR.fullmatch(uid) or _NO_TEXT.fullmatch(uid):
            errors.append(f"uid: {uid} is what a spreadsheet has made of the value: make the column text there.")
        elif match := _WITH_DECIMALS.fullmatch(uid):
            warnings.append(f"uid: {uid} looks like the number {match[1]} with decimals that a program has added.")
        return uid

    def _values(self, row: Row, errors: list[str], warnings: list[str]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name in VALUES:
            place = self._layout.fields.get(name)
            if place is None or (cell := row.cells[place]) is None:
                continue
            text = cell.strip() if name == "email" else line_of(cell.strip())
            if text or self._job.clears:
                values[name] = text or None
        if "full_name" in self._layout.fields and (full := self._cell(row, "full_name")):
            first, _, last = line_of(full).rpartition(" ")
            values |= {"first_name": first.strip(), "last_name": last}
        if values.get("locale") and language_in(values["locale"]) is None:
            del values["locale"]
            warnings.append(f"locale: {LOCALE_IGNORED}")
        return values

    def _roles(self, cell: str, errors: list[str]) -> tuple[str, ...]:
        role = cell.lower()
        if role in self._dialect.roles:
            return self._dialect.roles[role]
        if self._dialect.skips_roles:
            raise Skipped(f"the role {cell} is none of this service.")
        errors.append(f"role: one of {_ROLES}, or nothing.")
        return ()

    def _named_courses(self, row: Row) -> Iterator[tuple[str, str]]:
        if course := self._cell(row, "course"):
            yield self._vle(row), course
        for enrolment in self._layout.enrolments:
            if course := as_identifier(row.cells[enrolment.course] or ""):
                yield self._job.vle, course

    def _vle(self, row: Row) -> str:
        return self._cell(row, "vle") or self._job.vle

    def _memberships(
        self, row: Row, roles: tuple[str, ...], errors: list[str], warnings: list[str]
    ) -> list[tuple[Course, str]]:
        found: list[tuple[Course, str]] = []
        vle, name = self._cell(row, "vle"), self._cell(row, "course")
        if not name and not self._dialect.adds_people:
            errors.append("course: missing, the row names none.")
        if name or vle:
            course = self._courses.find(vle or self._job.vle, name, errors)
            if course and not (roles or self._cell(row, "role")):
                errors.append("role: missing, it says as what the person is in the course.")
            found += [(course, role) for role in roles if course]
        for enrolment in self._layout.enrolments:
            cells = [None if place is None else as_identifier(row.cells[place] or "") for place in enrolment]
            if not cells[0] or cells[3] == "1":
                continue
            own_role = (cells[1] or cells[2] or "student").lower()
            if own_role not in self._dialect.roles:
                warnings.append(f"{cells[0]}: the role {own_role} is none of this service, so not a member of it.")
                continue
            course = self._courses.find(self._job.vle, cells[0], errors)
            found += [(course, role) for role in self._dialect.roles[own_role] if course]
        return found


class _Courses:
    """Courses of the institution by the name of their VLE and their id there."""

    def __init__(self, institution: Institution, ids: tuple[str, ...]) -> None:
        self._home, self._ids = institution, ids
        self._vles: set[str] = set()
        self._found: dict[tuple[str, str], Course] = {}

    def read(self, names: Collection[tuple[str, str]]) -> None:
        """Look for all these (VLE, course) at once, with one query for each way to name a course."""
        if not names:
            return
        rows = VLE.objects.filter(institution=self._home).values_list("pk", "name")
        vles = {key: name for part in batched({vle for vle, _ in names}) for key, name in rows.filter(name__in=part)}
        self._vles = {*vles.values()}
        for column in self._ids:
            wanted = {course for vle, course in names if (vle, course) not in self._found}
            found: dict[tuple[str, str], list[Course]] = defaultdict(list)
            courses = Course.objects.filter(institution=self._home, vle__in=vles)
            for part in batched(wanted):
                for course in courses.filter(**{f"{column}__in": part}):
                    found[vles[course.vle_id], getattr(course, column)].append(course)
            for name, same in found.items():
                if name in names and len(same) == 1:  # a code may be that of several courses: that names none
                    self._found.setdefault(name, same[0])

    def find(self, vle: str, course: str, errors: list[str]) -> Course | None:
        match = self._found.get((vle, course))
        if match is None:
            if not course:
                errors.append("course: missing, the row names a VLE.")
            elif not vle:
                errors.append("vle: missing, the row names a course.")
            elif vle not in self._vles:
                errors.append("vle: the institution has no VLE of this name.")
            else:
                errors.append("course: the VLE has no course with this id.")
        return match
