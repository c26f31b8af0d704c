"""A slot of a worker: one child process, the attempt that it makes, and the ends set to it."""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from core_api.background import problems, retries, tasks
from core_api.background.messages import (
    Cancel,
    Cancelled,
    Done,
    Failed,
    FromChild,
    Progress,
    Ready,
    Start,
    encoded,
)
from core_api.background.pool import Child
from core_api.background.work import Claim, End, Ended, Said

# Seconds that a task has to end by itself when it is to.
OBEY_WITHIN = 1.0

logger = logging.getLogger("coapture.jobs")
Report = Callable[[Claim, Ended | Said], None]


class Seat:
    """Belongs to one thread; `report` hears what attempts say, and their ends."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.child = Child()
        self.ready = False
        self.claim: Claim | None = None
        self._began = 0.0
        self._kill_at: float | None = None
        self._reason = End.CANCELLED

    @property
    def free(self) -> bool:
        """Whether it can take an attempt now."""
        return self.ready and self.claim is None

    @property
    def deadline(self) -> float | None:
        """When (of time.monotonic) `tend` must be called, if nothing is heard before."""
        if self.claim is None:
            return None
        return self._began + self.claim.time_limit if self._kill_at is None else self._kill_at

    def begin(self, claim: Claim, folder: Path) -> None:
        """Make the attempt; OSError where the child does not take it."""
        self.claim, self._began, self._kill_at = claim, time.monotonic(), None
        start = Start(
            str(claim.id),
            claim.task,
            claim.token,
            claim.attempts + 1,
            claim.inputs,
            claim.options,
            str(folder),
        )
        self.child.send(encoded(start))

    def cancel(self, reason: End) -> None:
        """Tell the task to end; it is killed when it does not. OSError as in `begin`."""
        if self.claim is None or self._kill_at is not None:
            return
        self._kill_at, self._reason = time.monotonic() + OBEY_WITHIN, reason
        self.child.send(encoded(Cancel(str(self.claim.id), self.claim.token)))

    def hear(self) -> None:
        """Read what the child has said; EOFError when it has ended."""
        try:
            for message in self.child.receive():
                self._heard(message)
        except msgspec.MsgspecError as error:
            # What a task writes to our socket is no reason to fall.
            logger.error("A child said what cannot be read: %s", error)
            raise EOFError from None

    def tend(self) -> bool:
        """Mind the time limit; False where the child must be killed."""
        deadline = self.deadline
        if deadline is None or time.monotonic() < deadline:
            return True
        if self._kill_at is not None:
            return False
        self.cancel(End.FAILED)
        return True

    def end(self, reason: End = End.LOST) -> None:
        """Kill the child; an attempt ends for the reason that it was cancelled for, or for this."""
        status = self.child.kill()
        if self.claim is None:
            return
        if self._kill_at is None:
            self._reason = reason
        if self._reason is End.LOST:
            logger.error("The child of %s ended with status %d", self.claim.id, status)
        self._stopped()

    def _heard(self, message: FromChild) -> None:
        claim = self.claim
        match message:
            case Ready():
                self.ready = True
            case Progress() if claim is not None:
                said = Said(int(message.percent), message.message, message.details)
                self._report(claim, said)
            case Done() if claim is not None:
                self._ended(End.SUCCESSFUL, outputs=message.outputs)
            case Failed() if claim is not None and self._kill_at is None:
                self._ended(End.FAILED, problem=message.problem, pause=message.pause)
            case Cancelled() | Failed() if claim is not None:
                self._stopped()

    def _stopped(self) -> None:
        """The attempt ended because it was to, or with its process."""
        claim = self.claim
        assert claim is not None
        if self._reason is not End.FAILED:
            self._ended(self._reason)
            return
        task = tasks.find(claim.task)
        attempt = claim.attempts + 1
        pause = retries.pause(task.retry, TimeoutError(), attempt) if task else None
        self._ended(End.FAILED, problem=problems.too_long(claim.time_limit), pause=pause)

    def _ended(self, end: End, **what: object) -> None:
        claim, self.claim = self.claim, None
        assert claim is not None
        took = time.monotonic() - self._began
        self._report(claim, Ended(claim, end, took=took, **what))  # type: ignore[arg-type]


def waiting(seats: list[Seat]) -> Iterator[float]:
    """The deadlines of those that work."""
    yield from (seat.deadline for seat in seats if seat.deadline is not None)
