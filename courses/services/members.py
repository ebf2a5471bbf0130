"""Who teaches a course and who is assessed in it."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Model

from courses.models import Course, CourseInstructor, CourseLearner
from institutions.models import Instructor
from learners.models import Learner
from tesla_api.api.domain import Unknown


@transaction.atomic
def course_learner_link(*, course: Course, learner: Learner) -> None:
    """The learner is assessed in the course from now on, or is already."""
    course_learners_link(course=course, learners=[learner])


@transaction.atomic
def course_learners_link(*, course: Course, learners: Collection[Learner]) -> None:
    """All of them, or none when one of them is not of the course's institution."""
    _refuse_strangers(course, Learner, learners)
    CourseLearner.objects.bulk_create(
        [CourseLearner(course=course, learner=row, institution_id=course.institution_id) for row in learners],
        ignore_conflicts=True,
    )


@transaction.atomic
def course_learner_unlink(*, course: Course, learner: Learner) -> None:
    """The learner leaves the course, if in it; the person and all that was done stay."""
    _refuse_strangers(course, Learner, [learner])
    CourseLearner.objects.filter(course=course, learner=learner).delete()


@transaction.atomic
def course_instructor_link(*, course: Course, instructor: Instructor) -> None:
    """The instructor teaches the course from now on, or does already."""
    course_instructors_link(course=course, instructors=[instructor])


@transaction.atomic
def course_instructors_link(*, course: Course, instructors: Collection[Instructor]) -> None:
    """All of them, or none when one of them is not of the course's institution."""
    _refuse_strangers(course, Instructor, instructors)
    CourseInstructor.objects.bulk_create(
        [CourseInstructor(course=course, instructor=row, institution_id=course.institution_id) for row in instructors],
        ignore_conflicts=True,
    )


@transaction.atomic
def course_instructor_unlink(*, course: Course, instructor: Instructor) -> None:
    """The instructor leaves the course, if in it; the person stays."""
    _refuse_strangers(course, Instructor, [instructor])
    CourseInstructor.objects.filter(course=course, instructor=instructor).delete()


def _refuse_strangers(course: Course, role: type[Learner] | type[Instructor], people: Collection[Model]) -> None:
    """Unknown unless all of them and the course are there, in one institution; they stay until the transaction ends.

    Roles are locked before the course, in the order of their keys: who links never waits crosswise.
    """
    keys = {row.pk for row in people}
    home = {"institution": course.institution_id}
    found = role._default_manager.filter(pk__in=keys, **home).order_by("pk").select_for_update(no_key=True)
    if len(found.values_list("pk")) != len(keys):
        raise Unknown(f"No such {role._meta.verbose_name} in this institution.")
    if not Course.objects.filter(pk=course.pk, **home).select_for_update(no_key=True).values_list("pk"):
        raise Unknown("There is no such course any more.")
