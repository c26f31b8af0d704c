"""How many jobs a worker claims before it has a child for them, and how often it writes."""

import math
import time
from collections.abc import Sequence

from core_api.background.work import End, Ended

# Seconds of work that may wait in a worker while it writes what ended.
AHEAD = 0.05
MOST_AHEAD = 64
# Attempts that take longer are not claimed ahead at all.
SHORT = 0.02
NEW_SHARE = 0.2
# Where more jobs than these end in a second, the worker rests so many seconds between two turns:
# what happens meanwhile shares the next commit, and others get to write, too.
MANY = 100.0
REST = 0.008


class Pace:
    """Short jobs are claimed ahead, so that children do not wait for the commits between them."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._usual = 2 * SHORT
        self._rate = 0.0
        self._learned = time.monotonic()

    def learn(self, ended: Sequence[Ended]) -> None:
        """See how long attempts took; one that was returned had waited for too long."""
        now = time.monotonic()
        # About the number of the last second.
        self._rate = self._rate * math.exp(self._learned - now) + len(ended)
        self._learned = now
        for one in ended:
            if one.end is End.RETURNED:
                self._usual = max(self._usual, 2 * SHORT)
            else:
                self._usual += NEW_SHARE * (one.took - self._usual)

    @property
    def rest(self) -> float:
        """Seconds to the next turn."""
        return REST if self._rate > MANY else 0.0

    @property
    def ahead(self) -> int:
        """How many attempts may wait for a child."""
        if self._usual > SHORT:
            return 0
        return min(MOST_AHEAD, int(self._slots * AHEAD / max(self._usual, AHEAD / MOST_AHEAD)))
