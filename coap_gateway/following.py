"""The thread that reads the change feed for the observers."""

import threading
from collections.abc import Callable, Set
from urllib.parse import unquote

from core_api.changes import Follower, affected

Tell = Callable[[Set[str]], None]

# Seconds until it notices that it is to stop.
PATIENCE = 0.1


class Following:
    """The change feed from now on; DatabaseError where it cannot be read.

    To be made outside of an event loop, which Django keeps from the database.
    """

    def __init__(self) -> None:
        self._follower = Follower()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, tell: Tell) -> None:
        """Call `tell`, from a thread, with the decoded paths that each change may have touched."""
        self._thread = threading.Thread(
            target=self._follow, args=(tell,), name="changes", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and wait for that."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _follow(self, tell: Tell) -> None:
        with self._follower:
            while not self._stopping.is_set():
                paths = self._follower.wait(PATIENCE)
                if paths:
                    tell({unquote(touched) for path in paths for touched in affected(path)})
