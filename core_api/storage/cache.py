"""A bounded cache of bytes that took work to make: in memory and in files of the data folder.

Those used last stay. What a crash left of a file is told by its checksum, so none is synced.
"""

import os
import struct
import tempfile
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from django.conf import settings

# The length and the CRC-32 of the bytes that follow.
_HEAD = struct.Struct(">QL")
# One item takes at most this part of the memory, so that a large picture does not empty it.
MEMORY_SHARE = 4
# Files are counted when so much of the limit was written, and removed down to the rest of it.
SLACK_SHARE = 8


class Memory:
    """The bytes used last, at most COAPTURE_CACHE_MEMORY of them; for any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._items: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, name: str) -> bytes | None:
        """The bytes of this name, if they are here."""
        with self._guard:
            if name in self._items:
                self._items.move_to_end(name)
            return self._items.get(name)

    def put(self, name: str, data: bytes) -> None:
        """Keep the bytes, at the cost of those that were not used for longest."""
        limit = settings.COAPTURE_CACHE_MEMORY
        if len(data) > limit // MEMORY_SHARE:
            return
        with self._guard:
            self._bytes += len(data) - len(self._items.pop(name, b""))
            self._items[name] = data
            while self._bytes > limit:
                self._bytes -= len(self._items.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget everything."""
        with self._guard:
            self._items.clear()
            self._bytes = 0


class Files:
    """The same in a folder that all processes share; COAPTURE_CACHE_DISK bytes, a little more.

    A disk that is full, or gone, makes it useless and nothing worse.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        # What was there before is not known: the first file has all of them counted.
        self._written: int | None = None

    def get(self, name: str) -> bytes | None:
        """The bytes of this name, if they are here and whole."""
        path = self._path(name)
        with suppress(OSError):
            content = path.read_bytes()
            data = content[_HEAD.size :]
            if content[: _HEAD.size] == _head(data):
                os.utime(path)
                return data
        return None

    def put(self, name: str, data: bytes) -> None:
        """Keep the bytes, at the cost of those that were not used for longest."""
        limit = settings.COAPTURE_CACHE_DISK
        if len(data) > limit // SLACK_SHARE:
            return
        with suppress(OSError):
            _write(self._path(name), data)
            if self._is_time_to_count(len(data), limit // SLACK_SHARE):
                self._shrink(limit)

    def _is_time_to_count(self, size: int, often: int) -> bool:
        with self._guard:
            counted, self._written = self._written is not None, (self._written or 0) + size
            if counted and self._written < often:
                return False
            self._written = 0
            return True

    def _shrink(self, limit: int) -> None:
        """Remove the files used longest ago, if there are too many; others may do so, too."""
        found = sorted(self._found())
        total = sum(size for _, size, _ in found)
        if total <= limit:
            return
        for _, size, path in found:
            if total <= limit - limit // SLACK_SHARE:
                break
            Path(path).unlink(missing_ok=True)
            total -= size

    def _found(self) -> Iterator[tuple[float, int, str]]:
        """When each file was used, its size and its path; drafts of dead writers among them."""
        for folder, _, names in os.walk(self._root):
            for name in names:
                path = f"{folder}/{name}"
                with suppress(FileNotFoundError):
                    status = os.stat(path)  # noqa: PTH116
                    yield status.st_mtime, status.st_size, path

    @property
    def _root(self) -> Path:
        return Path(settings.COAPTURE_DATA) / "cache" / self._folder

    def _path(self, name: str) -> Path:
        code = blake2b(name.encode(), digest_size=20).hexdigest()
        return self._root / code[:2] / code


class Cache:
    """Both: memory in front of files."""

    def __init__(self, folder: str) -> None:
        self._memory = Memory()
        self._files = Files(folder)

    def get(self, name: str) -> bytes | None:
        """The bytes of this name, if they are here."""
        data = self._memory.get(name)
        if data is None:
            data = self._files.get(name)
            if data is not None:
                self._memory.put(name, data)
        return data

    def put(self, name: str, data: bytes) -> None:
        """Keep the bytes for a while."""
        self._memory.put(name, data)
        self._files.put(name, data)

    def forget(self) -> None:
        """Empty the memory; the files stay."""
        self._memory.clear()


def _head(data: bytes) -> bytes:
    return _HEAD.pack(len(data), zlib.crc32(data))


def _write(path: Path, data: bytes) -> None:
    """The file appears whole, unless the machine falls."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_head(data))
            file.write(data)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
