"""The values of the Observe option in notifications (RFC 7641 section 4.4)."""

import time
from collections.abc import Callable

# The option has 24 bits.
MASK = 0xFFFFFF
# 256 seconds then take a quarter of the numbers; a client may compare what is less than half apart.
TICKS_PER_SECOND = 2**14


class Sequence:
    """Rising numbers: the clock's ticks, so that those of any process and any start follow.

    Whoever takes more of them than there are ticks runs ahead of the clock.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> int:
        """A number that is newer than all before."""
        self._last = max(self._last + 1, int(self._clock() * TICKS_PER_SECOND))
        return self._last & MASK
