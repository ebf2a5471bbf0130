"""Template values from counts and API rows: charts, meters and lists of facts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from console import words
from console.charts import Chart, chart
from console.templatetags.console import LEVEL_KINDS
from courses.queries import CourseName

COURSES = 12  # bars of a chart: the courses with most alerts, the special needs with most learners
_LEVELS = [(LEVEL_KINDS[level], word) for level, word in words.LEVEL_WORDS.items()]


def consents(counts: Mapping[str, int], learners: str) -> dict[str, Any]:
    """One bar for each status that some learner has, in the order of CONSENT_WORDS.

    Each leads to these learners; `learners` is the address of the list of all.
    """
    legend = [("good", "Data may be captured"), ("bad", "No data may be captured")]
    total = sum(counts.values())
    shown = [status for status in words.CONSENT_WORDS if counts.get(status)]
    rows = [
        (words.CONSENT_WORDS[status], [counts[status], 0] if status.startswith("VALID") else [0, counts[status]])
        for status in shown
    ]
    addresses = [f"{learners}?ic_status={status}" for status in shown]
    valid = sum(count for status, count in counts.items() if status.startswith("VALID"))
    about = f"{valid:,} of {total:,} learners have a consent that allows data to be captured."
    bars = chart("consent", "Informed consent of the learners", about, rows, legend, whole=total, addresses=addresses)
    return {"total": total, "valid": valid, "chart": bars, "about": about}


def needs(learners: int, categories: Sequence[tuple[int, str, int]], address: str) -> dict[str, Any]:
    """Each category leads to the learners who have it; `address` is that of the list of all learners."""
    about = f"{learners:,} learners have special needs now; one learner may be in several categories."
    rows = [(name, [count]) for _, name, count in categories[:COURSES]]
    legend = [("plain", "Learners")]
    addresses = [f"{address}?send={key}" for key, *_ in categories[:COURSES]]
    title = "Learners by category of special needs"
    bars = chart("needs", title, about, rows, legend, whole=learners or 1, addresses=addresses)
    return {"total": learners, "chart": bars, "about": about, "left": max(len(categories) - COURSES, 0)}


def special_needs(
    rows: Sequence[Mapping[str, Any]], instruments: Sequence[Mapping[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """All assignments of special needs to a learner, also those that are over."""
    names = {row["id"]: row["name"] for row in instruments}
    return [
        {
            "id": row["id"],
            "description": row["info"]["description"],
            "options": row["info"]["data"]["enabled_options"],
            "provided": {name: row["info"][name] for name in ("extra_time", "allowances")},
            "without": [names[key] for key in row["info"]["data"]["disabled_instruments"] if key in names],
            "until": row["expires_at"],
            "over": row["expires_at"] is not None and row["expires_at"] < now,
        }
        for row in rows
    ]


def provided(send: Mapping[str, Any], instruments: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a learner must be given, without why: options, extra time and so on, and instruments that are not used."""
    names = {row["id"]: row["name"] for row in instruments}
    without = [names.get(key, f"Instrument {key}") for key in send["send"]["disabled_instruments"]]
    return {"options": send["send"]["enabled_options"], "without": without, "provide": send.get("provide")}


def reports_listed(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the API's list of reports, as `learner_work` has them."""
    return [
        {
            **row,
            "activity": row["activity"]["id"],
            "name": row["activity"]["name"],
            "course": row["course"]["id"],
            "of_course": row["course"],
        }
        for row in rows
    ]


def levels(counts: Mapping[str, Mapping[int, int]], reports: str) -> dict[str, Any]:
    """`reports` is the address of the list of all: each number leads to the ones that it counts."""
    total = sum(counts["identity"].values())
    rows = [(words.KIND_WORDS[kind], [of[level] for level in words.LEVEL_WORDS]) for kind, of in counts.items()]
    about = f"{total:,} reports; each has a level of identity, of content and of integrity."
    parts = [[f"{reports}?{kind}_level={level}" for level in words.LEVEL_WORDS] for kind in counts]
    addresses = [f"{reports}?ordering=-{kind}_level" for kind in counts]
    bars = chart("levels", "Reports by level", about, rows, _LEVELS, addresses=addresses, parts=parts)
    return {"total": total, "chart": bars, "about": about, "address": reports}


def by_course(courses: Sequence[tuple[int, CourseName, Mapping[int, int]]], reports: str) -> Chart:
    """`reports` as of `levels`."""
    rows = [(words.course_text(*name), [of[level] for level in words.LEVEL_WORDS]) for _, name, of in courses]
    about = "The highest of the three levels of each report; courses with the most alerts first."
    addresses = [f"{reports}?course={key}" for key, _, _ in courses]
    parts = [[f"{address}&highest={level}" for level in words.LEVEL_WORDS] for address in addresses]
    return chart("courses", "Reports by course", about, rows, _LEVELS, addresses=addresses, parts=parts)


def by_activity(name: str, of: Mapping[int, int], ids: Mapping[str, int]) -> Chart:
    rows = [(name, [of.get(level, 0) for level in words.LEVEL_WORDS])]
    reports = reverse("console:reports", args=[ids["institution"]])
    address = f"{reports}?course={ids['course']}&activity={ids['activity']}"
    parts = [[f"{address}&highest={level}" for level in words.LEVEL_WORDS]]
    about = "The highest of the three levels of each report."
    return chart("activity", "Reports by level", about, rows, _LEVELS, addresses=[address], parts=parts)


def enrolment(entries: Sequence[Mapping[str, Any]], instruments: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One meter for each instrument that needs enrolment, and for each other one with which the learner has begun."""
    entry_of = {entry["instrument_id"]: entry for entry in entries}
    return [
        {
            "name": row["name"],
            "percent": round(100 * entry_of[row["id"]]["percentage__min"]) if row["id"] in entry_of else 0,
            "ready": row["id"] in entry_of and entry_of[row["id"]]["can_analyse__min"],
            "waiting": entry_of[row["id"]]["not_validated_count"] if row["id"] in entry_of else 0,
        }
        for row in instruments
        if row["requires_enrolment"] or row["id"] in entry_of
    ]


def instruments(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The instruments of an activity; `instead_of` names the instrument that an alternative replaces."""
    names = {row["id"]: row["instrument"]["name"] for row in rows}
    return [
        {
            "id": row["id"],
            "name": row["instrument"]["name"],
            "active": row["active"],
            "instead_of": names.get(row["alternative_to"]),
            "options": ", ".join(word for word, on in (row["options"] or {}).items() if on is True),
        }
        for row in rows
    ]
