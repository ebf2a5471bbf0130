"""manage.py work: carries background work in a process of its own."""

import os
import signal
import sys
import threading
import warnings
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from pipeline.loop import Thread


class Command(BaseCommand):
    help = (
        "Do background work until the process is told to end (SIGTERM, SIGINT), which it does after the jobs at hand. "
        "With BROKER_URL it is a Celery worker that also publishes what waits in the database. Any number of processes "
        "may run, on any machine."
    )

    requires_system_checks: list[str] = []  # as the server, which makes none either

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--concurrency",
            type=int,
            default=settings.WORK_CONCURRENCY,
            help="With a broker: how many jobs are done at once. Default: WORK_CONCURRENCY.",
        )

    def handle(self, *args: Any, concurrency: int, **_: Any) -> None:
        if settings.BROKER_URL:
            sys.exit(_worker(concurrency))
        _looped()


def _looped() -> None:
    """The loop is in a thread, as a signal's handler may not wake a loop that it has interrupted."""
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    thread = Thread(serving=False)
    thread.start()
    signal.sigwait(ends)
    thread.end(timeout=None)


def _worker(concurrency: int) -> int:
    """Celery's worker. The loop's thread begins after its processes were forked."""
    from celery import bootsteps, signals

    from pipeline.broker import OWN_QUEUE, app, queue_of
    from pipeline.depths import own_messages
    from pipeline.jobs import CONSUMERS
    from pipeline.watch import Watch

    again = threading.Event()

    def begin_again() -> None:
        again.set()
        os.kill(os.getpid(), signal.SIGTERM)

    class LoopStep(bootsteps.StartStopStep):
        requires = ("celery.worker.components:Pool",)

        def __init__(self, parent: Any, **options: Any) -> None:
            super().__init__(parent, **options)
            self.thread = Thread(Watch(own_messages, begin_again), serving=False)

        def start(self, parent: Any) -> None:
            self.thread.start()

        def stop(self, parent: Any) -> None:
            self.thread.end()

    os.environ.setdefault("CELERY_SKIP_CHECKS", "1")  # Celery makes Django's by itself, some six CPU seconds
    signals.setup_logging.connect(_as_the_service, weak=False)
    app.steps["worker"].add(LoopStep)
    app.conf.task_queues = [queue_of(name) for name in (OWN_QUEUE, *CONSUMERS)]
    worker = app.Worker(
        hostname="tesla@%h",
        pool="prefork",
        concurrency=concurrency,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()
    if again.is_set():  # the same process from its beginning, with new connections: whoever has started it sees no end
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
    return worker.exitcode or 0


def _as_the_service(**_: Any) -> None:
    """With a receiver of this signal Celery leaves the logging as the settings have it."""
    # Celery warns of what another setting does when the connection is lost. It would end jobs in their middle.
    warnings.filterwarnings("ignore", category=PendingDeprecationWarning, module="celery")
