"""What the database works out for each course of a page, and read paths of pages about courses."""

from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from courses.models import Activity, Course, CourseInstructor, CourseLearner


def attends(me: int) -> Exists:
    return Exists(CourseLearner.objects.filter(course=OuterRef("pk"), learner=me))


def teaches(me: int) -> Exists:
    return Exists(CourseInstructor.objects.filter(course=OuterRef("pk"), instructor=me))


def has_enabled_activity(me: int) -> Exists:
    return Exists(Activity.objects.filter(course=OuterRef("pk"), enabled=True))


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
    return [dict(row) for row in ordered.values("id", "code", "description", "start", "end")]


def activities_of(person_id: int) -> QuerySet[Activity]:
    """Of the courses that a person attends or teaches; `attended` and `taught` say which."""
    attending = CourseLearner.objects.filter(learner=person_id)
    teaching = CourseInstructor.objects.filter(instructor=person_id)
    found = Activity.objects.filter(Q(course__in=attending.values("course")) | Q(course__in=teaching.values("course")))
    here = OuterRef("course")
    return found.annotate(attended=Exists(attending.filter(course=here)), taught=Exists(teaching.filter(course=here)))
