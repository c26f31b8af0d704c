"""A progress bar for commands that take long."""

import sys
import time
from typing import TextIO

WIDTH = 30
# Seconds between two drawings.
PAUSE = 0.1


class Progress:
    """How much of `total` is done, drawn where `output` is a terminal and left out elsewhere."""

    def __init__(self, total: int, output: TextIO | None = None) -> None:
        self._total = total
        self._output = output or sys.stderr
        self._done = 0
        self._next = 0.0
        self._drawn = False

    def step(self) -> None:
        """Count one more."""
        self._done += 1
        if self._output.isatty() and time.monotonic() >= self._next:
            self._next = time.monotonic() + PAUSE
            self._draw()

    def clear(self) -> None:
        """Take the bar away, so that a line can be written."""
        if self._drawn:
            self._output.write("\r\x1b[K")
            self._output.flush()
            self._drawn = False

    def _draw(self) -> None:
        share = self._done / max(self._total, self._done)
        bar = ("#" * round(WIDTH * share)).ljust(WIDTH, ".")
        self._output.write(f"\r\x1b[K[{bar}] {self._done}/{self._total} {share:.0%}")
        self._output.flush()
        self._drawn = True
