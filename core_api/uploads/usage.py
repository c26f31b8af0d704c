"""What the files of a spool folder cost, as it was a moment ago."""

import os
import time
from pathlib import Path

from core_api.uploads import head as heads

# Seconds that a count holds; other processes write into the same folder.
FRESH = 1.0
# Of the time that a count took, so much passes before the next.
REST = 20
# One address may take one part in so many of everything.
SHARE = 2


class Usage:
    """Files and bytes, in all and by the address that began.

    An upload counts with all the bytes that were announced for it. Its head is read once.
    """

    def __init__(self) -> None:
        self.size = 0
        self.files = 0
        self._begun = time.monotonic()
        self._old = float("-inf")
        self._hosts: dict[str, tuple[int, int]] = {}
        self._known: dict[tuple[str, int], tuple[str, int]] = {}

    def is_old(self) -> bool:
        """Whether it is to be counted anew."""
        return time.monotonic() >= self._old

    def finish(self) -> None:
        """All is counted, which holds for a moment: for longer where it took long."""
        now = time.monotonic()
        self._old = now + max(FRESH, REST * (now - self._begun))

    def fits(self, host: str, size: int, files: int, most_size: int, most_files: int) -> bool:
        """Whether so much more is within the limits, for all and for the address."""
        own_size, own_files = self._hosts.get(host, (0, 0))
        all_fit = self.size + size <= most_size and self.files + files <= most_files
        own_fit = own_size + size <= most_size // SHARE and own_files + files <= _half(most_files)
        return all_fit and own_fit

    def add(self, host: str, size: int, files: int) -> None:
        """Count so much more."""
        self.size += size
        self.files += files
        own_size, own_files = self._hosts.get(host, (0, 0))
        self._hosts[host] = (own_size + size, own_files + files)

    def count(self, entry: "os.DirEntry[str]", status: os.stat_result, former: "Usage") -> None:
        """Count a file, of which the former count may know the head."""
        name = (entry.name, status.st_ino)
        known = former._known.get(name) or _look(Path(entry.path))
        self._known[name] = known
        host, promised = known
        self.add(host, max(status.st_size, promised), 1)


def _half(files: int) -> int:
    return max(1, files // SHARE)


def _look(path: Path) -> tuple[str, int]:
    try:
        with path.open("rb") as file:
            found = heads.read(file)
    except FileNotFoundError:
        found = None
    return ("", 0) if found is None else (found.head.host, found.head.length or 0)
