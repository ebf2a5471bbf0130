"""Creates the sample data, or the missing part of it, and returns the accounts and ids.

Each step is a transaction of its own and creates only missing rows: a second run changes nothing, and an interrupted
run can be completed. Times are relative to the creation of the institution, so a second run computes the same ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from courses.models import Activity, Course
from demo import structure
from demo.consents import ensure_accepted_consent, ensure_consents
from demo.contests import ensure_contests
from demo.enrolments import BEGUN, FULL, GOOD, LEARNING, Extent, ensure_enrolment
from demo.evidence import LearnerActivity, store_evidence
from demo.people import PeopleSeeder
from demo.secret_file import DemoSecrets, demo_secrets
from demo.stories import make_story
from demo.universities import NORTHLAKE, ROLES, UNIVERSITIES, SampleActivity, University
from institutions.models import VLE, Institution, Provider, User
from learners import arithmetic
from learners.models import Enrolment, Learner
from reports.models import Report, Request

RECENT = timedelta(hours=2)
SHOWN_COURSE, SHOWN_ACTIVITY = NORTHLAKE.courses[0], NORTHLAKE.courses[0].activities[0]  # their ids are printed


@dataclass(frozen=True)
class SeededUniversity:
    """The rows of a sample university."""

    plan: University
    institution: Institution
    vle: VLE
    staff: dict[str, User]
    learners: list[Learner]

    @property
    def since(self) -> datetime:
        return self.institution.created_at.replace(minute=0, second=0, microsecond=0)


def seed_demo(*, password: str | None = None) -> dict[str, Any]:
    """Create what is missing; returns the accounts and ids as `seed_demo --format json` prints them."""
    with demo_secrets(password) as secrets:
        people = PeopleSeeder(secrets)
        root = people.root()
        providers = structure.ensure_providers()
        universities = [_seed_people(plan, people, secrets.vle if plan is NORTHLAKE else None) for plan in UNIVERSITIES]
        for university in universities:
            _seed_university(university, providers)
        return _summary(root, universities, secrets)


def _seed_people(plan: University, people: PeopleSeeder, vle_secrets: dict[str, Any] | None) -> SeededUniversity:
    institution = structure.ensure_institution(plan, people)
    members = people.ensure_staff(institution, plan)
    learners = people.ensure_learners(institution, plan)
    return SeededUniversity(plan, institution, structure.ensure_vle(institution, plan, vle_secrets), members, learners)


def _seed_university(university: SeededUniversity, providers: dict[str, Provider]) -> None:
    institution, since = university.institution, university.since
    ensure_consents(institution, university.plan, university.learners, since=since)
    ensure_accepted_consent(university.learners[0], university.plan.languages[0])
    structure.ensure_special_needs(institution, university.learners, since=since)
    structure.ensure_ui_options(institution, university.staff["deputy"])
    structure.ensure_groups(institution, university.plan)
    for position, learner in enumerate(university.learners):
        extents = _extents(university.plan, position)
        ensure_enrolment(
            learner,
            [(providers[acronym], extent) for acronym, extent in extents.items()],
            since=since - timedelta(days=40 - position % 9),
        )
    for sample_course in university.plan.courses:
        learners = [university.learners[position] for position in sample_course.learners]
        course = structure.ensure_course(university.vle, sample_course, university.staff, learners, since=since)
        for sample_activity in sample_course.activities:
            activity = structure.ensure_activity(course, sample_activity, since=since)
            for learner, story in zip(learners, sample_activity.stories, strict=False):
                _seed_work(activity, learner, sample_activity, story, providers, since)
            if sample_activity is SHOWN_ACTIVITY:
                of_story = dict(zip(sample_activity.stories, learners, strict=False))
                ensure_contests(activity, of_story["stranger"], of_story["company"], university.staff["data"])


def _extents(plan: University, position: int) -> dict[str, Extent]:
    """A learner's enrolment by instrument: none for those who are "absent", just begun for those without a story."""
    stories = {
        story for sample_course in plan.courses for sample_activity in sample_course.activities
        for place, story in zip(sample_course.learners, sample_activity.stories, strict=False) if place == position
    }  # fmt: skip
    if "absent" in stories:
        return {}
    if not stories:
        return {"fr": BEGUN} if position % 3 else {}
    voice = {"vr": GOOD} if position == structure.NOT_FILMED else {"fr": (FULL, FULL, GOOD)[position % 3]}
    return {**voice, "ks": (LEARNING, FULL)[position % 2], "fa": (FULL, GOOD)[position % 2]}


@transaction.atomic
def _seed_work(
    activity: Activity,
    learner: Learner,
    sample_activity: SampleActivity,
    story: str,
    providers: dict[str, Provider],
    since: datetime,
) -> None:
    """The learner's work in the activity with its report, unless there is any already."""
    key = {"activity": activity, "learner": learner}
    if Report.objects.filter(**key).exists() or Request.objects.filter(**key).exists():
        return
    pair = _learner_activity(activity, learner, providers)
    content = make_story(
        story,
        about=f"{activity.vle_activity_id} {learner.user.uid}",
        acronyms=pair.instruments,
        session_count=sample_activity.session_count,
    )
    begins = since - RECENT if content.is_recent else since + timedelta(days=sample_activity.day, hours=-since.hour + 9)
    store_evidence(pair, content, begins=begins)


def _learner_activity(activity: Activity, learner: Learner, providers: dict[str, Provider]) -> LearnerActivity:
    rows = [
        arithmetic.ActivityInstrument(row.pk, row.instrument_id, row.active, row.alternative_to_id)
        for row in activity.instruments.order_by("pk")
    ]
    disabled = {
        number
        for data in learner.sends.values_list("category__data", flat=True)
        for number in data["disabled_instruments"]
    }
    applying = {row.instrument_id for row in arithmetic.learner_instruments(rows, disabled)}
    used = {acronym: provider for acronym, provider in providers.items() if provider.instrument_id in applying}
    enrolments = {row.provider_id: row for row in Enrolment.objects.filter(learner=learner)}
    instruments = {
        acronym: provider.instrument for acronym, provider in used.items() if provider.instrument is not None
    }
    return LearnerActivity(activity, learner, instruments, used, enrolments)


def _summary(root: User, universities: Iterable[SeededUniversity], secrets: DemoSecrets) -> dict[str, Any]:
    accounts = [_account("global_admin", None, root, secrets)]
    for university in universities:
        for role, (uid, _) in ROLES.items():
            person = university.staff.get(uid) or User.objects.get(pk=university.learners[0].pk)
            accounts.append(_account(role, university.institution.pk, person, secrets))
    first = next(university for university in universities if university.plan is NORTHLAKE)
    course = Course.objects.get(vle=first.vle, vle_course_id=SHOWN_COURSE.number)
    activity = Activity.objects.get(
        vle=first.vle, vle_activity_type=SHOWN_ACTIVITY.kind, vle_activity_id=SHOWN_ACTIVITY.number
    )
    report = Report.objects.filter(activity=activity, learner=first.learners[0]).first()
    return {
        "institutions": [{"id": row.institution.pk, "acronym": row.institution.acronym} for row in universities],
        "accounts": accounts,
        "vle": {name: secrets.vle[name] for name in ("id", "role_id", "secret_id")},
        "course": course.pk,
        "activity": activity.pk,
        "report": report.pk if report else None,
    }


def _account(role: str, institution: int | None, person: User, secrets: DemoSecrets) -> dict[str, Any]:
    return {
        "role": role,
        "institution": institution,
        "user_id": person.pk,
        "email": person.email,
        "password": secrets.password,
    }
