"""/me/report/{id}/: the caller's own reports, with the reasons for every level.

Whether levels are told is the institution's decision (`allow_learner_report`), as everywhere else. That there is a
report is told in any case: it is held about the learner, and can be contested.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from courses.queries import CourseName, CourseNamed, activity_name, activity_named, course_named
from kernel.access import READ, grant
from kernel.caller import Role
from kernel.serializers import Batch, Computed, ResourceSerializer
from kernel.viewsets import ResourceViewSet
from reports.api.report import plain
from reports.arithmetic import Level
from reports.contests import contest_state
from reports.evidence import report_evidence
from reports.explaining import Explained, explained
from reports.models import LEVELS, Report
from reports.queries import details_demonstrated
from reports.sentences import evidence_deleted
from reports.visibility import reports_shown
from rights.row_rules import own_reports

KINDS = ("identity", "content", "integrity")


class CourseDescribed(CourseNamed):
    description: str | None


COURSE = (*CourseName._fields, "description")  # what `course_described` is made of, and the id


def course_described(
    key: int, code: str | None, vle_course_id: str, start: datetime | None, description: str | None
) -> CourseDescribed:
    return CourseDescribed(**course_named(key, code, vle_course_id, start), description=description)


def are_shown(view: Any) -> bool:
    """Whether the institution lets its learners read levels."""
    return reports_shown(view.tenant)


def level_if(level: Level, shown: bool) -> Level | None:
    return level if shown else None


def demonstrated(keys: Collection[int], view: Any) -> dict[int, list[int]]:
    """Nothing where levels are not told."""
    found = dict[int, list[int]]()
    for report, instrument in sorted(details_demonstrated(keys if view.per_request(are_shown) else ())):
        found.setdefault(report, []).append(instrument)
    return found


def shown_now(key: int, shown: bool) -> bool:
    return shown


def reasons(
    key: int, activity: int, learner: int, identity: int, content: int, integrity: int, shown: bool
) -> Explained | None:
    """Null where the institution does not let learners read levels."""
    if not shown:
        return None
    evidence = report_evidence(key, activity=activity, learner=learner)
    return explained(dict(zip(KINDS, (identity, content, integrity), strict=True)), evidence)


class OwnReportSerializer(ResourceSerializer):
    activity = Computed(
        activity_named, "activity_id", lambda me: activity_name("activity__"), "activity__vle_activity_type"
    )
    course = Computed(course_described, "activity__course_id", *(f"activity__course__{name}" for name in COURSE))
    levels_shown = Computed(shown_now, "pk", per_request=are_shown)
    identity_level = Computed(level_if, "identity_level", per_request=are_shown)
    content_level = Computed(level_if, "content_level", per_request=are_shown)
    integrity_level = Computed(level_if, "integrity_level", per_request=are_shown)

    demonstrated = Batch(
        demonstrated, missing=(), help_text="Instruments with results of a demonstration, which say nothing of anybody."
    )
    contest = Computed(contest_state, "contest", *LEVELS)
    is_restricted = Computed(
        plain, "learner__is_restricted", help_text="The consent is withdrawn: nobody opens evidence."
    )

    class Meta:
        model = Report
        fields: tuple[str, ...] = (
            "id", "activity", "course", "levels_shown", *LEVELS, "demonstrated", "contest", "is_restricted",
            "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class ExplainedReportSerializer(OwnReportSerializer):
    """With the reasons for each level, of each instrument and of each session."""

    explained = Computed(reasons, "pk", "activity_id", "learner_id", *LEVELS, per_request=are_shown)
    evidence_deleted = Computed(evidence_deleted, "evidence_deleted_after")

    class Meta(OwnReportSerializer.Meta):
        fields = (*OwnReportSerializer.Meta.fields, "explained", "evidence_deleted")
        read_only_fields = fields


class OwnReportViewSet(ResourceViewSet):
    root = "me"
    queryset = Report.objects.all()
    serializer_class = OwnReportSerializer
    detail_serializer_class = ExplainedReportSerializer
    search_fields = ("activity__search_text", "activity__course__search_text")
    orderable = {name: name for name in ("id", "created_at", "updated_at")}
    shows_people = True
    access = {Role.LEARNER: grant(READ, rows=own_reports)}
