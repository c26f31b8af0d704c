"""An attempt at a job, as its task sees it (tasks.Run), in the child process."""

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from core_api.background import results
from core_api.background.messages import Progress, Start
from core_api.background.tasks import Cancelled, Json

# Seconds between two messages of progress; rows are written less often.
PROGRESS_EVERY = 0.25
MAX_MESSAGE = 1000


class Attempt:
    """One attempt, from the worker's message on; `report` sends what it says to the worker."""

    def __init__(self, start: Start, report: Callable[[Progress], None]) -> None:
        self.job_id = start.job_id
        self.attempt = start.attempt
        self.inputs: Mapping[str, Json] = start.inputs
        self.options: Mapping[str, Json] = start.options
        self._token = start.token
        self._folder = Path(start.folder)
        self._report = report
        self._cancelled = threading.Event()
        self._guard = threading.Lock()
        self._pending: Progress | None = None
        self._reported = -PROGRESS_EVERY

    def progress(self, percent: float, message: str = "", details: Json = None) -> None:
        """Say how far it is; TypeError or ValueError for details that JSON cannot carry."""
        # Now, for the task may change them before they are sent.
        raw = None if details is None else msgspec.Raw(msgspec.json.encode(details))
        with self._guard:
            former = self._pending
            self._pending = Progress(
                self.job_id,
                # In this order, for NaN is neither more nor less.
                min(max(0.0, float(percent)), 100.0),
                _storable(message[:MAX_MESSAGE]) or (former.message if former else ""),
                former.details if raw is None and former else raw,
            )
        self.flush()

    def flush(self, last: bool = False) -> None:
        """Send the latest progress, unless the one before was sent a moment ago."""
        with self._guard:
            is_due = last or time.monotonic() >= self._reported + PROGRESS_EVERY
            if self._pending is None or not is_due:
                return
            pending, self._pending = self._pending, None
            self._reported = time.monotonic()
            self._report(pending)

    @property
    def cancelled(self) -> bool:
        """Whether it is to end."""
        return self._cancelled.is_set()

    def cancel(self, token: int) -> None:
        """End this attempt, if it is the one with the token."""
        if token == self._token:
            self._cancelled.set()

    def check(self) -> None:
        """Raise Cancelled when it is to end."""
        if self.cancelled:
            raise Cancelled

    @property
    def folder(self) -> Path:
        """The attempt's own folder, made at its first use."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        return self._folder

    def keep(self, name: str, file: Path, media_type: str) -> Mapping[str, Json]:
        """Keep a file as a result; ValueError for a name that cannot be one."""
        return results.keep(self.job_id, self._token, name, file, media_type)

    def open(self, href: str) -> Path:
        """The file behind a result link, to be read; LookupError where none is."""
        return results.fetch(href, self.folder)

    def end(self) -> None:
        """Send what it said last, and remove the folder."""
        self.flush(last=True)
        shutil.rmtree(self._folder, ignore_errors=True)


def _storable(text: str) -> str:
    """The text without what UTF-8, or PostgreSQL, cannot carry."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def as_json(outputs: Any) -> dict[str, Json]:
    """What a task returned, as a JSON object; TypeError where it is none."""
    if outputs is None:
        return {}
    if not isinstance(outputs, Mapping):
        raise TypeError(f"A task returns a mapping or None, not {type(outputs).__name__}.")
    return dict(outputs)
