"""One unfinished upload in a file: a head, then the bytes that have arrived.

Appends are plain writes: what the kernel has survives a kill of the process. Several processes
may have the same file open; whoever changes it holds its lock, and takes its length from it.
"""

import errno
import fcntl
import os
import time
from pathlib import Path
from typing import BinaryIO, Self

from core_api.uploads import head as heads
from core_api.uploads.head import PREAMBLE, Head

# Seconds between two attempts to get a lock that another has.
_RETRY = 0.01


class Busy(Exception):
    """Another works with this upload right now."""


class UploadFile:
    """An open file, whose `lock` the user holds while it asks or changes anything."""

    def __init__(self, path: Path, descriptor: int, found: heads.Read) -> None:
        self.path = path
        self.head: Head = found.head
        self._start = found.start
        self._descriptor = descriptor
        self._announced = found.announced

    @classmethod
    def open(cls, path: Path, wait: float | None = 0.0) -> Self | None:
        """The file, locked; None where there is none. Busy where another has it `wait` seconds.

        Who wants to look alone waits for nobody (None), and gets it without the lock.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            with os.fdopen(os.dup(descriptor), "rb") as reader:
                found = heads.read(reader)
            file = None if found is None else cls(path, descriptor, found)
            if file is not None and (file.is_there() if wait is None else file.lock(wait)):
                return file
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    @property
    def id(self) -> str:
        """The upload's name."""
        return self.path.stem

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        return os.fstat(self._descriptor).st_size - self._start

    @property
    def touched(self) -> float:
        """When bytes arrived last, in Unix seconds."""
        return os.fstat(self._descriptor).st_mtime

    @property
    def announced(self) -> int | None:
        """Bytes of the whole, where the client has said so."""
        return None if self._announced == heads.UNKNOWN else self._announced

    def announce(self, length: int) -> None:
        """Note how many bytes the whole has."""
        start = PREAMBLE.size - 8
        os.pwrite(self._descriptor, length.to_bytes(8, "big", signed=True), start)
        self._announced = length

    def lock(self, wait: float = 0.0) -> bool:
        """Keep others away; False where the file has been deleted, Busy after `wait` seconds."""
        deadline = time.monotonic() + wait
        while not self._try_lock():
            if time.monotonic() >= deadline:
                raise Busy
            time.sleep(_RETRY)
        return self.is_there()

    def is_there(self) -> bool:
        """Whether the file has not been deleted meanwhile."""
        return os.fstat(self._descriptor).st_nlink > 0

    def unlock(self) -> None:
        """Let others work with it."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def holds(self, offset: int, data: bytes) -> bool:
        """Whether these bytes have arrived at this place."""
        return os.pread(self._descriptor, len(data), self._start + offset) == data

    def write(self, offset: int, data: bytes) -> None:
        """Put the bytes at the place, which is not after the end; they are the last ones now.

        OSError where the disk is full; what was there before the place stays.
        """
        place = self._start + offset
        if self.size > offset:
            os.ftruncate(self._descriptor, place)
        if os.pwrite(self._descriptor, data, place) != len(data):
            os.ftruncate(self._descriptor, place)
            raise OSError(errno.ENOSPC, "Only a part was written.")

    def body(self) -> BinaryIO:
        """The bytes from their start, for reading; it keeps the lock until it is closed, too."""
        reader = os.fdopen(os.dup(self._descriptor), "rb")
        reader.seek(self._start)
        return reader

    def remove(self) -> None:
        """Delete the file, unless another upload has taken its name."""
        try:
            if self.path.stat().st_ino == os.fstat(self._descriptor).st_ino:
                self.path.unlink()
        except FileNotFoundError:
            pass

    def close(self) -> None:
        """Let it go; the file stays."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _try_lock(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
