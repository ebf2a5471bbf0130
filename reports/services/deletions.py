"""What is deleted together with a row, in numbers by kind: for the page that asks whether it is meant.

Only what people know by name is counted; what hangs from it, such as results and histograms, is not told.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django.db.models import Count, Model, OuterRef, Subquery
from django.db.models.functions import Coalesce

from courses.models import Activity, AssessmentSession, Course, CourseInstructor, CourseLearner, GroupCourse
from files.models import StoredFile
from institutions.models import VLE, Instructor, User
from learners.models import Enrolment, EnrolmentSample, Learner, SENDCategory, SENDLearner
from reports.models import Alert, Report, Request

OPEN_CONTESTS = "open contests"

Kind = tuple[type[Model], str, str]  # rows of this table, the path from them to what is deleted, what they are called


def _of_activities(path: str) -> tuple[Kind, ...]:
    return (
        (AssessmentSession, path, "assessment sessions"),
        (Request, path, "requests with what was captured"),
        (Alert, path, "alerts"),
        (Report, path, "reports"),
        (Report, path, OPEN_CONTESTS),
    )


OF_LEARNERS: tuple[Kind, ...] = (
    (CourseLearner, "learner", "courses attended"),
    (SENDLearner, "learner", "special needs"),
    (EnrolmentSample, "learner", "enrolment samples"),
    (Enrolment, "learner", "enrolments"),
    *_of_activities("learner"),
)
OF_INSTRUCTORS: tuple[Kind, ...] = ((CourseInstructor, "instructor", "courses taught"),)
GOES: dict[type[Model], tuple[Kind, ...]] = {
    VLE: (
        (Course, "vle", "courses"),
        (CourseLearner, "course__vle", "learners' memberships of courses"),
        (CourseInstructor, "course__vle", "instructors' memberships of courses"),
        (GroupCourse, "course__vle", "places in groups of courses"),
        (Activity, "vle", "activities"),
        *_of_activities("activity__vle"),
    ),
    Learner: OF_LEARNERS,
    Instructor: OF_INSTRUCTORS,
    User: (*OF_INSTRUCTORS, *OF_LEARNERS, (StoredFile, "owner", "stored files")),
    Course: (
        (CourseLearner, "course", "learners' memberships"),
        (CourseInstructor, "course", "instructors' memberships"),
        (GroupCourse, "course", "places in groups of courses"),
        (Activity, "course", "activities"),
        *_of_activities("activity__course"),
    ),
    Activity: _of_activities("activity"),
    SENDCategory: ((SENDLearner, "category", "learners who have it"),),
}
# Which rows of the table are counted under this word, where it is not all of them.
_RULES: dict[str, dict[str, Any]] = {OPEN_CONTESTS: {"contest__state": "open"}}


def goes_with(
    model: type[Model], key: int, only: Mapping[type[Model], str] = MappingProxyType({}), of: int | None = None
) -> Sequence[tuple[str, int]]:
    """(what, how many) is deleted with the row of this key, nothing if there is none; one statement.

    Of the tables in `only` those rows alone are counted whose path there leads to `of`.
    """
    kinds = GOES[model]
    counts = {
        f"kind{place}": _number(rows, path, _RULES.get(word, {}) | ({only[rows]: of} if rows in only else {}))
        for place, (rows, path, word) in enumerate(kinds)
    }
    found = model._default_manager.filter(pk=key).annotate(**counts).values_list(*counts).first()
    return [(word, number) for (_, _, word), number in zip(kinds, found or (0,) * len(kinds), strict=True)]


def _number(rows: type[Model], path: str, rule: Mapping[str, Any]) -> Coalesce:
    """Of the rows that the path leads from to the row of the outer query."""
    of_one = rows._default_manager.filter(**{path: OuterRef("pk")}, **rule).order_by().values(path)
    return Coalesce(Subquery(of_one.annotate(number=Count("pk")).values("number")), 0)
