"""What the service does in the background about deletions in bulk."""

from collections.abc import Sequence
from typing import Any

from pipeline.jobs import job
from retention.services.bulk import JOB, deletions_continued


@job(JOB)
def bulk_deletions(keys: Sequence[Any]) -> None:
    deletions_continued(keys)
