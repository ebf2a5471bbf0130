"""Prints what imports have brought into each institution of DATABASE_URL, by the names that files use."""

import json

import django

django.setup()

from courses.models import Activity, Course, CourseLearner  # noqa: E402
from institutions.models import VLE, Institution, User  # noqa: E402
from learners.models import Learner, SENDCategory, SENDLearner  # noqa: E402


def course(found: Course) -> dict:
    activities = Activity.objects.filter(course=found).order_by("vle_activity_id")
    members = CourseLearner.objects.filter(course=found).order_by("learner__user__uid")
    return {
        "vle": found.vle.name,
        "code": found.code,
        "dates": [str(found.start), str(found.end)],
        "activities": [[row.vle_activity_type, row.vle_activity_id, str(row.end)] for row in activities],
        "members": list(members.values_list("learner__user__uid", flat=True)),
    }


def institution(found: Institution) -> dict:
    people = User.objects.filter(institution=found).order_by("uid")
    return {
        "courses": {row.vle_course_id: course(row) for row in found.courses.order_by("vle_course_id")},
        "people": [[p.uid, p.username.removeprefix(found.acronym), p.has_usable_password()] for p in people],
        "learners": sorted(Learner.objects.filter(institution=found).values_list("user__uid", flat=True)),
        "vles": list(VLE.objects.filter(institution=found).values_list("name", flat=True)),
        "categories": list(SENDCategory.objects.filter(institution=found).values_list("description", flat=True)),
        "assigned": sorted(SENDLearner.objects.filter(institution=found).values_list("learner__user__uid", flat=True)),
    }


print(json.dumps({found.acronym: institution(found) for found in Institution.objects.all()}))
