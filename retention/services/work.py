"""Deleting what was made of learners' work in activities: sessions, requests with their results, alerts, reports.

The order of locks is that of kernel/locks.py; behind it come requests, reports and histograms, as where results are
counted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, Model, OuterRef, QuerySet

from courses.models import Activity, AssessmentSession
from files.models import StoredFile
from files.services import files_erase
from institutions.models import Institution
from kernel.batches import batched
from kernel.locks import Lock, locked_rows
from learners.models import Learner
from reports.models import Alert, Report, Request, RequestProviderResult, RequestResult
from reports.services.leaving import results_leave
from retention.above import above

KEYS = 500  # in a statement
Keys = Sequence[int]


@dataclass
class Work:
    """Keys of what is deleted together."""

    reports: Keys = ()
    sessions: Keys = ()
    requests: Keys = ()
    alerts: Keys = ()


@dataclass
class Deleted:
    """How many rows, by kind; files are those of all kinds."""

    rows: Counter[str] = field(default_factory=Counter)
    files: int = 0


def of_reports(model: type[Model], reports: Keys) -> QuerySet[Any]:
    """The rows of the model that have activity and learner of one of these reports."""
    pairs = Report.objects.filter(pk__in=reports)
    near = model._default_manager.filter(
        activity__in=[*pairs.values_list("activity", flat=True)], learner__in=[*pairs.values_list("learner", flat=True)]
    )
    return near.filter(Exists(pairs.filter(activity=OuterRef("activity"), learner=OuterRef("learner"))))


def with_reports(reports: Keys) -> Work:
    """These reports and everything that they were made of."""
    found = ([*of_reports(model, reports).order_by("pk").values_list("pk", flat=True)] for model in _MODELS)
    return Work(reports, *found)


def with_sessions(sessions: Keys) -> Work:
    """These sessions, of which there is no report, and what was captured in them."""
    found = (model._default_manager.filter(session__in=sessions).order_by("pk") for model in (Request, Alert))
    requests, alerts = ([*rows.values_list("pk", flat=True)] for rows in found)
    return Work((), sessions, requests, alerts)


_MODELS: tuple[type[Model], ...] = (AssessmentSession, Request, Alert)


def hold_rows(institution_id: int, work: Work, sessions: Lock) -> None:
    """Lock the learners, the institution, the activities and the sessions of this."""
    learners: set[Any] = set()
    activities: set[Any] = set()
    for model, keys in ((Report, work.reports), (AssessmentSession, work.sessions), (Request, work.requests),
                        (Alert, work.alerts)):  # fmt: skip
        for part in batched(keys, KEYS):
            for learner, activity in model._default_manager.filter(pk__in=part).values_list("learner", "activity"):
                learners.add(learner)
                activities.add(activity)
    locked_rows(Learner.objects.filter(pk__in=learners), Lock.REFERENCE)
    locked_rows(Institution.objects.filter(pk=institution_id), Lock.CHANGE)
    locked_rows(Activity.objects.filter(pk__in=activities - {None}), Lock.REFERENCE)
    locked_rows(AssessmentSession.objects.filter(pk__in=work.sessions), sessions)


def work_deleted(institution_id: int, work: Work) -> Deleted:
    """Delete it with its files, inside the caller's transaction. Histograms no longer count the results."""
    hold_rows(institution_id, work, Lock.DELETE)
    for part in batched(work.requests, KEYS):
        locked_rows(Request.objects.filter(pk__in=part), Lock.DELETE)
    locked_rows(Report.objects.filter(pk__in=work.reports), Lock.DELETE)
    files = {*above().reports_leave(work.reports)} if work.reports else set()
    deleted = Deleted()
    for part in batched(work.requests, KEYS):
        files |= files_of_requests(part)
        for owner in ("learner", "activity"):
            results_leave(owner, request__in=part)
    for part in batched(work.alerts, KEYS):
        rows = Alert.objects.filter(pk__in=part)
        files |= {*rows.exclude(data=None).values_list("data", flat=True)}
    for word, model, keys in (
        ("alerts", Alert, work.alerts),
        ("requests", Request, work.requests),
        ("reports", Report, work.reports),
        ("sessions", AssessmentSession, work.sessions),
    ):
        for part in batched(keys, KEYS):
            _, by_model = model._default_manager.filter(pk__in=part).delete()
            deleted.rows[word] += by_model.get(model._meta.label, 0)
    deleted.files = files_erased(files)
    return deleted


def files_of_requests(keys: Keys) -> set[int]:
    """What was captured or handed in, and what providers noted about it."""
    files = {*Request.objects.filter(pk__in=keys).exclude(data=None).values_list("data", flat=True)}
    for model in (RequestResult, RequestProviderResult):
        rows: QuerySet[Any] = model._default_manager.filter(request__in=keys)
        files |= {*rows.exclude(audit=None).values_list("audit", flat=True)}
    return files


def files_erased(keys: set[int]) -> int:
    """Nothing refers to these files any more."""
    return sum(files_erase(files=StoredFile.objects.filter(pk__in=part)) for part in batched(sorted(keys), KEYS))
