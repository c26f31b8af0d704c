"""The task."""

import time
from collections.abc import Mapping

from core_api.background import tasks
from core_api.background.tasks import Json, Run, Task

LINES = 10_000
STEPS = 5
STEP = 0.05


def sign(run: Run) -> Mapping[str, Json]:
    """Write the attempt's name into a file, line by line and step by step, and keep the file."""
    attempt = run.folder.name
    file = run.folder / "draft"
    with file.open("w") as opened:
        for step in range(STEPS):
            opened.write(f"{attempt}\n" * (LINES // STEPS))
            run.progress(100 * step / STEPS)
            # The kill is to come in the middle.
            time.sleep(STEP)
    return {"attempt": attempt, "file": run.keep("signed.txt", file, "text/plain")}


SIGN = Task("test.sign", sign)


def register() -> None:
    """Make it known in this process."""
    tasks.register(SIGN)
