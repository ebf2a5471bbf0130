"""Creates the VLEs, courses, groups, activities and special needs of the sample universities.

Each function creates only missing rows, so that an interrupted run can be completed.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from courses.models import (
    Activity,
    ActivityInstrument,
    Adder,
    Course,
    CourseGroup,
    GroupCourse,
)
from courses.services.members import INSTRUCTORS, LEARNERS, AddedBy, members_link
from demo.measuring import MEASURES, Measure, queue_of
from demo.people import PeopleSeeder
from demo.universities import SampleActivity, SampleCourse, University
from institutions.models import VLE, Institution, Instrument, Provider, UIOption, User
from institutions.services.credentials import credentials_live, secret_hash
from institutions.services.institutions import institution_create
from institutions.services.instruments import provider_create, provider_credentials_rotate, provider_update
from institutions.services.vles import vle_create, vle_credentials_rotate
from learners.models import Learner, SENDCategory, SENDLearner

DESCRIPTION = "Built in. Its results are computed from the bytes of what was captured and say nothing about anybody."
# Name, what is switched on, instruments that are taken away, extra time in percent, other allowances.
SPECIAL_NEEDS: tuple[tuple[str, list[str], list[str], int | None, list[str]], ...] = (
    ("Low vision", ["big_fonts", "high_contrast"], [], 25, []),
    ("Cannot be filmed", [], ["fr"], None, []),
    ("Reading difficulties", ["text_to_speech"], [], 25, ["reader"]),
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
def ensure_providers() -> dict[str, Provider]:
    """The built-in providers by acronym of their instrument; all sample universities share them."""
    return {acronym: _ensure_provider(acronym, measure) for acronym, measure in MEASURES.items()}


def _ensure_provider(acronym: str, measure: Measure) -> Provider:
    """Registered as any other; nobody is told its secret. One of an earlier version could not work yet."""
    name = queue_of(acronym)
    values = {"name": measure.name, "description": DESCRIPTION, "allow_validation": True, "validation_active": True,
              "is_demonstration": True}  # fmt: skip
    provider = Provider.objects.select_related("instrument").filter(acronym=name).first()
    if provider is None:
        provider, _ = provider_create(
            instrument=Instrument.objects.get(acronym=acronym),
            acronym=name,
            queue=name,
            version="1.0",
            enabled=True,
            has_service=False,
            warning_below=measure.warning,
            alert_below=measure.alert,
            inverted_polarity=measure.low_is_good,
            **values,
        )
    elif not provider.credential_rows.exists():
        provider = provider_update(provider=provider, **values)
    if not credentials_live().filter(provider=provider).exists():
        provider_credentials_rotate(provider=provider, overlap_minutes=0)
    return provider


def ensure_institution(university: University, people: PeopleSeeder) -> Institution:
    institution = Institution.objects.filter(acronym=university.acronym).first()
    if institution is None:
        institution, _ = institution_create(
            acronym=university.acronym,
            name=university.name,
            administrator=people.values_of(university, "admin", locale=university.languages[0]),
            **university.switches,
        )
    return institution


def ensure_vle(institution: Institution, university: University, secrets: dict[str, Any] | None) -> VLE:
    """The university's first VLE. `secrets`, if given, is updated to the id and valid credentials of the VLE."""
    vle = VLE.objects.filter(institution=institution).order_by("pk").first()
    issued: dict[str, str] | None = None
    if vle is None:
        url = f"https://{university.switches['allowed_domains']}"
        vle, issued = vle_create(institution=institution, name=university.vle, type=0, url=url)
    if secrets is not None:
        if issued is None and not _are_valid(vle, secrets):
            issued = vle_credentials_rotate(vle=vle, overlap_minutes=0)
        if issued is not None:
            secrets.clear()
            secrets.update(id=vle.pk, role_id=issued["role_id"], secret_id=issued["secret_id"])
    return vle


def _are_valid(vle: VLE, secrets: dict[str, Any]) -> bool:
    """Whether these are valid credentials of this VLE."""
    live = vle.credential_rows.filter(revoked_at=None, expires_at=None)
    hashes = {str(row.role_id): row.secret_hash for row in live}
    secret = secrets.get("secret_id")
    is_valid = isinstance(secret, str) and hashes.get(str(secrets.get("role_id"))) == secret_hash(secret)
    return is_valid and secrets.get("id") == vle.pk


@transaction.atomic
def ensure_course(
    vle: VLE, sample: SampleCourse, teachers: dict[str, User], learners: list[Learner], *, since: datetime
) -> Course:
    """The course with its members, in its group."""
    keys = {"institution": vle.institution}
    course, _ = Course.objects.get_or_create(
        vle=vle,
        vle_course_id=sample.number,
        defaults={
            "code": sample.code,
            "description": sample.description,
            "start": since + timedelta(days=sample.days[0]),
            "end": since + timedelta(days=sample.days[1]),
            **keys,
        },
    )
    instructors = [teachers[uid].instructor for uid in sample.teachers]
    by = AddedBy(Adder.VLE, vle.pk)
    members_link(course=course, membership=INSTRUCTORS, members=instructors, by=by)
    members_link(course=course, membership=LEARNERS, members=learners, by=by)
    group = CourseGroup.objects.filter(name=sample.group, **keys).order_by("pk").first()
    if group is not None:
        GroupCourse.objects.get_or_create(group=group, course=course, defaults=keys)
    return course


@transaction.atomic
def ensure_groups(institution: Institution, university: University) -> None:
    for name, parent in university.groups:
        if not institution.groups.filter(name=name).exists():
            parent_row = institution.groups.filter(name=parent).order_by("pk").first() if parent else None
            CourseGroup.objects.create(institution=institution, name=name, parent=parent_row)


@transaction.atomic
def ensure_activity(course: Course, sample: SampleActivity, *, since: datetime) -> Activity:
    """The activity with its instruments; those of an existing activity are not changed."""
    activity, new = Activity.objects.get_or_create(
        vle_id=course.vle_id,
        vle_activity_type=sample.kind,
        vle_activity_id=sample.number,
        defaults={
            "institution_id": course.institution_id,
            "course": course,
            "name": sample.name,
            "description": sample.description,
            "start": since + timedelta(days=sample.day - 5),
            "end": since + timedelta(days=sample.day + 20),
            "enabled": sample.enabled,
        },
    )
    if new:
        rows: dict[str, ActivityInstrument] = {}
        instruments = Instrument.objects.in_bulk([row.acronym for row in sample.instruments], field_name="acronym")
        for used in sample.instruments:
            rows[used.acronym] = ActivityInstrument.objects.create(
                activity=activity,
                instrument=instruments[used.acronym],
                options=used.options,
                alternative_to=rows[used.instead_of] if used.instead_of else None,
            )
    return activity


@transaction.atomic
def ensure_special_needs(institution: Institution, learners: list[Learner], *, since: datetime) -> None:
    """Categories of special needs and their assignments to learners."""
    numbers = dict(Instrument.objects.values_list("acronym", "pk"))
    for description, options, disabled, extra_time, allowances in SPECIAL_NEEDS:
        if not institution.send_categories.filter(description=description).exists():
            data = {"enabled_options": sorted(options), "disabled_instruments": [numbers[word] for word in disabled]}
            SENDCategory.objects.create(
                institution=institution,
                description=description,
                data=data,
                extra_time=extra_time,
                allowances=allowances,
            )
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
def ensure_ui_options(institution: Institution, deputy: User) -> None:
    """An enabled route of the whole institution, and a route that is blocked for one person."""
    UIOption.objects.get_or_create(
        institution=institution, route="administration-send", user=None, defaults={"enabled": True}
    )
    UIOption.objects.get_or_create(
        institution=institution, route="administration-settings", user=deputy, defaults={"enabled": False}
    )
