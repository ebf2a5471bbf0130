"""The trail as a page: who did and saw what, in sentences, for those who may read it in the API.

What a line calls its resource has words in the API's reference; for everything else they stand here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.timezone import now

from console.listings import HOME
from console.tables import Column, Filter, Listing, ListQuery, Row, Table, table
from console.templatetags.console import NOTHING, instant, instant_words, named, person
from console.views import ListView
from console.words import course_text
from courses.models import Activity, Course, CourseGroup
from courses.queries import activity_name
from files.models import Kind, Made
from institutions.models import VLE, Instrument, Provider, User
from kernel.declared import declared_reference
from kernel.fast.together import together
from kernel.http.client import ROOT, ApiClient
from kernel.ids import bounded_id
from rights.words import VERBS as VERBS_OF_OWN
from trail.earlier import MARK
from trail.reading import cut_until

PEOPLE = "person,launched,learner,admin"  # kinds of actors that are accounts
KINDS = ((PEOPLE, "a person"), ("vle", "a VLE"), ("provider", "a provider"), ("command", "a command on the server"))
# As people are told of the own lines, but where a sentence about somebody else needs another word.
VERBS = VERBS_OF_OWN | {
    "read": "read", "create": "created", "sign-in": "signed in", "sign-in failed": "failed to sign in",
    "sign-out": "signed out", "capture": "sent", "answer": "answered", "assign": "let somebody decide",
}  # fmt: skip
# What is put into something and taken out of it, and stays itself.
LINKS = {
    "institution/course/learner": "a learner of a course",
    "institution/course/instructor": "an instructor of a course",
    "institution/group/course": "a course of a group",
    "vle/course/learner": "a learner of a course",
    "vle/course/instructor": "an instructor of a course",
}
LINK_VERBS = {"create": "put in", "delete": "took out"}
COMPLETE = {"sign-in", "sign-in failed", "sign-out"}  # sentences without an object
THINGS = {
    "institution/learner/enrolment": "the enrolment",
    "institution/learner/ic": "the informed consent",
    "institution/learner/evidence": "the evidence of reports",
    "institution/trail/export": "the trail as a table",
    "institution/user/activities": "the list of activities",
    "institution/course/activity/request": "what was captured in an activity",
    "institution/course/activity/assessment": "an assessment session of an activity",
    "institution/course/activity/alert": "the alerts of an activity",
    "lapi/enrolment": "an enrolment sample",
    "lapi/verification": "a sample for an assessment",
    "lapi/alert": "an alert of an assessment",
    "vle/attachment": "a document for an assessment",
    "vle/assessment": "an assessment session",
    "vle/launcher": "a launcher",
    "provider/validation": "the validation of a sample",
    "provider/enrolment": "the model of an enrolment",
    "provider/request": "a request",
    "provider/answers": "requests",
    "pages/import": "a table of people",
    "people": "people",
    "course": "a course",
}
OF_FILES = {str(kind): kind.label for kinds in (Kind, Made) for kind in kinds}
SIGNED_IN = {
    "password": "with the password",
    "OIDC": "through the institution",
    "launcher": "by a link of a VLE",
    "learner session": "in an assessment session",
    "approle": "with its credentials",
    "command": "on the server",
    "": "",
}
MODULES: dict[str, Callable[[int], QuerySet[Any]]] = {  # actors that are no people, of an institution
    "vle": lambda institution: VLE.objects.filter(institution=institution),
    "provider": lambda institution: Provider.objects.all(),
}
Names = Mapping[str, Mapping[int, str]]  # by what is named


@dataclass(frozen=True)
class Named:
    """What numbers may stand for: the rows of an institution, and the columns of which `name` makes their name."""

    rows: Callable[[int], QuerySet[Any]]
    columns: tuple[Any, ...]
    name: Callable[..., str] = str


def _person(first_name: str, last_name: str, username: str, uid: str) -> str:
    return person({"first_name": first_name, "last_name": last_name, "username": username, "uid": uid})


PERSON = "person"
NAMED = {
    PERSON: Named(
        lambda institution: User.objects.filter(institution=institution),
        ("first_name", "last_name", "username", "uid"),
        _person,
    ),
    "course": Named(
        lambda institution: Course.objects.filter(institution=institution), ("code", "vle_course_id", "start"),
        course_text,
    ),
    "group": Named(lambda institution: CourseGroup.objects.filter(institution=institution), ("name",)),
    "activity": Named(lambda institution: Activity.objects.filter(institution=institution), (activity_name(),)),
    "instrument": Named(lambda institution: Instrument.objects.all(), ("name",)),
    **{kind: Named(rows, ("name",)) for kind, rows in MODULES.items()},
}  # fmt: skip
# Which of these a value is the number of, by its name without "_id".
NUMBERS_OF = {
    "user": PERSON, "learner": PERSON, "instructor": PERSON, "owner": PERSON, "assignee": PERSON, "set_by": PERSON,
    "released_by": PERSON, "decided_by": PERSON, "run_by": PERSON,
    "parent": "group", "instruments": "instrument", "sent_by": "vle", "brought_by_vle": "vle",
    **{kind: kind for kind in NAMED},
}  # fmt: skip
MOST_NAMED = 2000  # numbers of a kind whose names are looked for
GONE = "somebody whose account is gone"
LONGEST = 80  # letters of a value on the page


def thing(resource: str, row_key: str, verb: str) -> str:
    """What a line is about: "a report of an activity", "the list of learners"."""
    if verb in LINK_VERBS and resource in LINKS:
        return LINKS[resource]
    if resource in THINGS:
        return THINGS[resource]
    first, _, rest = resource.partition("/")
    if first == "files":
        return f"a file ({OF_FILES.get(rest, rest).lower()})"
    if first == "console":
        return f"the console's page \N{LEFT DOUBLE QUOTATION MARK}{rest}\N{RIGHT DOUBLE QUOTATION MARK}"
    if first == "me" and resource.replace("/", "-") not in declared_reference().RESOURCES:
        return f"the own page \N{LEFT DOUBLE QUOTATION MARK}{rest}\N{RIGHT DOUBLE QUOTATION MARK}"
    if first == "pages":
        return f"{_model_name(rest)} in the administration pages"
    words = declared_reference().RESOURCES.get(resource.replace("/", "-"))
    if words is None:
        return resource.replace("/", " ")
    names = [part for part in resource.split("/") if part != "admin"]
    is_list = verb == "read" and len([part for part in row_key.split("/") if part]) < len(names)
    return f"the list of {words.many}" if is_list else words.one


@cache
def things() -> tuple[tuple[str, str], ...]:
    """(resources, what their lines are about) of all that have words, in the order of these, for the filter."""
    words = {name.replace("-", "/"): each.many or each.one for name, each in declared_reference().RESOURCES.items()}
    words |= THINGS | {f"files/{kind}": thing(f"files/{kind}", "", "read") for kind in OF_FILES}
    found: dict[str, list[str]] = {}
    for resource, text in words.items():
        found.setdefault(text[:1].upper() + text[1:], []).append(resource)
    return tuple((",".join(resources), text) for text, resources in sorted(found.items()))


def _model_name(label: str) -> str:
    try:
        return str(apps.get_model(label.replace("/", "."))._meta.verbose_name)
    except (LookupError, ValueError):
        return label.replace("/", " ")


def actor(row: Row, names: Mapping[int, str]) -> str:
    kind, name = row["actor_kind"], row["told"]["name"]
    if not kind:
        return "Somebody"
    if kind in PEOPLE.split(","):
        known = names.get(row["actor_id"]) or name or GONE
        return f"The global administrator {known}" if kind == "admin" else known
    if kind == "command":
        return f"The command {name}"
    known = row["known"].get(kind, {}).get(row["actor_id"]) or name or row["actor_id"]
    return f"The {'VLE' if kind == 'vle' else kind} {known}"


def sentence(row: Row) -> Any:
    """Anna Admin read a report of an activity: Bob Lee."""
    verbs = VERBS | LINK_VERBS if row["resource"] in LINKS else VERBS
    verb, names = verbs.get(row["verb"], row["verb"]), row["names"]
    what = "" if row["verb"] in COMPLETE else f" {thing(row['resource'], row['row_key'], row['verb'])}"
    whom = row["person_id"]
    kinds = PEOPLE if row["actor_kind"] in PEOPLE.split(",") else row["actor_kind"]
    who = _link(actor(row, names), actor_kind=kinds, actor_id=row["actor_id"])
    is_own = whom is None or (whom == row["actor_id"] and kinds == PEOPLE)
    if is_own:
        return format_html("{} {}{}", who, verb, what)
    return format_html("{} {}{}: {}", who, verb, what, _link(names.get(whom, GONE), person_id=whom))


def _link(text: str, **query: Any) -> Any:
    """To the lines of this one, if it has a number."""
    if None in query.values():
        return text
    return format_html('<a href="?{}">{}</a>', urlencode(query), text)


def how(row: Row) -> str:
    parts = [SIGNED_IN.get(row["signed_in"], row["signed_in"])]
    if row["told"]["address"]:
        parts.append(f"from {row['told']['address']}")
    if row["request_id"].startswith(MARK):
        parts.append("(from an earlier record)")
    return " ".join(filter(None, parts)) or NOTHING


def values(row: Row) -> str:
    """last name: Lee → Leigh; password changed; course: 11 (EEE) → 12 (FFF, October 2014)."""
    details = row["told"]["details"]
    if details is None:
        return "no longer readable"
    return "; ".join(_value(str(name), value, row["known"]) for name, value in details.items()) or NOTHING


def _value(name: str, value: Any, known: Names) -> str:
    if name == "rows":
        return _shown(value)
    if name == "asked":
        return f"asked for: {_text(value, known)}"
    words = name.replace("_", " ")
    if isinstance(value, list) and len(value) == 2:
        before, after = (_text(one, known, name) for one in value)
        return f"{words} changed" if value == [None, None] else f"{words}: {before} \N{RIGHTWARDS ARROW} {after}"
    return f"{words}: {_text(value, known, name)}"


def _shown(rows: Any) -> str:
    """How many rows a list has had, or what a page of the console was made of."""
    if not isinstance(rows, Mapping):
        return "1 row" if rows == 1 else f"{rows} rows"
    parts = []
    for name, number in rows.items():
        resource, _, row_key = name.partition(" ")
        what = thing(resource, row_key, "read")
        parts.append(f"{what} ({_shown(number)})" if what.startswith("the list") else what)
    return f"shown: {', '.join(parts)}"


def _text(value: Any, known: Names, name: str = "") -> str:
    """A value of this name as people read it; of a long one the beginning."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        value = ", ".join(f"{inner} {_text(one, known, str(inner))}" for inner, one in value.items())
    elif isinstance(value, list):
        value = ", ".join(_text(one, known, name) for one in value)
    else:
        called = known.get(_kind(name), {}).get(bounded_id(value) or 0)
        value = f"{value} ({called})" if called else value
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\N{HORIZONTAL ELLIPSIS}"


def _kind(name: str) -> str:
    return NUMBERS_OF.get(name.removesuffix("_id"), "")


def _numbers(name: str, value: Any) -> Iterator[tuple[str, int]]:
    """(kind, number) of each number in a value of this name that may have a name."""
    if isinstance(value, Mapping):
        for inner, one in value.items():
            yield from _numbers(str(inner), one)
    elif isinstance(value, list):
        for one in value:
            yield from _numbers(name, one)
    elif (kind := _kind(name)) and (key := bounded_id(value)):
        yield kind, key


def add_names(api: ApiClient, ids: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
    """What actors, people concerned and numbers in values are called, in this institution: in one statement."""
    keys: dict[str, set[int]] = {}
    for row in rows:
        kind = PERSON if row["actor_kind"] in PEOPLE.split(",") else row["actor_kind"]
        concerned = ((PERSON, row["person_id"]), (kind, row["actor_id"]))
        for kind, key in (*concerned, *_numbers("", row["told"]["details"])):
            if key is not None and kind in NAMED and len(keys.setdefault(kind, set())) < MOST_NAMED:
                keys[kind].add(key)
    asked = [
        NAMED[kind].rows(ids["institution"]).filter(pk__in=numbers).order_by().values_list("pk", *NAMED[kind].columns)
        for kind, numbers in keys.items()
    ]
    found = together(*asked) if asked else []
    known = {
        kind: {key: NAMED[kind].name(*columns) for key, *columns in those}
        for kind, those in zip(keys, found, strict=True)
    }
    for row in rows:
        row["known"], row["names"] = known, known.get(PERSON, {})


TRAIL = Listing(
    "trail",
    "Trail",
    HOME + "trail/",
    (
        Column("When", lambda row: instant(row["written_at"]), "written_at"),
        Column("What was done", sentence),
        Column("Values", values),
        Column("How", how),
    ),
    (
        Filter("person_id", "Whom it concerns"),
        Filter("actor_kind", "Done by", choices=KINDS),
        Filter("actor_id", "Who did it"),
        Filter("verb", "Deed", choices=tuple(VERBS.items())),
        Filter("resource", "About"),
        Filter("request_id", "Request", only_linked=True),
        Filter("written_at__gte", "From", "datetime-local"),
        Filter("written_at__lte", "Until", "datetime-local"),
    ),
    lead="Every change, every sign-in, and every reading of what tells of people. A name leads to all lines of that "
    "person. What told of somebody whose account is gone can no longer be read. Opening this page is a line, too.",
    add_values=add_names,
)
NEWEST_FIRST = "-written_at"


def _of_things(declared: Filter) -> Filter:
    return replace(declared, choices=things())


class TrailView(ListView):
    """The newest lines first, and the address of all that are found as a table."""

    listing = TRAIL
    asked: QueryDict

    def table(self) -> Table:
        query = self.request.GET.copy()
        query["ordering"] = query.get("ordering") or NEWEST_FIRST
        if query.get("download") and not query.get("written_at__lte"):
            query["written_at__lte"] = now().isoformat()  # lines that are written meanwhile would move the others
        if query.get("actor_id") and not query.get("actor_kind"):
            query["actor_kind"] = PEOPLE  # VLEs have numbers of their own
        self.asked = query
        return table(self.listing_shown(), self.api, query, self.kwargs, self.row_address)

    def listing_shown(self) -> Listing:
        chosen = {"person_id": self.of_people, "actor_id": self.of_actors, "resource": _of_things}
        filters = (chosen[each.name](each) if each.name in chosen else each for each in self.listing.filters)
        return replace(self.listing, filters=tuple(filters))

    def of_people(self, declared: Filter) -> Filter:
        return self.searched(declared, f"{self.home}user/", named, "last_name")

    def of_actors(self, declared: Filter) -> Filter:
        """People; or the VLE or provider whose lines a link leads to."""
        kind, key = self.request.GET.get("actor_kind", ""), self.request.GET.get("actor_id", "")
        if kind not in MODULES:
            return self.of_people(declared)
        names = MODULES[kind](self.kwargs["institution"]).filter(pk=bounded_id(key)).values_list("name", flat=True)
        return replace(declared, choices=[(key, name) for name in names])

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        values = super().get_context_data(**context)
        if until := cut_until(self.kwargs["institution"]):
            gone = f"Lines that were written until {instant_words(until)} are deleted: their time was over."
            values["listing"] = replace(self.listing, lead=f"{self.listing.lead} {gone}")
        return values

    def actions(self) -> list[tuple[str, str]]:
        asked = ListQuery(self.listing, self.asked).asked()
        asked.pop("ordering", None)
        address = f"{ROOT}{self.home}trail/export/"
        return [("Download as CSV", f"{address}?{urlencode(asked)}" if asked else address)]
