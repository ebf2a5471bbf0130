"""Mail about contests and erasures. It says that there is something to read, never what of a person's data."""

from collections.abc import Collection
from datetime import timedelta
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from institutions.models import User
from kernel.locks import Lock, locked_rows
from kernel.writes import one_transaction
from pipeline.jobs import enqueue
from rights.models import DECIDED, Contest, Erasure, State

OPENED_JOB = "rights.opened"
ASSIGNED_JOB = "rights.assigned"
REMINDER_JOB = "rights.reminder"
SENT_JOB = "rights.sent"
BUNDLE, ERASURE, WITHDRAWAL = "bundle", "erasure", "withdrawal"  # what somebody whom a VLE has sent has done
DAYS_BEFORE_DEADLINE = 3


@one_transaction()
def reminders_due() -> list[int]:
    """Ask for one mail for each open contest whose deadline is near, and for one more when it has passed.

    Answers which. None where no mail is sent.
    """
    if not settings.SENDS_MAIL:
        return []
    now = timezone.now()
    is_near = Q(reminded_at=None, deadline__lte=now + timedelta(days=DAYS_BEFORE_DEADLINE))
    is_over = Q(reminded_at__lt=F("deadline"), deadline__lte=now)
    keys = locked_rows(Contest.objects.filter(is_near | is_over, state=State.OPEN), Lock.CHANGE)
    Contest.objects.filter(pk__in=keys).update(reminded_at=now)
    enqueue(REMINDER_JOB, keys)
    return keys


def reminders_sent(keys: Collection[int]) -> None:
    """To the person who decides, or while there is none to the data administrators of the institution."""
    for contest in _open(keys):
        if contest.deadline <= timezone.now():
            text = "A learner's contest should have been answered by {deadline}. It still waits for an answer."
            _mail_deciders(contest, "A contest is overdue", text)
        else:
            text = "A learner's contest must be answered by {deadline}."
            _mail_deciders(contest, "A contest must be answered soon", text)


def openings_told(keys: Collection[int]) -> None:
    """To the data administrators, who let somebody decide; not once it is assigned.

    Of a report once a day: whoever withdraws and contests it again and again fills no mailbox. The desk shows it.
    """
    if not settings.SENDS_MAIL:
        return
    now = timezone.now()
    told = Contest.objects.filter(report=OuterRef("report"), told_at__gt=now - timedelta(days=1))
    text = "A learner contests a report. A person must be chosen who decides, and it must be answered by {deadline}."
    for contest in _open(keys).filter(~Exists(told), assignee=None):
        _mail_deciders(contest, "A report is contested", text)
        Contest.objects.filter(pk=contest.pk).update(told_at=now)


def assignments_told(keys: Collection[int]) -> None:
    """To the person who decides now."""
    text = "A learner's contest was assigned to you. It must be answered by {deadline}."
    for contest in _open(keys).exclude(assignee=None):
        _mail_deciders(contest, "A contest was assigned to you", text)


def _open(keys: Collection[int]) -> QuerySet[Contest]:
    return Contest.objects.filter(pk__in=keys, state=State.OPEN)


def _mail_deciders(contest: Contest, subject: str, text: str) -> None:
    people = User.objects.filter(institution=contest.institution_id, is_active=True, email__isnull=False)
    whom = Q(pk=contest.assignee_id) if contest.assignee_id else Q(data_admin=True)
    page = reverse("console:contest", kwargs={"institution": contest.institution_id, "contest": contest.pk})
    _mail(people.filter(whom), subject, text.format(deadline=f"{contest.deadline:%d %B %Y, %H:%M} UTC"), page)


def decisions_told(keys: Collection[int]) -> None:
    """To the learner, who reads the decision after signing in."""
    for contest in Contest.objects.filter(pk__in=keys, state__in=DECIDED, report__isnull=False).select_related(
        "report"
    ):
        learner = User.objects.filter(pk=contest.report.learner_id, is_active=True, email__isnull=False)  # type: ignore[union-attr] # as asked for
        text = "A person has decided about what you contested. Sign in to read the decision and its reasons."
        _mail(learner, "Your contest has been decided", text, reverse("me:contest", kwargs={"id": contest.pk}))


def erasure_mailed(erasure: Erasure) -> bool:
    """To the learner, before anything is erased: what is kept, and why. False where no mail is sent."""
    people = User.objects.filter(pk=erasure.person_id, is_active=True, email__isnull=False)
    kept = "\n".join(f"- {what}. {why}" for what, why in erasure.kept)
    text = f"What is held about you is being erased now, and your account as a learner with it. This is kept:\n\n{kept}"
    _mail(people, "Your data is being erased", text, reverse("me:held"))
    return settings.SENDS_MAIL and people.exists()


def refusals_told(keys: Collection[int]) -> None:
    """To the learner, who reads the reasons after signing in."""
    for erasure in Erasure.objects.filter(pk__in=keys, state=Erasure.State.REFUSED, is_own=True):
        learner = User.objects.filter(pk=erasure.person_id, is_active=True, email__isnull=False)
        text = "What you asked to have erased is not erased for now. Sign in to read the reasons."
        _mail(learner, "Your data is not erased", text, reverse("me:erasures"))


_BY_LINK = {
    BUNDLE: ("A bundle of your data was asked for", "has asked for a bundle of what is held about you.", "me:bundle"),
    ERASURE: ("The erasure of your data was asked for", "has asked to have your data erased.", "me:erasures"),
    WITHDRAWAL: (
        "Your consent was withdrawn",
        "has withdrawn your consent. What there is of you is closed, and erased in some days unless you consent again.",
        "me:withdrawal",
    ),
}


def sent_told(keys: Collection[tuple[int, str]]) -> None:
    """To the person in whose name it was done: a VLE signs people in without a password."""
    for person, what in keys:
        subject, did, page = _BY_LINK[what]
        people = User.objects.filter(pk=person, is_active=True, email__isnull=False)
        text = f"Who came by a link of a learning platform {did} If it was not you, tell your institution at once."
        _mail(people, subject, text, reverse(page))


def _mail(people, subject: str, text: str, page: str) -> None:
    if not settings.SENDS_MAIL:
        return
    address = f"\n\n{urljoin(settings.PUBLIC_URL, page)}" if settings.PUBLIC_URL else ""
    for email in people.values_list("email", flat=True):
        send_mail(subject, f"{text}{address}\n", None, [email])
