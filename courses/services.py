"""Changes of courses that must respect a rule. No HTTP."""

from django.db import transaction

from courses.models import Course


@transaction.atomic
def course_delete(*, course: Course) -> None:
    """The course with its activities, sessions, requests and reports. Its people stay."""
    course.delete()
