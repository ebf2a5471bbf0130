"""Contests: opened and withdrawn by learners, assigned to and decided by people who did not set up the activity.

Whoever changes a contest locks the people whom it refers to, then the report, then the contest: see kernel/locks.py.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import IO, Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from courses.models import Activity, ActivityEditor, CourseInstructor
from files.media import HEAD, agrees, media_type_named
from files.models import Kind as FileKind
from files.services import file_store
from institutions.models import Institution, User
from kernel.domain import Conflict, Forbidden, Invalid, Unknown
from kernel.locks import Lock, locked_rows
from kernel.writes import one_transaction
from learners.models import Learner
from pipeline.jobs import enqueue
from reports.arithmetic import Level
from reports.contests import StoredContest, levels_changed
from reports.models import Report
from rights.models import DECIDED, Contest, ContestFile, Kind, State
from rights.services.notices import ASSIGNED_JOB, OPENED_JOB

KINDS = tuple(Kind.values)
MOST_FILES = 5
MOST_A_DAY = 5  # of one report
EXTENSIONS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/plain": "txt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.oasis.opendocument.text": "odt",
}
DECISION_JOB = "rights.decided"


def _report_locked(report_id: int | None) -> Report:
    """Its row, locked before the contests of it. Unknown if it is gone."""
    if report_id is None or not locked_rows(Report.objects.filter(pk=report_id), Lock.CHANGE):
        raise Unknown("The report is gone.")
    return Report.objects.select_related("activity").get(pk=report_id)


def _locked(contest: Contest) -> tuple[Contest, Report]:
    """The contest as it is now with its report, both locked. Unknown if the report is gone."""
    report = _report_locked(contest.report_id)
    locked_rows(Contest.objects.filter(pk=contest.pk), Lock.CHANGE)
    stored = Contest.objects.get(pk=contest.pk)
    stored.report = report
    return stored, report


def _contested(report: Report, level: str | None) -> dict[str, int]:
    return {kind: getattr(report, f"{kind}_level") for kind in KINDS if level in (None, kind)}


def contest_repeated(*, report_id: int, learner_id: int, reason: str, level: str | None = None) -> Contest | None:
    """The open contest that says the same: a client has sent it again."""
    same = {"report": report_id, "report__learner": learner_id, "reason": reason, "level": level, "state": State.OPEN}
    return Contest.objects.filter(**same).first()


@one_transaction()
def contest_create(
    *, reports: QuerySet[Report], report_id: int, learner_id: int, reason: str, level: str | None = None
) -> Contest:
    """Contest one of these reports of the learner, or one level of it.

    Invalid for a report that is not among them, Conflict while another contest of it is open, after too many within a
    day, and for what has been decided before. A level that has changed since is another one.
    """
    for model in (User, Learner):  # whose deletion would otherwise wait for the report, and this for the person
        locked_rows(model._default_manager.filter(pk=learner_id), Lock.REFERENCE)
    locked_rows(Activity.objects.filter(reports=report_id), Lock.REFERENCE)
    if not reports.filter(pk=report_id, learner=learner_id).exists():
        raise Invalid(report=f'Invalid pk "{report_id}" - object does not exist.')
    report = _report_locked(report_id)
    stored = list(Contest.objects.filter(report=report).order_by("decided_at", "pk"))
    if any(row.state == State.OPEN for row in stored):
        raise Conflict("You have contested this report already: wait for the answer, or withdraw it first.")
    if sum(row.created_at > timezone.now() - timedelta(days=1) for row in stored) >= MOST_A_DAY:
        raise Conflict(f"You have contested this report {MOST_A_DAY} times within a day: try again tomorrow.")
    contested = _contested(report, level)
    judged = _judged(stored)
    if contested.keys() <= judged.keys() and not levels_changed(judged, **contested):
        raise Conflict("This has been decided already. Ask your institution if you do not agree with the decision.")
    institution = Institution.objects.get(pk=report.institution_id)
    contest = Contest.objects.create(
        institution=institution,
        report=report,
        level=level,
        machine_levels=contested,
        reason=reason,
        deadline=timezone.now() + timedelta(days=institution.contest_days),
    )
    state_stored(report)
    enqueue(OPENED_JOB, [contest.pk])
    return contest


@one_transaction()
def contest_withdraw(*, contest: Contest) -> Contest:
    """The learner gives it up; a second time it is no change. Conflict once it has been decided."""
    stored, report = _locked(contest)
    if stored.state in DECIDED:
        raise Conflict("This has been decided: there is nothing left to withdraw.")
    if stored.state == State.OPEN:
        stored.state = State.WITHDRAWN
        stored.save(update_fields=["state", "updated_at"])
        state_stored(report)
    return stored


@one_transaction()
def contest_file_add(
    *, contest: Contest, learner_id: int, content: IO[bytes], name: str, media_type: str
) -> ContestFile:
    """Add a file to an open contest of the report's learner. Invalid for one that is too large or of another type."""
    size = content.seek(0, 2)
    content.seek(0)
    kind = media_type_named(media_type)
    if not 0 < size <= settings.CONSENT_PDF_BYTES:
        raise Invalid(file=f"A file has at least one byte and at most {settings.CONSENT_PDF_BYTES}.")
    if kind not in EXTENSIONS or not agrees(kind, content.read(HEAD)):
        raise Invalid(file=f"A file must be one of these: {', '.join(EXTENSIONS.values())}.")
    locked_rows(User.objects.filter(pk=learner_id), Lock.REFERENCE)
    stored, _ = _locked(contest)
    _refuse_unless_open(stored)
    if stored.files.count() >= MOST_FILES:
        raise Conflict(f"A contest has at most {MOST_FILES} files.")
    file = file_store(
        institution=stored.institution,
        owner=User.objects.get(pk=learner_id),
        kind=FileKind.CONTEST,
        media_type=kind,
        content=content,
        extension=EXTENSIONS[kind],
    )
    return ContestFile.objects.create(institution_id=stored.institution_id, contest=stored, file=file, name=name[:250])


def people_eligible(report: Report) -> QuerySet[User]:
    """Who may decide: administrators of the institution or of its data who did not set up the activity.

    Nobody who teaches the course, who has made or changed the activity or its instruments, nor the learner.
    """
    teaching = CourseInstructor.objects.filter(course=report.activity.course_id, instructor=OuterRef("pk"))
    set_up = ActivityEditor.objects.filter(activity=report.activity_id, person_id=OuterRef("pk"))
    administrators = User.objects.filter(Q(inst_admin=True) | Q(data_admin=True), is_active=True)
    return (
        administrators.filter(~Exists(teaching), ~Exists(set_up), institution=report.institution_id)
        .exclude(pk=report.learner_id)
        .order_by("last_name", "first_name", "pk")
    )


@one_transaction()
def contest_assign(*, contest: Contest, assignee_id: int) -> Contest:
    """Let this person decide. Invalid for who may not; the text says so when nobody may. Conflict once it is closed."""
    locked_rows(User.objects.filter(pk=assignee_id, institution=contest.institution_id), Lock.REFERENCE)
    stored, report = _locked(contest)
    _refuse_unless_open(stored)
    eligible = people_eligible(report)
    person = eligible.filter(pk=assignee_id).first()
    if person is None:
        raise Invalid(assignee=_why_not(eligible))
    if stored.assignee_id != person.pk:
        stored.assignee, stored.reminded_at = person, None
        stored.save(update_fields=["assignee", "reminded_at", "updated_at"])
        enqueue(ASSIGNED_JOB, [stored.pk])
    return stored


def _why_not(eligible: QuerySet[User]) -> str:
    rule = (
        "who decides is a data administrator or an administrator of the institution, does not teach the course and did "
        "not set up the activity"
    )
    if eligible.exists():
        return f"This person may not decide it: {rule}."
    return f"Nobody is left who may decide it: {rule}. Give somebody else such a right first."


@one_transaction()
def contest_decide(
    *, contest: Contest, by_id: int, outcome: str, answer: str, levels: Mapping[str, int] | None = None
) -> Contest:
    """The human decision. The machine's levels stay as they are.

    `levels`, by kind, are wanted where they are changed, and nowhere else. Forbidden for anybody but the assignee, and
    for one who has come to teach the course or to set up the activity since. The same decision again is no change.
    """
    locked_rows(User.objects.filter(pk=by_id), Lock.REFERENCE)
    stored, report = _locked(contest)
    human = dict(levels or {})
    if stored.state == outcome and (stored.decided_by_id, stored.answer, stored.human_levels) == (by_id, answer, human):
        return stored
    _refuse_unless_open(stored)
    if stored.assignee_id != by_id:
        raise Forbidden("Only the person to whom the contest is assigned decides it.")
    if not people_eligible(report).filter(pk=by_id).exists():
        raise Forbidden("You may not decide it any more: you teach the course or have set up the activity.")
    _refuse_levels(_contested(report, stored.level), outcome, human)
    stored.state, stored.answer, stored.human_levels = outcome, answer, human
    stored.decided_at, stored.decided_by_id = timezone.now(), by_id
    stored.save(update_fields=["state", "answer", "human_levels", "decided_at", "decided_by_id", "updated_at"])
    state_stored(report)
    enqueue(DECISION_JOB, [stored.pk])
    return stored


def _refuse_levels(contested: Mapping[str, int], outcome: str, human: Mapping[str, int]) -> None:
    if outcome != State.CHANGED:
        if human:
            raise Invalid(levels="Levels are given only where they are changed.")
        return
    if not human:
        raise Invalid(levels="Say which level it is instead.")
    if strangers := sorted(human.keys() - contested.keys()):
        raise Invalid(levels=f"Not contested: {', '.join(strangers)}.")
    if all(human[kind] == contested[kind] for kind in human):
        raise Invalid(levels="These are the levels that it has: then the level is upheld.")
    if any(level == Level.PENDING for level in human.values()):
        raise Invalid(levels="A person's level is never pending.")


def _refuse_unless_open(contest: Contest) -> None:
    if contest.state != State.OPEN:
        raise Conflict(f"The contest is closed: {State(contest.state).label}.")


def state_stored(report: Report) -> None:
    """Write into the locked report what its contests say: see reports/contests.py."""
    rows = list(Contest.objects.filter(report=report, state__in=(State.OPEN, *DECIDED)).order_by("decided_at", "pk"))
    Report.objects.filter(pk=report.pk).update(contest=_state(rows))


def _judged(rows: list[Contest]) -> dict[str, int]:
    """The machine's levels that were decided about; of several decisions about a kind the last one's."""
    return {kind: level for row in rows if row.state in DECIDED for kind, level in row.machine_levels.items()}


def _state(rows: list[Contest]) -> StoredContest | None:
    if not rows:
        return None
    human: dict[str, int] = {}
    set_aside: set[str] = set()
    decided = [row for row in rows if row.state in DECIDED]
    for row in decided:  # of a level and of the whole report: what was decided last about a kind counts
        if row.state == State.SET_ASIDE:
            kinds = {kind for kind in KINDS if row.level in (None, kind)}
            human, set_aside = {kind: level for kind, level in human.items() if kind not in kinds}, set_aside | kinds
        human |= row.human_levels
        set_aside -= row.human_levels.keys()
    is_open = next((row for row in rows if row.state == State.OPEN), None)
    last = is_open or decided[-1]
    return StoredContest(
        state=last.state,
        is_final=is_open is None,
        level=last.level,
        deadline=None if is_open is None else is_open.deadline.isoformat(),
        human_levels=human,
        set_aside=sorted(set_aside),
        judged=_judged(rows),
    )


def reports_leave(*, is_wanted: bool = False, **which: Any) -> None:
    """The contests of these reports stay without whatever could tell whom they were about.

    Conflict while one is open: who is contested could make it vanish with the report. Only where it is wanted, by the
    learner, does it lapse. The caller holds the learner or the activity locked, so that no contest is opened meanwhile.
    """
    contested = Contest.objects.filter(**{f"report__{name}": key for name, key in which.items()})
    states = list(contested.values_list("report_id", "state"))
    if not states:
        return
    if not is_wanted and any(state == State.OPEN for _, state in states):
        raise Conflict("A learner contests a report that would go with it: a person has to decide the contest first.")
    reports = {report for report, _ in states}
    locked_rows(Report.objects.filter(pk__in=reports), Lock.DELETE)
    contests = Contest.objects.filter(report__in=reports)
    locked_rows(contests, Lock.CHANGE)
    ContestFile.objects.filter(contest__report__in=reports).delete()
    contests.filter(state=State.OPEN).update(state=State.LAPSED)
    contests.update(reason="", answer="", assignee=None)


def reports_joined(kept: Report, gone: Report) -> None:
    """Two accounts become one: contests of the report that goes are those of the other one."""
    Contest.objects.filter(report=gone.pk).update(report=kept.pk)
    state_stored(kept)


def refuse_merge_of_contests(kept_id: int, gone_id: int) -> None:
    """One report has one open contest: where both people have one of the same activity, neither may be lost."""
    contested = Contest.objects.filter(state=State.OPEN)
    activities = contested.filter(report__learner=gone_id).values("report__activity")
    if contested.filter(report__learner=kept_id, report__activity__in=activities).exists():
        raise Conflict(
            "Both people contest their report of the same activity: one of the two contests has to be decided or "
            "withdrawn first."
        )
