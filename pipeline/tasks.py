"""What a Celery worker of the service does. The outbox is the truth: a message that is lost is sent again."""

import logging
import time
from typing import Any

from celery.exceptions import Reject
from django.db import transaction

from pipeline import turns
from pipeline.broker import app
from pipeline.jobs import CONSUMERS, add
from pipeline.models import Job
from pipeline.relay import PREFIX, RUN_TASK, Relay
from pipeline.running import after_failure, run_due

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

    If that fails the message is in the outbox again, with its error and a pause, as a job that has failed.
    """
    queue, name = task.request.delivery_info["routing_key"], task.name
    try:
        CONSUMERS[queue](name, arguments)
    except Exception as error:
        logger.exception("%s has failed in %s", name, queue)
        tries = task.request.get("tesla_tries", 0) + 1
        row = Job(name=name, queue=queue, key=task.request.get("tesla_key", ""), arguments=[*arguments], tries=tries)
        for column, value in after_failure(tries, error).items():
            setattr(row, column, value)
        _stored(row, error)
    _relay()


def _stored(row: Job, error: Exception) -> None:
    try:
        with transaction.atomic():
            add([row])
    except Exception as failure:
        time.sleep(RETURN_PAUSE)
        raise Reject(error, requeue=True) from failure


for _name in PROVIDER_TASKS:
    app.task(delivered, name=_name, bind=True, ignore_result=True)
