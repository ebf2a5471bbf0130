"""What the floor reads: for each address one SQL statement, and how its rows look in JSON."""

from collections.abc import Callable

from benchmarks.pages import courses, institutions, people, reports
from benchmarks.pages.shared import Call, Object, Rows

# By the words of the address. A function takes the call and whether it is a list; it returns the count and the rows of
# the page; for a detail any count and at most one row.
PAGES: dict[str, Callable[[Call, bool], Rows]] = {
    "institution": institutions.institutions,
    "institution/vle": institutions.vles,
    "institution/ic": institutions.consents,
    "institution/ic/document": institutions.documents,
    "institution/instrument": institutions.instruments,
    "institution/ui": institutions.options,
    "institution/user": people.users,
    "institution/instructor": people.instructors,
    "institution/learner": people.learners,
    "institution/learner/send": people.assignments,
    "institution/send": people.categories,
    "institution/group": courses.groups,
    "institution/group/course": courses.group_courses,
    "institution/course": courses.courses,
    "institution/course/instructor": people.course_instructors,
    "institution/course/learner": people.course_learners,
    "institution/course/activity": courses.activities,
    "institution/course/activity/instrument": courses.used,
    "institution/course/activity/report": reports.reports,
    "institution/course/activity/report/request": reports.requests,
    "institution/course/activity/report/audit": reports.audits,
}
# By the last word of the address, for what is neither list nor detail: the function returns the whole answer.
OTHERS: dict[str, Callable[[Call], Object]] = {
    "current": institutions.current,
    "enrolment": people.enrolment,
}
