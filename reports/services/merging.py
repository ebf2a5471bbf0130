"""Two accounts of one person become one: everything of the one that goes moves to the one that is kept.

Where both have a row of which there can be one only, the two become one, by these rules:

* membership of a course, role: one is as good as the other;
* special need: the assignment that lasts longer;
* route of the dashboard: it stays closed if one of them closes it;
* histogram: the sum;
* model of an enrolment: the one that is more complete; the samples of both stay, from which it can be built anew;
* report on an activity: one report with the sessions of both. An instrument that both have is computed anew from the
  results of both; without results on one side the worse of the two rows stays;
* consent: the later decision counts. The records stay as they were made, under the pseudonym of that time;
* pseudonym: that of the learner who is kept, if both are learners.
"""

import json
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone

from courses.models import ActivityEditor, Adder, AssessmentSession, CourseInstructor, CourseLearner
from files.models import StoredFile
from files.services import files_erase
from institutions.models import FormerUid, Institution, Instructor, UIOption, User
from institutions.services.named import former_uid_kept
from institutions.services.people import refuse_merge, two_people_locked, values_after_merge
from institutions.services.uses import uses_of
from kernel.domain import Conflict, Invalid, Outdated, Unknown
from kernel.locks import Lock, locked_rows
from kernel.recording import Entry, record
from kernel.writes import one_transaction
from learners.models import ConsentDecision, Enrolment, EnrolmentSample, Learner, SENDLearner, Withdrawal
from learners.validating import learner_asked_again
from pipeline.jobs import enqueue
from reports.arithmetic import levels_maximum
from reports.counts import counters_stored, instrument_columns, level_columns
from reports.evidence import instrument_properties, levels_stored
from reports.models import (
    LEVELS,
    Alert,
    Histogram,
    LearnerInstrumentHistogram,
    LearnerProviderHistogram,
    Report,
    ReportInstrument,
    ReportSession,
    Request,
)
from reports.services.reporting import columns_written, levels_refreshed, percentages_of
from signin.models import CallerSession, Launcher
from trail.accounts import account_merged

BINS = [field.name for field in Histogram._meta.fields]
Joined = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Moves:
    """The rows of a table that refer to the person by `column`, and what they are called in a preview.

    `once` names the columns that, with the person, identify a row among those that are `there_once`: where both people
    have one, `joined(kept, gone)` changes the kept row before the other one is deleted.
    """

    model: type[Model]
    column: str
    word: str
    once: tuple[str, ...] = ()
    joined: Joined = lambda kept, gone: None
    there_once: Q = field(default_factory=Q)

    def rows(self, person_id: int) -> QuerySet:
        # Not the managers of records, which are never changed: only who they belong to is.
        return QuerySet(self.model).filter(**{self.column: person_id})

    def pairs(self, kept_id: int, gone_id: int) -> list[tuple[Any, Any]]:
        """(kept row, row that goes) where both people have one."""
        if not self.once:
            return []
        columns = [self.model._meta.get_field(name).attname for name in self.once]  # type: ignore[union-attr]
        mine, theirs = (self.rows(key).filter(self.there_once).order_by("pk") for key in (kept_id, gone_id))
        kept = {tuple(getattr(row, name) for name in columns): row for row in mine}
        keyed = ((tuple(getattr(row, name) for name in columns), row) for row in theirs)
        return [(kept[key], row) for key, row in keyed if key in kept]

    def move(self, kept_id: int, gone_id: int) -> None:
        for kept, gone in self.pairs(kept_id, gone_id):
            self.joined(kept, gone)
            gone.delete()
        self.rows(gone_id).update(**{f"{self.column}_id": kept_id})


def _need_joined(kept: SENDLearner, gone: SENDLearner) -> None:
    if kept.expires_at is not None and (gone.expires_at is None or gone.expires_at > kept.expires_at):
        kept.expires_at = gone.expires_at
        kept.save(update_fields=["expires_at", "updated_at"])


def _withdrawal_joined(kept: Withdrawal, gone: Withdrawal) -> None:
    """The later one counts, as the later decision does."""
    if gone.at > kept.at:
        for name in ("at", "of_models", "of_evidence", "models_erased_at", "evidence_erased_at"):
            setattr(kept, name, getattr(gone, name))
        kept.save()


def _route_joined(kept: UIOption, gone: UIOption) -> None:
    if kept.enabled and not gone.enabled:
        kept.enabled = False
        kept.save(update_fields=["enabled", "updated_at"])


def _histogram_joined(kept: Any, gone: Any) -> None:
    type(kept)._default_manager.filter(pk=kept.pk).update(**{name: F(name) + getattr(gone, name) for name in BINS})


def _model_joined(kept: Enrolment, gone: Enrolment) -> None:
    """The row that is kept gets the more complete of the two models; the other model is erased."""
    if (gone.can_analyse, gone.percentage) > (kept.can_analyse, kept.percentage):
        kept.model, gone.model = gone.model, kept.model
        for name in ("percentage", "can_analyse", "locked_at", "locked_by"):
            setattr(kept, name, getattr(gone, name))
        samples = list(gone.model_samples.all())
        Enrolment.objects.filter(pk=gone.pk).update(model=None)
        kept.save()
        kept.model_samples.set(samples)
    Enrolment.objects.filter(pk=gone.pk).update(model=None)
    if gone.model_id is not None:
        files_erase(files=StoredFile.objects.filter(pk=gone.model_id))


# Every foreign key to a person and to the roles: tests/reports/test_merging.py looks for one that is missing here.
OF_PEOPLE = [
    Moves(UIOption, "user", "routes of the dashboard", ("institution", "route"), _route_joined),
    Moves(StoredFile, "owner", "stored files"),
    Moves(CallerSession, "user", "sign-ins"),
    Moves(Launcher, "user", "launchers"),
    Moves(FormerUid, "person", "former uids"),
    Moves(LogEntry, "user", "entries in the log of the admin pages"),
]
OF_INSTRUCTORS = (Moves(CourseInstructor, "instructor", "courses taught", ("course",)),)
OF_LEARNERS = (
    Moves(CourseLearner, "learner", "courses attended", ("course",)),
    Moves(ConsentDecision, "owner", "decisions about consents"),
    Moves(Withdrawal, "learner", "withdrawals of the consent", ("institution",), _withdrawal_joined),
    Moves(SENDLearner, "learner", "special needs", ("category",), _need_joined),
    Moves(EnrolmentSample, "learner", "enrolment samples"),
    Moves(Enrolment, "learner", "enrolments", ("provider",), _model_joined),
    Moves(AssessmentSession, "learner", "assessment sessions"),
    Moves(Request, "learner", "requests"),
    Moves(Alert, "learner", "alerts"),
    Moves(LearnerInstrumentHistogram, "learner", "histograms of instruments", ("instrument",), _histogram_joined),
    Moves(LearnerProviderHistogram, "learner", "histograms of providers", ("provider",), _histogram_joined),
    Moves(Report, "learner", "reports", ("activity",)),
    Moves(ReportSession, "learner", "sessions in reports"),
)
ALL = [*OF_PEOPLE, *OF_INSTRUCTORS, *OF_LEARNERS]
# Of the accounts: what changes with each sign-in decides nothing.
STATE = [field.attname for field in User._meta.concrete_fields if field.name not in {"password", "last_login"}]
ReportsJoined = Callable[[Report, Report], None]
WITH_REPORTS: list[ReportsJoined] = []  # called with (kept, gone) before the latter is deleted
Refusal = Callable[[int, int], None]
REFUSALS: list[Refusal] = []  # called with the keys of (kept, gone); they raise Conflict


def also_moved(*of_people: Moves, with_reports: ReportsJoined, refusals: Sequence[Refusal] = ()) -> None:
    """Apps above this one declare their tables: rows that refer to a person, and rows that refer to a report.

    `refusals` say of which people nothing is merged for the time being, in a preview, too.
    """
    OF_PEOPLE.extend(of_people)
    ALL.extend(of_people)
    WITH_REPORTS.append(with_reports)
    REFUSALS.extend(refusals)


@dataclass(frozen=True)
class Merged:
    """What moves, by the words of `Moves`, and of how many rows both people have one, so that they become one.

    `state` stands for all of it and for both accounts.
    """

    moved: dict[str, int]
    joined: dict[str, int]
    state: str


@one_transaction()
def merge_preview(*, institution: Institution, kept_id: int, gone_id: int, by_id: int) -> Merged:
    """What `people_merge` would move at this moment; it raises the same errors and changes nothing."""
    people = {person.pk: person for person in institution.people.filter(pk__in=(kept_id, gone_id))}
    if kept_id not in people or gone_id not in people:
        raise Unknown("There is no such person in this institution.")
    kept, gone = people[kept_id], people[gone_id]
    _refuse(kept, gone, by_id)
    values_after_merge(kept=kept, gone=gone)
    return _counted(kept, gone)


@one_transaction()
def people_merge(
    *, institution: Institution, kept_id: int, gone_id: int, by_id: int, state: str | None = None
) -> Merged:
    """Move everything of one person of the institution to another one, and delete the first; see the module.

    Forbidden for a global administrator and for the own account as the one that goes. Conflict when the institution
    would lose its last administrator, while the learner who goes sits an assessment under another pseudonym, and for
    what apps above say.
    Outdated when `state`, of a preview, is not the state any more.
    """
    if kept_id == gone_id:
        raise Invalid(**{"from": "This is the same person."})
    kept, gone = two_people_locked(institution_id=institution.pk, kept_id=kept_id, gone_id=gone_id)
    both = (kept_id, gone_id)
    for role in (Instructor, Learner):
        locked_rows(role._default_manager.filter(pk__in=both), Lock.DELETE)
    locked_rows(Institution.objects.filter(pk=institution.pk), Lock.CHANGE)
    _refuse(kept, gone, by_id)
    changes = values_after_merge(kept=kept, gone=gone)
    for moved in (SENDLearner, AssessmentSession):  # sessions get another key, to which other rows refer
        locked_rows(moved._default_manager.filter(learner__in=both), Lock.DELETE)
    merged = _counted(kept, gone)
    if state not in (None, merged.state):
        raise Outdated("Something has changed since the preview.")
    _sign_ins_ended(kept, gone)
    for each in OF_PEOPLE:
        each.move(kept_id, gone_id)
    pseudonyms = _learners_merged(kept, gone)
    if Instructor.objects.filter(pk=gone_id).exists():
        Instructor.objects.get_or_create(user=kept, defaults={"institution": institution})
        for each in OF_INSTRUCTORS:
            each.move(kept_id, gone_id)
        _deleted(Instructor.objects.get(pk=gone_id))
    account_merged(gone_id, kept_id)
    _deleted(gone)
    former_uid_kept(person=kept, uid_key=gone.uid_key)
    before = User.objects.get(pk=kept_id)
    for name, value in changes.items():
        setattr(kept, name, value)
    kept.save()
    for links in (CourseLearner, CourseInstructor):  # whom they have put into courses, or by an import
        by_person = links.objects.filter(added_by__in=(Adder.PERSON, Adder.IMPORT), added_by_id=gone_id)
        by_person.filter(institution=institution).update(added_by_id=kept_id)
    edited = ActivityEditor.objects.filter(person_id=kept_id).values("activity")
    ActivityEditor.objects.filter(person_id=gone_id).exclude(activity__in=edited).update(person_id=kept_id)
    _recorded(before, kept, gone_id, merged, pseudonyms)
    return merged


def _refuse(kept: User, gone: User, by_id: int) -> None:
    if kept.pk == gone.pk:
        raise Invalid(**{"from": "This is the same person."})
    refuse_merge(kept=kept, gone=gone, by_id=by_id)
    sessions = AssessmentSession.objects.filter(learner=gone.pk, closed_at=None)
    # The learner's browser names the learner by the pseudonym, which would no longer be good.
    if Learner.objects.filter(pk=kept.pk).exists() and any(not session.is_over for session in sessions):
        raise Conflict("This learner is in an assessment session at this moment: merge when it is over.")
    for refusal in REFUSALS:
        refusal(kept.pk, gone.pk)


def _counted(kept: User, gone: User) -> Merged:
    moved = {each.word: each.rows(gone.pk).count() for each in ALL}
    joined = {each.word: len(each.pairs(kept.pk, gone.pk)) for each in ALL if each.once and moved[each.word]}
    people = [[getattr(each, name) for name in STATE] for each in (kept, gone)]
    return Merged(
        {word: number for word, number in moved.items() if number},
        {word: number for word, number in joined.items() if number},
        blake2b(json.dumps([people, moved, joined], default=str).encode(), digest_size=16).hexdigest(),
    )


def _sign_ins_ended(kept: User, gone: User) -> None:
    """Nobody goes on in the account that is kept with a sign-in to the other one; assessment sessions go on."""
    rows = CallerSession.objects.filter(user=gone)
    rows.filter(assessment_session=None, ended_at=None).update(ended_at=timezone.now())
    live = rows.filter(generation=gone.session_generation).exclude(assessment_session=None)
    live.update(generation=kept.session_generation)


def _learners_merged(kept: User, gone: User) -> list[str]:
    """Move what belongs to the role of learner; answers the pseudonyms of both, that of the kept one first."""
    leaving = Learner.objects.filter(pk=gone.pk).first()
    if leaving is None:
        return []
    pseudonym = leaving.learner_id
    staying = Learner.objects.filter(pk=kept.pk).first()
    if staying is None:  # the role moves as it is, with its pseudonym
        Learner.objects.filter(pk=gone.pk).update(learner_id=uuid.uuid4())
        staying = Learner.objects.create(user=kept, institution=leaving.institution, learner_id=pseudonym)
        Learner.objects.filter(pk=kept.pk).update(joined_at=leaving.joined_at)
    elif leaving.joined_at < staying.joined_at:
        Learner.objects.filter(pk=kept.pk).update(joined_at=leaving.joined_at)
    if _decided_at(leaving) > _decided_at(staying):
        for name in ("consent", "consent_accepted", "consent_rejected", "is_restricted"):
            setattr(staying, name, getattr(leaving, name))
        staying.save(update_fields=["consent", "consent_accepted", "consent_rejected", "is_restricted"])
    reports = Moves(Report, "learner", "", ("activity",)).pairs(kept.pk, gone.pk)
    for each in OF_LEARNERS:
        if each.model is not Report:
            each.move(kept.pk, gone.pk)
    for report, other in reports:
        _reports_joined(report, other)
    Report.objects.filter(learner=gone.pk).update(learner=kept.pk)
    enqueue("reports.enrolment", [kept.pk])  # of the two models of a provider the better one has been kept
    enqueue("reports.withdrawn", [kept.pk])  # the consent and the special needs may be other ones now
    if staying.learner_id != pseudonym:
        learner_asked_again(staying)
    _deleted(Learner.objects.get(pk=gone.pk))
    return [str(staying.learner_id), str(pseudonym)]


_NEVER = datetime.min.replace(tzinfo=timezone.now().tzinfo)


def _decided_at(learner: Learner) -> datetime:
    return max(learner.consent_accepted or _NEVER, learner.consent_rejected or _NEVER)


def _reports_joined(kept: Report, gone: Report) -> None:
    """One report of the two. Sessions, requests and alerts are the kept learner's by now."""
    ReportSession.objects.filter(report=gone.pk).update(report=kept.pk)
    rows = {row.instrument_id: row for row in ReportInstrument.objects.filter(report=kept.pk).order_by("pk")}
    others = ReportInstrument.objects.filter(report=gone.pk).select_related("instrument").order_by("pk")
    percentages = percentages_of([kept.learner_id]).get(kept.learner_id, {})
    for row in others:
        mine = rows.get(row.instrument_id)
        if mine is None:
            row.report = kept
            row.save(update_fields=["report", "updated_at"])
        else:
            _rows_joined(mine, row, percentages)
    if kept.details.exists() or kept.sessions.exists():
        levels_refreshed([kept.pk])
    else:
        levels = levels_maximum([levels_stored(kept), levels_stored(gone)])
        columns_written(Report, {kept.pk: level_columns(levels)})
    for joined in WITH_REPORTS:
        joined(kept, gone)
    if gone.evidence_deleted_after is not None:
        Report.objects.filter(pk=kept.pk).update(evidence_deleted_after=gone.evidence_deleted_after)
    gone.delete()


def _rows_joined(kept: ReportInstrument, gone: ReportInstrument, percentages: Mapping[int, Decimal]) -> None:
    """The row of an instrument that both have counts what both have counted."""
    answered = Counter(kept.answered) + Counter(gone.answered)
    both = counters_stored(kept) + counters_stored(gone)
    columns = instrument_columns(instrument_properties(gone.instrument), both, answered, percentages)
    if not (kept.total_count and gone.total_count):
        worse = max(kept, gone, key=lambda row: (max(getattr(row, name) for name in LEVELS), row is kept))
        columns |= {name: getattr(worse, name) for name in (*LEVELS, "enrolment", "confidence", "result")}
    columns_written(ReportInstrument, {kept.pk: columns})


def _deleted(row: Any) -> None:
    """Delete a row to which nothing refers any more: a cascade would delete what has not been moved."""
    if left := uses_of(row):
        raise RuntimeError(f"A merge has not moved everything: {', '.join(left)}.")
    type(row)._default_manager.filter(pk=row.pk).delete()


def _recorded(before: User, kept: User, gone_id: int, merged: Merged, pseudonyms: list[str]) -> None:
    rights = ("inst_admin", "legal_admin", "send_admin", "data_admin", "login_allowed")
    changed = {
        name: [getattr(before, name), getattr(kept, name)]
        for name in rights
        if getattr(before, name) != getattr(kept, name)
    }
    what = {"from": gone_id, "moved": merged.moved, "joined": merged.joined, "learner_ids": pseudonyms}
    record(Entry("merge", "institution/user", kept.pk, kept.institution_id, kept.pk, what | changed, sealed=True))
