"""Who works with this data folder: each worker has a folder of its own there, with a locked file.

The kernel frees the lock (flock(2)) when its holder dies, however: whose file can be locked is
dead, and what it had may be taken at once. The folder also holds the socket that wakes the worker
and the files of its attempts. Workers on other machines are known by their leases alone.
"""

import fcntl
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from core_api.background.wake import Bell
from core_api.uuids import uuid7

LOCK = "lock"
HOST_LENGTH = 24


def folder() -> Path:
    """Where the workers' folders lie."""
    return Path(settings.COAPTURE_DATA) / "run" / "workers"


class Presence:
    """A worker's own folder, from its beginning to its end."""

    def __init__(self) -> None:
        host = platform.node().replace("/", "_").lstrip(".")[:HOST_LENGTH]
        self.id = f"{host or 'worker'}-{uuid7().hex}"
        self.folder = folder() / self.id
        # It appears under its name when it is locked: before, it would count as dead.
        draft = self.folder.with_name(f".{self.id}")
        draft.mkdir(mode=0o700, parents=True)
        self._lock = _locked(draft)
        draft.rename(self.folder)
        self.bell = Bell(self.folder)

    def attempt(self, job_id: object, token: int) -> Path:
        """The folder of an attempt's files, which need not be there."""
        return self.folder / f"{job_id}.{token}"

    def end(self) -> None:
        """Remove the folder: what the worker had is given back or lost."""
        self.bell.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


class Dead:
    """A worker that has died; while this is held, nobody else finds it."""

    def __init__(self, place: Path, lock: int) -> None:
        self.id = place.name
        self._place = place
        self._lock = lock

    def bury(self) -> None:
        """Remove its folder: its jobs are free, and that is committed."""
        shutil.rmtree(self._place, ignore_errors=True)

    def leave(self) -> None:
        """Let others find it."""
        os.close(self._lock)


def dead() -> Iterator[Dead]:
    """The workers of this data folder that have died and were not buried yet."""
    if not folder().is_dir():
        return
    for place in folder().iterdir():
        if place.name.startswith("."):
            continue
        try:
            lock = _locked(place)
        except BlockingIOError:
            continue
        except FileNotFoundError:
            # Another one buries it.
            continue
        yield Dead(place, lock)


def _locked(place: Path) -> int:
    """The locked file in the folder; BlockingIOError where another one has the lock."""
    descriptor = os.open(place / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
