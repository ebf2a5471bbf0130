"""What the service does in the background with samples."""

from collections.abc import Iterable, Sequence

from learners import validating
from learners.models import OPEN, EnrolmentSampleValidation
from pipeline.jobs import Awaited, awaited, job, periodic
from pipeline.status import awaited_of


@job("learners.sample", batch=100)
def samples(keys: Sequence[int]) -> None:
    validating.samples_dispatched(keys)


@periodic("learners.validations", seconds=60)
def validations() -> None:
    validating.validations_timed_out()


@awaited("validations")
def open_validations() -> Iterable[Awaited]:
    return awaited_of(EnrolmentSampleValidation.objects.filter(status__in=OPEN))
