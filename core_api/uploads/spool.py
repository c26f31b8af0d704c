"""The folder of unfinished uploads: one file each, found by its name, within a quota.

Nothing is read at the start: a file is looked for when somebody goes on with its upload.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core_api.uploads import head as heads
from core_api.uploads.files import Busy, UploadFile
from core_api.uploads.head import Head
from core_api.uploads.usage import Usage

_DRAFT = "."
# A draft exists for a moment; one that is older was left behind by a crash.
_DRAFT_SECONDS = 60.0


class Kind(StrEnum):
    """Who may go on with an upload; it is the suffix of its file."""

    # Whoever shows that it is its own, from any endpoint and through either door.
    RESUMABLE = "resumable"
    # The CoAP endpoint that began.
    BOUND = "bound"


class Full(Exception):
    """There is no room for more; what is unfinished ends or expires some time."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What all files may cost: their number, their bytes, and seconds without a new byte."""

    files: int
    size: int
    resumable_expiry: float
    bound_expiry: float

    def expiry(self, kind: Kind) -> float:
        """Seconds without a new byte after which an upload of this kind ends."""
        return self.resumable_expiry if kind is Kind.RESUMABLE else self.bound_expiry


class Spool:
    """The uploads in one folder; threads and processes may share it.

    An upload whose size was announced has the place for all of it from its start, so that nobody
    can fill the folder under it. One address may take half of everything.
    """

    def __init__(self, folder: Path, quota: Quota, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.quota = quota
        self._clock = clock
        self._lifetimes = {kind.value: quota.expiry(kind) for kind in Kind}
        self._lifetimes[_DRAFT] = _DRAFT_SECONDS
        self._usage = Usage()
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes that are taken or promised, counted anew."""
        self.sweep()
        return self._usage.size

    def create(self, upload_id: str, kind: Kind, head: Head, data: bytes) -> UploadFile:
        """A new upload with its first bytes, locked, in place of one of the same name.

        Full where there is no room, OSError where the disk has none.
        """
        path = self._path(upload_id, kind)
        self._take(head.host, max(len(data), head.length or 0), files=1)
        draft = self.folder / f"{_DRAFT}{secrets.token_hex(8)}"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            _write(draft, heads.written(head) + data)
            file = UploadFile.open(draft)
            assert file is not None
            # The name appears with the head behind it, and only for who has the lock.
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        file.path = path
        return file

    def open(self, upload_id: str, kind: Kind, wait: float | None = 0.0) -> UploadFile | None:
        """The upload, locked; None where there is none that lives. Busy after `wait` seconds.

        Who wants to look alone waits for nobody (None), and gets it without the lock.
        """
        file = UploadFile.open(self._path(upload_id, kind), wait)
        if file is None or self.expires(file) > self._clock():
            return file
        file.close()
        return None

    def write(self, file: UploadFile, offset: int, data: bytes) -> None:
        """Put bytes into an upload, not after its end; Full or OSError where nothing has room."""
        promised = max(file.size, file.head.length or 0)
        growth = offset + len(data) - promised
        if growth > 0:
            self._take(file.head.host, growth)
        file.write(offset, data)

    def expires(self, file: UploadFile) -> float:
        """When the upload ends if nothing more comes, in Unix seconds."""
        return file.touched + self.quota.expiry(Kind(file.path.suffix[1:]))

    def names(self, after: str = "") -> list[tuple[str, Kind]]:
        """The uploads whose names come after the one given, in their order."""
        names = (entry.name.rpartition(".") for entry in self._entries())
        return sorted((name, Kind(kind)) for name, _, kind in names if name > after)

    def sweep(self) -> None:
        """Delete what has expired, and count what is left."""
        with self._lock:
            self._usage = self._survey()

    def _take(self, host: str, size: int, files: int = 0) -> None:
        with self._lock:
            if self._usage.is_old():
                self._usage = self._survey()
            if not self._usage.fits(host, size, files, self.quota.size, self.quota.files):
                raise Full
            self._usage.add(host, size, files)

    def _survey(self) -> Usage:
        former, usage = self._usage, Usage()
        for entry in self._entries():
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if self._is_over(entry.name, status.st_mtime):
                self._discard(Path(entry.path))
            elif not entry.name.startswith(_DRAFT):
                usage.count(entry, status, former)
        usage.finish()
        return usage

    def _is_over(self, name: str, touched: float) -> bool:
        return self._clock() - touched >= self._lifetimes[_suffix(name)]

    def _discard(self, path: Path) -> None:
        """Delete what nobody works with, and nobody has touched meanwhile."""
        try:
            file = UploadFile.open(path)
        except Busy:
            return
        if file is None:
            path.unlink(missing_ok=True)
            return
        with file:
            if self._is_over(path.name, file.touched):
                file.remove()

    def _entries(self) -> list["os.DirEntry[str]"]:
        """Our files, drafts among them."""
        try:
            with os.scandir(self.folder) as entries:
                return [entry for entry in entries if _suffix(entry.name) in self._lifetimes]
        except FileNotFoundError:
            return []

    def _path(self, upload_id: str, kind: Kind) -> Path:
        return self.folder / f"{upload_id}.{kind}"


def _suffix(name: str) -> str:
    """What tells how long a file lives."""
    return _DRAFT if name.startswith(_DRAFT) else name.rpartition(".")[2]


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    # Without a buffer, a full disk is noticed here.
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        if file.write(data) != len(data):
            raise OSError("Only a part was written.")
