"""What clients read of a job that failed: problem details (RFC 9457) as they lie in its row."""

from typing import Any

from core_api.background.tasks import TaskError
from core_api.wire.problem import BLANK

TITLE = "The job failed."
MAX_DETAIL = 4000


def problem(detail: str, type_: str = BLANK) -> dict[str, Any]:
    """The problem with this detail."""
    text = detail[:MAX_DETAIL].encode("utf-8", "replace").decode().replace("\0", "")
    return {"type": type_, "title": TITLE, "status": 500, "detail": text}


def of(error: BaseException) -> dict[str, Any]:
    """What an error says to clients: a TaskError all of it, others the name of their type."""
    if isinstance(error, TaskError):
        return problem(error.detail, error.type)
    return problem(f"The task failed: {type(error).__name__}.")


def no_task(name: str) -> dict[str, Any]:
    """The worker knows no such task: it was removed, or is not installed there."""
    return problem(f"There is no task {name!r} any more.")


def too_long(seconds: float) -> dict[str, Any]:
    """The time limit is over."""
    return problem(f"The task took longer than its time limit of {seconds:g} s.")


def lost(times: int) -> dict[str, Any]:
    """The process ended too often."""
    return problem(f"The process that ran the task ended {times} times before the task did.")


def not_kept() -> dict[str, Any]:
    """The database refuses what the task gave."""
    return problem("What the task returned cannot be stored.")
