"""What the service does in the background with samples."""

from collections.abc import Iterable, Mapping, Sequence

from institutions.services import unanswered
from learners import validating
from pipeline.jobs import Awaited, awaited, gauge, job, periodic
from pipeline.status import awaited_of


@job("learners.sample", batch=100)
def samples(keys: Sequence[int]) -> None:
    validating.samples_dispatched(keys)


@periodic("learners.validations", seconds=60)
def validations() -> None:
    validating.validations_timed_out()


@periodic("learners.asked_again", seconds=60)
def asked_again() -> None:
    """Providers that have not said anything of a sample, or have not learnt it, are told of it again."""
    for question in (validating.VALIDATIONS, validating.ENROLMENTS):
        unanswered.asked_again(question)


@gauge("overdue_validations")
def overdue() -> Mapping[str, int]:
    return unanswered.overdue_by_provider(validating.open_validations())


@awaited("validations")
def open_validations() -> Iterable[Awaited]:
    return awaited_of(validating.open_validations())


@awaited("enrolments")
def samples_to_learn() -> Iterable[Awaited]:
    return awaited_of(validating.samples_to_learn())
