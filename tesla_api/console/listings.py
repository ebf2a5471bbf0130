"""The lists of the console: which columns and filters of each resource of the API they show."""

from collections.abc import Callable
from typing import Any

from tesla_api.console.listing import Column, Filter, Listing, Row
from tesla_api.templatetags.console import consent, day, flags, instant, person, plain, shown, yes

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
    row_name="institution",
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
    row_name="course",
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
    row_name="learner",
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
    "Informed consents",
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
LISTINGS = (COURSES, LEARNERS, PEOPLE, INSTRUCTORS, CONSENTS, VLES, INSTRUMENTS)
