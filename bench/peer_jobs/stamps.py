"""What every job does: it notes when it began, in a file that all processes append to."""

import os
import struct
import time
from pathlib import Path

STAMP = struct.Struct("<qq")
VARIABLE = "BENCH_STAMPS"


def write(number: int) -> None:
    """Note that the job of this number begins now."""
    # One write of a file opened to append is whole, whoever else writes.
    file = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, STAMP.pack(number, time.monotonic_ns()))
    finally:
        os.close(file)


class Stamps:
    """What the jobs have noted since this was made."""

    def __init__(self) -> None:
        self._path = Path(os.environ[VARIABLE])
        self._path.touch()
        self._start = self._path.stat().st_size

    @property
    def count(self) -> int:
        """How many there are."""
        return (self._path.stat().st_size - self._start) // STAMP.size

    def read(self) -> list[tuple[int, int]]:
        """The numbers, and when the jobs began (nanoseconds of time.monotonic_ns)."""
        with self._path.open("rb") as file:
            file.seek(self._start)
            return list(STAMP.iter_unpack(file.read(self.count * STAMP.size)))
