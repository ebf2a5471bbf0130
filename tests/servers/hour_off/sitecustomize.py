"""For processes with libfaketime: their sleep() ends at an instant of a clock that it does not shift, and so fails."""

import select
import time


def sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = sleep
