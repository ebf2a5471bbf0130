"""Jobs that note in a table what they did; a key says how it is done.

bad...    fails, each time
slow9...  takes nine seconds the first time, and says in a file that it has begun
again...  as a message to the provider in this installation: fails the first time
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from pipeline.jobs import consumer, gauge, job, periodic
from tests.servers.worked import faults, providing

QUEUE = "tesla_worked"  # of the provider in this installation


def _is_first(key: str) -> bool:
    mark = Path(settings.VAR_DIR) / f"begun-{key}"
    if mark.exists():
        return False
    mark.touch()
    return True


def _note(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO worked_note (note, pid) VALUES (%s, %s)", [key, os.getpid()])


def _be_slow(key: str) -> None:
    if key.startswith("slow") and _is_first(key):
        time.sleep(int(key.removeprefix("slow").partition("-")[0]))


@job("worked.note", batch=10)
def noted(keys: Sequence[str]) -> None:
    for key in keys:
        if key.startswith("bad"):
            raise ValueError(f"{key} is bad")
        _be_slow(key)
        _note(key)


@consumer(QUEUE)
def taken(task: str, arguments: Sequence[Any]) -> None:
    key = arguments[0]
    if key.startswith("again") and _is_first(key):
        raise ValueError(f"{key} once more")
    _be_slow(key)
    _note(f"{task.rpartition('.')[2]}:{key}")


@periodic("worked.tick", seconds=1)
def ticked() -> None:
    _note("tick")


@gauge("overdue_things")
def overdue() -> dict[str, int]:
    return {"worked": 3}


faults.prepare()
providing.prepare()
