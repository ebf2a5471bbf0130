"""Courses as a whole."""

from django.db import transaction

from courses.models import Course
from files.services import files_erase_unreferenced


@transaction.atomic
def course_delete(*, course: Course) -> None:
    """The course with its activities, sessions, requests and reports and their files. Its people stay."""
    course.delete()
    files_erase_unreferenced(institution=course.institution)
