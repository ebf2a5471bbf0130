"""What a sample university consists of: its VLE, courses, groups, activities, consents and special needs.

Each function makes what is missing and leaves alone what is there, so that an interrupted run can be completed.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from courses.models import (
    Activity,
    ActivityInstrument,
    Course,
    CourseGroup,
    GroupCourse,
)
from courses.services.members import INSTRUCTORS, LEARNERS, members_link
from demo.cast import Subject, Task, University
from demo.people import Staff
from institutions.models import VLE, Institution, Instrument, Provider, UIOption, User
from institutions.services.credentials import secret_hash
from institutions.services.institutions import institution_create
from institutions.services.vles import vle_create, vle_credentials_rotate
from learners.models import Learner, SENDCategory, SENDLearner

MANNER = {"has_service": False, "enabled": True, "allow_validation": True, "version": "1.0"}
# Thresholds: the first warns, the second alerts. For plagiarism a low result is good.
PROVIDERS = {
    "fr": ("Sample face recognition", "0.6", "0.3", False),
    "ks": ("Sample keystroke dynamics", "0.6", "0.3", False),
    "vr": ("Sample voice recognition", "0.6", "0.3", False),
    "fa": ("Sample forensic analysis", "0.6", "0.3", False),
    "plag": ("Sample plagiarism detection", "0.3", "0.6", True),
}
SPECIAL_NEEDS: tuple[tuple[str, list[str], list[str]], ...] = (
    ("Low vision", ["big_fonts", "high_contrast"], []),
    ("Cannot be filmed", [], ["fr"]),
    ("Reading difficulties", ["text_to_speech"], []),
)
# Position of the learner, description of the category, days until it ends.
ASSIGNED: tuple[tuple[int, str, int | None], ...] = (
    (3, "Low vision", 240),
    (4, "Cannot be filmed", None),
    (4, "Reading difficulties", 120),
    (10, "Reading difficulties", None),
)
NOT_FILMED = 4


@transaction.atomic
def instruments_provided() -> dict[str, Provider]:
    """By the instrument's acronym; all sample universities share them."""
    instruments = {row.acronym: row for row in Instrument.objects.filter(acronym__in=PROVIDERS)}
    found = {}
    for acronym, (name, warning, alert, inverted) in PROVIDERS.items():
        values = {
            "name": name,
            "instrument": instruments[acronym],
            "queue": f"demo_{acronym}",
            "warning_below": warning,
            "alert_below": alert,
            "inverted_polarity": inverted,
            **MANNER,
        }
        Provider.objects.get_or_create(acronym=f"demo_{acronym}", defaults=values)
        found[acronym] = Provider.objects.select_related("instrument").get(acronym=f"demo_{acronym}")
    return found


def university_founded(university: University, staff: Staff) -> Institution:
    found = Institution.objects.filter(acronym=university.acronym).first()
    if found is None:
        found, _ = institution_create(
            acronym=university.acronym,
            name=university.name,
            administrator=staff.values_of(university, "admin", locale=university.languages[0]),
            **university.switches,
        )
    return found


def vle_registered(institution: Institution, university: University, kept: dict[str, Any] | None) -> VLE:
    """The university's first VLE. `kept`, if any, becomes {"id", "role_id", "secret_id"} of credentials that work."""
    vle = VLE.objects.filter(institution=institution).order_by("pk").first()
    issued: dict[str, str] | None = None
    if vle is None:
        url = f"https://{university.switches['allowed_domains']}"
        vle, issued = vle_create(institution=institution, name=university.vle, type=0, url=url)
    if kept is not None:
        if issued is None and not _opens(vle, kept):
            issued = vle_credentials_rotate(vle=vle, overlap_minutes=0)
        if issued is not None:
            kept.clear()
            kept.update(id=vle.pk, role_id=issued["role_id"], secret_id=issued["secret_id"])
    return vle


def _opens(vle: VLE, kept: dict[str, Any]) -> bool:
    """The kept credentials are of this VLE, live and right."""
    live = vle.credential_rows.filter(revoked_at=None, expires_at=None)
    hashes = {str(row.role_id): row.secret_hash for row in live}
    secret = kept.get("secret_id")
    right = isinstance(secret, str) and hashes.get(str(kept.get("role_id"))) == secret_hash(secret)
    return right and kept.get("id") == vle.pk


@transaction.atomic
def course_given(
    vle: VLE, subject: Subject, teachers: dict[str, User], learners: list[Learner], *, since: datetime
) -> Course:
    """The course with its people, in its group."""
    keys = {"institution": vle.institution}
    course, _ = Course.objects.get_or_create(
        vle=vle,
        vle_course_id=subject.number,
        defaults={
            "code": subject.code,
            "description": subject.description,
            "start": since + timedelta(days=subject.days[0]),
            "end": since + timedelta(days=subject.days[1]),
            **keys,
        },
    )
    taught_by = [teachers[uid].instructor for uid in subject.teachers]
    members_link(course=course, membership=INSTRUCTORS, members=taught_by)
    members_link(course=course, membership=LEARNERS, members=learners)
    group = CourseGroup.objects.filter(name=subject.group, **keys).order_by("pk").first()
    if group is not None:
        GroupCourse.objects.get_or_create(group=group, course=course, defaults=keys)
    return course


@transaction.atomic
def groups_planted(institution: Institution, university: University) -> None:
    for name, parent in university.groups:
        if not institution.groups.filter(name=name).exists():
            above = institution.groups.filter(name=parent).order_by("pk").first() if parent else None
            CourseGroup.objects.create(institution=institution, name=name, parent=above)


@transaction.atomic
def activity_set(course: Course, task: Task, *, since: datetime) -> Activity:
    """The activity with its instruments; those of an activity that is there already stay as they are."""
    activity, new = Activity.objects.get_or_create(
        vle_id=course.vle_id,
        vle_activity_type=task.kind,
        vle_activity_id=task.number,
        defaults={
            "institution_id": course.institution_id,
            "course": course,
            "name": task.name,
            "description": task.description,
            "start": since + timedelta(days=task.day - 5),
            "end": since + timedelta(days=task.day + 20),
            "enabled": task.enabled,
        },
    )
    if new:
        rows: dict[str, ActivityInstrument] = {}
        instruments = Instrument.objects.in_bulk([tool.acronym for tool in task.tools], field_name="acronym")
        for tool in task.tools:
            rows[tool.acronym] = ActivityInstrument.objects.create(
                activity=activity,
                instrument=instruments[tool.acronym],
                options=tool.options,
                alternative_to=rows[tool.instead_of] if tool.instead_of else None,
            )
    return activity


@transaction.atomic
def needs_met(institution: Institution, learners: list[Learner], *, since: datetime) -> None:
    """Categories of special needs, and who they hold for."""
    numbers = dict(Instrument.objects.values_list("acronym", "pk"))
    for description, options, disabled in SPECIAL_NEEDS:
        if not institution.send_categories.filter(description=description).exists():
            data = {"enabled_options": sorted(options), "disabled_instruments": [numbers[word] for word in disabled]}
            SENDCategory.objects.create(institution=institution, description=description, data=data)
    for position, description, days in ASSIGNED:
        category = institution.send_categories.filter(description=description).order_by("pk").first()
        SENDLearner.objects.get_or_create(
            learner=learners[position],
            category=category,
            defaults={
                "institution": institution,
                "expires_at": since + timedelta(days=days) if days is not None else None,
            },
        )


@transaction.atomic
def routes_blocked(institution: Institution, deputy: User) -> None:
    """A row for the whole institution, which blocks nothing, and one that blocks a route for one person."""
    UIOption.objects.get_or_create(
        institution=institution, route="administration-send", user=None, defaults={"enabled": True}
    )
    UIOption.objects.get_or_create(
        institution=institution, route="administration-settings", user=deputy, defaults={"enabled": False}
    )
