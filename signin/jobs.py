"""What sign-in does in the background."""

from collections.abc import Sequence
from typing import Any

from pipeline.jobs import job
from signin.services.passwords import JOB, links_sent


@job(JOB)
def password_links(asked: Sequence[Any]) -> None:
    for service, accounts in asked:
        links_sent(service, accounts)
