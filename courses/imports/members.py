"""Who is put into courses by imports: whoever is there stays, and is not written again."""

from collections.abc import Collection

from courses.models import Course, CourseLearner
from courses.services import course_learners_link
from learners.models import Learner


def learners_join(*, course: Course, learners: Collection[int]) -> int:
    """These learners are assessed in the course from now on: how many were not before."""
    there = set(CourseLearner.objects.filter(course=course).values_list("learner_id", flat=True))
    new = sorted({*learners} - there)
    if new:
        course_learners_link(course=course, learners=[Learner(pk=key) for key in new])
    return len(new)
