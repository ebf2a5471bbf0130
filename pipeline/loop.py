"""The loop of a process that carries background work, and the thread of it in a serving process.

Each round does a little of everything that is due; a process that is told to end does so after the batch at hand.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import close_old_connections, connections

from pipeline import jobs, sharing, turns
from pipeline.running import deliver_due, run_due

logger = logging.getLogger(__name__)
LOOK = 1.0  # seconds between two looks into the table when nothing has woken the process
LONGEST_PAUSE = 30.0  # seconds
BATCHES = 10  # of each kind in a round
Step = Callable[[Callable[[], bool]], int]  # gets a function that tells whether the process ends; answers what it did


class Loop:
    """Runs its steps until it is stopped."""

    def __init__(self, steps: Sequence[Step], *, serving: bool = False) -> None:
        self.steps, self.serving = steps, serving
        self.stopping = threading.Event()

    def run(self) -> None:
        failures = 0
        try:
            while not self.stopping.is_set():
                jobs.woken.clear()  # before looking: what is committed from here on is another round's
                if self.serving:
                    sharing.gives_way(self.stopping)
                try:
                    close_old_connections()
                    did = sum(step(self._ended) for step in self.steps)
                    sharing.rest()
                except Exception as error:  # noqa: BLE001 - whatever it is, work must go on when it has passed
                    failures += 1
                    self._pause(error, failures)
                    continue
                failures = 0
                if not did and not self.stopping.is_set():
                    jobs.woken.wait(LOOK)
        finally:
            connections.close_all()

    def _ended(self) -> bool:
        """Asked before each batch."""
        sharing.rest()
        return self.stopping.is_set()

    def _pause(self, error: Exception, failures: int) -> None:
        seconds = min(LOOK * 2 ** (failures - 1), LONGEST_PAUSE)
        trace = error if failures == 1 else None
        logger.error("background work rests for %d s: %s", seconds, error, exc_info=trace)
        connections.close_all()
        self.stopping.wait(seconds)

    def stop(self) -> None:
        """It ends after the batch at hand. No signal's handler may call this: it may have interrupted the loop."""
        self.stopping.set()
        jobs.wake()


def own_jobs(ended: Callable[[], bool]) -> int:
    return run_due(most=BATCHES, ended=ended)


def local_providers(ended: Callable[[], bool]) -> int:
    return deliver_due(most=BATCHES, ended=ended)


class Periodics:
    """The step that calls what is due about every so many seconds."""

    def __init__(self) -> None:
        self.is_prepared = False

    def __call__(self, ended: Callable[[], bool]) -> int:
        if not self.is_prepared:
            turns.prepare(map(_turn, jobs.PERIODIC))
            self.is_prepared = True
        functions = {_turn(name): (name, *each) for name, each in jobs.PERIODIC.items()}
        for row in turns.due(functions):
            name, function, seconds = functions[row.name]
            if not ended() and turns.claimed(row.name, seconds=seconds):
                try:
                    function()
                except Exception:
                    logger.exception("%s has failed", name)
        return 0


def _turn(name: str) -> str:
    return f"every:{name}"


def steps(*, serving: bool) -> list[Step]:
    """What a process does: everything, or beside a broker only what workers cannot do."""
    if not settings.BROKER_URL:
        return [own_jobs, local_providers, Periodics()]
    from pipeline.relay import Relay  # imports Celery, which a service without a broker needs not

    return [Relay()] if serving else [Relay(), Periodics()]


class Thread(threading.Thread):
    """A loop in a thread of its own, with `more` steps than all processes have."""

    def __init__(self, *more: Step, serving: bool) -> None:
        super().__init__(name="pipeline", daemon=True)
        self.loop = Loop([*steps(serving=serving), *more], serving=serving)

    def run(self) -> None:
        self.loop.run()

    def end(self, timeout: float | None = 5) -> None:
        """Wait for the batch at hand, but not for ever: whatever is not committed is done by another process."""
        self.loop.stop()
        self.join(timeout)


def thread_of_server() -> Thread | None:
    """The started thread of a serving process, unless there is none (PIPELINE_IN_SERVER=0). Call it after the fork."""
    if not settings.PIPELINE_IN_SERVER:
        return None
    thread = Thread(serving=True)
    thread.start()
    return thread
