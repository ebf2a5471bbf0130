"""Exams, each in an institution of its own: rows for the helper process (see helper.py) to make."""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from courses.models import ActivityInstrument, AssessmentSession, CourseLearner
from institutions.models import VLE, Credential, Instructor, Provider, UIOption, User
from learners.models import Enrolment, Learner, SENDLearner
from reports.models import Report, ReportSession
from signin import tokens
from signin.models import CallerSession
from signin.services.launchers import launcher_create
from tests.captures import FA, KS, PLAG
from tests.conftest import token_of
from tests.contract.calls import CALLS, Call, body_of, names, url_of
from tests.contract.desk import DESK, provider
from tests.world import Home, World

LEARNERS = 6
# All that write rows of an institution. Those below admin/ change what is no institution's.
WRITES = sorted(
    name
    for name in names("institution", "vle", "lapi", "me", "provider")
    if CALLS[name].method != "get" and CALLS[name].status < 400
)


def deadlocks() -> int:
    """How many the database has ended so far."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


class Exam(World):
    """A world of the contract's declarations with learners who sit its exam; all have one next door."""

    def __init__(self, home: Home, away: Home, root: User) -> None:
        self.home, self.away, self.tokens = home, away, dict[str, str]()
        self.people = {**home.people, "global": root, "stranger": away.people["admin"]}


@transaction.atomic
@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])  # nobody enters a password
def places(number: int, turns: int) -> list[dict[str, Any]]:
    """So many exams, each in an institution of its own, and what requests must know of each.

    Each has its share of the declared writes: `turns` of them have all.
    """
    away = Home("next door")
    root = User.objects.create(username="root of exams", email="root@exams.example.org", is_staff=True)
    return [_place(Exam(Home(f"exam{n}"), away, root), WRITES[n // (number // turns) :: turns]) for n in range(number)]


def _place(world: Exam, declared: list[str]) -> dict[str, Any]:
    home = world.home
    institution, activity = home.institution, home.activity
    ActivityInstrument.objects.bulk_create(
        ActivityInstrument(activity=activity, instrument_id=instrument) for instrument in (FA, PLAG)
    )
    home.period.kind = "captures"  # as the declarations have it
    home.period.save()
    learners = _learners(home)
    _enrolled([home.people["bob"].learner], FA)
    _enrolled(learners, KS, FA)
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
    SENDLearner.objects.bulk_create(
        SENDLearner(institution=institution, category=home.category, learner=learner) for learner in learners
    )
    return {
        "institution": institution.pk,
        "admin": token_of(home.people["admin"]),
        "version": home.newer_consent.version,
        "vle": home.vle.pk,
        "vle_token": _token(kind="vle", credential=Credential.objects.create(vle=home.vle, secret_hash="x" * 64)),
        "course": home.course.pk,
        "activity": activity.pk,
        "tool": home.activity_instrument.pk,
        "group": home.group.pk,
        "teacher": home.people["teacher"].pk,
        "category": home.category.pk,
        "declared": [_declared(world, CALLS[name]) for name in declared],
        "ann": home.people["ann"].pk,
        "learners": [
            {
                "id": learner.pk,
                "uid": learner.user.uid,
                "learner_id": str(learner.learner_id),
                "session": session.pk,
                "own_token": token_of(learner.user),
                "session_token": _token(kind="learner", user=learner.user, assessment_session=session),
                "launcher": _launcher(home.vle, learner.user, session),
            }
            for learner, session in zip(learners, sessions, strict=True)
        ],
    }


def _declared(world: Exam, call: Call) -> tuple[str, str, int, str, str, Any, str]:
    """Its name and caller, the status that it has alone, and what is sent, when everything is there that it needs."""
    if call.before is not None:
        call.before(world)
    if call.by not in world.tokens:
        world.tokens[call.by] = _by(world, call.by)
    sent = call.method.upper(), url_of(call, world), body_of(call, world), world.tokens[call.by]
    return call.name, call.by, call.status, *sent


def _by(world: Exam, who: str) -> str:
    if who == "vle":
        return _token(kind="vle", credential=Credential.objects.create(vle=world.home.vle, secret_hash="x" * 64))
    if who == DESK:
        return _token(kind="provider", credential=Credential.objects.create(provider=provider(), secret_hash="x" * 64))
    return token_of(world.people[who])


def _learners(home: Home) -> list[Learner]:
    names = [f"sitter{m}" for m in range(LEARNERS)]
    people = [home._person(name, login_allowed=False) for name in names]
    User.objects.bulk_create(people)
    UIOption.objects.bulk_create(UIOption(institution=home.institution, route="course", user=who) for who in people)
    Instructor.objects.bulk_create(Instructor(institution=home.institution, user=who) for who in people[:1])
    accepted = {"consent": home.newer_consent, "consent_accepted": timezone.now()}
    learners = [Learner(institution=home.institution, user=who, **accepted) for who in people]
    Learner.objects.bulk_create(learners)
    CourseLearner.objects.bulk_create(
        CourseLearner(institution=home.institution, course=home.course, learner=learner) for learner in learners
    )
    return learners


def _enrolled(learners: list[Learner], *instruments: int) -> None:
    """As sittings.enrolled, many at a time."""
    for instrument in instruments:
        named = {"name": "P", "acronym": f"p{instrument}", "version": "1", "instrument_id": instrument}
        provider, _ = Provider.objects.get_or_create(queue=f"p{instrument}", defaults=named | {"enabled": True})
        Enrolment.objects.bulk_create(
            Enrolment(
                institution=learner.institution, learner=learner, provider=provider, percentage=1, can_analyse=True
            )
            for learner in learners
        )


def _token(**of: Any) -> str:
    session = CallerSession.objects.create(expires_at=timezone.now() + timedelta(hours=1), **of)
    return tokens.pair(session)["access_token"]


def _launcher(vle: VLE, person: User, session: AssessmentSession) -> dict[str, str]:
    launcher, token = launcher_create(vle=vle, person=person, session=session, target=1)
    return {"id": str(launcher.pk), "token": token}
