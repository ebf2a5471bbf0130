"""Erasing all that is held about a learner: asked for, decided, and carried out in parts by a job.

A part is one transaction, so that it can be interrupted anywhere and goes on where it was. A legal hold that is set
meanwhile stops it, until it is released.
"""

import logging
from dataclasses import dataclass

from django.apps import apps
from django.contrib import auth
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Exists, Model, Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from courses.imports.forgetting import imports_part_forgotten
from courses.models import AssessmentSession, CourseLearner
from files.models import Kind, StoredFile
from institutions.models import ProviderNotification, User
from institutions.services.named import former_uids_of
from kernel.domain import Conflict, Forbidden, Invalid, Unknown
from kernel.locks import Lock, locked_rows
from kernel.recording import Entry, record
from kernel.writes import one_transaction
from learners.models import Enrolment, EnrolmentSample, Learner
from learners.services import learner_delete, learner_locked
from pipeline.jobs import enqueue
from pipeline.models import Job
from reports.models import Alert, Report, Request
from reports.services.deletions import goes_with
from reports.services.leaving import requests_deleted
from rights.holds import HELD, is_held
from rights.models import Contest, Erasure, State
from rights.services.contests import reports_leave
from rights.services.erasing import CONTEST, HOLD, PART, files_part_erased, samples_part_deleted
from rights.services.notices import ERASURE, SENT_JOB, erasure_mailed
from rights.words import KEPT_ACCOUNT, KEPT_FOR_GOOD
from signin.browser_sessions import SessionStore

logger = logging.getLogger(__name__)
ERASURE_JOB = "rights.erasure"
REFUSED_JOB = "rights.erasure_refused"
OPEN = (Erasure.State.ASKED, Erasure.State.RUNNING)
Phase = Erasure.Phase
CONTESTED = "A contest of the learner is open: it is decided first, or the learner asks for the erasure after its time."


# The path from each kind of what belongs to a course to the VLE of that course.
_OF_VLE: dict[type[Model], str] = {
    CourseLearner: "course__vle", **dict.fromkeys((AssessmentSession, Request, Alert, Report), "activity__vle")
}  # fmt: skip


@dataclass(frozen=True)
class Preview:
    """What an erasure would do now: `goes` are (what, how many), `keeps` are (what, why)."""

    goes: list[tuple[str, int]]
    keeps: list[tuple[str, str]]
    waits_for: list[str]  # HOLD, CONTEST: it is not carried out before that is over


def erasure_preview(person_id: int, vle_id: int | None = None, *, is_own: bool = False) -> Preview:
    """Nothing is changed. With a VLE only what belongs to its courses, or to none, is counted.

    `is_own`: it is the learner who thinks of it.
    """
    goes = [*goes_with(Learner, person_id, {} if vle_id is None else _OF_VLE, vle_id)]
    if vle_id is None:  # files do not say to which course they belong
        goes.append(("stored files", StoredFile.objects.filter(owner=person_id).count()))
    waits_for = erasure_obstacles(person_id, is_own=is_own)
    return Preview([(word, number) for word, number in goes if number], keeps(person_id), waits_for)


def keeps(person_id: int) -> list[tuple[str, str]]:
    person = User.objects.filter(pk=person_id).first()
    stays = person is not None and (person.has_flag or hasattr(person, "instructor"))
    return [*KEPT_FOR_GOOD, *([KEPT_ACCOUNT] if stays else [])]


def erasure_obstacles(person_id: int, *, is_own: bool = False) -> list[str]:
    """A contest whose time is over lapses where the learner wants the erasure. Nobody else is rid of it by waiting."""
    open_contests = Contest.objects.filter(report__learner=person_id, state=State.OPEN)
    asked = Erasure.objects.filter(person=person_id, is_own=True, state__in=OPEN)
    waived = Q() if is_own else Q(Exists(asked))
    open_contests = open_contests.exclude(waived, deadline__lte=timezone.now())
    return [HOLD] * is_held(person_id) + [CONTEST] * open_contests.exists()


def _refuse_obstacles(person_id: int) -> None:
    waits_for = erasure_obstacles(person_id)
    if waits_for:
        raise Conflict(HELD if HOLD in waits_for else CONTESTED)


@one_transaction()
def erasure_ask(*, learner_id: int, reason: str, sent_by: int | None = None) -> Erasure:
    """The learner asks for it, sent by this VLE; the same again is the same. Conflict while another one is open."""
    learner = learner_locked(learner_id)
    stored = Erasure.objects.filter(person=learner_id, state__in=OPEN).first()
    if stored is not None:
        if stored.is_own and stored.reason == reason:
            return stored
        raise Conflict("There is an erasure of your data already.")
    if sent_by is not None:
        enqueue(SENT_JOB, [[learner_id, ERASURE]])
    return Erasure.objects.create(
        institution_id=learner.institution_id, person_id=learner_id, is_own=True, reason=reason, sent_by=sent_by
    )


@one_transaction()
def erasure_begin(*, institution_id: int, person_id: int, reason: str, by_id: int) -> Erasure:
    """A data administrator begins it for a learner. Conflict while something keeps the data, or another one is open."""
    if not Learner.objects.filter(pk=person_id, institution=institution_id).exists():
        raise Invalid(person_id=f'Invalid pk "{person_id}" - object does not exist.')
    _refuse_own(person_id, by_id)
    learner_locked(person_id)
    if Erasure.objects.filter(person=person_id, state__in=OPEN).exists():
        raise Conflict("There is an erasure of this learner's data already: decide about that one.")
    _refuse_obstacles(person_id)
    erasure = Erasure(institution_id=institution_id, person_id=person_id, reason=reason)
    return _started(erasure, by_id)


def _refuse_own(person_id: int | None, by_id: int) -> None:
    if person_id == by_id:
        raise Forbidden("Nobody decides about erasing the own data.")


def _started(erasure: Erasure, by_id: int) -> Erasure:
    erasure.state = Erasure.State.RUNNING
    erasure.decided_at, erasure.decided_by_id = timezone.now(), by_id
    erasure.kept = [list(each) for each in keeps(erasure.person_id or 0)]
    erasure.total = erasure.left = _left(erasure.person_id or 0)
    erasure.save()
    enqueue(ERASURE_JOB, [erasure.pk])
    return erasure


def _left(person_id: int) -> int:
    """Rows and files that are still to be erased in parts; one more for the account."""
    of_learner = (Report, Request, EnrolmentSample)
    files = StoredFile.objects.filter(owner=person_id).count()
    return 1 + files + sum(rows.objects.filter(learner=person_id).count() for rows in of_learner)


def _locked(erasure: Erasure) -> Erasure:
    """The erasure as it is now, locked after its person. Unknown if it is gone."""
    _person_locked(erasure.person_id)
    if not locked_rows(Erasure.objects.filter(pk=erasure.pk), Lock.CHANGE):
        raise Unknown("There is no such erasure any more.")
    return Erasure.objects.get(pk=erasure.pk)


def _person_locked(person_id: int | None) -> None:
    """Whatever is done about erasing the person's data waits for this, and with it for each other."""
    locked_rows(User.objects.filter(pk=person_id), Lock.CHANGE)
    locked_rows(Learner.objects.filter(pk=person_id), Lock.CHANGE)


def _refuse_unless_asked(erasure: Erasure) -> None:
    if erasure.state != Erasure.State.ASKED:
        raise Conflict(f"This is decided already: {Erasure.State(erasure.state).label}.")


@one_transaction()
def erasure_accept(*, erasure: Erasure, by_id: int) -> Erasure:
    """It is carried out. Conflict while a legal hold or an open contest keeps the data: then it waits."""
    stored = _locked(erasure)
    if stored.state in (Erasure.State.RUNNING, Erasure.State.DONE) and stored.decided_by_id == by_id:
        return stored
    _refuse_unless_asked(stored)
    _refuse_own(stored.person_id, by_id)
    _refuse_obstacles(stored.person_id or 0)
    return _started(stored, by_id)


@one_transaction()
def erasure_refuse(*, erasure: Erasure, by_id: int, answer: str) -> Erasure:
    """It is not carried out, for this reason, which the learner reads."""
    stored = _locked(erasure)
    if stored.state == Erasure.State.REFUSED and (stored.decided_by_id, stored.answer) == (by_id, answer):
        return stored
    _refuse_unless_asked(stored)
    _refuse_own(stored.person_id, by_id)
    stored.state, stored.answer = Erasure.State.REFUSED, answer
    stored.decided_at, stored.decided_by_id = timezone.now(), by_id
    stored.save()
    enqueue(REFUSED_JOB, [stored.pk])
    return stored


@one_transaction()
def erasure_withdraw(*, erasure: Erasure) -> Erasure:
    """The learner gives it up, before it is decided; a second time is no change."""
    stored = _locked(erasure)
    if stored.state != Erasure.State.WITHDRAWN:
        _refuse_unless_asked(stored)
        stored.state = Erasure.State.WITHDRAWN
        stored.save(update_fields=["state", "updated_at"])
    return stored


# Carrying it out.


@one_transaction()
def erasure_part(erasure_id: int) -> bool:
    """The next part of an erasure that is being carried out. False if that is all for now."""
    running = Erasure.objects.filter(pk=erasure_id, state=Erasure.State.RUNNING)
    erasure = running.first()
    if erasure is None:
        return False
    if erasure.phase == Phase.IMPORTS:  # imports are locked before people
        return not is_held(erasure.person_id or 0) and _imports_part(erasure)
    person = erasure.person_id or 0
    _person_locked(person)
    erasure = running.first()  # as it is now that nobody else is at it
    if erasure is None:
        return False
    if not Learner.objects.filter(pk=person).exists():
        return _finished(erasure)  # somebody else has deleted the learner meanwhile
    if erasure_obstacles(person):  # there was none when it began
        return False
    if not _PARTS[Phase(erasure.phase)](erasure, person):
        erasure.phase = _next(erasure.phase)
    if erasure.state == Erasure.State.RUNNING:
        erasure.left = _left(person)
        erasure.save()
    return erasure.state == Erasure.State.RUNNING


def _next(phase: str) -> str:
    phases = Phase.values
    return phases[min(phases.index(phase) + 1, len(phases) - 1)]


def _told(erasure: Erasure, person: int) -> bool:
    """A mail that does not go out is no reason to keep the data."""
    try:
        if erasure_mailed(erasure):
            erasure.told_at = timezone.now()
    except Exception:
        logger.exception("the learner of erasure %s could not be told by mail", erasure.pk)
    erasure.erased = dict(erasure_preview(person).goes)
    return False


def _reports_part(erasure: Erasure, person: int) -> bool:
    reports_leave(learner=person, is_wanted=True)
    keys = list(Report.objects.filter(learner=person).order_by("pk").values_list("pk", flat=True)[:PART])
    Report.objects.filter(pk__in=keys).delete()
    return bool(keys)


def _captures_part(erasure: Erasure, person: int) -> bool:
    keys = list(Request.objects.filter(learner=person).order_by("pk").values_list("pk", flat=True)[:PART])
    if keys:
        requests_deleted(keys)
    return bool(keys)


def _files_part(erasure: Erasure, person: int) -> bool:
    Enrolment.objects.filter(learner=person).delete()
    return files_part_erased(person, [*Kind])


def _samples_part(erasure: Erasure, person: int) -> bool:
    return samples_part_deleted(person)


def _rest(erasure: Erasure, person: int) -> bool:
    """What is left, which is little: it goes with the role, and the account with it unless there is another role."""
    learner = Learner.objects.select_related("user").get(pk=person)
    pseudonym, named = str(learner.learner_id), learner.user
    names = [name for name in (*_names(named), pseudonym) if name]
    learner_delete(learner=learner)
    _outbox_cleared(pseudonym, names)
    _browsers_signed_out(person)
    LogEntry.objects.filter(_logged(person)).delete()
    _finished(erasure)
    return False


_PARTS = {
    Phase.TELL: _told,
    Phase.REPORTS: _reports_part,
    Phase.CAPTURES: _captures_part,
    Phase.FILES: _files_part,
    Phase.SAMPLES: _samples_part,
    Phase.REST: _rest,
}


def _imports_part(erasure: Erasure) -> bool:
    person = User.objects.filter(pk=erasure.person_id).first()
    after = None
    if person is not None:
        after = imports_part_forgotten(institution_id=erasure.institution_id, names=_names(person), after=erasure.after)
    phase = Phase.REST if after is None else Phase.IMPORTS
    running = Erasure.objects.filter(pk=erasure.pk, state=Erasure.State.RUNNING)
    running.update(phase=phase, after=after or 0, updated_at=timezone.now())
    return True


def _names(person: User) -> list[str]:
    """By which tables, jobs and messages may name the person."""
    names = (person.uid, person.email, person.username, *former_uids_of(person))
    return [name for name in names if name]


def _finished(erasure: Erasure) -> bool:
    """Nothing in the row tells whom it was about any more."""
    erasure.state, erasure.finished_at, erasure.left = Erasure.State.DONE, timezone.now(), 0
    erasure.reason = erasure.answer = ""
    erasure.person_id = None
    erasure.save()
    record(
        Entry("erase", "institution/erasure", erasure.pk, erasure.institution_id, details={"erased": erasure.erased})
    )
    return False


def _outbox_cleared(pseudonym: str, names: list[str]) -> None:
    """Messages to providers that name the pseudonym, reminders that do, and errors of jobs that name the person."""
    said = Job.objects.annotate(said=Cast("arguments", TextField()))
    said.exclude(queue="").filter(said__contains=pseudonym).delete()
    Job.objects.filter(Q(*(Q(error__icontains=name) for name in names), _connector=Q.OR)).update(error="")
    reminders = ProviderNotification.objects.annotate(said=Cast("info", TextField()))
    reminders.filter(Q(said__contains=pseudonym) | Q(key__contains=pseudonym)).delete()


def _browsers_signed_out(person: int) -> None:
    """Django's sessions say in a signed text whose they are."""
    store = SessionStore()
    sessions = Session.objects.iterator()
    own = [row.pk for row in sessions if store.decode(row.session_data).get(auth.SESSION_KEY) == str(person)]
    Session.objects.filter(pk__in=own).delete()


def _logged(person: int) -> Q:
    """Entries of Django's own log about the person, which this service does not write any more."""
    about = [model._meta.label_lower.split(".") for model in (User, Learner, apps.get_model("institutions.Instructor"))]
    kinds = Q(*(Q(content_type__app_label=app, content_type__model=model) for app, model in about), _connector=Q.OR)
    return kinds & Q(object_id=str(person))


def erasures_waiting() -> list[int]:
    """Erasures that a legal hold, or something else, has stopped: they are asked for again."""
    stopped = Erasure.objects.filter(state=Erasure.State.RUNNING).order_by("pk").values_list("pk", flat=True)
    keys = list(stopped)
    with one_transaction():
        enqueue(ERASURE_JOB, keys)
    return keys


def learner_gone(person_id: int) -> None:
    """However the role is deleted, what the learner and others have written goes, and nothing is left to be decided."""
    now = timezone.now()
    erasures = Erasure.objects.filter(person=person_id)
    erasures.update(reason="", answer="")
    erasures.filter(state=Erasure.State.ASKED).update(state=Erasure.State.DONE, finished_at=now, updated_at=now)


def refuse_merge_of_erased(kept_id: int, gone_id: int) -> None:
    """Two accounts of which one is being erased stay two."""
    if Erasure.objects.filter(person__in=(kept_id, gone_id), state=Erasure.State.RUNNING).exists():
        raise Conflict("The data of one of the two is being erased.")
