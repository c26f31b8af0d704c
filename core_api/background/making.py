"""What a worker's child process does: it makes attempts, one after the other.

The main thread runs the tasks; another one listens to the worker, so that a task hears of its
cancellation. Where the worker is gone, so is this process, at once.
"""

import logging
import os
import queue
import select
import sys
import threading
from typing import Any

from django.db import close_old_connections

from core_api.background import problems, retries
from core_api.background.attempts import PROGRESS_EVERY, Attempt, as_json
from core_api.background.messages import (
    TO_CHILD,
    Cancel,
    Cancelled,
    Channel,
    Done,
    Failed,
    FromChild,
    Ready,
    Start,
    encoded,
)
from core_api.background.tasks import Cancelled as TaskCancelled
from core_api.background.tasks import Task, TaskError, find

logger = logging.getLogger("coapture.jobs")


class Maker:
    """The attempt at hand, and what the worker says."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._starts: queue.SimpleQueue[Start] = queue.SimpleQueue()
        self._attempt: Attempt | None = None
        self._home = os.open(".", os.O_RDONLY)

    def run(self) -> None:
        """Work until the worker is gone, which ends the process."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        self._send(Ready())
        while True:
            self._make(self._starts.get())

    def _send(self, message: FromChild) -> None:
        self._say(encoded(message))

    def _say(self, data: bytes) -> None:
        try:
            self._channel.send(data)
        except OSError:
            os._exit(0)

    def _listen(self) -> None:
        try:
            while True:
                # A task that computes without a break still shows its latest progress.
                if select.select([self._channel.connection], [], [], self._patience)[0]:
                    for body in self._channel.receive():
                        self._heard(TO_CHILD.decode(body))
                if attempt := self._attempt:
                    attempt.flush()
        finally:
            # The worker is gone, or speaks what we do not understand.
            os._exit(0)

    @property
    def _patience(self) -> float | None:
        return None if self._attempt is None else PROGRESS_EVERY

    def _heard(self, message: Start | Cancel) -> None:
        if isinstance(message, Start):
            self._attempt = Attempt(message, self._send)
            self._starts.put(message)
        elif self._attempt is not None and self._attempt.job_id == message.job_id:
            self._attempt.cancel(message.token)

    def _make(self, start: Start) -> None:
        attempt = self._attempt
        assert attempt is not None
        try:
            end = _outcome(start, attempt)
        finally:
            # The worker sends the next one only after it has heard of this end.
            self._attempt = None
            attempt.end()
            # A task may have gone elsewhere.
            os.fchdir(self._home)
        self._say(end)


def _outcome(start: Start, attempt: Attempt) -> bytes:
    """Run the task; the message that says how it ended."""
    task = find(start.task)
    if task is None:
        return encoded(Failed(start.job_id, problems.no_task(start.task), None))
    close_old_connections()
    try:
        return encoded(Done(start.job_id, as_json(_returned(task, attempt))))
    except TaskCancelled:
        return encoded(Cancelled(start.job_id))
    except BaseException as error:  # noqa: BLE001  (SystemExit ends a task, not the process)
        return encoded(_failed(start, task, error))
    finally:
        close_old_connections()


def _returned(task: Task, attempt: Attempt) -> Any:
    """What the task returns; a copy of this process that the task has made by os.fork ends here."""
    process = os.getpid()
    try:
        return task.run(attempt)
    finally:
        if os.getpid() != process:
            # It has the sockets of the first, and would speak in its place.
            os._exit(int(sys.exc_info()[0] is not None))


def _failed(start: Start, task: Task, error: BaseException) -> Failed:
    pause = retries.pause(task.retry, error, start.attempt)
    logger.warning(
        "%s %s: attempt %d failed: %s",
        start.task,
        start.job_id,
        start.attempt,
        error if isinstance(error, TaskError) else type(error).__name__,
        exc_info=None if isinstance(error, TaskError) else error,
    )
    return Failed(start.job_id, problems.of(error), pause)
