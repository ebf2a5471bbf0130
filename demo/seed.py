"""Makes the sample data, or what is missing of it, and says what there is.

Every step is a transaction of its own and looks first at what is there: a second run changes nothing, an interrupted
one is completed. Instants are counted from the moment at which a university was founded, so they never move.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from courses.models import Activity, Course
from demo import campus
from demo.cast import NORTHLAKE, ROLES, UNIVERSITIES, Task, University
from demo.consents import consent_held, consents_published
from demo.enrolments import BEGUN, FULL, GOOD, LEARNING, Extent, learner_enrolled
from demo.evidence import Pair, evidence_stored
from demo.people import Staff
from demo.reports import report_made
from demo.secret_file import Kept, kept_secrets
from demo.stories import story_told
from institutions.models import VLE, Institution, Provider, User
from learners import arithmetic
from learners.models import Enrolment, Learner
from reports.models import Report, Request

LATELY = timedelta(hours=2)
PRINCIPAL = NORTHLAKE.subjects[0], NORTHLAKE.subjects[0].tasks[0]


@dataclass(frozen=True)
class Founded:
    """A university as it is in the database."""

    plan: University
    institution: Institution
    vle: VLE
    staff: dict[str, User]
    learners: list[Learner]

    @property
    def since(self) -> datetime:
        return self.institution.created_at.replace(minute=0, second=0, microsecond=0)


def demo_seeded(*, password: str | None = None) -> dict[str, Any]:
    """Complete the sample data; the accounts and ids to work with, as `seed_demo --format json` prints them."""
    with kept_secrets(password) as kept:
        staff = Staff(kept)
        root = staff.root()
        providers = campus.instruments_provided()
        founded = [_founded(plan, staff, kept.vle if plan is NORTHLAKE else None) for plan in UNIVERSITIES]
        for university in founded:
            _equipped(university, providers)
        return _told(root, founded, kept)


def _founded(plan: University, staff: Staff, vle_kept: dict[str, Any] | None) -> Founded:
    institution = campus.university_founded(plan, staff)
    employed = staff.employed(institution, plan)
    learners = staff.taught(institution, plan)
    return Founded(plan, institution, campus.vle_registered(institution, plan, vle_kept), employed, learners)


def _equipped(university: Founded, providers: dict[str, Provider]) -> None:
    institution, since = university.institution, university.since
    consents_published(institution, university.plan, university.learners, since=since)
    consent_held(university.learners[0], university.plan.languages[0])
    campus.needs_met(institution, university.learners, since=since)
    campus.routes_blocked(institution, university.staff["deputy"])
    campus.groups_planted(institution, university.plan)
    for position, learner in enumerate(university.learners):
        extents = _extents(university.plan, position)
        learner_enrolled(
            learner,
            [(providers[tool], extent) for tool, extent in extents.items()],
            since=since - timedelta(days=40 - position % 9),
        )
    for subject in university.plan.subjects:
        learners = [university.learners[position] for position in subject.learners]
        course = campus.course_given(university.vle, subject, university.staff, learners, since=since)
        for task in subject.tasks:
            activity = campus.activity_set(course, task, since=since)
            for learner, story in zip(learners, task.stories, strict=False):
                _worked(activity, learner, task, story, providers, since)


def _extents(plan: University, position: int) -> dict[str, Extent]:
    """How far a learner's enrolment is: who is told to be absent has none, who has no story has just begun."""
    stories = {
        story for subject in plan.subjects for task in subject.tasks
        for place, story in zip(subject.learners, task.stories, strict=False) if place == position
    }  # fmt: skip
    if "absent" in stories:
        return {}
    if not stories:
        return {"fr": BEGUN} if position % 3 else {}
    voice = {"vr": GOOD} if position == campus.NOT_FILMED else {"fr": (FULL, FULL, GOOD)[position % 3]}
    return {**voice, "ks": (LEARNING, FULL)[position % 2], "fa": (FULL, GOOD)[position % 2]}


@transaction.atomic
def _worked(
    activity: Activity, learner: Learner, task: Task, story: str, providers: dict[str, Provider], since: datetime
) -> None:
    """The learner's work with its report, unless there is some already."""
    key = {"activity": activity, "learner": learner}
    if Report.objects.filter(**key).exists() or Request.objects.filter(**key).exists():
        return
    pair = _pair(activity, learner, providers)
    told = story_told(
        story, about=f"{activity.vle_activity_id} {learner.user.uid}", tools=pair.instruments, sittings=task.sittings
    )
    begins = since - LATELY if told.lately else since + timedelta(days=task.day, hours=-since.hour + 9)
    report_made(pair, evidence_stored(pair, told, begins=begins), now=since)


def _pair(activity: Activity, learner: Learner, providers: dict[str, Provider]) -> Pair:
    rows = [
        arithmetic.ActivityInstrument(row.pk, row.instrument_id, row.active, row.alternative_to_id)
        for row in activity.instruments.order_by("pk")
    ]
    disabled = {
        number
        for data in learner.sends.values_list("category__data", flat=True)
        for number in data["disabled_instruments"]
    }
    chosen = {row.instrument_id for row in arithmetic.learner_instruments(rows, disabled)}
    used = {tool: provider for tool, provider in providers.items() if provider.instrument_id in chosen}
    enrolments = {row.provider_id: row for row in Enrolment.objects.filter(learner=learner)}
    instruments = {tool: provider.instrument for tool, provider in used.items() if provider.instrument is not None}
    return Pair(activity, learner, instruments, used, enrolments)


def _told(root: User, founded: Iterable[Founded], kept: Kept) -> dict[str, Any]:
    accounts = [_account("global_admin", None, root, kept)]
    for university in founded:
        for role, (uid, _) in ROLES.items():
            person = university.staff.get(uid) or User.objects.get(pk=university.learners[0].pk)
            accounts.append(_account(role, university.institution.pk, person, kept))
    subject, task = PRINCIPAL
    first = next(university for university in founded if university.plan is NORTHLAKE)
    course = Course.objects.get(vle=first.vle, vle_course_id=subject.number)
    activity = Activity.objects.get(vle=first.vle, vle_activity_type=task.kind, vle_activity_id=task.number)
    report = Report.objects.filter(activity=activity, learner=first.learners[0]).first()
    return {
        "institutions": [{"id": row.institution.pk, "acronym": row.institution.acronym} for row in founded],
        "accounts": accounts,
        "vle": {name: kept.vle[name] for name in ("id", "role_id", "secret_id")},
        "course": course.pk,
        "activity": activity.pk,
        "report": report.pk if report else None,
    }


def _account(role: str, institution: int | None, person: User, kept: Kept) -> dict[str, Any]:
    return {
        "role": role,
        "institution": institution,
        "user_id": person.pk,
        "email": person.email,
        "password": kept.password,
    }
