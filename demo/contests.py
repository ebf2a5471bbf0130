"""Contests of the first sample university: one that waits for an answer, and one that a person has decided."""

from django.db import transaction

from courses.models import Activity
from institutions.models import User
from learners.models import Learner
from reports.arithmetic import Level
from reports.models import Report
from rights.models import Contest, Kind, State
from rights.services.contests import contest_assign, contest_create, contest_decide

WAITS = (
    "It was me. My desk lamp had broken, and the room was so dark that the camera can hardly have seen my face. I can "
    "bring the invoice of the new lamp."
)
DECIDED = "The other person in the picture is my little sister, who came in to say good night. She did not help me."
ANSWER = "The pictures before and after show you alone, and a child in the door once. The level is OK."


def ensure_contests(activity: Activity, waiting: Learner, decided: Learner, decides: User) -> None:
    """Each is made only where the learner has contested nothing yet."""
    _ensure(activity, waiting, WAITS)
    if (contest := _ensure(activity, decided, DECIDED)) is not None:
        contest_assign(contest=contest, assignee_id=decides.pk)
        levels = {Kind.IDENTITY.value: int(Level.OK)}
        contest_decide(contest=contest, by_id=decides.pk, outcome=State.CHANGED, answer=ANSWER, levels=levels)


@transaction.atomic
def _ensure(activity: Activity, learner: Learner, reason: str) -> Contest | None:
    """The new contest of the identity level; None if there is one already."""
    reports = Report.objects.filter(activity=activity, learner=learner)
    report = reports.first()
    if report is None or Contest.objects.filter(report=report).exists():
        return None
    return contest_create(
        reports=reports, report_id=report.pk, learner_id=learner.pk, reason=reason, level=Kind.IDENTITY.value
    )
