"""What a Celery worker of the service does. The outbox is the truth: a message that is lost is sent again."""

import logging
import time
from collections.abc import Sequence
from typing import Any

from celery.exceptions import Reject

from pipeline import turns
from pipeline.broker import app
from pipeline.jobs import CONSUMERS, provider_job
from pipeline.models import Job
from pipeline.relay import PREFIX, RUN_TASK, Relay
from pipeline.running import being_done, carried, failed, run_due

logger = logging.getLogger(__name__)
# The tasks of providers, with their arguments: see clients' contract.
PROVIDER_TASKS = (
    "tesla_ce.tasks.requests.enrolment.validate_request",  # learner uuid, sample id, validation id
    "tesla_ce.tasks.requests.enrolment.enrol_learner",  # learner uuid, sample id
    "tesla_ce.tasks.requests.verification.verify_request",  # request id, result id
    "tesla_ce.tasks.notification.providers.provider_notify",  # notification id
)
SLICE = 5.0  # seconds of one message: then others have their turn, and a worker that is told to end can
RETURN_PAUSE = 2.0  # seconds before a message is given back because the database is away
_relay = Relay()  # of this process: what its jobs have enqueued is published without waiting for another process


@app.task(name=RUN_TASK, ignore_result=True)
def run(name: str) -> None:
    """Do what is due of this name."""
    turns.open_again(PREFIX + name)  # before looking: what is committed from here on asks for another message
    ends = time.monotonic() + SLICE
    run_due(name=name, ended=lambda: time.monotonic() > ends)
    _relay()


def delivered(task: Any, *arguments: Any) -> None:
    """Hand a message to the provider in this installation whose queue it came from.

    While that goes on the message is a row of the outbox again, as a job that is being done: if it fails, or ends this
    process, it comes again after a pause and is parked in the end. Brokers would give it to the next process, for ever.
    """
    row = _begun(task, arguments)
    if row is not None:
        try:
            CONSUMERS[row.queue](row.name, arguments)
        except Exception as error:
            logger.exception("%s of %s has failed in %s", row.name, row.key, row.queue)
            failed([row], error)
        else:
            carried([row])
    _relay()


def _begun(task: Any, arguments: Sequence[Any]) -> Job | None:
    """The row; None if there is one, as the process that had this message died after it had made it."""
    request = task.request
    tries, queue = request.get("tesla_tries", 0), request.delivery_info["routing_key"]
    row = provider_job(queue, task.name, request.get("tesla_key", ""), *arguments)
    try:
        if request.delivery_info.get("redelivered"):
            begun = Job.objects.filter(queue=queue, name=row.name, key=row.key, tries=tries + 1)
            if begun.exists():
                return None
        being_done(row, tries)
    except Exception as error:
        time.sleep(RETURN_PAUSE)
        raise Reject(error, requeue=True) from error
    return row


for _name in PROVIDER_TASKS:
    app.task(delivered, name=_name, bind=True, ignore_result=True)
