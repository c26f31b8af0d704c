"""The thread that reads the change feed for the observers."""

import threading
from collections.abc import Callable, Set
from urllib.parse import unquote

from core_api.changes import Follower, affected

# Seconds until it notices that it is to stop.
PATIENCE = 0.25


class Following(threading.Thread):
    """Calls `tell`, from this thread, with the decoded paths that a change may have touched."""

    def __init__(self, tell: Callable[[Set[str]], None]) -> None:
        super().__init__(name="changes", daemon=True)
        self._tell = tell
        self._stopping = threading.Event()
        self._follower = Follower()

    def run(self) -> None:
        """Follow the feed until `stop`."""
        with self._follower:
            while not self._stopping.is_set():
                paths = self._follower.wait(PATIENCE)
                if paths:
                    self._tell({unquote(touched) for path in paths for touched in affected(path)})

    def stop(self) -> None:
        """End the thread, and wait for that."""
        self._stopping.set()
        self._follower.wake()
        self.join()
