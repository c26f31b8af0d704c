"""A rolling restart: the parts begin anew one after another, while the others serve."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

from core_api.serving.supervisor import INNER_STOP_WITHIN, Part

READY_WITHIN = 60.0

logger = logging.getLogger("coapture.serve")


class Rolling:
    """Renews the parts when asked to, each once the one before it is ready again.

    Where one does not become ready, those after it are left as they are.
    """

    def __init__(self, parts: Sequence[Part], is_ready: Callable[[Part], bool]) -> None:
        self._parts = parts
        self._is_ready = is_ready
        self._waiting: deque[Part] = deque()
        self._current: Part | None = None
        self._deadline = 0.0

    def begin(self) -> None:
        """Renew every part; one that is being renewed already comes again in the end."""
        self._waiting = deque(self._parts)

    def tend(self) -> None:
        """Go on with the next part where the last one is ready; to be called often."""
        if self._current is not None:
            self._look_at(self._current)
        if self._current is None and self._waiting:
            self._current = self._waiting.popleft()
            self._current.renew(INNER_STOP_WITHIN)
            self._deadline = time.monotonic() + READY_WITHIN

    def _look_at(self, part: Part) -> None:
        if self._is_ready(part):
            self._current = None
        elif time.monotonic() >= self._deadline:
            logger.error("%s is not ready again; the rolling restart ends here", part.name)
            self._current = None
            self._waiting.clear()
