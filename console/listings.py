"""Declarations of the console's lists: which columns and filters of each API resource are shown."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join

from console.tables import Column, Filter, Listing, Row, Work
from console.templatetags.console import (
    consent,
    contest_word,
    course,
    day,
    flags,
    instant,
    labelled,
    level_counts,
    level_from,
    person,
    plain,
    provided,
    request_status,
    send_options,
    shown,
    standing,
    verdict,
    yes,
)
from console.words import CONSENT_WORDS, KIND_WORDS, LEVEL_WORDS
from institutions.services.consents import asked_at, consent_standings
from kernel.http.client import ApiClient
from reports.queries import details_demonstrated, results_demonstrated
from rights.models import Correction, Erasure, State

HOME = "institution/{institution}/"
ROLES = (
    ("ADMIN", "Institution administrators"),
    ("LEGAL", "Legal administrators"),
    ("DATA", "Data administrators"),
    ("SEND", "SEND administrators"),
    ("INSTRUCTOR", "Instructors"),
    ("LEARNER", "Learners"),
)


def cell(key: str, show: Callable[[Any], Any] = shown) -> Callable[[Row], Any]:
    """For a column that shows one value of the API's row."""
    return lambda row: show(row[key])


def names_by_id(api: ApiClient, path: str) -> dict[int, str]:
    """The names of the rows of a list."""
    return {row["id"]: row["name"] for row in api.rows(path, {"limit": 1000}) or []}


def instrument_names(api: ApiClient, ids: Mapping[str, int]) -> dict[int, str]:
    return names_by_id(api, f"{HOME}instrument/".format(**ids))


def instrument_name(names: Mapping[int, str], instrument: int) -> str:
    return names.get(instrument, f"Instrument {instrument}")


INSTITUTIONS = Listing(
    "institutions",
    "Institutions",
    "institution/",
    (
        Column("Name", cell("name"), "name"),
        Column("Acronym", cell("acronym"), "acronym"),
        Column("Since", cell("created_at", day), "created_at"),
    ),
    (Filter("acronym", "Acronym, exactly"), Filter("name", "Name, exactly")),
    lead="Choose an institution.",
    detail_url_name="overview",
    detail_url_ids=("institution",),
)
COURSES = Listing(
    "courses",
    "Courses",
    HOME + "course/",
    (
        Column("Course", course, "code"),
        Column("Description", cell("description", plain), "description"),
        Column("Start", cell("start", day), "start"),
        Column("End", cell("end", day), "end"),
        Column("VLE", lambda row: row["vle"]["name"], "vle"),
        Column("Enabled activities", cell("enabled", yes)),
    ),
    (
        Filter("state", "Which", choices=(("running", "running"), ("to_come", "to come"), ("over", "over"))),
        Filter("id", "Number", only_linked=True),
        Filter("code", "Code"),
        Filter("start", "Starts on", "date"),
        Filter("end", "Ends on", "date"),
    ),
    detail_url_name="course",
    detail_url_ids=("institution", "course"),
    for_instructors=True,
)


def add_parent_names(api: ApiClient, ids: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
    names = names_by_id(api, f"{HOME}group/".format(**ids))
    for row in rows:
        row["parent_name"] = row["parent"] and names.get(row["parent"], f"Group {row['parent']}")


GROUPS = Listing(
    "groups",
    "Groups",
    HOME + "group/",
    (
        Column("Name", cell("name"), "name"),
        Column("Description", cell("description"), "description"),
        Column("Part of", cell("parent_name"), "parent"),
        Column("Since", cell("created_at", day), "created_at"),
    ),
    (
        Filter("name", "Name"),
        Filter("description", "Description"),
        Filter("parent", "Which", choices=(("-1", "those that are part of no other"),)),
    ),
    work=(Work("Add a group", "group-new", HOME + "group/", "create"),),
    detail_url_name="group",
    detail_url_ids=("institution", "group"),
    add_values=add_parent_names,
)


def add_vle_names(api: ApiClient, ids: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
    names = names_by_id(api, f"{HOME}vle/".format(**ids))
    for row in rows:
        row["vle_name"] = names.get(row["vle_id"])


GROUP_COURSES = Listing(
    "courses",
    "Courses of the group",
    HOME + "group/{group}/course/",
    (
        Column("Course", course, "code"),
        Column("Description", cell("description", plain), "description"),
        Column("Start", cell("start", day), "start"),
        Column("End", cell("end", day), "end"),
        Column("VLE", cell("vle_name")),
        Column("Number in the VLE", cell("vle_course_id"), "vle_course_id"),
    ),
    (Filter("code", "Code, exactly"), Filter("vle_course_id", "Number in the VLE, exactly")),
    detail_url_name="course",
    detail_url_ids=("institution", "course"),
    add_values=add_vle_names,
)
CONSENT = (
    Filter("ic_status", "Informed consent", choices=tuple(CONSENT_WORDS.items())),
    Filter("ic_valid", "Data may be captured", choices=(("true", "yes"), ("false", "no"))),
)
SPECIAL_NEED = Filter("send", "Special need")  # for who reads these of all learners
ANY_SPECIAL_NEED = Filter("is_send", "Any special need", choices=(("true", "yes"), ("false", "no")))
LEARNERS = Listing(
    "learners",
    "Learners",
    HOME + "learner/",
    (
        Column("Name", person, "last_name"),
        Column("Institution's id", cell("uid"), "uid"),
        Column("E-mail", cell("email"), "email"),
        Column("Informed consent", cell("ic_status", consent)),
        Column("Accepted", cell("consent_accepted", day), "consent_accepted"),
        Column("Joined", cell("joined_at", day), "joined_at"),
    ),
    (
        Filter("id", "Number", only_linked=True),
        Filter("uid", "Institution's id, exactly"),
        Filter("username", "Username, exactly"),
        Filter("email", "E-mail, exactly"),
        Filter("first_name", "First name, exactly"),
        Filter("last_name", "Last name, exactly"),
        *CONSENT,
    ),
    detail_url_name="learner",
    detail_url_ids=("institution", "learner"),
    for_instructors=True,
)


def add_disabled_instruments(api: ApiClient, ids: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
    names = instrument_names(api, ids)
    for row in rows:
        row["disabled_instrument_names"] = ", ".join(
            instrument_name(names, key) for key in row["data"]["disabled_instruments"]
        )


SEND = Listing(
    "send",
    "Special needs",
    HOME + "send/",
    (
        Column("Category", cell("description"), "description"),
        Column("Switches on", lambda row: send_options(row["data"]["enabled_options"])),
        Column("Provides", provided),
        Column("Takes away", cell("disabled_instrument_names")),
        Column("Since", cell("created_at", day), "created_at"),
    ),
    (Filter("description", "Category, exactly"), Filter("id", "Number", only_linked=True)),
    lead="Categories of special educational needs and disabilities (SEND): what they switch on for a learner, and "
    "which instruments they take away.",
    work=(Work("Add a category", "need-new", HOME + "send/", "create"),),
    detail_url_name="need",
    detail_url_ids=("institution", "need"),
    add_values=add_disabled_instruments,
)
PEOPLE = Listing(
    "people",
    "People",
    HOME + "user/",
    (
        Column("Name", person, "last_name"),
        Column("Username", cell("username"), "username"),
        Column("Institution's id", cell("uid"), "uid"),
        Column("E-mail", cell("email"), "email"),
        Column("Administrative rights", flags),
        Column("May sign in", cell("login_allowed", yes), "login_allowed"),
        Column("Last sign-in", cell("last_login", instant), "last_login"),
    ),
    (
        Filter("roles", "Role", choices=ROLES),
        Filter("id", "Number", only_linked=True),
        Filter("username", "Username"),
        Filter("uid", "Institution's id"),
        Filter("email", "E-mail"),
        Filter("first_name", "First name"),
        Filter("last_name", "Last name"),
    ),
    work=(Work("Add a person", "person-new", HOME + "user/", "create"),),
    detail_url_name="person",
    detail_url_ids=("institution", "person"),
)
INSTRUCTORS = Listing(
    "instructors",
    "Instructors",
    HOME + "instructor/",
    (
        Column("Name", person, "last_name"),
        Column("Institution's id", cell("uid"), "uid"),
        Column("E-mail", cell("email"), "email"),
        Column("Administrative rights", flags),
        Column("Last sign-in", cell("last_login", instant), "last_login"),
    ),
    detail_url_name="person",
    detail_url_ids=("institution", "person"),
)


def add_standings(api: ApiClient, ids: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
    standings = consent_standings(ids["institution"])
    asked, by_id = asked_at(standings, timezone.now()), {each.id: each for each in standings}
    for row in rows:
        row["standing"] = standing(by_id.get(row["id"]), asked)


CONSENTS = Listing(
    "consents",
    "Consents",
    HOME + "ic/",
    (
        Column("Version", cell("version"), "version"),
        Column("At this moment", cell("standing")),
        Column("Valid from", cell("valid_from", instant), "valid_from"),
        Column("Written", cell("created_at", instant), "created_at"),
    ),
    (
        Filter("version", "Version"),
        Filter("valid_from", "Valid from", "date"),
        Filter("id", "Number", only_linked=True),
    ),
    lead="The highest version whose date has come is the one that learners are asked for.",
    work=(Work("Write a new version", "consent-new", HOME + "ic/", "create"),),
    detail_url_name="consent",
    detail_url_ids=("institution", "consent"),
    add_values=add_standings,
)
VLES = Listing(
    "vles",
    "VLEs",
    HOME + "vle/",
    (
        Column("Name", cell("name"), "name"),
        Column("Address", cell("url"), "url"),
        Column("LTI client", cell("client_id"), "client_id"),
    ),
    lead="Learning platforms that are connected to this service.",
    work=(Work("Register a VLE", "vle-new", HOME + "vle/", "create"),),
    detail_url_name="vle",
    detail_url_ids=("institution", "vle"),
)


def counts_for(row: Row) -> str:
    words = {"identity": "identity", "originality": "originality", "authorship": "authorship", "integrity": "integrity"}
    return ", ".join(word for key, word in words.items() if row[key]) or shown(None)


INSTRUMENTS = Listing(
    "instruments",
    "Instruments",
    HOME + "instrument/",
    (
        Column("Name", cell("name"), "name"),
        Column("Acronym", cell("acronym"), "acronym"),
        Column("Counts for", counts_for),
        Column("Needs enrolment", cell("requires_enrolment", yes), "requires_enrolment"),
        Column("Description", cell("description"), "description"),
    ),
    lead="What can check identity and authorship, the same for all institutions.",
    for_instructors=True,
)


def activity_name(row: Row) -> str:
    return str(row["name"] or row["vle_activity_id"])


COURSE = HOME + "course/{course}/"
ACTIVITY = COURSE + "activity/{activity}/"
ACTIVITIES = Listing(
    "activities",
    "Activities",
    COURSE + "activity/",
    (
        Column("Name", activity_name, "name"),
        Column("Type", cell("vle_activity_type"), "vle_activity_type"),
        Column("Start", cell("start", day), "start"),
        Column("End", cell("end", day), "end"),
        Column("Verification on", cell("enabled", yes), "enabled"),
    ),
    (
        Filter("name", "Name"),
        Filter("vle_activity_type", "Type"),
        Filter("start", "Starts on", "date"),
        Filter("end", "Ends on", "date"),
    ),
    detail_url_name="activity",
    detail_url_ids=("institution", "course", "activity"),
)


def course_named(row: Row) -> str:
    return course(row["course"])


ALL_ACTIVITIES = Listing(
    "activities",
    "Activities",
    HOME + "activity/",
    (
        Column("Name", activity_name, "name"),
        Column("Course", course_named, "course"),
        *ACTIVITIES.columns[1:],
    ),
    (
        Filter("enabled", "Verification", choices=(("true", "on"), ("false", "off"))),
        *ACTIVITIES.filters,
        Filter("course", "Course"),
    ),
    lead="What is assessed in all courses. The instruments of an activity are on its page.",
    detail_url_name="activity",
    detail_url_ids=("institution", "course", "activity"),
    for_instructors=True,
)


def reports_of_activity(row: Row) -> Any:
    """How many of each level, as a link to the list of them."""
    counts = level_counts(row["levels"])
    return format_html('<a class="quietly" href="{}">{}</a>', row["reports"], counts) if row["levels"] else counts


REPORTS = Column("Reports", reports_of_activity)
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
        Column("Institution's id", cell("uid"), "uid"),
        Column("E-mail", cell("email"), "email"),
    ),
    MEMBER,
)
COURSE_LEARNERS = Listing(
    "learners",
    "Learners of the course",
    COURSE + "learner/",
    (
        Column("Name", person, "last_name"),
        Column("Institution's id", cell("uid"), "uid"),
        Column("E-mail", cell("email"), "email"),
        Column("Informed consent", cell("ic_status", consent)),
        Column("Accepted", cell("consent_accepted", day), "consent_accepted"),
        Column("Joined", cell("joined_at", day), "joined_at"),
    ),
    (*MEMBER, *CONSENT),
    detail_url_name="learner",
    detail_url_ids=("institution", "learner"),
)
REPORTED_CONTESTS = (
    ("open", "is open"),
    ("upheld", "decided: the level stands"),
    ("changed", "decided: another level holds"),
    ("set_aside", "decided: a level does not count"),
    ("none", "there was none"),
)
OPENED = (("false", "no"), ("true", "yes"), ("nobody", "nobody of the staff has"))
LEVELS = tuple((str(number), word) for number, word in LEVEL_WORDS.items())


def results(row: Row) -> str:
    """The mean results of the instruments that have processed anything."""
    parts = [part for part in row["detail"] if part["confidence"] or part["result"]]
    said = ((f"{part['instrument']} {round(part['result'])} %", part) for part in parts)
    marked = (labelled(text, part["instrument_id"] in row["demonstrated"]) for text, part in said)
    return ", ".join(marked) or shown(None)


def add_demonstrated(_: ApiClient, __: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
    """The instruments of each report that have results of a demonstration."""
    found = details_demonstrated([row["id"] for row in rows])
    for row in rows:
        row["demonstrated"] = {instrument for report, instrument in found if report == row["id"]}


def level_of(kind: str) -> Callable[[Row], Any]:
    return lambda row: level_from(row[f"{kind}_level"], row["demonstrated"])


ACTIVITY_REPORTS = Listing(
    "reports",
    "Reports",
    ACTIVITY + "report/",
    (
        Column("Learner", lambda row: person(row["learner"]), "learner"),
        Column("Institution's id", lambda row: row["learner"]["uid"]),
        *(Column(word, level_of(kind), f"{kind}_level") for kind, word in KIND_WORDS.items()),
        Column("Mean results", results),
        Column("Contest", lambda row: contest_word(row["contest"])),
    ),
    (
        Filter("level", "Some level is", choices=LEVELS),
        Filter("level__gte", "Some level is at least", choices=LEVELS),
        *(Filter(f"{kind}_level__gte", f"{word} is at least", choices=LEVELS) for kind, word in KIND_WORDS.items()),
        Filter("learner__first_name", "First name, exactly"),
        Filter("learner__last_name", "Last name, exactly"),
        Filter("learner__email", "E-mail, exactly"),
    ),
    add_values=add_demonstrated,
    detail_url_name="report",
    detail_url_ids=("institution", "course", "activity", "report"),
)


ALL_REPORTS = Listing(
    "reports",
    "Reports",
    HOME + "report/",
    (
        Column("Learner", lambda row: person(row["learner"]), "learner"),
        Column("Course", course_named, "course"),
        Column("Activity", lambda row: row["activity"]["name"], "activity"),
        *(Column(word, level_of(kind), f"{kind}_level") for kind, word in KIND_WORDS.items()),
        Column("Contest", lambda row: contest_word(row["contest"])),
        Column("Changed", cell("updated_at", day), "updated_at"),
    ),
    (
        Filter("highest", "The highest level is", choices=LEVELS),
        Filter("level__gte", "Some level is at least", choices=LEVELS),
        *(Filter(f"{kind}_level", f"{word} is", choices=LEVELS) for kind, word in KIND_WORDS.items()),
        Filter("contest", "Contest", choices=REPORTED_CONTESTS),
        Filter("looked_at", "You have opened it since it changed", choices=OPENED),
        Filter("course", "Course"),
        Filter("activity", "Activity"),
        Filter("updated_at__gte", "Changed from", "datetime-local"),
        Filter("updated_at__lte", "Changed until", "datetime-local"),
    ),
    lead="The levels of all courses. Search finds learners by name, e-mail or the institution's id.",
    add_values=add_demonstrated,
    detail_url_name="report",
    detail_url_ids=("institution", "course", "activity", "report"),
    for_instructors=True,
)


def results_said(row: Row) -> list[tuple[str, str]]:
    """The instruments of a request by name, each with its result in words."""
    return [
        (
            part["instrument_name"],
            labelled(verdict(part["status"], part["result"], part["code"]), part["is_demonstration"]),
        )
        for part in row["result"]
    ]


def verdicts(row: Row) -> Any:
    return format_html_join("; ", "{}: {}", results_said(row)) or shown(None)


def instruments_of(report: Row) -> dict[int, str]:
    """The names of the instruments in a report."""
    return {row["instrument_id"]: row["instrument"] for row in report["detail"]}


def add_result_facts(
    api: ApiClient,
    ids: Mapping[str, int],
    rows: list[dict[str, Any]],
    names: Mapping[int, str],
    demonstrated: Collection[tuple[int, int]] | None = None,
) -> None:
    """The names of instruments, and which results are those of a demonstration, unless `demonstrated` says it.

    `names` are those that are known; all are asked for where one is not among them.
    """
    parts = [part for row in rows for part in row["result"]]
    if any(part["instrument"] not in names for part in parts):
        names = instrument_names(api, ids)
    if demonstrated is None:
        demonstrated = results_demonstrated([row["id"] for row in rows])
    for part in parts:
        part["instrument_name"] = instrument_name(names, part["instrument"])
        part["is_demonstration"] = (part["request"], part["instrument"]) in demonstrated


REQUESTS = Listing(
    "requests",
    "Requests of the report",
    ACTIVITY + "report/{report}/request/",
    (
        Column("Asked", cell("created_at", instant), "created_at"),
        Column("Status", cell("status", request_status), "status"),
        Column("Session", lambda row: "document" if row["session"] is None else str(row["session"]), "session"),
        Column("What instruments say", verdicts),
        Column("Message", lambda row: row["error_message"] or row["message_code"] or shown(None), "message_code"),
        Column("Captured", lambda row: "to be seen" if row["data"] else shown(None)),
    ),
    lead="What was captured is shown on the request's own page; whoever opens it is recorded.",
    detail_url_name="request",
    detail_url_ids=("institution", "course", "activity", "report", "capture"),
)
CONTEST_STATES = tuple((state.value, state.label.capitalize()) for state in State)


def person_in(key: str, otherwise: str) -> Callable[[Row], str]:
    return lambda row: person(row[key]) if row[key] else otherwise


CONTESTS = Listing(
    "contests",
    "Contests",
    HOME + "contest/",
    (
        Column("Learner", person_in("learner", "report is gone")),
        Column("Activity", lambda row: row["activity"]["name"] if row["activity"] else shown(None)),
        Column("Contested", lambda row: row["level"] or "whole report"),
        Column("State", lambda row: State(row["state"]).label, "state"),
        Column("To be answered by", cell("deadline", instant), "deadline"),
        Column("Assigned to", person_in("assignee", "nobody"), "assignee"),
        Column("Since", cell("created_at", instant), "created_at"),
    ),
    (
        Filter("state", "State", choices=CONTEST_STATES),
        Filter("assignee", "Assigned", choices=(("0", "to nobody yet"),)),
    ),
    lead="Learners who do not agree with a report or a level. Each is decided by a person.",
    detail_url_name="contest",
    detail_url_ids=("institution", "contest"),
)
CORRECTION_STATES = tuple((state.value, state.label.capitalize()) for state in Correction.State)
CORRECTIONS = Listing(
    "corrections",
    "Corrections",
    HOME + "correction/",
    (
        Column("Person", lambda row: person(row["person"])),
        Column("What", lambda row: Correction.Field(row["field"]).label, "field"),
        Column("Stored", cell("before", shown)),
        Column("Wanted", lambda row: row["wanted"]),
        Column("State", lambda row: Correction.State(row["state"]).label, "state"),
        Column("Since", cell("created_at", instant), "created_at"),
    ),
    (Filter("state", "State", choices=CORRECTION_STATES),),
    lead="What people ask to have corrected in their own accounts. Each is answered by a person.",
    detail_url_name="correction",
    detail_url_ids=("institution", "correction"),
)
HOLDS = Listing(
    "holds",
    "Legal holds",
    HOME + "hold/",
    (
        Column("Person", lambda row: person(row["about"]), "person_id"),
        Column("In force", cell("in_force", yes)),
        Column("Last day", cell("until", shown), "until"),
        Column("Since", cell("created_at", day), "created_at"),
        Column("Released", cell("released_at", day), "released_at"),
    ),
    (Filter("is_released", "Which", choices=(("false", "not released"), ("true", "released"))),),
    lead="Of these people nothing is erased.",
    detail_url_name="hold",
    detail_url_ids=("institution", "hold"),
    work=(Work("Set a legal hold", "hold-new", HOME + "hold/", "create"),),
)
ERASURE_STATES = tuple((state.value, state.label.capitalize()) for state in Erasure.State)
ERASURES = Listing(
    "erasures",
    "Erasures",
    HOME + "erasure/",
    (
        Column("Learner", lambda row: person(row["about"]) if row["about"] else "erased"),
        Column("State", lambda row: Erasure.State(row["state"]).label, "state"),
        Column("Begun by", lambda row: "the learner" if row["is_own"] else "an administrator"),
        Column("Since", cell("created_at", instant), "created_at"),
        Column("Carried out", cell("finished_at", instant), "finished_at"),
    ),
    (Filter("state", "State", choices=ERASURE_STATES),),
    lead="Learners whose data is erased, or who have asked for it.",
    detail_url_name="erasure",
    detail_url_ids=("institution", "erasure"),
    work=(Work("Erase a learner's data", "erasure-new", HOME + "erasure/", "create"),),
)
LISTINGS = (
    COURSES, ALL_ACTIVITIES, ALL_REPORTS, GROUPS, LEARNERS, SEND, PEOPLE, INSTRUCTORS, CONSENTS, VLES, INSTRUMENTS,
    CONTESTS, CORRECTIONS, HOLDS, ERASURES,
)  # fmt: skip
