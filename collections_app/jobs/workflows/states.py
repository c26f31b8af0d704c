"""The states of a workflow's nodes, as the job's details and progress tell them."""

import threading
from collections.abc import Callable
from enum import StrEnum

from collections_app.jobs.workflows.plan import Plan
from core_api.background.tasks import Run


class State(StrEnum):
    """What a node is: those of jobs, and skipped where it was not needed or not begun."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    SKIPPED = "skipped"


class States:
    """The states of all nodes; each change is told to the job. Any thread may change them."""

    def __init__(self, plan: Plan, job: Run | None) -> None:
        needed = plan.needed()
        self._job = job
        self._lock = threading.Lock()
        self._states = {
            id_: State.ACCEPTED if id_ in needed else State.SKIPPED for id_ in plan.steps
        }
        self._percents = dict.fromkeys(needed, 0.0)
        self._tell("")

    def set(self, node: str, state: State) -> None:
        """The node has come to this state."""
        with self._lock:
            self._states[node] = state
            if state == State.SUCCESSFUL:
                self._percents[node] = 100.0
            self._tell("")

    def reporter(self, node: str) -> Callable[[float, str], None]:
        """What takes the node's own progress in percent, and its message."""

        def report(percent: float, message: str = "") -> None:
            with self._lock:
                self._percents[node] = max(0.0, min(100.0, percent))
                self._tell(f"{node}: {message}" if message else "")

        return report

    def end(self) -> None:
        """The workflow has failed or was cancelled: nothing is waiting or running any more."""
        with self._lock:
            for node, state in self._states.items():
                if state in (State.ACCEPTED, State.RUNNING):
                    self._states[node] = State.SKIPPED
            self._tell("")

    def _tell(self, message: str) -> None:
        if self._job is not None:
            percent = sum(self._percents.values()) / (len(self._percents) or 1)
            self._job.progress(percent, message, {"nodes": dict(self._states)})
