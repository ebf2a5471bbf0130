"""Hot read paths of courses: one statement for a whole page."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Now

from courses.models import Activity, Course, CourseInstructor, CourseLearner
from tesla_api.api.prepared import Prepared


def _roles(courses, me):
    """(course, role) of the caller in these courses."""
    learner = CourseLearner.objects.filter(course__any_of=courses, learner=me)
    instructor = CourseInstructor.objects.filter(course__any_of=courses, instructor=me)
    return learner.values_list("course_id", Value("LEARNER")).union(
        instructor.values_list("course_id", Value("INSTRUCTOR")), all=True
    )


def _enabled(courses):
    active = Activity.objects.filter(course=OuterRef("pk"), enabled=True)
    return Course.objects.filter(Exists(active), pk__any_of=courses).values_list("pk")


_ROLES = Prepared(_roles, "courses", "me")
_ENABLED = Prepared(_enabled, "courses")


def caller_roles(courses: Sequence[int], view) -> dict[int, list[str]]:
    """{course: what the caller is in it, of "LEARNER" and "INSTRUCTOR"}."""
    found: dict[int, list[str]] = {course: [] for course in courses}
    for course, role in _ROLES(courses=list(courses), me=view.caller.id):
        found[course].append(role)
    return {course: sorted(roles, reverse=True) for course, roles in found.items()}


def enabled_courses(courses: Sequence[int], view) -> dict[int, bool]:
    """{course: some activity of it is enabled}."""
    return {course: True for (course,) in _ENABLED(courses=list(courses))}


def course_counts(institution_id: int) -> dict[str, int]:
    """Courses of the institution by the hour, and its activities: how many there are and how many are enabled."""
    begun, over = Q(start=None) | Q(start__lte=Now()), Q(end__lt=Now())
    counts = Course.objects.filter(institution=institution_id).aggregate(
        courses=Count("pk"),
        running=Count("pk", filter=begun & ~over),
        to_come=Count("pk", filter=Q(start__gt=Now())),
    )
    activities = Activity.objects.filter(institution=institution_id).aggregate(
        activities=Count("pk"), enabled=Count("pk", filter=Q(enabled=True))
    )
    return counts | activities


def learner_courses(institution_id: int, learner_id: int) -> list[dict[str, Any]]:
    """The courses that a learner of the institution attends, the latest first."""
    attended = Course.objects.filter(institution=institution_id, learners=learner_id)
    ordered = attended.order_by(F("start").desc(nulls_last=True), "pk")
    return list(ordered.values("id", "code", "description", "start", "end"))
