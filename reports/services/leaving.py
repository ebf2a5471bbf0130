"""Histograms and reports stay true when what they count is deleted, and nobody waits for results that nobody wants.

Histograms of a learner go with the learner, and those of an activity with the activity. But the results of a deleted
learner are counted in the histograms of activities, too, and those of a deleted activity in those of learners.
"""

from collections.abc import Collection, Iterator
from typing import Any

from django.db.models import Count, Model, Value
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

from courses.models import Activity, ActivityInstrument, AssessmentSession
from kernel.locks import Lock, locked_rows
from kernel.recording import Entry, record
from learners.models import Learner, SENDCategory, SENDLearner
from pipeline.jobs import enqueue
from reports.models import Alert, Report, Request, RequestProviderResult
from reports.rows import bins_of, bins_taken
from reports.services.counting import HISTOGRAMS
from reports.services.reporting import levels_refreshed


@receiver(pre_delete, sender=Learner)
def learner_leaves(instance: Learner, **_: Any) -> None:
    results_leave("activity", request__learner=instance.pk)


@receiver(pre_delete, sender=Activity)
def activity_leaves(instance: Activity, **_: Any) -> None:
    results_leave("learner", request__activity=instance.pk)
    record(*_lines_of_learners(instance))


def _lines_of_learners(activity: Activity) -> Iterator[Entry]:
    """For each learner whose work goes with it: about the report, or what there is without one."""
    told: dict[type[Model], str] = {
        Report: "report", Request: "request", AssessmentSession: "assessment", Alert: "alert",
    }  # fmt: skip
    found, *more = (
        model._default_manager.filter(activity=activity.pk).order_by().values_list("learner", Value(place))
        for place, model in enumerate(told)
    )
    words, home = [*told.values()], activity.institution_id
    for learner, place in dict(sorted(found.union(*more), reverse=True)).items():  # of each the first of the four
        row = f"{home}/{activity.course_id}/{activity.pk}"
        yield Entry("delete", f"institution/course/activity/{words[place]}", row, home, learner)


def requests_deleted(keys: Collection[int]) -> None:
    """Delete these requests of a learner who is locked and leaves: other learners' histograms stay true."""
    results_leave("activity", request__in=keys)
    Request.objects.filter(pk__in=keys).delete()


def results_leave(owner: str, **which: Any) -> None:
    """Take these results out of the histograms of the owners that stay."""
    rows = RequestProviderResult.objects.filter(counted_bin__isnull=False, **which).exclude(
        **{f"request__{owner}": None}
    )
    columns = (f"request__{owner}", "provider", "provider__instrument", "counted_bin")
    counted = list(rows.order_by().values_list(*columns).annotate(number=Count("pk")))
    for model, (kept_by, about) in HISTOGRAMS:
        if kept_by == owner and counted:
            keyed = ((key, instrument if about == "instrument" else provider, place, number)
                     for key, provider, instrument, place, number in counted)  # fmt: skip
            bins = bins_of(((key, other), place, number) for key, other, place, number in keyed if other is not None)
            bins_taken(model, (kept_by, about), bins)


@receiver(post_delete, sender=AssessmentSession)
def session_leaves(instance: AssessmentSession, origin: Any = None, **_: Any) -> None:
    """A session alone is deleted: its requests and their results stay in the report, its own row goes."""
    if origin is instance:
        pair = {"activity": instance.activity_id, "learner": instance.learner_id}
        requests = Request.objects.filter(session=None, counted_status__isnull=False, **pair)
        requests.update(counted_status=None)  # they were counted in the row that goes
        reports = Report.objects.filter(**pair)
        levels_refreshed(locked_rows(reports, Lock.CHANGE))


@receiver(post_delete, sender=ActivityInstrument)
def instrument_leaves(instance: ActivityInstrument, origin: Any = None, **_: Any) -> None:
    """An instrument alone is taken out of its activity: what its providers have not answered is closed."""
    if origin is instance:
        enqueue("reports.activity", [instance.activity_id])


# Without a special need the primary instrument is used again, and its alternative is not.


@receiver(post_delete, sender=SENDLearner)
def need_leaves(instance: SENDLearner, origin: Any = None, **_: Any) -> None:
    if origin is instance:
        enqueue("reports.withdrawn", [instance.learner_id])


@receiver(pre_delete, sender=SENDCategory)
def category_leaves(instance: SENDCategory, origin: Any = None, **_: Any) -> None:
    if origin is instance:
        enqueue("reports.withdrawn", instance.assignments.values_list("learner", flat=True))
