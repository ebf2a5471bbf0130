"""Read paths of reports: how many have which level."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.functions import Greatest

from reports.arithmetic import Level
from reports.models import Report
from reports.reasons import KINDS

_HIGHEST = Greatest("identity_level", "content_level", "integrity_level")
_LEVELS = tuple(f"{kind}_level" for kind in KINDS)


def level_counts(institution_id: int) -> dict[str, dict[int, int]]:
    """{"identity": {level: reports}, "content": ..., "integrity": ...} of the institution, every level named."""
    found = {kind: dict.fromkeys(map(int, Level), 0) for kind in KINDS}
    rows = Report.objects.filter(institution=institution_id).values_list(*_LEVELS).annotate(Count("pk")).order_by()
    for *levels, number in rows:
        for kind, level in zip(KINDS, levels, strict=True):
            found[kind][level] += number
    return found


def course_levels(institution_id: int, most: int) -> list[tuple[int, str, dict[int, int]]]:
    """(course, code, {highest level: reports}) of the courses with the most alerts, then warnings, then reports."""
    rows = Report.objects.filter(institution=institution_id).annotate(highest=_HIGHEST)
    by_course = _by_highest(rows.values("activity__course", code=F("activity__course__code")))
    ordered = by_course.order_by("-level_4", "-level_3", "-number", "activity__course")[:most]
    columns = (f"level_{int(level)}" for level in Level)
    return [
        (course, code, dict(enumerate(counts)))
        for course, code, *counts in ordered.values_list("activity__course", "code", *columns)
    ]


def activity_levels(activities: Sequence[int]) -> dict[int, dict[int, int]]:
    """{activity: {highest level: reports}}; an activity without reports is left out."""
    rows = Report.objects.filter(activity__in=list(activities)).annotate(highest=_HIGHEST)
    columns = (f"level_{int(level)}" for level in Level)
    counted = _by_highest(rows.values("activity")).order_by().values_list("activity", *columns)
    return {activity: dict(enumerate(counts)) for activity, *counts in counted}


def learner_reports(institution_id: int, learner_id: int) -> list[dict[str, Any]]:
    """The reports of a learner of the institution with their activity and course, the latest activity first."""
    rows = Report.objects.filter(institution=institution_id, learner=learner_id)
    rows = rows.annotate(
        course=F("activity__course"),
        code=F("activity__course__code"),
        name=F("activity__name"),
        start=F("activity__start"),
    )
    ordered = rows.order_by(F("activity__start").desc(nulls_last=True), "pk")
    return list(ordered.values("id", "activity", "course", "code", "name", "start", *_LEVELS))


def _by_highest(rows):
    counts = {f"level_{int(level)}": Count("pk", filter=Q(highest=int(level))) for level in Level}
    return rows.annotate(number=Count("pk"), **counts)
