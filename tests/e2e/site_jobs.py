"""The processes of a site, for a server that is told of them by COAPTURE_REGISTERED_JOBS."""

import time

from core_api.background.tasks import Run, TaskError


def stubborn(seconds: float) -> None:
    """Sleep, whatever happens."""
    time.sleep(seconds)


def counting(steps: int, run: Run) -> int:
    """Count, one step in a tenth of a second."""
    for step in range(steps):
        run.check()
        run.progress(100 * step / steps, f"Step {step}")
        time.sleep(0.1)
    return steps


def failing(reason: str) -> None:
    """Fail."""
    raise TaskError(reason)


REGISTERED_JOBS = {
    task.__name__: {"type": "task", "task": task} for task in (stubborn, counting, failing)
}
