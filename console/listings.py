"""The lists of the console: which columns and filters of each resource of the API they show."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.html import format_html_join

from console.api_client import Reader
from console.tables import Column, Filter, Listing, Row
from console.templatetags.console import (
    consent,
    day,
    evidence,
    flags,
    instant,
    level,
    level_counts,
    person,
    plain,
    request_status,
    send_options,
    shown,
    verdict,
    yes,
)
from console.words import KIND_WORDS, LEVEL_WORDS

HOME = "institution/{institution}/"
ROLES = (
    ("ADMIN", "Institution administrators"),
    ("LEGAL", "Legal administrators"),
    ("DATA", "Data administrators"),
    ("SEND", "SEND administrators"),
    ("INSTRUCTOR", "Instructors"),
    ("LEARNER", "Learners"),
)


def of(key: str, show: Callable[[Any], Any] = shown) -> Callable[[Row], Any]:
    return lambda row: show(row[key])


def names(read: Reader, path: str) -> dict[int, str]:
    """Of what a list holds, by id."""
    return {row["id"]: row["name"] for row in read.rows(path, {"limit": 1000}) or []}


def instrument_names(read: Reader, ids: Mapping[str, int]) -> dict[int, str]:
    return names(read, f"{HOME}instrument/".format(**ids))


def named(known: Mapping[int, str], instrument: int) -> str:
    return known.get(instrument, f"Instrument {instrument}")


INSTITUTIONS = Listing(
    "institutions",
    "Institutions",
    "institution/",
    (
        Column("Name", of("name"), "name"),
        Column("Acronym", of("acronym"), "acronym"),
        Column("Since", of("created_at", day), "created_at"),
    ),
    (Filter("acronym", "Acronym, exactly"), Filter("name", "Name, exactly")),
    lead="Choose an institution.",
    leads_to="overview",
    row_ids=("institution",),
)
COURSES = Listing(
    "courses",
    "Courses",
    HOME + "course/",
    (
        Column("Code", of("code"), "code"),
        Column("Description", of("description", plain), "description"),
        Column("Start", of("start", day), "start"),
        Column("End", of("end", day), "end"),
        Column("VLE", lambda row: row["vle"]["name"], "vle"),
        Column("Enabled activities", of("enabled", yes)),
    ),
    (
        Filter("id", "Number"),
        Filter("code", "Code"),
        Filter("start", "Starts on (UTC)", "date"),
        Filter("end", "Ends on (UTC)", "date"),
    ),
    leads_to="course",
    row_ids=("institution", "course"),
)


def with_parents(read: Reader, ids: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
    known = names(read, f"{HOME}group/".format(**ids))
    for row in rows:
        row["part_of"] = row["parent"] and known.get(row["parent"], f"Group {row['parent']}")


GROUPS = Listing(
    "groups",
    "Groups",
    HOME + "group/",
    (
        Column("Name", of("name"), "name"),
        Column("Description", of("description"), "description"),
        Column("Part of", of("part_of"), "parent"),
        Column("Since", of("created_at", day), "created_at"),
    ),
    (
        Filter("name", "Name"),
        Filter("description", "Description"),
        Filter("parent", "Which", choices=(("-1", "those that are part of no other"),)),
    ),
    leads_to="group",
    row_ids=("institution", "group"),
    adds=with_parents,
)
GROUP_COURSES = Listing(
    "courses",
    "Courses of the group",
    HOME + "group/{group}/course/",
    (
        Column("Code", of("code"), "code"),
        Column("Description", of("description", plain), "description"),
        Column("Start", of("start", day), "start"),
        Column("End", of("end", day), "end"),
        Column("Number in the VLE", of("vle_course_id"), "vle_course_id"),
    ),
    (Filter("code", "Code, exactly"), Filter("vle_course_id", "Number in the VLE, exactly")),
    leads_to="course",
    row_ids=("institution", "course"),
)
LEARNERS = Listing(
    "learners",
    "Learners",
    HOME + "learner/",
    (
        Column("Name", person, "last_name"),
        Column("Institution's id", of("uid"), "uid"),
        Column("E-mail", of("email"), "email"),
        Column("Informed consent", of("ic_status", consent)),
        Column("Accepted", of("consent_accepted", day), "consent_accepted"),
        Column("Joined", of("joined_at", day), "joined_at"),
    ),
    (
        Filter("id", "Number"),
        Filter("uid", "Institution's id, exactly"),
        Filter("username", "Username, exactly"),
        Filter("email", "E-mail, exactly"),
        Filter("first_name", "First name, exactly"),
        Filter("last_name", "Last name, exactly"),
    ),
    leads_to="learner",
    row_ids=("institution", "learner"),
)


def with_taken_away(read: Reader, ids: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
    known = instrument_names(read, ids)
    for row in rows:
        row["taken_away"] = ", ".join(named(known, key) for key in row["data"]["disabled_instruments"])


SEND = Listing(
    "send",
    "Special needs",
    HOME + "send/",
    (
        Column("Category", of("description"), "description"),
        Column("Switches on", lambda row: send_options(row["data"]["enabled_options"])),
        Column("Takes away", of("taken_away")),
        Column("Since", of("created_at", day), "created_at"),
    ),
    (Filter("description", "Category, exactly"), Filter("id", "Number")),
    lead="Categories of special educational needs and disabilities (SEND): what they switch on for a learner, and "
    "which instruments they take away.",
    adds=with_taken_away,
)
PEOPLE = Listing(
    "people",
    "People",
    HOME + "user/",
    (
        Column("Name", person, "last_name"),
        Column("Username", of("username"), "username"),
        Column("Institution's id", of("uid"), "uid"),
        Column("E-mail", of("email"), "email"),
        Column("Administrative rights", flags),
        Column("May sign in", of("login_allowed", yes), "login_allowed"),
        Column("Last sign-in", of("last_login", instant), "last_login"),
    ),
    (
        Filter("roles", "Role", choices=ROLES),
        Filter("id", "Number"),
        Filter("username", "Username"),
        Filter("uid", "Institution's id"),
        Filter("email", "E-mail"),
        Filter("first_name", "First name"),
        Filter("last_name", "Last name"),
    ),
)
INSTRUCTORS = Listing(
    "instructors",
    "Instructors",
    HOME + "instructor/",
    (
        Column("Name", person, "last_name"),
        Column("Institution's id", of("uid"), "uid"),
        Column("E-mail", of("email"), "email"),
        Column("Administrative rights", flags),
        Column("Last sign-in", of("last_login", instant), "last_login"),
    ),
)
CONSENTS = Listing(
    "consents",
    "Consents",
    HOME + "ic/",
    (
        Column("Version", of("version"), "version"),
        Column("Valid from", of("valid_from", instant), "valid_from"),
        Column("Published", of("created_at", instant), "created_at"),
    ),
    (Filter("version", "Version"), Filter("valid_from", "Valid from (day, UTC)", "date"), Filter("id", "Number")),
    lead="The highest version whose date has come is the one that learners are asked for.",
)
VLES = Listing(
    "vles",
    "VLEs",
    HOME + "vle/",
    (
        Column("Name", of("name"), "name"),
        Column("Address", of("url"), "url"),
        Column("LTI client", of("client_id"), "client_id"),
    ),
    lead="Learning platforms that are connected to this service.",
)


def counts_for(row: Row) -> str:
    words = {"identity": "identity", "originality": "originality", "authorship": "authorship", "integrity": "integrity"}
    return ", ".join(word for key, word in words.items() if row[key]) or shown(None)


INSTRUMENTS = Listing(
    "instruments",
    "Instruments",
    HOME + "instrument/",
    (
        Column("Name", of("name"), "name"),
        Column("Acronym", of("acronym"), "acronym"),
        Column("Counts for", counts_for),
        Column("Needs enrolment", of("requires_enrolment", yes), "requires_enrolment"),
        Column("Description", of("description"), "description"),
    ),
    lead="What can check identity and authorship, the same for all institutions.",
)
COURSE = HOME + "course/{course}/"
ACTIVITY = COURSE + "activity/{activity}/"
ACTIVITIES = Listing(
    "activities",
    "Activities",
    COURSE + "activity/",
    (
        Column("Name", lambda row: row["name"] or row["vle_activity_id"], "name"),
        Column("Type", of("vle_activity_type"), "vle_activity_type"),
        Column("Start", of("start", day), "start"),
        Column("End", of("end", day), "end"),
        Column("Verification on", of("enabled", yes), "enabled"),
    ),
    (
        Filter("name", "Name"),
        Filter("vle_activity_type", "Type"),
        Filter("start", "Starts on (UTC)", "date"),
        Filter("end", "Ends on (UTC)", "date"),
    ),
    leads_to="activity",
    row_ids=("institution", "course", "activity"),
)
REPORTS = Column("Reports", of("levels", level_counts))
MEMBER = (
    Filter("uid", "Institution's id, exactly"),
    Filter("email", "E-mail, exactly"),
    Filter("first_name", "First name, exactly"),
    Filter("last_name", "Last name, exactly"),
)
COURSE_INSTRUCTORS = Listing(
    "instructors",
    "Instructors of the course",
    COURSE + "instructor/",
    (
        Column("Name", person, "last_name"),
        Column("Institution's id", of("uid"), "uid"),
        Column("E-mail", of("email"), "email"),
    ),
    MEMBER,
)
COURSE_LEARNERS = Listing(
    "learners",
    "Learners of the course",
    COURSE + "learner/",
    (
        Column("Name", person, "last_name"),
        Column("Institution's id", of("uid"), "uid"),
        Column("E-mail", of("email"), "email"),
        Column("Informed consent", of("ic_status", consent)),
        Column("Accepted", of("consent_accepted", day), "consent_accepted"),
        Column("Joined", of("joined_at", day), "joined_at"),
    ),
    MEMBER,
    leads_to="learner",
    row_ids=("institution", "learner"),
)
LEVELS = tuple((str(number), word) for number, word in LEVEL_WORDS.items())


def results(row: Row) -> str:
    """Of the instruments that have processed something."""
    parts = [part for part in row["detail"] if part["confidence"] or part["result"]]
    return ", ".join(f"{part['instrument']} {round(part['result'])} %" for part in parts) or shown(None)


ACTIVITY_REPORTS = Listing(
    "reports",
    "Reports",
    ACTIVITY + "report/",
    (
        Column("Learner", lambda row: person(row["learner"]), "learner"),
        Column("Institution's id", lambda row: row["learner"]["uid"]),
        *(Column(word, of(f"{kind}_level", level), f"{kind}_level") for kind, word in KIND_WORDS.items()),
        Column("Mean results", results),
    ),
    (
        Filter("level", "Some level is", choices=LEVELS),
        Filter("level__gte", "Some level is at least", choices=LEVELS),
        *(Filter(f"{kind}_level__gte", f"{word} is at least", choices=LEVELS) for kind, word in KIND_WORDS.items()),
        Filter("learner__first_name", "First name, exactly"),
        Filter("learner__last_name", "Last name, exactly"),
        Filter("learner__email", "E-mail, exactly"),
    ),
    leads_to="report",
    row_ids=("institution", "course", "activity", "report"),
)


def verdicts(row: Row) -> Any:
    return format_html_join(
        "; ",
        "{}: {}",
        ((part["instrument_name"], verdict(part["status"], part["result"], part["code"])) for part in row["result"]),
    ) or shown(None)


def with_names(read: Reader, ids: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
    known = instrument_names(read, ids)
    for row in rows:
        for part in row["result"]:
            part["instrument_name"] = named(known, part["instrument"])


REQUESTS = Listing(
    "requests",
    "Requests of the report",
    ACTIVITY + "report/{report}/request/",
    (
        Column("Asked", of("created_at", instant), "created_at"),
        Column("Status", of("status", request_status), "status"),
        Column("Session", lambda row: "document" if row["session"] is None else str(row["session"]), "session"),
        Column("What instruments say", verdicts),
        Column("Message", lambda row: row["error_message"] or row["message_code"] or shown(None), "message_code"),
        Column("Captured", of("data", evidence)),
    ),
    lead="What was captured opens by links that are good for a few minutes; whoever opens one is recorded.",
    adds=with_names,
)
LISTINGS = (COURSES, GROUPS, LEARNERS, SEND, PEOPLE, INSTRUCTORS, CONSENTS, VLES, INSTRUMENTS)
