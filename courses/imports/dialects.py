"""The kinds of tables that other programs write, recognised by their columns, and which column says what."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from courses.imports.tables import TableError, folded

VALUES = "first_name", "last_name", "email", "locale"
FIELDS = COLUMNS = ("uid", *VALUES, "role", "vle", "course")
EXAMPLE = (  # of a table with these columns
    ("1001", "Ann", "Lee", "ann.lee@example.org", "en", "learner", "Moodle", "history-1"),
    ("1002", "Bob", "Roe", "bob.roe@example.org", "ca", "instructor", "Moodle", "history-1"),
    ("1003", "", "", "", "", "learner", "", ""),
)
LEARNER, INSTRUCTOR = "learner", "instructor"
BOTH = (INSTRUCTOR, LEARNER)
ROLES = {"": (), LEARNER: (LEARNER,), INSTRUCTOR: (INSTRUCTOR,), "both": BOTH}
_SYNONYMS = {"student": (LEARNER,), "teacher": (INSTRUCTOR,), "editingteacher": (INSTRUCTOR,)}


@dataclass(frozen=True)
class Dialect:
    """A kind of table. All names of columns are folded: see `folded`.

    `columns` are the names under which each field is looked for, the best one first; `marks` the columns by which the
    table is recognised. Rows with one of the values of `gone` are skipped, and so are roles that `roles` lacks, if
    `skips_roles`. `course_ids` are the columns of a course that are compared, in their order.
    """

    name: str
    marks: Collection[str]
    columns: Mapping[str, tuple[str, ...]]
    roles: Mapping[str, tuple[str, ...]]
    skips_roles: bool = False
    gone: Mapping[str, Collection[str]] = field(default_factory=dict)
    course_ids: tuple[str, ...] = ("vle_course_id", "code")
    adds_people: bool = True
    names_vle: bool = False  # the table has a column for the VLE
    others: str = ""  # a regular expression of further columns of this kind of table, which are passed over


_SCHOOL_ROLES = ROLES | {"student": (LEARNER,), "teacher": (INSTRUCTOR,)}
OWN = Dialect(
    "own columns",
    marks=("uid",),
    columns={name: (name.replace("_", ""),) for name in FIELDS},
    roles=ROLES | _SYNONYMS,
    course_ids=("vle_course_id",),
    names_vle=True,
)
_ONEROSTER = "sourcedid|status|datelastmodified|metadata.*"
ONEROSTER_ENROLMENTS = Dialect(
    "OneRoster enrollments",
    marks=("classsourcedid", "usersourcedid", "role"),
    columns={"uid": ("usersourcedid",), "role": ("role",), "course": ("classsourcedid",)},
    roles=_SCHOOL_ROLES,
    skips_roles=True,
    gone={"status": ("tobedeleted", "inactive")},
    adds_people=False,
    others=_ONEROSTER + "|schoolsourcedid|primary|begindate|enddate",
)
ONEROSTER_USERS = Dialect(
    "OneRoster users",
    marks=("sourcedid", "username", "givenname", "familyname"),
    columns={
        "uid": ("sourcedid",),
        "first_name": ("givenname",),
        "last_name": ("familyname",),
        "email": ("email",),
        "role": ("role",),
    },
    roles=_SCHOOL_ROLES,
    skips_roles=True,
    gone={"status": ("tobedeleted", "inactive"), "enableduser": ("false",)},
    others=_ONEROSTER + "|orgsourcedids|username|userids|middlename|identifier|sms|phone|agentsourcedids"
    "|grades|password|usermasteridentifier|resourcesourcedids|preferred(given|middle|family)name"
    "|primaryorgsourcedid|pronouns",
)
CANVAS_ENROLMENTS = Dialect(
    "Canvas enrollments",
    marks=("courseid", "userid", "role", "status"),
    columns={"uid": ("userid",), "role": ("role",), "course": ("courseid",)},
    roles=_SCHOOL_ROLES | {"ta": (INSTRUCTOR,)},
    skips_roles=True,
    gone={"status": ("deleted", "deletedlastcompleted", "completed", "inactive")},
    adds_people=False,
    others="rootaccount|(start|end)date|userintegrationid|roleid|sectionid|sectionintegrationid|associateduserid"
    "|limitsectionprivileges|notify|temporaryenrollment.*",
)
CANVAS_USERS = Dialect(
    "Canvas users",
    marks=("userid", "loginid", "status"),
    columns={
        "uid": ("userid",),
        "first_name": ("firstname",),
        "last_name": ("lastname",),
        "full_name": ("fullname",),
        "email": ("email",),
    },
    roles=ROLES,
    gone={"status": ("deleted", "suspended")},
    others="integrationid|loginid|password|ssha_?password|authenticationproviderid|fullname|sortablename|shortname"
    "|pronouns|declaredusertype|homeroom|canvaspasswordnotification|homeaccount",
)
MOODLE = Dialect(
    "Moodle user upload",
    marks=("username",),
    columns={
        "uid": ("idnumber", "username"),
        "first_name": ("firstname",),
        "last_name": ("lastname",),
        "email": ("email",),
        "locale": ("lang",),
    },
    roles=_SCHOOL_ROLES | {"editingteacher": (INSTRUCTOR,), "1": (LEARNER,), "2": (INSTRUCTOR,), "3": (INSTRUCTOR,)},
    gone={"deleted": ("1",), "suspended": ("1",)},
    course_ids=("code", "vle_course_id"),  # Moodle's files have the short name
    others="username|password|auth|institution|department|city|country|timezone|mail(format|display|digest)|autosubscribe"
    "|trackforums|htmleditor|interests|phone[12]|address|url|icq|skype|aim|yahoo|msn|description(format)?|theme"
    "|oldusername|emailstop|alternatename|middlename|(first|last)namephonetic|calendartype|mnethostid|profilefield.*"
    "|(cohort|course|role|group|type|enrolstatus|enrolperiod|enroltimestart|sysrole|category|categoryrole)[0-9]+",
)
# The first whose marks are all there. Moodle's only mark is the weakest.
DIALECTS = (OWN, ONEROSTER_ENROLMENTS, ONEROSTER_USERS, CANVAS_ENROLMENTS, CANVAS_USERS, MOODLE)
_MOODLE_COURSE = re.compile(r"course([1-9][0-9]{0,2})")


class UnknownColumnsError(TableError):
    """The table has columns of which nobody has said what becomes of them."""

    def __init__(self, table: "Named", unknown: Iterable[str]) -> None:
        self.said = (
            f"{table.name} has columns that are not taken: {', '.join(map(repr, unknown))}. It has: {_all_of(table)}. "
            f"Wanted are {', '.join(FIELDS)}; no file gives administrative rights or passwords."
        )
        super().__init__(
            f"{self.said} --column FIELD=COLUMN takes a column for one of these, --ignore COLUMN passes one over."
        )


class Named(Protocol):
    """A table with its name and the names of its columns."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    @property
    def name(self) -> str: ...


class Columns(NamedTuple):
    columns: tuple[str, ...]
    name: str


class Enrolment(NamedTuple):
    """Places of the cells of one course of a row: its id, the role, Moodle's kind of role and Moodle's status."""

    course: int
    role: int | None = None
    kind: int | None = None
    status: int | None = None


class Layout(NamedTuple):
    """Which cell of a row says what."""

    dialect: Dialect
    fields: Mapping[str, int]
    enrolments: tuple[Enrolment, ...]
    gone: Mapping[int, tuple[str, Collection[str]]]  # the column's name and its values
    passed_over: tuple[str, ...]
    unknown: tuple[int, ...]  # places of those passed over that no table of this kind has
    uid_columns: tuple[str, ...] = ()  # the column with the uid, and others of the table that could be it

    def has_courses(self) -> bool:
        return "course" in self.fields or bool(self.enrolments)


def layout_of(table: Named, *, columns: Mapping[str, str] | None = None, ignored: Iterable[str] | None = ()) -> Layout:
    """What the table's columns say.

    `columns` names the column of a field ("" for none), before all recognition. `ignored` names columns that are passed
    over; None is all that are not known. Raises TableError for a table that is not understood, UnknownColumnsError if
    there are others.
    """
    names = [folded(name) for name in table.columns]
    chosen = {field: _place(table, name) if name else None for field, name in (columns or {}).items()}
    passed = {_place(table, name) for name in ignored or ()}
    dialect = next((each for each in DIALECTS if all(mark in names for mark in each.marks)), None)
    if dialect is None and chosen.get("uid") is None:
        raise _not_understood(table)
    dialect = dialect or OWN
    fields = {field: places[0] for field, wanted in dialect.columns.items() if (places := _found(names, wanted, table))}
    fields |= {field: place for field, place in chosen.items() if place is not None}
    for name in [
        name for name, place in fields.items() if (name in chosen and chosen[name] is None) or place in passed
    ]:
        del fields[name]
    if "uid" not in fields:
        raise _not_understood(table)
    if {"first_name", "last_name"} & fields.keys():
        fields.pop("full_name", None)
    enrolments = tuple(_enrolments(names)) if dialect is MOODLE and "course" not in fields else ()
    gone = {
        (place := names.index(name)): (table.columns[place], values)
        for name, values in dialect.gone.items()
        if name in names
    }
    used = {*fields.values(), *gone, *(place for row in enrolments for place in row if place is not None)}
    others = [place for place, name in enumerate(table.columns) if place not in used and name]
    known = re.compile(dialect.others)
    unknown = tuple(place for place in others if not (place in passed or known.fullmatch(names[place])))
    if unknown and ignored is not None:
        raise UnknownColumnsError(table, [table.columns[place] for place in unknown])
    passed_over = tuple(table.columns[place] for place in others)
    instead = [names.index(name) for name in dialect.columns["uid"] if name in names]
    uid_columns = tuple(table.columns[place] for place in dict.fromkeys([fields["uid"], *instead]))
    return Layout(dialect, fields, enrolments, gone, passed_over, unknown, uid_columns)


def _not_understood(table: Named) -> TableError:
    return TableError(
        f"{table.name} lacks the column uid. It has: {_all_of(table)}. Wanted are {', '.join(FIELDS)}, or the columns "
        "of a user upload of Moodle, or of users or enrollments of OneRoster or Canvas. --column uid=NAME takes the "
        "column NAME."
    )


def _all_of(table: Named) -> str:
    return ", ".join(name for name in table.columns if name) or "none"


def _found(names: list[str], wanted: Iterable[str], table: Named) -> list[int]:
    """The places of the first of these names that is there."""
    for name in wanted:
        places = [place for place, each in enumerate(names) if each == name]
        if len(places) > 1:
            twice = ", ".join(table.columns[place] for place in places)
            raise TableError(f"{table.name} has the column {name} more than once: {twice}.")
        if places:
            return places
    return []


def _place(table: Named, name: str) -> int:
    """The column that was named: exactly so, else in another spelling."""
    if name in table.columns:
        return table.columns.index(name)
    places = [place for place, each in enumerate(table.columns) if folded(each) == folded(name)]
    if len(places) != 1:
        raise TableError(f"{table.name} has no column {name!r}. It has: {_all_of(table)}.")
    return places[0]


def _enrolments(names: list[str]) -> Iterable[Enrolment]:
    places = {name: place for place, name in enumerate(names)}
    for name, place in places.items():
        if match := _MOODLE_COURSE.fullmatch(name):
            number = match[1]
            extra = (places.get(f"{word}{number}") for word in ("role", "type", "enrolstatus"))
            yield Enrolment(place, *extra)
