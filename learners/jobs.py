"""What the service does in the background with samples."""

from collections.abc import Sequence

from learners import validating
from pipeline.jobs import job, periodic


@job("learners.sample", batch=100)
def samples(keys: Sequence[int]) -> None:
    validating.samples_dispatched(keys)


@periodic("learners.validations", seconds=60)
def validations() -> None:
    validating.validations_timed_out()
