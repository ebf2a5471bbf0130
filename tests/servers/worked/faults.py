"""Faults that tests cause inside the processes of the service. Files in VAR_DIR say which.

hold-<job>          the next job of this name has done its work and is not committed, while the file is there
hold-answer         the same of a provider's answer
die-after-commit    the process that answers requests ends right after its next commit of jobs, before anybody is told

And reaped-by-wrong-clock is made when a process whose clock is shifted has looked for what is overdue. What the service
does every few seconds it does sooner here.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings

from pipeline import jobs, loop
from reports.services import verifying

HELD = ("reports.request", "reports.results")
REAPER = "reports.results"
REMINDERS = "institutions.notifications"
SOON = 0.3  # seconds
_wake = jobs.wake


def _held(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    hold, held = (Path(settings.VAR_DIR) / f"{word}-{name}" for word in ("hold", "held"))

    def done(*arguments: Any) -> Any:
        result = work(*arguments)
        if hold.exists():
            held.touch()
            while hold.exists():
                time.sleep(0.02)
        return result

    return done


def _wake_or_die() -> None:
    mark = Path(settings.VAR_DIR) / "die-after-commit"
    if "gunicorn" in sys.argv[0] and mark.exists():
        mark.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    _wake()


def _marked(reap: Callable[[], Any]) -> Callable[[], Any]:
    def reaped() -> None:
        reap()
        (Path(settings.VAR_DIR) / "reaped-by-wrong-clock").touch()

    return reaped if "FAKETIME" in os.environ else reap


def prepare() -> None:
    jobs.wake = _wake_or_die
    reap, seconds = jobs.PERIODIC[REAPER]
    jobs.PERIODIC[REAPER] = (_marked(reap), seconds)
    jobs.PERIODIC[REMINDERS] = (jobs.PERIODIC[REMINDERS][0], 1)  # else sent again before the provider has deleted it
    loop.LOOK = SOON
    if settings.BROKER_URL:
        from pipeline import relay  # imports Celery

        relay.RENEW = relay.REST = 1.0
    verifying._answered = _held("answer", verifying._answered)
    for name in HELD:
        jobs.WORKS[name] = replace(jobs.WORKS[name], handler=_held(name, jobs.WORKS[name].handler))
