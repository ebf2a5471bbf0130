"""Courses as a whole."""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction

from courses.models import Course
from files.services import files_erase_unreferenced
from institutions.models import VLE
from kernel.constraints import TAKEN, violated_fields
from kernel.locks import cascade_locked
from kernel.writes import one_transaction, set_values


@one_transaction()
def course_create(*, vle: VLE, **values: Any) -> Course:
    """A course that a VLE sends. An id that the VLE has used before is an error of the row, not of the field."""
    course = Course(institution_id=vle.institution_id, vle=vle, **values)
    _save(course)
    return course


@one_transaction()
def course_update(*, course: Course, **values: Any) -> None:
    """Writes only these values."""
    if set_values(course, values):
        _save(course, update_fields=(*values, "updated_at"))


def _save(course: Course, **how: Any) -> None:
    try:
        with transaction.atomic():
            course.save(**how)
    except IntegrityError as error:
        if "vle_course_id" not in violated_fields(error):
            raise
        raise ValidationError({NON_FIELD_ERRORS: [TAKEN]}) from error


@one_transaction()
def course_delete(*, course: Course) -> None:
    """The course with its activities, sessions, requests and reports and their files. Its people stay."""
    cascade_locked(course)
    course.delete()
    files_erase_unreferenced(institution=course.institution)
