"""What needs somebody to act, first on an institution's overview; each line leads to the list that it counts.

The steps of a new institution stand there, too, until all are done.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils.timezone import now

from console.listings import course_named
from console.templatetags.console import contest_text, person
from console.words import course_text
from courses.queries import activities_lacking_consent
from institutions.services.vles import VLEState
from reports.arithmetic import Level
from reports.progress import captures_lacking_results, providers_failing
from rights.services.notices import DAYS_BEFORE_DEADLINE

DAYS_AHEAD = 14  # in which an activity begins
DAYS_UNSEEN = 30  # in which a report has changed that nobody has opened
HOURS_OPEN = 1  # after which a capture without a result is late
HOURS_FAILED = 24
DAYS_OF_CREDENTIALS = 7
DAYS_OF_CORRECTIONS = 21  # of the month that the GDPR leaves for an answer
DAYS_OF_ERASURES = 21  # after which an answer is urgent
LINES = 5  # of a kind; the others are counted, and stand on a page of their own
MOST = 500  # of a kind on that page
LINES_OF_ALERTS = 10  # to instructors
# What the API's list of reports is asked for.
ALERTS = {"highest": str(int(Level.ALERT)), "looked_at": "false"}
WARNINGS = {"highest": str(int(Level.WARNING)), "looked_at": "false"}
CONTESTED = {"contest": "open"}


@dataclass(frozen=True)
class Line:
    kind: str  # of the badge
    word: str  # in the badge
    number: int | None
    text: str
    address: str
    at: Any = None  # an instant that ends the text


@dataclass(frozen=True)
class Step:
    text: str
    is_done: bool
    address: str = ""


def consents_missing(institution: int, policy: tuple[bool, Any], most: int = LINES) -> Iterator[Line]:
    """Activities that begin soon, or are open, and whose learners may not be captured."""
    if policy[0]:  # consents are managed elsewhere: all are valid here
        return
    until = now() + timedelta(days=DAYS_AHEAD)
    rows = [*activities_lacking_consent(institution, policy, until=until)[:most]]
    for row in rows:
        course = course_text(row["course__code"], row["course__vle_course_id"], row["course__start"])
        has_begun = row["start"] is None or row["start"] <= now()
        yield Line(
            "bad" if has_begun else "fair",
            "consent",
            row["lacking"],
            f"learner{pluralize(row['lacking'])} of {course} without a valid consent: “{row['activity_name']}” "
            + ("is open" if has_begun else "begins"),
            _of("course-learners", institution, course=row["course"]) + "?ic_valid=false",
            None if has_begun else row["start"],
        )
    if rows and (left := rows[0]["number"] - len(rows)):
        yield _more(
            "bad" if has_begun else "fair", "consent", left, "with learners without a valid consent", institution
        )


def captures_stuck(institution: int, most: int = LINES) -> Iterator[Line]:
    """Activities with captures that nobody has answered, or that could not be checked."""
    open_before, failed_after = now() - timedelta(hours=HOURS_OPEN), failures_since()
    rows = [*captures_lacking_results(institution, open_before=open_before, failed_after=failed_after)[:most]]
    for row in rows:
        place = _of("unsettled", institution, course=row["course"], activity=row["activity"])
        name = f"“{row['activity_name']}”"
        if row["open"]:
            text = f"capture{pluralize(row['open'])} of {name} not checked for more than an hour"
            address = f"{place}?{urlencode({'state': 'waiting', 'moment': open_before.isoformat()})}"
            yield Line("fair", "waiting", row["open"], text, address)
        if row["failed"]:
            text = f"capture{pluralize(row['failed'])} of {name} that could not be checked, since yesterday"
            address = f"{place}?{urlencode({'state': 'failed', 'moment': failed_after.isoformat()})}"
            yield Line("bad", "failed", row["failed"], text, address)
    if rows and (left := rows[0]["number"] - len(rows)):
        kind, word = ("bad", "failed") if rows[-1]["failed"] else ("fair", "waiting")
        yield _more(kind, word, left, "with captures that wait or could not be checked", institution)


def providers_that_fail(institution: int) -> Iterator[Line]:
    """Providers that have failed to give results since yesterday."""
    found: dict[tuple[str, str | None], int] = {}
    for row in providers_failing(institution, since=failures_since()):
        provider = row["provider_name"], row["instrument"]
        found[provider] = found.get(provider, 0) + row["number"]
    place = _of("failing", institution)
    for (name, instrument), number in sorted(found.items(), key=lambda each: -each[1])[:LINES]:
        text = f"result{pluralize(number)} that the provider {name} has failed to give since yesterday"
        about = f" ({instrument})" if instrument else ""
        yield Line("bad", "provider", number, text + about, place)
    if (left := len(found) - LINES) > 0:
        yield Line("bad", "provider", left, f"more provider{pluralize(left)} that failed to give results", place)


def _more(kind: str, word: str, left: int, text: str, institution: int) -> Line:
    return Line(kind, word, left, f"more activit{pluralize(left, 'y,ies')} {text}", _of("attention", institution))


def failures_since() -> datetime:
    return now() - timedelta(hours=HOURS_FAILED)


def contests_open(institution: int, number: int, due: datetime | None) -> Iterator[Line]:
    """Contests that wait for an answer, with the deadline of the most urgent one."""
    if due is not None:
        is_late = due <= now() + timedelta(days=DAYS_BEFORE_DEADLINE)
        text = f"contest{pluralize(number)} to be answered, the first by"
        place = _of("contests", institution) + "?state=open&ordering=deadline"
        yield Line("bad" if is_late else "fair", "contest", number, text, place, due)


def alerts_unseen(institution: int, page: Mapping[str, Any]) -> Iterator[Line]:
    """The reports of this page of the API's list, which are the latest ALERTS; and how many there are, if more."""
    for row in page["results"]:
        ids = {"course": row["course"]["id"], "activity": row["activity"]["id"], "report": row["id"]}
        text = f"{person(row['learner'])}: “{row['activity']['name']}”, {course_named(row)}, "
        text += f"{contest_text(row['contest'])}, changed" if row["contest"] else "changed"
        yield Line("bad", "alert", None, text, _of("report", institution, **ids), row["updated_at"])
    if page["count"] > len(page["results"]):
        yield _unseen("bad", "alert", ALERTS, institution, page["count"])


def warnings_unseen(institution: int, number: int) -> Iterator[Line]:
    if number:
        yield _unseen("fair", "warning", WARNINGS, institution, number)


def unseen_since() -> datetime:
    """The midnight of DAYS_UNSEEN ago: the address of the list stays the same for a day."""
    return (now() - timedelta(days=DAYS_UNSEEN)).replace(hour=0, minute=0, second=0, microsecond=0)


def reports_unseen(institution: int, alerts: int, warnings: int) -> Iterator[Line]:
    """Reports of all courses that nobody has looked at, but perhaps the learner, since they changed lately."""
    also = {"looked_at": "nobody", "updated_at__gte": unseen_since().isoformat()}
    for kind, word, asked, number in (("bad", "alert", ALERTS, alerts), ("fair", "warning", WARNINGS, warnings)):
        if number:
            text = f"report{pluralize(number)} with {'an alert' if word == 'alert' else 'a warning'}"
            text += f" that nobody has opened since {pluralize(number, 'it,they')} changed"
            address = f"{_of('reports', institution)}?{urlencode(asked | also)}"
            yield Line(kind, word, number, text, address)


def _unseen(kind: str, word: str, asked: Mapping[str, str], institution: int, number: int) -> Line:
    text = f"report{pluralize(number)} with {'an alert, in all,' if word == 'alert' else 'a warning'}"
    text += f" that you have not opened since {pluralize(number, 'it,they')} changed"
    return Line(kind, word, number, text, f"{_of('reports', institution)}?{urlencode(asked)}")


def reports_contested(institution: int, number: int) -> Iterator[Line]:
    """Open contests of reports: who decides them is somebody else, but no level of these is final."""
    if number:
        text = f"report{pluralize(number)} contested: no level is final before the answer"
        yield Line("fair", "contest", number, text, f"{_of('reports', institution)}?{urlencode(CONTESTED)}")


def corrections_open(institution: int, number: int, since: datetime | None) -> Iterator[Line]:
    """Corrections that people have asked for and nobody has answered, with the instant of the first one."""
    if since is not None:
        is_late = since <= now() - timedelta(days=DAYS_OF_CORRECTIONS)
        text = f"correction{pluralize(number)} of own data to be answered, the first asked for"
        place = _of("corrections", institution) + "?state=open"
        yield Line("bad" if is_late else "fair", "correction", number, text, place, since)


def erasures_asked(institution: int, number: int, since: datetime | None) -> Iterator[Line]:
    """Learners who have asked to have their data erased: the law gives a month."""
    if since is not None:
        is_late = since <= now() - timedelta(days=DAYS_OF_ERASURES)
        text = f"learner{pluralize(number)} asked for erasure, the first"
        place = _of("erasures", institution) + "?state=asked"
        yield Line("bad" if is_late else "fair", "erasure", number, text, place, since)


def credentials_ending(vles: Sequence[VLEState]) -> Iterator[Line]:
    soon = now() + timedelta(days=DAYS_OF_CREDENTIALS)
    for vle in vles:
        place = _of("vle", vle.institution_id, vle=vle.id)
        if vle.is_known and not vle.credentials:
            yield Line("bad", "no secret", None, f"{vle.name} has no valid credentials: it cannot sign in", place)
        elif vle.ends_at is not None and vle.ends_at <= soon:
            yield Line(
                "fair", "secret ends", None, f"The replaced secret of {vle.name} is valid until", place, vle.ends_at
            )


def first_steps(
    institution: int, vles: Sequence[VLEState], policy: tuple[bool, Any], courses: Mapping[str, int]
) -> list[Step]:
    """What a new institution does, in this order; nothing once all is done."""
    is_external, current = policy
    steps = [
        Step("Connect a VLE", bool(vles), _of("vles", institution)),
        Step("The VLE has signed in with its credentials", any(vle.used_at for vle in vles), _of("vles", institution)),
        Step("Publish an informed consent", is_external or current is not None, _of("consents", institution)),
        Step("The VLE has sent a course", bool(courses["courses"]), _of("courses", institution)),
        Step("Switch verification on in an activity", bool(courses["enabled"]), _of("courses", institution)),
    ]
    return [] if all(step.is_done for step in steps) else steps


def _of(page: str, institution: int, **ids: int) -> str:
    return reverse(f"console:{page}", kwargs={"institution": institution, **ids})
