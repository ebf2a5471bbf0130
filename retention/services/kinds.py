"""What is deleted of each kind of data when its period is over, in steps of some rows each.

Evidence goes without its results: the numbers that levels were computed from stay with the report, so that levels stay
as they are, and why they are so can still be told. The report says that its evidence was deleted, and after how many
days. A report goes with everything that it was made of.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from courses.models import AssessmentSession
from kernel.locks import Lock, locked_rows
from kernel.recording import Entry, Origin, record
from learners.models import Enrolment, EnrolmentSample, EnrolmentSampleValidation, Learner
from pipeline.jobs import enqueue
from reports.models import Alert, Report, ReportSession, Request, RequestProviderResult, RequestResult
from retention.above import above
from retention.models import Kind
from retention.services.work import (
    Deleted,
    Keys,
    Work,
    files_erased,
    files_of_requests,
    hold_rows,
    with_reports,
    with_sessions,
    work_deleted,
)

REQUESTS = 1000  # that are deleted in one transaction, if they are not those of one report or session
LEGAL_HOLD, CONTEST, IN_SESSION, BROKEN = "legal_hold", "contest", "session", "not_as_sealed"
HELD_WORDS = {
    LEGAL_HOLD: "by a legal hold",
    CONTEST: "by an open contest",
    IN_SESSION: "by an open session",
    BROKEN: "because the trail is not what was sealed (manage.py verify_trail)",
}


@dataclass(frozen=True)
class Step:
    """Rows of one table. `rows` takes the activities (None: all) and an instant: what is older; None: of any age.

    `delete` takes the institution, keys of rows, and the days for which they were kept, inside a transaction.
    """

    word: str
    model: type[Model]
    at: str  # the column of the instant from which the time counts
    delete: Callable[[int, Keys, int], Deleted]
    narrow: Callable[[QuerySet[Any]], QuerySet[Any]] = lambda rows: rows
    is_work: bool = True  # rows have an activity: contests hold them back
    ends_sessions: bool = False
    part: int = 500  # rows in one transaction
    told: str = "institution/course/activity/request"  # what the lines of its learners are about
    requests: Mapping[str, Any] | None = None  # which ones go with a row: fewer rows where there are many

    def rows(self, institution_id: int, before: datetime | None, activities: Any = None) -> QuerySet[Any]:
        found = self.narrow(self.model._default_manager.filter(institution=institution_id))
        if before is not None:
            found = found.filter(**{f"{self.at}__lt": before})
        return found if activities is None else found.filter(activity__in=activities)

    def reasons(self, institution_id: int) -> Iterator[tuple[str, Q]]:
        """Why rows are held back, and which."""
        yield LEGAL_HOLD, Q(learner__in=above().held_people(institution_id))
        if self.is_work:
            contested = Report.objects.filter(contest__is_final=False, institution=institution_id)
            yield CONTEST, Q(Exists(contested.filter(**_SAME_PAIR)))
        if self.ends_sessions:
            open_now = AssessmentSession.objects.filter(closed_at=None, institution=institution_id)
            yield IN_SESSION, Q(Exists(open_now.filter(**_SAME_PAIR)))

    def carry_out(self, institution_id: int, keys: Keys, days: int, by: Origin | None = None) -> Deleted:
        """Delete these rows. Each learner has a line of it for each activity."""
        rows = self.model._default_manager.filter(pk__in=keys).order_by()
        named = ("activity__course", "activity") if self.is_work else ()
        counted = list(rows.values_list("learner", *named).annotate(number=Count("pk")).order_by("learner", *named))
        deleted = self.delete(institution_id, keys, days)
        lines = (
            Entry(
                verb="delete",
                resource=self.told,
                row="/".join(str(key) for key in (institution_id, *(place or (learner,))) if key is not None),
                institution=institution_id,
                person=learner,
                details={self.word: number},
            )
            for learner, *place, number in counted
        )
        record(*lines, by=by)
        return deleted

    def free(self, rows: QuerySet[Any], institution_id: int) -> QuerySet[Any]:
        """Without what is held back."""
        for _, held in self.reasons(institution_id):
            rows = rows.filter(~held)
        return rows

    def next_part(self, free: QuerySet[Any], last: int) -> list[int]:
        """The keys behind the last one that are deleted together; none at the end."""
        keys = [*free.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[: self.part]]
        if self.requests is None or len(keys) < 2:
            return keys
        own = Request.objects.filter(**self.requests).order_by().values("learner")  # all are of one learner
        number = Coalesce(Subquery(own.annotate(number=Count("pk")).values("number")), 0)
        counted = self.model._default_manager.filter(pk__in=keys).order_by("pk").annotate(requests_of=number)
        total, part = 0, list[int]()
        for key, requests in counted.values_list("pk", "requests_of"):
            total += requests
            if part and total > REQUESTS:
                break
            part.append(key)
        return part or keys  # all are gone meanwhile: the next part begins behind them


_SAME_PAIR: dict[str, Any] = {"activity": OuterRef("activity"), "learner": OuterRef("learner")}


def _with_evidence(has_session: bool) -> Callable[[QuerySet[Any]], QuerySet[Any]]:
    def narrow(rows: QuerySet[Any]) -> QuerySet[Any]:
        audits = [
            Exists(model._default_manager.filter(request=OuterRef("pk"), audit__isnull=False))
            for model in (RequestResult, RequestProviderResult)
        ]
        return rows.filter(Q(data__isnull=False) | Q(audits[0]) | Q(audits[1]), session__isnull=not has_session)

    return narrow


def _evidence_deleted(institution_id: int, keys: Keys, days: int) -> Deleted:
    """What was captured, and what providers noted about it. The results stay."""
    hold_rows(institution_id, Work(requests=keys), Lock.REFERENCE)
    requests = Request.objects.filter(pk__in=keys)
    locked_rows(requests, Lock.CHANGE)
    files = files_of_requests(keys)
    requests.update(data=None)
    for model in (RequestResult, RequestProviderResult):
        model._default_manager.filter(request__in=keys).update(audit=None)
    _noted(Report.objects.filter(Exists(requests.filter(**_SAME_PAIR)), institution=institution_id), days)
    deleted = Deleted(files=files_erased(files))
    deleted.rows["requests"] = len(keys)
    return deleted


def _noted(reports: QuerySet[Report], days: int) -> None:
    """The reports say that evidence of them was deleted."""
    keys = locked_rows(reports, Lock.CHANGE)
    Report.objects.filter(pk__in=keys).update(evidence_deleted_after=days)


def _counted(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Alerts that the report on their session has counted, or that no report will count."""
    in_report = ReportSession.objects.filter(session=OuterRef("session"))
    return rows.filter(Q(is_counted=True) | Q(session=None) | ~Q(Exists(in_report)))


def _alerts_deleted(institution_id: int, keys: Keys, days: int) -> Deleted:
    """The reports on their sessions go on counting them: their numbers move to `deleted_alerts`."""
    hold_rows(institution_id, Work(alerts=keys), Lock.REFERENCE)
    alerts = Alert.objects.filter(pk__in=keys)
    _noted(Report.objects.filter(Exists(alerts.filter(**_SAME_PAIR)), institution=institution_id), days)
    raised = list(alerts.filter(is_counted=True).values_list("session", "level"))
    sessions = list(ReportSession.objects.filter(session__in={session for session, _ in raised}).order_by("pk"))
    for row in sessions:
        numbers = list(row.deleted_alerts or (0, 0, 0, 0))
        for session, level in raised:
            numbers[level] += session == row.session_id
        row.deleted_alerts = numbers
    ReportSession.objects.bulk_update(sessions, ["deleted_alerts"])
    files = {*alerts.exclude(data=None).values_list("data", flat=True)}
    alerts.delete()
    deleted = Deleted(files=files_erased(files))
    deleted.rows["alerts"] = len(keys)
    return deleted


def _samples_deleted(institution_id: int, keys: Keys, days: int) -> Deleted:
    """With what providers said of them. Models stay."""
    samples = EnrolmentSample.objects.filter(pk__in=keys)
    _learners_held(samples)
    files = {*samples.exclude(data=None).values_list("data", flat=True)}
    said = EnrolmentSampleValidation.objects.filter(sample__in=keys)
    files |= {*said.exclude(info=None).values_list("info", flat=True)}
    samples.delete()
    deleted = Deleted(files=files_erased(files))
    deleted.rows["samples"] = len(keys)
    return deleted


def _models_deleted(institution_id: int, keys: Keys, days: int) -> Deleted:
    """The learner has to enrol again. Reports tell from now on that there is no model."""
    models = Enrolment.objects.filter(pk__in=keys)
    learners = _learners_held(models)
    files = {*models.exclude(model=None).values_list("model", flat=True)}
    models.delete()
    enqueue("reports.enrolment", learners)
    deleted = Deleted(files=files_erased(files))
    deleted.rows["models"] = len(keys)
    return deleted


def _learners_held(rows: QuerySet[Any]) -> Sequence[int]:
    """Lock the learners, as whoever changes their enrolment does."""
    learners = sorted({*rows.values_list("learner", flat=True)})
    return locked_rows(Learner.objects.filter(pk__in=learners), Lock.CHANGE)


def _without_report(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(~Exists(Report.objects.filter(**_SAME_PAIR)))


_ALERT, _ENROLMENT = "institution/course/activity/alert", "institution/learner/enrolment"
WORK = (
    Step(
        "reports", Report, "updated_at", lambda home, keys, _: work_deleted(home, with_reports(keys)),
        ends_sessions=True, part=100, requests=_SAME_PAIR, told="institution/course/activity/report",
    ),
    # Of what no report was made.
    Step(
        "sessions", AssessmentSession, "started_at", lambda home, keys, _: work_deleted(home, with_sessions(keys)),
        narrow=_without_report, ends_sessions=True, part=100, requests={"session": OuterRef("pk")},
        told="institution/course/activity/assessment",
    ),
    Step(
        "requests", Request, "created_at", lambda home, keys, _: work_deleted(home, Work(requests=keys)),
        narrow=lambda rows: _without_report(rows.filter(session=None)),
    ),
    Step(
        "alerts", Alert, "created_at", lambda home, keys, _: work_deleted(home, Work(alerts=keys)),
        narrow=lambda rows: _without_report(rows.filter(session=None)), told=_ALERT,
    ),
)  # fmt: skip
# Lines of the trail are not in it: see trail/cutting.py.
STEPS: dict[str, tuple[Step, ...]] = {
    Kind.SAMPLES: (Step("samples", EnrolmentSample, "created_at", _samples_deleted, is_work=False, told=_ENROLMENT),),
    Kind.MODELS: (Step("models", Enrolment, "updated_at", _models_deleted, is_work=False, told=_ENROLMENT),),
    Kind.CAPTURES: (Step("requests", Request, "created_at", _evidence_deleted, narrow=_with_evidence(True)),),
    Kind.DOCUMENTS: (Step("requests", Request, "created_at", _evidence_deleted, narrow=_with_evidence(False)),),
    Kind.ALERTS: (Step("alerts", Alert, "created_at", _alerts_deleted, narrow=_counted, told=_ALERT),),
    Kind.REPORTS: WORK,
}


def goes_with(step: Step, rows: QuerySet[Any]) -> dict[str, int]:
    """How many rows of each kind the step deletes."""
    counts = {step.word: rows.count()}
    more: dict[str, type[Model]] = {"requests": Request, "alerts": Alert}
    if step.model is Report:
        same, more = rows.filter(**_SAME_PAIR), {"sessions": AssessmentSession} | more
    elif step.model is AssessmentSession:
        same = rows.filter(pk=OuterRef("session"))
    else:
        return counts
    return counts | {word: model._default_manager.filter(Exists(same)).count() for word, model in more.items()}
