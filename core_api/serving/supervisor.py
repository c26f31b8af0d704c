"""The supervisor: starts the parts, starts again what ends, stops everything in time."""

import contextlib
import logging
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

from core_api.serving.processes import PARENT

FIRST_DELAY = 0.1
LAST_DELAY = 5.0
SETTLED_AFTER = 10.0
STOP_WITHIN = 2.7
# Of a supervisor under another one, which must be done first.
INNER_STOP_WITHIN = 2.5

logger = logging.getLogger("coapture.serve")


class Part:
    """One child process, in a process group of its own so that Ctrl-C reaches only us.

    It inherits `files`, the numbers of open ones.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        files: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._files = files
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._delay = FIRST_DELAY
        self._due: float | None = None
        self._kill_at: float | None = None

    @property
    def pid(self) -> int | None:
        """The process id; None while it is not running."""
        return None if self._process is None else self._process.pid

    @property
    def running_for(self) -> float:
        """Seconds since it was started; 0 while it is not running or about to be renewed."""
        stands = self._process is not None and self._kill_at is None
        return time.monotonic() - self._started if stands else 0.0

    def start(self) -> None:
        """Start the process; what it prints is for those who run it alone, its log is ours."""
        self._process = subprocess.Popen(  # noqa: S603
            self._command,
            env={**self._environment, PARENT: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            process_group=0,
            pass_fds=self._files,
        )
        self._started = time.monotonic()
        self._due = self._kill_at = None

    def renew(self, within: float = STOP_WITHIN) -> None:
        """Ask the process to end; `tend` kills it after so many seconds and starts another."""
        self._kill_at = time.monotonic() + within
        if self._process is None:
            self._due = time.monotonic()
        else:
            self._process.terminate()

    def tend(self) -> None:
        """Notice an end, and start again what ended when its delay is over."""
        if self._process is not None:
            if self._process.poll() is not None:
                self._ended(self._process.returncode)
            elif self._kill_at is not None and time.monotonic() >= self._kill_at:
                self._kill()
        if self._due is not None and time.monotonic() >= self._due:
            self.start()

    def _ended(self, status: int) -> None:
        now = time.monotonic()
        self._process = None
        if self._kill_at is not None:
            self._due = now
            return
        if now - self._started >= SETTLED_AFTER:
            self._delay = FIRST_DELAY
        logger.error(
            "%s ended with status %d; it starts again in %g s", self.name, status, self._delay
        )
        self._due = now + self._delay
        self._delay = min(2 * self._delay, LAST_DELAY)

    def terminate(self) -> None:
        """Ask the process to end."""
        self._due = None
        if self._process is not None:
            self._process.terminate()

    def await_end(self, deadline: float) -> bool:
        """Wait for the end until `deadline` (monotonic), then kill the group; whether in time."""
        if self._process is None:
            return True
        in_time = True
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            in_time = False
            self._kill()
        self._process = None
        return in_time

    def _kill(self) -> None:
        """End the whole process group, now."""
        if self._process is not None:
            logger.error("%s did not end in time and is killed", self.name)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Supervisor:
    """Several parts as one."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts

    def start(self) -> None:
        """Start every part."""
        for part in self.parts:
            part.start()

    def tend(self) -> None:
        """Look after every part; to be called several times a second."""
        for part in self.parts:
            part.tend()

    def stop(self, within: float = STOP_WITHIN) -> bool:
        """End every part within so many seconds in all; whether none had to be killed."""
        deadline = time.monotonic() + within
        for part in self.parts:
            part.terminate()
        in_time = [part.await_end(deadline) for part in self.parts]
        return all(in_time)
