"""The caller's own rows, for tables of rights: grant(READ, rows=own_reports).

People whom a VLE sent see what belongs to the courses of that VLE alone, unless their institution allows more: a VLE
signs them in without their password, and must not learn in this way what another one holds. What belongs to no course,
such as consents and special needs, they see all of, as in the rest of the API.
"""

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from courses.models import Activity, Course
from courses.row_rules import attended, of_own_vle, taught
from institutions.models import User
from kernel.caller import PEOPLE
from trail.models import MergedAccount

_KINDS = tuple(kind.value for kind in PEOPLE)
# Words of addresses that name no course.
OF_PERSON = (
    "auth", "admin/user", "institution/user", "institution/user/activities", "institution/learner",
    "institution/learner/enrolment", "institution/learner/ic", "institution/learner/send",
    "institution/learner/decision", "institution/learner/membership", "institution/instructor", "console/learner",
    "console/person", "lapi/enrolment", "provider/enrolment", "provider/validation",
)  # fmt: skip
# Lists of everybody, and of those of a course or an activity, in the API and the console.
LISTS = (
    "institution/learner", "institution/user", "institution/instructor", "institution/report", "console/learners",
    "console/people", "console/reports", "console/instructors", "console/overview",
)  # fmt: skip
LISTS_OF_COURSES = (
    "institution/course/learner", "institution/course/instructor", "institution/course/activity/report",
    "console/course", "console/activity", "console/activity-pdf", "console/unsettled",
)  # fmt: skip
OF_REPORT = ("console/report", "console/report-pdf", "console/requests")


def own_decisions(me) -> Q:
    return Q(owner=me.id)


def own_reports(me) -> Q:
    return Q(learner=me.id) & of_own_vle("activity__")(me)


def own_contests(me) -> Q:
    return Q(report__learner=me.id) & of_own_vle("report__activity__")(me)


def own_bundles(me) -> Q:
    """Who came by a VLE has those that were made for people of that VLE."""
    return Q(person=me.id) if me.vle_id is None else Q(person=me.id, vle_id=me.vle_id)


def own_corrections(me) -> Q:
    return Q(person=me.id)


def _own_accounts(me) -> QuerySet:
    """The number of the account, and of those that were merged into it."""
    merged = MergedAccount.objects.filter(person_id=me.id).values_list("account_id")
    return User.objects.filter(pk=me.id).values_list("pk").union(merged)


def own_lines(me) -> Q:
    """Lines about the person, without what the person has read alone."""
    own = _own_accounts(me)
    lines = Q(person_id__in=own) & ~Q(verb="read", actor_id__in=own, actor_kind__in=_KINDS)
    if me.vle_id is None:
        return lines
    by_vle = Q(actor_kind="vle", actor_id=me.vle_id) | Q(signed_in_by=me.vle_id)
    of_course = Q(resource__startswith="institution/course/") | Q(resource__in=OF_REPORT)
    return lines & (by_vle | Q(resource__in=OF_PERSON) | (of_course & Q(_names_own_course(me))))


def lists_seen(me) -> Q:
    """Lines of lists and tables that somebody else has opened in which the person may have been.

    Which rows a list has shown is not kept: that would be a line for each of thousands of people. A list that has shown
    one person alone is a line about that person.
    """
    courses = Course.objects.filter(attended()(me) | taught()(me)).values("pk")
    home = Value(f"{me.institution_id}/")
    keys = [
        rows.values_list(Concat(home, *path, output_field=CharField()), flat=True)
        for rows, path in (
            (courses, [Cast("pk", CharField())]),
            (
                Activity.objects.filter(course__in=courses),
                [Cast("course_id", CharField()), Value("/"), Cast("pk", CharField())],
            ),
        )
    ]
    by_people = Q(institution=me.institution_id, person_id=None, verb__in=("read", "export"), actor_kind__in=_KINDS)
    of_courses = Q(resource__in=LISTS_OF_COURSES) & (Q(row_key__in=keys[0]) | Q(row_key__in=keys[1]))
    return by_people & ~Q(actor_id__in=_own_accounts(me)) & (Q(resource__in=LISTS) | of_courses)


def _names_own_course(me) -> Exists:
    """The address names a course of the VLE that the person has a report of: its ids begin with institution/course."""
    text = CharField()
    below = Concat(Cast("institution", text), Value("/"), Cast("pk", text), Value("/"), output_field=text)
    courses = Course.objects.filter(vle=me.vle_id, activities__reports__learner=me.id)
    return Exists(courses.alias(below=below, row=Cast(OuterRef("row_key"), text)).filter(row__startswith=F("below")))


def own_erasures(me) -> Q:
    return Q(person=me.id)
