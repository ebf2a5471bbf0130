"""Places where an exam is sat, each with a VLE of its own: rows for the helper process (see helper.py) to make."""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from courses.models import (
    Activity,
    ActivityInstrument,
    AssessmentSession,
    Course,
    CourseGroup,
    CourseInstructor,
    CourseLearner,
    GroupCourse,
)
from institutions.models import VLE, Credential, InformedConsent, Instructor, UIOption, User
from learners.models import Learner, SENDCategory, SENDLearner
from reports.models import Report, ReportSession
from signin import tokens
from signin.models import CallerSession
from signin.services.launchers import launcher_create
from tests.captures import FA, PLAG
from tests.conftest import token_of
from tests.world import PAST, Home

LEARNERS = 6


def deadlocks() -> int:
    """How many the database has ended so far."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


@transaction.atomic
@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])  # nobody enters a password
def places(number: int) -> dict[str, Any]:
    """So many places in one institution, and what requests must know of each."""
    home = Home("exams")
    return {
        "institution": home.institution.pk,
        "admin": token_of(home.people["admin"]),
        "version": home.newer_consent.version,
        "places": [_place(home, n) for n in range(number)],
    }


def _place(home: Home, n: int) -> dict[str, Any]:
    institution = home.institution
    vle = VLE.objects.create(institution=institution, name=f"Moodle {n}", lti={"consumer_key": "k"})
    course = Course.objects.create(institution=institution, vle=vle, vle_course_id="c", code="C")
    activity = Activity.objects.create(
        institution=institution, vle=vle, course=course, vle_activity_type="quiz", vle_activity_id="1", enabled=True
    )
    _, tool = ActivityInstrument.objects.bulk_create(
        ActivityInstrument(activity=activity, instrument_id=instrument) for instrument in (FA, PLAG)
    )
    learners = _learners(home, n, course)
    sessions = AssessmentSession.objects.bulk_create(
        AssessmentSession(institution=institution, activity=activity, learner=learner) for learner in learners
    )
    reports = Report.objects.bulk_create(
        Report(institution=institution, activity=activity, learner=learner) for learner in learners
    )
    ReportSession.objects.bulk_create(
        ReportSession(activity=activity, learner=session.learner, report=report, session=session)
        for report, session in zip(reports, sessions, strict=True)
    )
    group = CourseGroup.objects.create(institution=institution, name="Faculty")
    GroupCourse.objects.create(institution=institution, group=group, course=course)
    teacher = home.instructor(f"teacher{n}")
    CourseInstructor.objects.create(institution=institution, course=course, instructor=teacher)
    category, other_category = SENDCategory.objects.bulk_create(
        SENDCategory(institution=institution, description="low sight", data={}) for _ in range(2)
    )
    SENDLearner.objects.bulk_create(
        SENDLearner(institution=institution, category=category, learner=learner) for learner in learners
    )
    consent = InformedConsent.objects.create(
        institution=institution, version=f"0.0.{n}", major=0, minor=0, patch=n, valid_from=PAST
    )
    return {
        "vle": vle.pk,
        "vle_token": _token(kind="vle", credential=Credential.objects.create(vle=vle, secret_hash="x" * 64)),
        "course": course.pk,
        "activity": activity.pk,
        "tool": tool.pk,
        "group": group.pk,
        "teacher": teacher.pk,
        "category": category.pk,
        "other_category": other_category.pk,
        "consent": consent.pk,
        "learners": [
            {
                "id": learner.pk,
                "uid": learner.user.uid,
                "learner_id": str(learner.learner_id),
                "session": session.pk,
                "own_token": token_of(learner.user),
                "session_token": _token(kind="learner", user=learner.user, assessment_session=session),
                "launcher": _launcher(vle, learner.user, session),
            }
            for learner, session in zip(learners, sessions, strict=True)
        ],
    }


def _learners(home: Home, n: int, course: Course) -> list[Learner]:
    names = [f"sitter{n}-{m}" for m in range(LEARNERS)]
    people = [home._person(name, login_allowed=False) for name in names]
    User.objects.bulk_create(people)
    UIOption.objects.bulk_create(UIOption(institution=home.institution, route="course", user=who) for who in people)
    Instructor.objects.bulk_create(Instructor(institution=home.institution, user=who) for who in people[:1])
    accepted = {"consent": home.newer_consent, "consent_accepted": timezone.now()}
    learners = [Learner(institution=home.institution, user=who, **accepted) for who in people]
    Learner.objects.bulk_create(learners)
    CourseLearner.objects.bulk_create(
        CourseLearner(institution=home.institution, course=course, learner=learner) for learner in learners
    )
    return learners


def _token(**of: Any) -> str:
    session = CallerSession.objects.create(expires_at=timezone.now() + timedelta(hours=1), **of)
    return tokens.pair(session)["access_token"]


def _launcher(vle: VLE, person: User, session: AssessmentSession) -> dict[str, str]:
    launcher, token = launcher_create(vle=vle, person=person, session=session, target=1)
    return {"id": str(launcher.pk), "token": token}
