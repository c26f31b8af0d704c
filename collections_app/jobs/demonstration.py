"""A process that every server has, for those who write clients."""

import time
from typing import Annotated

from collections_app.jobs.parameters import Number
from collections_app.jobs.processes import Process, process
from core_api.background.tasks import Run

STEP = 0.1


@process(keywords=("demonstration",))
def echo(
    message: str, pause: Annotated[float, Number(minimum=0, maximum=600)] = 0.0, *, run: Run | None
) -> str:
    """Echo.

    Gives its message back after a pause in seconds, and says meanwhile how far it is: a harmless
    job to try a client with.
    """
    end = time.monotonic() + pause
    while run is not None and (left := end - time.monotonic()) > 0:
        run.check()
        run.progress(100 * (1 - left / pause), f"{left:.0f} s left")
        time.sleep(min(left, STEP))
    return message


PROCESSES: tuple[Process, ...] = (echo,)
