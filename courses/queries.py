"""What the database works out for each course of a page."""

from django.db.models import Exists, OuterRef

from courses.models import Activity, CourseInstructor, CourseLearner


def attends(me: int) -> Exists:
    return Exists(CourseLearner.objects.filter(course=OuterRef("pk"), learner=me))


def teaches(me: int) -> Exists:
    return Exists(CourseInstructor.objects.filter(course=OuterRef("pk"), instructor=me))


def has_enabled_activity(me: int) -> Exists:
    return Exists(Activity.objects.filter(course=OuterRef("pk"), enabled=True))
