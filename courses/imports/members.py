"""Who is put into courses by imports: whoever is there stays, and is not written again."""

from collections.abc import Collection

from courses.models import Course, CourseInstructor, CourseLearner
from courses.services import course_instructors_link, course_learners_link
from institutions.models import Instructor
from learners.models import Learner
from tesla_api.api.batches import batched


def learners_join(*, course: Course, learners: Collection[int]) -> int:
    """These learners are assessed in the course from now on: how many were not before."""
    rows = CourseLearner.objects.filter(course=course).values_list("learner_id", flat=True)
    there = {key for part in batched(learners) for key in rows.filter(learner_id__in=part)}
    new = sorted({*learners} - there)
    if new:
        course_learners_link(course=course, learners=[Learner(pk=key) for key in new])
    return len(new)


def instructors_join(*, course: Course, instructors: Collection[int]) -> int:
    """These instructors teach the course from now on: how many did not before."""
    rows = CourseInstructor.objects.filter(course=course).values_list("instructor_id", flat=True)
    there = {key for part in batched(instructors) for key in rows.filter(instructor_id__in=part)}
    new = sorted({*instructors} - there)
    if new:
        course_instructors_link(course=course, instructors=[Instructor(pk=key) for key in new])
    return len(new)
