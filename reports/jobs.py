"""What the app does in the background."""

from collections.abc import Iterable, Mapping, Sequence

from institutions.services import unanswered
from learners.services import model_locks_ended
from pipeline.jobs import Awaited, awaited, gauge, job, periodic
from pipeline.status import awaited_of
from reports.services import counting, verifying


@job("reports.request", batch=counting.BATCH)
def requests(keys: Sequence[int]) -> None:
    """New requests: their providers are asked."""
    verifying.requests_dispatched(keys)


@job("reports.results", batch=counting.BATCH)
def results(keys: Sequence[int]) -> None:
    """Requests whose results have changed."""
    counting.requests_recounted(keys)


@job("reports.session", batch=counting.BATCH)
def sessions(keys: Sequence[int]) -> None:
    """Sessions that have been closed, or in which an alert has been raised."""
    counting.sessions_recounted(keys)


@job("reports.enrolment", batch=counting.BATCH)
def enrolments(keys: Sequence[int]) -> None:
    """Learners whose models have become more or less complete."""
    counting.enrolments_recounted(keys)


@job("reports.withdrawn", batch=counting.BATCH)
def withdrawn(keys: Sequence[int]) -> None:
    """Learners who have withdrawn something that providers need to work on."""
    verifying.results_reviewed(keys)
    model_locks_ended(keys)


@job("reports.activity", batch=counting.BATCH)
def activities(keys: Sequence[int]) -> None:
    """Activities that do not use an instrument any more, or in another way."""
    verifying.activities_reviewed(keys)


@periodic("reports.results", seconds=60)
def timed_out() -> None:
    """Results whose providers have not answered in time are closed."""
    verifying.results_timed_out()


@periodic("reports.asked_again", seconds=60)
def asked_again() -> None:
    """Providers that have not said anything are asked again."""
    unanswered.asked_again(verifying.RESULTS)


@gauge("overdue_results")
def overdue() -> Mapping[str, int]:
    return unanswered.overdue_by_provider(verifying.open_results())


@awaited("results")
def open_results() -> Iterable[Awaited]:
    return awaited_of(verifying.open_results())
